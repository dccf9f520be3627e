using IotProperty.Protocols.Modbus;
using IotProperty.Protocols.Tests.Modbus;

namespace IotProperty.Protocols.Tests.Fuzzing;

/// <summary>Modbus TCP and RTU: an input is read as both.</summary>
internal sealed class FuzzedModbus : IFuzzedCodec
{
    private const int FramesInPool = 512;

    public string Name => "modbus";

    // Reasons are texts; identification objects are kept as bytes.
    public long MayAllocate(int inputBytes) => 8_192 + (64L * inputBytes);

    public IReadOnlyList<byte[]> Frames(ulong seed)
    {
        FuzzRandom random = new(seed);
        byte[][] frames = new byte[FramesInPool][];
        byte[] pdu = new byte[ModbusLimits.MaxPduBytes];
        for (int i = 0; i < frames.Length; i++)
        {
            int length = Pdu(ref random, pdu);
            byte unit = (byte)random.Below(248);
            if (random.OneIn(2))
            {
                frames[i] = [random.Byte(), random.Byte(), 0, 0, 0, (byte)(length + 1), unit, .. pdu.AsSpan(0, length)];
            }
            else
            {
                byte[] adu = new byte[length + 3];
                pdu.AsSpan(0, length).CopyTo(adu.AsSpan(1));
                ModbusRtuFrame.Seal(adu, unit, length);
                frames[i] = adu;
            }
        }

        return frames;
    }

    public void Seal(Span<byte> input)
    {
        const int rtuOverhead = 3;
        if (input.Length > 8 && input[2] == 0 && input[3] == 0)
        {
            input[4] = 0;
            input[5] = (byte)Math.Min(input.Length - 6, 254);
        }
        else if (input.Length is > rtuOverhead and <= ModbusRtuFrame.MaxBytes)
        {
            ModbusRtuFrame.Seal(input, input[0], input.Length - rtuOverhead);
        }
    }

    public void Exercise(ReadOnlySpan<byte> input)
    {
        ModbusExercise.Exercise(input);
        ModbusSessionExercise.Exercise(input);
    }

    private static int Pdu(ref FuzzRandom random, byte[] pdu)
    {
        ushort address = (ushort)random.Below(60_000);
        ushort[] values = new ushort[1 + random.Below(20)];
        bool[] bits = new bool[1 + random.Below(40)];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = (ushort)random.Below(65_536);
        }

        for (int i = 0; i < bits.Length; i++)
        {
            bits[i] = random.OneIn(2);
        }

        switch (random.Below(12))
        {
            case 0: return ModbusPduWriter.ReadRequest(pdu, (RegisterTable)random.Below(4), address, 1 + random.Below(125));
            case 1: return ModbusPduWriter.WriteSingleCoil(pdu, address, bits[0]);
            case 2: return ModbusPduWriter.WriteSingleRegister(pdu, address, values[0]);
            case 3: return ModbusPduWriter.WriteMultipleCoilsRequest(pdu, address, bits);
            case 4: return ModbusPduWriter.WriteMultipleRegistersRequest(pdu, address, values);
            case 5: return ModbusPduWriter.MaskWriteRegister(pdu, address, values[0], values[^1]);
            case 6: return ModbusPduWriter.ReadWriteMultipleRegistersRequest(pdu, address, 2, address, values);
            case 7: return ModbusPduWriter.BitsReply(pdu, random.OneIn(2) ? ModbusFunction.ReadCoils : ModbusFunction.ReadDiscreteInputs, bits);
            case 8: return ModbusPduWriter.RegistersReply(pdu, ModbusFunction.ReadHoldingRegisters, values);
            case 9: return ModbusPduWriter.RegistersReply(pdu, ModbusFunction.ReadInputRegisters, values);
            case 10: return ModbusPduWriter.ExceptionReply(pdu, (byte)(1 + random.Below(24)), (ModbusExceptionCode)(1 + random.Below(11)));
            default:
                byte[] identification = [0x2B, 0x0E, 1, 1, 0, 0, 2, 0, 3, 65, 66, 67, 1, 2, 68, 69];
                identification.CopyTo(pdu, 0);
                return identification.Length;
        }
    }
}
