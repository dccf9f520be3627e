using System.Text.Json;
using IotProperty.Protocols.Cjt188;
using IotProperty.Protocols.Framing;
using IotProperty.Tests;

namespace IotProperty.Protocols.Tests.Cjt188;

public sealed class Cjt188VectorTests
{
    [VectorFact]
    public void Whole_frames_are_read_and_written_back()
    {
        int frames = 0;
        foreach (Cjt188Vector vector in Cjt188Vector.Frames)
        {
            Assert.Equal(ScanStatus.Done, Cjt188Frame.Scan(vector.Frame, out Cjt188Frame frame, out string why, out _));
            Assert.Equal("", why);
            Assert.Equal(vector.Frame.Length, frame.Length);
            Cjt188Assert.Matches(vector, frame);
            frames++;
        }

        Assert.InRange(frames, 70, 500);
    }

    [VectorFact]
    public void Frames_inside_noise_are_found_behind_their_wake_up_bytes()
    {
        byte[][] guards = [[], [0xFF], [0x00, 0x16, 0xFE], [0x68], [0x68, 0x10, 0x68]];
        foreach (Cjt188Vector vector in Cjt188Vector.Frames)
        {
            foreach (byte[] guard in guards)
            {
                byte[] stream = [.. guard, .. vector.Bytes, .. guard];
                Assert.Equal(ScanStatus.Done, Cjt188Frame.Seek(stream, silent: true, out int start, out Cjt188Frame frame));
                Assert.Equal(guard.Length + vector.Int("preamble"), start);
                Cjt188Assert.Matches(vector, frame);
            }
        }
    }

    [VectorFact]
    public void Frames_split_anywhere_ask_for_more_and_are_then_read()
    {
        foreach (Cjt188Vector vector in Cjt188Vector.Frames)
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
        foreach (Cjt188Vector vector in Cjt188Vector.Frames)
        {
            Check(vector, [.. vector.Bytes.Select(b => new[] { b })]);
        }
    }

    [VectorFact]
    public void Streams_hold_their_frames_in_order()
    {
        foreach (Cjt188Vector vector in Cjt188Vector.Streams)
        {
            ReadOnlySpan<byte> stream = vector.Bytes;
            foreach (JsonElement part in vector.Decoded.GetProperty("frames").EnumerateArray().Where(p => !p.GetProperty("role").GetString()!.StartsWith("noise", StringComparison.Ordinal)))
            {
                Assert.Equal(ScanStatus.Done, Cjt188Frame.Seek(stream, silent: false, out int start, out Cjt188Frame frame));
                Assert.EndsWith(Convert.ToHexString(stream.Slice(start, frame.Length)), part.GetProperty("hex").GetString(), StringComparison.Ordinal);
                Assert.Equal(part.GetProperty("role").GetString()!.StartsWith("echo", StringComparison.Ordinal), !frame.FromMeter);
                stream = stream[(start + frame.Length)..];
            }

            Assert.True(stream.IsEmpty);
        }
    }

    [VectorFact]
    public void Bad_frames_are_refused_and_nothing_becomes_a_frame_before_its_last_byte()
    {
        foreach (Cjt188Vector vector in Cjt188Vector.Bad)
        {
            byte[] bytes = vector.Bytes[vector.Bytes.AsSpan().IndexOfAnyExcept(Cjt188Frame.WakeUp) is var first and >= 0 ? first.. : ^0..];
            ScanStatus status = Cjt188Frame.Scan(bytes, out Cjt188Frame frame, out string why, out int wrongAt);
            if (status == ScanStatus.Done)
            {
                Assert.Equal("pub_water_response_with_trailing_bytes", vector.Name);
                Assert.Equal(2, bytes.Length - frame.Length);
                continue;
            }

            bool truncated = vector.Text("own_decoder_says") is "truncated" or "no frame";
            Assert.Equal(truncated ? ScanStatus.NeedMore : ScanStatus.Malformed, status);
            Assert.Equal(truncated, why.Length == 0);
            Assert.InRange(wrongAt, 0, bytes.Length);
            for (int split = 0; split < bytes.Length; split++)
            {
                // What was malformed early stays so.
                ScanStatus early = Cjt188Frame.Scan(bytes.AsSpan(0, split), out _, out _, out _);
                Assert.True(early == ScanStatus.NeedMore || early == status, vector.Name);
            }

            Assert.Equal(ScanStatus.NeedMore, Cjt188Frame.Seek(vector.Bytes, silent: true, out int dropped, out _));
            Assert.Equal(vector.Bytes.Length, dropped);
        }
    }

    /// <summary>Every reply of the file answers the request that a master makes for it, and no other one.</summary>
    [VectorFact]
    public void Replies_answer_the_request_they_belong_to_and_no_other()
    {
        foreach (Cjt188Vector vector in Cjt188Vector.Frames.Where(v => v.Direction == "response"))
        {
            Cjt188MasterSession session = Asked(vector, 0);
            Give(session, vector.Bytes);
            BusStatus status = session.Take(silent: false);
            if (vector.Decoded.GetProperty("error").GetBoolean())
            {
                Assert.Equal(BusStatus.Refused, status);
                Assert.Equal(vector.Text("data_hex"), Convert.ToHexString(session.ReplyPayload));
                Assert.NotEqual("", session.Why);
                continue;
            }

            Assert.Equal(BusStatus.Answered, status);
            Assert.Equal(vector.Text("address"), session.ReplyAddress.ToString());
            Assert.Equal(vector.Has("payload_hex") ? vector.Text("payload_hex") : "", Convert.ToHexString(session.ReplyPayload));
            Cjt188MasterSession other = Asked(vector, 1);
            Give(other, vector.Bytes);
            Assert.Equal(BusStatus.Mismatch, other.Take(silent: false));
            Assert.Contains("serial number", other.Why, StringComparison.Ordinal);
        }
    }

    private static Cjt188MasterSession Asked(Cjt188Vector vector, int serialOff)
    {
        int serial = vector.Has("serial") ? vector.Int("serial") : Convert.FromHexString(vector.Text("data_hex"))[0];
        Cjt188MasterSession session = new(firstSerial: (byte)((serial + serialOff) & 0xFF));
        Assert.True(Cjt188AddressField.TryParse(vector.Text("address"), out Cjt188AddressField address));
        Cjt188Target target = new(Convert.ToByte(vector.Text("meter_type"), 16), address);
        ushort identifier = vector.Has("di") ? Convert.ToUInt16(vector.Text("di"), 16) : Cjt188Identifier.Reading;
        switch (vector.Text("function"))
        {
            case "read_data":
                session.BeginRead(target, identifier);
                break;
            case "read_address":
                session.BeginReadAddress(target with { Address = Cjt188AddressField.Any });
                break;
            case "read_key_version":
                session.BeginReadKeyVersion(target);
                break;
            case "write_address":
                session.BeginWriteAddress(target with { Address = default }, address);
                break;
            case "write_base":
                session.BeginWriteBase(target, 1.23m, Cjt188Unit.CubicMetreCode);
                break;
            default:
                session.BeginWrite(target, identifier, [0]);
                break;
        }

        return session;
    }

    private static void Give(Cjt188MasterSession session, byte[] bytes)
    {
        bytes.CopyTo(session.Free());
        session.Received(bytes.Length);
    }

    private static void Check(Cjt188Vector vector, params byte[][] parts)
    {
        ReceiveBuffer buffer = new(vector.Bytes.Length);
        for (int i = 0; i < parts.Length; i++)
        {
            parts[i].CopyTo(buffer.Free());
            buffer.Received(parts[i].Length);
            ScanStatus status = Cjt188Frame.Seek(buffer.Unread, silent: false, out int start, out Cjt188Frame frame);
            Assert.Equal(i < parts.Length - 1 ? ScanStatus.NeedMore : ScanStatus.Done, status);
            buffer.Consume(start);
            if (status == ScanStatus.Done)
            {
                Cjt188Assert.Matches(vector, frame);
                buffer.Consume(frame.Length);
                Assert.True(buffer.Unread.IsEmpty);
            }
        }
    }
}
