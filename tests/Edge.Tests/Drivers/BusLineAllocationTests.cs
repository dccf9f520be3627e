using IotProperty.Edge.Drivers;
using IotProperty.Edge.Drivers.ModbusRtu;
using IotProperty.Edge.Polling;
using IotProperty.Edge.Profiles;
using IotProperty.Protocols.Framing;
using IotProperty.Protocols.Modbus;
using IotProperty.Tests;
using IotProperty.Transports;
using Microsoft.Extensions.Logging.Abstractions;

namespace IotProperty.Edge.Tests.Drivers;

public sealed class BusLineAllocationTests
{
    [OptimizedFact]
    public async Task Polls_allocate_nothing_while_all_is_well()
    {
        BusLineOptions options = new("cellar", 115_200, 11);
        InstantBus bus = new();
        BusLine line = new(options, _ => ValueTask.FromResult<IPacedChannel>(bus), TimeProvider.System, new Random(1), NullLogger<BusLine>.Instance);
        await using BusDriver driver = new(line, new Dictionary<FieldProtocol, IBusProtocol> { [FieldProtocol.Modbus] = new ModbusRtuProtocol(options, isRemote: false) });
        DeviceConfiguration device = RegisterReads.Device(1);
        RegisterBlock block = new(PointTable.Holding, 0, 100, []);
        BlockValues values = new();
        Assert.Equal(0, Allocations.LeastOfFiveRounds(1_000, () => Poll(driver, device, block, values)));
        Assert.Equal(1_099, values.Registers[99]);
    }

    private static void Poll(BusDriver driver, DeviceConfiguration device, RegisterBlock block, BlockValues values)
    {
        // The bus answers at once, so everything happens here.
        ValueTask<DriverReply> reading = driver.ReadAsync(device, block, values, default);
        if (!reading.IsCompletedSuccessfully || reading.Result.Outcome != DriverOutcome.Ok)
        {
            throw new InvalidOperationException("not answered");
        }
    }

    /// <summary>A bus whose only unit answers in no time: register n holds 1000 + n.</summary>
    private sealed class InstantBus : IPacedChannel, IModbusDeviceImage
    {
        private readonly ModbusRtuServerSession _server;
        private ReadOnlyMemory<byte> _reply;

        public InstantBus() => _server = new ModbusRtuServerSession(this);

        public string Endpoint => "instant";

        public bool PeerHasClosed => false;

        public int Available => _reply.Length;

        public ValueTask<int> ReadAsync(Memory<byte> destination, CancellationToken cancellationToken)
        {
            int count = Math.Min(destination.Length, _reply.Length);
            _reply[..count].CopyTo(destination);
            _reply = _reply[count..];
            return ValueTask.FromResult(count);
        }

        public ValueTask WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken)
        {
            source.CopyTo(_server.Free());
            _server.Received(source.Length);
            return _server.Answer(silent: false, out _reply) == ScanStatus.Done ? ValueTask.CompletedTask : throw new InvalidOperationException("no request");
        }

        public ValueTask WriteAfterSilenceAsync(ReadOnlyMemory<byte> source, TimeSpan silence, CancellationToken cancellationToken) => WriteAsync(source, cancellationToken);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;

        public bool Answers(byte unit) => unit == 1;

        public ModbusExceptionCode ReadRegisters(byte unit, RegisterTable table, ushort address, Span<ushort> destination)
        {
            for (int i = 0; i < destination.Length; i++)
            {
                destination[i] = (ushort)(1_000 + address + i);
            }

            return ModbusExceptionCode.None;
        }

        public ModbusExceptionCode ReadBits(byte unit, RegisterTable table, ushort address, Span<bool> destination) => ModbusExceptionCode.IllegalFunction;

        public ModbusExceptionCode WriteRegisters(byte unit, ushort address, ReadOnlySpan<ushort> values) => ModbusExceptionCode.IllegalFunction;

        public ModbusExceptionCode WriteBits(byte unit, ushort address, ReadOnlySpan<bool> values) => ModbusExceptionCode.IllegalFunction;
    }
}
