using System.Text.Json;
using IotProperty.Protocols.Framing;
using IotProperty.Protocols.MBus;
using IotProperty.Tests;

namespace IotProperty.Protocols.Tests.MBus;

public sealed class MBusVectorTests
{
    [VectorFact]
    public void Whole_frames_are_read_and_written_back()
    {
        MBusVector[] frames = [.. MBusVector.Frames];
        Assert.Equal(128, frames.Length);
        foreach (MBusVector vector in frames)
        {
            Assert.Equal(ScanStatus.Done, MBusFrame.Scan(vector.Bytes, out MBusFrame frame, out MBusMistake mistake));
            Assert.True(mistake.IsNone);
            Check(vector, frame);
            Assert.Equal(Convert.ToHexString(vector.Bytes), Rewritten(frame));
        }
    }

    [VectorFact]
    public void Frames_between_guard_bytes_are_found_once_the_line_is_silent()
    {
        byte[] noise = [0x00, 0xFF, 0x00];
        foreach (MBusVector vector in MBusVector.Frames)
        {
            byte[] stream = [.. noise, .. vector.Bytes, 0x00];
            Assert.Equal(ScanStatus.Done, MBusFrame.Seek(stream, silent: true, out int start, out MBusFrame frame));
            Assert.Equal(noise.Length, start);
            Check(vector, frame);
        }
    }

    [VectorFact]
    public void Frames_split_anywhere_ask_for_more_and_are_then_read()
    {
        foreach (MBusVector vector in MBusVector.Frames)
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
        foreach (MBusVector vector in MBusVector.Frames)
        {
            Check(vector, [.. vector.Bytes.Select(b => new[] { b })]);
        }
    }

    [VectorFact]
    public void Streams_hold_their_frames_in_order()
    {
        Assert.Equal(2, MBusVector.Streams.Count());
        foreach (MBusVector vector in MBusVector.Streams)
        {
            ReadOnlySpan<byte> stream = vector.Bytes;
            foreach (JsonElement part in vector.Decoded.GetProperty("frames").EnumerateArray())
            {
                byte[] bytes = Convert.FromHexString(part.GetProperty("hex").GetString()!);
                if (part.GetProperty("role").GetString()!.StartsWith("noise", StringComparison.Ordinal))
                {
                    Assert.Equal(ScanStatus.NeedMore, MBusFrame.Seek(stream, silent: true, out int dropped, out _));
                    Assert.Equal(bytes.Length, dropped);
                }
                else
                {
                    Assert.Equal(ScanStatus.Done, MBusFrame.Scan(stream, out MBusFrame frame, out _));
                    Assert.Equal(bytes.Length, frame.Length);
                    if (part.TryGetProperty("records", out JsonElement records))
                    {
                        Assert.Equal(ScanStatus.Done, MBusTelegram.Read(frame, MBusTextUnit.BeforeModifiers, out MBusTelegram telegram, out _));
                        Assert.Equal(part.GetProperty("id").GetString(), telegram.Meter!.Value.IdText);
                        MBusAssert.Records(records, telegram.Records());
                    }
                }

                Assert.True(stream.StartsWith(bytes));
                stream = stream[bytes.Length..];
            }

            Assert.True(stream.IsEmpty);
        }
    }

    [VectorFact]
    public void Bad_frames_are_refused_and_say_where()
    {
        MBusVector[] bad = [.. MBusVector.Bad];
        Assert.Equal(29, bad.Length);
        foreach (MBusVector vector in bad)
        {
            ScanStatus status = MBusFrame.Scan(vector.Bytes, out MBusFrame frame, out MBusMistake mistake);
            if (status == ScanStatus.Done && frame.Length < vector.Bytes.Length)
            {
                Assert.Equal("bad_trailing_bytes", vector.Name);
                Assert.Equal(vector.Text("frame_before_noise"), Convert.ToHexString(vector.Bytes.AsSpan(0, frame.Length)));
                continue;
            }

            if (status == ScanStatus.Done)
            {
                Assert.Equal(ScanStatus.Malformed, MBusTelegram.Read(frame, MBusTextUnit.BeforeModifiers, out _, out mistake));
            }

            if (status != ScanStatus.NeedMore)
            {
                Assert.NotEqual("", mistake.Why);
                Assert.InRange(mistake.Offset, 0, vector.Bytes.Length);
            }

            for (int split = 0; split < vector.Bytes.Length; split++)
            {
                ScanStatus early = MBusFrame.Scan(vector.Bytes.AsSpan(0, split), out _, out _);
                Assert.True(early == ScanStatus.NeedMore || early == status, vector.Name);
            }
        }
    }

    private static void Check(MBusVector vector, params byte[][] parts)
    {
        ReceiveBuffer buffer = new(vector.Bytes.Length);
        for (int i = 0; i < parts.Length; i++)
        {
            parts[i].CopyTo(buffer.Free());
            buffer.Received(parts[i].Length);
            ScanStatus status = MBusFrame.Scan(buffer.Unread, out MBusFrame frame, out _);
            Assert.Equal(i < parts.Length - 1 ? ScanStatus.NeedMore : ScanStatus.Done, status);
            if (status == ScanStatus.Done)
            {
                Check(vector, frame);
            }
        }
    }

    private static void Check(MBusVector vector, in MBusFrame frame)
    {
        try
        {
            MBusAssert.Matches(vector, frame);
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            throw new InvalidOperationException($"{vector.Name}: {error.Message}", error);
        }
    }

    private static string Rewritten(in MBusFrame frame)
    {
        byte[] bytes = new byte[MBusLimits.MaxFrameBytes];
        int length = frame.Kind switch
        {
            MBusFrameKind.Acknowledge => MBusFrameWriter.Acknowledge(bytes),
            MBusFrameKind.Short => MBusFrameWriter.Short(bytes, frame.Control, frame.Address),
            _ => MBusFrameWriter.Long(bytes, frame.Control, frame.Address, frame.ControlInformation, frame.Data),
        };
        return Convert.ToHexString(bytes.AsSpan(0, length));
    }
}
