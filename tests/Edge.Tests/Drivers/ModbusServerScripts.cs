namespace IotProperty.Edge.Tests.Drivers;

/// <summary>
/// Servers that we did not write, as scripts for Debian's Python. Each serves unit 1; on TCP on a free loopback port, which it prints, on a serial port, whose
/// path it is given, saying when it is ready. Every table holds 200 entries: register n of the holding table is 1000 + n, of the input table 2000 + n; every
/// third coil and every second discrete input is set.
/// </summary>
internal static class ModbusServerScripts
{
    public const string Pymodbus = PymodbusUnit + """
        async def main():
            server = ModbusTcpServer(units, address=("127.0.0.1", 0), ignore_missing_slaves=True)
            running = asyncio.create_task(server.serve_forever())
            await server.serving
            print(server.server.sockets[0].getsockname()[1], flush=True)
            await running

        asyncio.run(main())
        """;

    public const string PymodbusSerial = PymodbusUnit + """
        async def main():
            server = ModbusSerialServer(
                units, framer=ModbusRtuFramer, identity=identity,
                port=sys.argv[1], baudrate=19200, bytesize=8, parity="N", stopbits=1, ignore_missing_slaves=True)
            await server.start()
            print("ready", flush=True)
            await server.serve_forever()

        asyncio.run(main())
        """;

    /// <summary>RTU over TCP: the frames of a serial line behind a TCP port.</summary>
    public const string PymodbusRtuOverTcp = PymodbusUnit + """
        async def main():
            server = ModbusTcpServer(
                units, framer=ModbusRtuFramer, identity=identity, address=("127.0.0.1", 0), ignore_missing_slaves=True)
            running = asyncio.create_task(server.serve_forever())
            await server.serving
            print(server.server.sockets[0].getsockname()[1], flush=True)
            await running

        asyncio.run(main())
        """;

    public const string Libmodbus = LibmodbusUnit + """
        lib.modbus_new_tcp.restype = ctypes.c_void_p
        context = ctypes.c_void_p(lib.modbus_new_tcp(b"127.0.0.1", 0))
        listener = ctypes.c_int(lib.modbus_tcp_listen(context, 4))
        with socket.socket(fileno=os.dup(listener.value)) as s:
            print(s.getsockname()[1], flush=True)
        request = (ctypes.c_uint8 * 260)()
        while lib.modbus_tcp_accept(context, ctypes.byref(listener)) >= 0:
            while (length := lib.modbus_receive(context, request)) >= 0:
                if length > 0:
                    lib.modbus_reply(context, request, length, mapping)
        """;

    public const string LibmodbusSerial = LibmodbusUnit + """
        lib.modbus_new_rtu.restype = ctypes.c_void_p
        lib.modbus_new_rtu.argtypes = [ctypes.c_char_p, ctypes.c_int, ctypes.c_char, ctypes.c_int, ctypes.c_int]
        context = ctypes.c_void_p(lib.modbus_new_rtu(sys.argv[1].encode(), 19200, b"N", 8, 1))
        lib.modbus_set_slave(context, 1)
        if lib.modbus_connect(context) != 0:
            sys.exit("the port cannot be opened")
        print("ready", flush=True)
        request = (ctypes.c_uint8 * 260)()
        while True:
            length = lib.modbus_receive(context, request)
            if length > 0:
                lib.modbus_reply(context, request, length, mapping)
        """;

    private const string PymodbusUnit = """
        import asyncio, sys
        from pymodbus.datastore import ModbusSequentialDataBlock, ModbusServerContext, ModbusSlaveContext
        from pymodbus.device import ModbusDeviceIdentification
        from pymodbus.framer.rtu_framer import ModbusRtuFramer
        from pymodbus.server.async_io import ModbusSerialServer, ModbusTcpServer

        def block(value):
            return ModbusSequentialDataBlock(0, [value(n) for n in range(200)])

        units = ModbusServerContext(single=False, slaves={1: ModbusSlaveContext(
            hr=block(lambda n: 1000 + n), ir=block(lambda n: 2000 + n),
            co=block(lambda n: n % 3 == 0), di=block(lambda n: n % 2 == 0), zero_mode=True)})
        identity = ModbusDeviceIdentification(info_name={"VendorName": "Pymodbus", "ProductCode": "PM", "MajorMinorRevision": "3"})

        """ + "\n";

    /// <summary>The C library itself, through its shared object: no compiler is needed.</summary>
    private const string LibmodbusUnit = """
        import ctypes, os, socket, sys

        class Mapping(ctypes.Structure):
            _fields_ = [(name, ctypes.c_int) for name in (
                "nb_bits", "start_bits", "nb_input_bits", "start_input_bits",
                "nb_input_registers", "start_input_registers", "nb_registers", "start_registers")] + [
                ("bits", ctypes.POINTER(ctypes.c_uint8)), ("input_bits", ctypes.POINTER(ctypes.c_uint8)),
                ("input_registers", ctypes.POINTER(ctypes.c_uint16)), ("registers", ctypes.POINTER(ctypes.c_uint16))]

        lib = ctypes.CDLL("libmodbus.so.5")
        lib.modbus_mapping_new.restype = ctypes.POINTER(Mapping)
        mapping = lib.modbus_mapping_new(200, 200, 200, 200)
        for n in range(200):
            mapping.contents.registers[n] = 1000 + n
            mapping.contents.input_registers[n] = 2000 + n
            mapping.contents.bits[n] = n % 3 == 0
            mapping.contents.input_bits[n] = n % 2 == 0
        """ + "\n";
}
