using IotProperty.Protocols.Framing;
using IotProperty.Protocols.Modbus;
using IotProperty.Tests;

namespace IotProperty.Protocols.Tests.Modbus;

public sealed class ModbusRtuVectorTests
{
    [VectorFact]
    public void Whole_frames_are_read_and_written_back()
    {
        foreach (ModbusVector vector in ModbusVector.RtuFrames)
        {
            Assert.Equal(ScanStatus.Done, ModbusRtuFrame.Scan(vector.Bytes, vector.ModbusDirection, out ModbusRtuFrame frame, out string why));
            Assert.Equal("", why);
            Check(vector, frame);
        }
    }

    [VectorFact]
    public void Frames_behind_noise_are_found_once_the_line_is_silent()
    {
        byte[] noise = [0x00, 0xFF, 0x00];
        foreach (ModbusVector vector in ModbusVector.RtuFrames)
        {
            byte[] stream = [.. noise, .. vector.Bytes, 0x00];
            Assert.Equal(ScanStatus.Done, ModbusRtuFrame.Seek(stream, vector.ModbusDirection, silent: true, out int start, out ModbusRtuFrame frame));
            Assert.Equal(noise.Length, start);
            Check(vector, frame);
        }
    }

    [VectorFact]
    public void Frames_split_anywhere_ask_for_more_and_are_then_read()
    {
        foreach (ModbusVector vector in ModbusVector.RtuFrames)
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
        foreach (ModbusVector vector in ModbusVector.RtuFrames)
        {
            Check(vector, [.. vector.Bytes.Select(b => new[] { b })]);
        }
    }

    [VectorFact]
    public void Streams_hold_their_frames_in_order()
    {
        foreach (ModbusVector vector in ModbusVector.Streams.Where(v => v.Transport == "rtu"))
        {
            ReadOnlySpan<byte> stream = vector.Bytes;
            foreach (var part in vector.Decoded.GetProperty("frames").EnumerateArray())
            {
                bool echo = part.TryGetProperty("role", out var role) && role.GetString()!.StartsWith("echo", StringComparison.Ordinal);
                ModbusDirection direction = echo ? ModbusDirection.Request : ModbusDirection.Reply;
                Assert.Equal(ScanStatus.Done, ModbusRtuFrame.Scan(stream, direction, out ModbusRtuFrame frame, out _));
                Assert.Equal(part.GetProperty("hex").GetString(), Convert.ToHexString(stream[..frame.Length]));
                stream = stream[frame.Length..];
            }

            Assert.True(stream.IsEmpty);
        }
    }

    [VectorFact]
    public void Bad_frames_are_never_taken_for_an_answer()
    {
        foreach (ModbusVector vector in ModbusVector.BadRtu)
        {
            ScanStatus status = ModbusRtuFrame.Scan(vector.Bytes, vector.ModbusDirection, out ModbusRtuFrame frame, out string why);
            if (status == ScanStatus.Done && frame.Length == vector.Bytes.Length)
            {
                Assert.NotEqual(ModbusReplyVerdict.Answer, Verdict(vector, frame));
            }
            else if (status == ScanStatus.Done)
            {
                Assert.Equal("bad_rtu_noise_suffix_ff", vector.Name);
            }
            else
            {
                Assert.Equal(status == ScanStatus.Malformed, why.Length > 0);
            }

            for (int split = 0; split < vector.Bytes.Length; split++)
            {
                // What was malformed early stays so; nothing becomes a frame before its last byte.
                ScanStatus early = ModbusRtuFrame.Scan(vector.Bytes.AsSpan(0, split), vector.ModbusDirection, out _, out _);
                Assert.True(early == ScanStatus.NeedMore || early == status, vector.Name);
            }
        }
    }

    [VectorFact]
    public void Recoverable_noise_gives_the_good_frame_back()
    {
        ModbusVector[] recoverable = [.. ModbusVector.BadRtu.Where(v => v.Has("recoverable"))];
        Assert.Equal(2, recoverable.Length);
        foreach (ModbusVector vector in recoverable)
        {
            byte[] good = vector.Hex(vector.Has("frame_after_skip") ? "frame_after_skip" : "frame_before_noise");
            Assert.Equal(ScanStatus.Done, ModbusRtuFrame.Seek(vector.Bytes, vector.ModbusDirection, silent: true, out int start, out ModbusRtuFrame frame));
            Assert.Equal(Convert.ToHexString(good), Convert.ToHexString(vector.Bytes.AsSpan(start, frame.Length)));
        }
    }

    /// <summary>How the reply stands to the request that the vector names; malformed where the reply alone is wrong.</summary>
    private static ModbusReplyVerdict Verdict(ModbusVector vector, in ModbusRtuFrame reply)
    {
        if (!vector.Has("request"))
        {
            return ModbusReplyCheck.Judge([3, 0, 0, 0, 2], reply.Pdu, out _);
        }

        byte[] bytes = vector.Hex("request");
        Assert.Equal(ScanStatus.Done, ModbusRtuFrame.Scan(bytes, ModbusDirection.Request, out ModbusRtuFrame request, out _));
        return request.Unit == reply.Unit ? ModbusReplyCheck.Judge(request.Pdu, reply.Pdu, out _) : ModbusReplyVerdict.OtherFunction;
    }

    private static void Check(ModbusVector vector, params byte[][] parts)
    {
        ReceiveBuffer buffer = new(vector.Bytes.Length);
        for (int i = 0; i < parts.Length; i++)
        {
            parts[i].CopyTo(buffer.Free());
            buffer.Received(parts[i].Length);
            ScanStatus status = ModbusRtuFrame.Scan(buffer.Unread, vector.ModbusDirection, out ModbusRtuFrame frame, out _);
            Assert.Equal(i < parts.Length - 1 ? ScanStatus.NeedMore : ScanStatus.Done, status);
            if (status == ScanStatus.Done)
            {
                Check(vector, frame);
            }
        }
    }

    private static void Check(ModbusVector vector, in ModbusRtuFrame frame)
    {
        Assert.Equal(vector.Bytes.Length, frame.Length);
        Assert.Equal(vector.Int("unit"), frame.Unit);
        PduAssert.Matches(vector, frame.Pdu);
        byte[] rewritten = new byte[ModbusRtuFrame.MaxBytes];
        frame.Pdu.CopyTo(rewritten.AsSpan(1));
        int length = ModbusRtuFrame.Seal(rewritten, frame.Unit, frame.Pdu.Length);
        Assert.Equal(Convert.ToHexString(vector.Bytes), Convert.ToHexString(rewritten.AsSpan(0, length)));
        if (vector.Has("crc"))
        {
            string crc = vector.Decoded.GetProperty("crc").GetString()!;
            Assert.Equal(crc, ModbusCrc.Compute(vector.Bytes.AsSpan(0, vector.Bytes.Length - 2)).ToString("X4", System.Globalization.CultureInfo.InvariantCulture));
        }
    }
}
