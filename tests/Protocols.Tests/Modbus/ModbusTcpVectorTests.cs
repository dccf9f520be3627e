using IotProperty.Protocols.Framing;
using IotProperty.Protocols.Modbus;
using IotProperty.Tests;

namespace IotProperty.Protocols.Tests.Modbus;

public sealed class ModbusTcpVectorTests
{
    private static readonly byte[] Guard = Convert.FromHexString("7777000000030A8102");

    [VectorFact]
    public void Every_vector_of_the_file_belongs_to_exactly_one_group_that_is_tested()
    {
        string[] tested =
        [
            .. ModbusVector.TcpFrames.Concat(ModbusVector.RtuFrames).Concat(ModbusVector.Streams)
                .Concat(ModbusVector.BadTcp).Concat(ModbusVector.BadRtu).Select(v => v.Name),
        ];
        Assert.Equal(ModbusVector.All.Select(v => v.Name).Order(), tested.Order());
        Assert.True(tested.Length >= 145, $"the file shrank to {tested.Length} vectors");
    }

    [VectorFact]
    public void Whole_frames_are_read_and_written_back()
    {
        foreach (ModbusVector vector in ModbusVector.TcpFrames)
        {
            Assert.Equal(ScanStatus.Done, ModbusTcpFrame.Scan(vector.Bytes, out ModbusTcpFrame frame, out _));
            Check(vector, frame);
        }
    }

    [VectorFact]
    public void Frames_between_other_frames_are_read()
    {
        foreach (ModbusVector vector in ModbusVector.TcpFrames)
        {
            ReadOnlySpan<byte> stream = [.. Guard, .. vector.Bytes, .. Guard[..5]];
            Assert.Equal(ScanStatus.Done, ModbusTcpFrame.Scan(stream, out ModbusTcpFrame guard, out _));
            Assert.Equal(0x7777, guard.Transaction);
            stream = stream[guard.Length..];
            Assert.Equal(ScanStatus.Done, ModbusTcpFrame.Scan(stream, out ModbusTcpFrame frame, out _));
            Check(vector, frame);
            Assert.Equal(ScanStatus.NeedMore, ModbusTcpFrame.Scan(stream[frame.Length..], out _, out _));
        }
    }

    [VectorFact]
    public void Frames_split_anywhere_ask_for_more_and_are_then_read()
    {
        foreach (ModbusVector vector in ModbusVector.TcpFrames)
        {
            for (int split = 0; split < vector.Bytes.Length; split++)
            {
                Check(vector, vector.Bytes[..split], vector.Bytes[split..]);
            }

            Check(vector, vector.Chunks.Length > 0 ? vector.Chunks : [vector.Bytes]);
        }
    }

    [VectorFact]
    public void Frames_arriving_byte_by_byte_are_read_with_the_last_byte()
    {
        foreach (ModbusVector vector in ModbusVector.TcpFrames)
        {
            Check(vector, [.. vector.Bytes.Select(b => new[] { b })]);
        }
    }

    [VectorFact]
    public void Streams_hold_their_frames_in_order()
    {
        foreach (ModbusVector vector in ModbusVector.Streams.Where(v => v.Transport == "tcp"))
        {
            ReadOnlySpan<byte> stream = vector.Bytes;
            foreach (string hex in vector.Decoded.GetProperty("frames").EnumerateArray().Select(f => f.GetProperty("hex").GetString()!))
            {
                Assert.Equal(ScanStatus.Done, ModbusTcpFrame.Scan(stream, out ModbusTcpFrame frame, out _));
                Assert.Equal(hex, Convert.ToHexString(stream[..frame.Length]));
                stream = stream[frame.Length..];
            }

            Assert.True(stream.IsEmpty);
        }
    }

    [VectorFact]
    public void Bad_frames_are_never_taken_for_an_answer()
    {
        string[] needMore = ["bad_tcp_length_long_by_one", "bad_tcp_truncated_header", "bad_tcp_transaction_mismatch", "bad_tcp_unit_mismatch"];
        foreach (ModbusVector vector in ModbusVector.BadTcp)
        {
            ModbusReplyStatus expected = needMore.Contains(vector.Name) ? ModbusReplyStatus.NeedMore : ModbusReplyStatus.Malformed;
            byte[][] parts = [.. vector.Bytes.Select(b => new[] { b })];
            Assert.Equal((vector.Name, expected), (vector.Name, Outcome(vector, [vector.Bytes])));
            Assert.Equal((vector.Name, expected), (vector.Name, Outcome(vector, parts)));
            for (int split = 1; split < vector.Bytes.Length; split++)
            {
                Assert.Equal((vector.Name, expected), (vector.Name, Outcome(vector, [vector.Bytes[..split], vector.Bytes[split..]])));
            }
        }
    }

    /// <summary>Feeds the parts to a master that asked what the vector names, or for two registers of unit 1 with transaction 5.</summary>
    private static ModbusReplyStatus Outcome(ModbusVector vector, byte[][] parts)
    {
        byte[] request = vector.Has("request") ? vector.Hex("request") : Convert.FromHexString("000500000006010300000002");
        ModbusMasterSession session = new();
        byte[] sent;
        do
        {
            session.Abandon();
            sent = session.BeginRaw(request[6], request.AsSpan(7)).ToArray();
        }
        while (!sent.AsSpan(0, 2).SequenceEqual(request.AsSpan(0, 2)));
        Assert.Equal(Convert.ToHexString(request), Convert.ToHexString(sent));
        ModbusReplyStatus status = ModbusReplyStatus.NeedMore;
        foreach (byte[] part in parts)
        {
            part.CopyTo(session.Free());
            session.Received(part.Length);
            status = session.TakeReply();
            Assert.True(status is ModbusReplyStatus.NeedMore or ModbusReplyStatus.Malformed, $"{vector.Name}: {status}");
        }

        return status;
    }

    private static void Check(ModbusVector vector, params byte[][] parts)
    {
        // A buffer of exactly the frame's size: a scanner that looked behind it would fail here.
        ReceiveBuffer buffer = new(vector.Bytes.Length);
        for (int i = 0; i < parts.Length; i++)
        {
            parts[i].CopyTo(buffer.Free());
            buffer.Received(parts[i].Length);
            ScanStatus status = ModbusTcpFrame.Scan(buffer.Unread, out ModbusTcpFrame frame, out _);
            Assert.Equal(i < parts.Length - 1 ? ScanStatus.NeedMore : ScanStatus.Done, status);
            if (status == ScanStatus.Done)
            {
                Check(vector, frame);
            }
        }
    }

    private static void Check(ModbusVector vector, in ModbusTcpFrame frame)
    {
        Assert.Equal(vector.Bytes.Length, frame.Length);
        Assert.Equal(vector.Int("transaction_id"), frame.Transaction);
        Assert.Equal(vector.Int("unit"), frame.Unit);
        Assert.Equal(vector.Int("length"), frame.Pdu.Length + 1);
        PduAssert.Matches(vector, frame.Pdu);
        byte[] rewritten = new byte[ModbusTcpFrame.MaxBytes];
        frame.Pdu.CopyTo(rewritten.AsSpan(ModbusTcpFrame.HeaderBytes));
        int length = ModbusTcpFrame.WriteHeader(rewritten, frame.Transaction, frame.Unit, frame.Pdu.Length);
        Assert.Equal(Convert.ToHexString(vector.Bytes), Convert.ToHexString(rewritten.AsSpan(0, length)));
    }
}
