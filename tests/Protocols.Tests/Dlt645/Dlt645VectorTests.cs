using System.Globalization;
using System.Text.Json;
using IotProperty.Protocols.Dlt645;
using IotProperty.Protocols.Framing;
using IotProperty.Tests;

namespace IotProperty.Protocols.Tests.Dlt645;

public sealed class Dlt645VectorTests
{
    [VectorFact]
    public void All_vectors_take_part()
    {
        Assert.Equal(Dlt645Vector.All.Count, Dlt645Vector.Frames.Count() + Dlt645Vector.Streams.Count() + Dlt645Vector.Bad.Count());
        Assert.True(Dlt645Vector.Frames.Count() > 100);
    }

    [VectorFact]
    public void Whole_frames_are_read_and_written_back()
    {
        foreach (Dlt645Vector vector in Dlt645Vector.Frames)
        {
            Assert.Equal(ScanStatus.Done, Dlt645Frame.Scan(vector.Bytes, out Dlt645Frame frame, out string why, out _));
            Assert.Equal("", why);
            Check(vector, frame);
        }
    }

    [VectorFact]
    public void Frames_inside_guard_bytes_are_found_once_the_line_is_silent()
    {
        byte[][] guards = [[0x00, 0xFF, 0x5A], [0x68], [0x68, 0x68, 0x16], [0x16, 0x68, 0xFE, 0x00]];
        foreach (Dlt645Vector vector in Dlt645Vector.Frames)
        {
            foreach (byte[] guard in guards)
            {
                byte[] stream = [.. guard, .. vector.Bytes, .. guard];
                Assert.Equal(ScanStatus.Done, Dlt645Frame.Seek(stream, silent: true, out int start, out Dlt645Frame frame));
                Assert.Equal(guard.Length, start);
                Check(vector, frame);
            }
        }
    }

    [VectorFact]
    public void Frames_split_anywhere_ask_for_more_and_are_then_read()
    {
        foreach (Dlt645Vector vector in Dlt645Vector.Frames)
        {
            for (int split = 0; split < vector.Bytes.Length; split++)
            {
                CheckInParts(vector, vector.Bytes[..split], vector.Bytes[split..]);
            }

            CheckInParts(vector, vector.Chunks.Length > 0 ? vector.Chunks : [vector.Bytes]);
        }
    }

    [VectorFact]
    public void Frames_arriving_byte_by_byte_are_read_with_the_last_byte()
    {
        foreach (Dlt645Vector vector in Dlt645Vector.Frames)
        {
            CheckInParts(vector, [.. vector.Bytes.Select(b => new[] { b })]);
        }
    }

    [VectorFact]
    public void Streams_hold_their_frames_in_order_past_noise_and_doubled_starts()
    {
        foreach (Dlt645Vector vector in Dlt645Vector.Streams)
        {
            ReadOnlySpan<byte> stream = vector.Bytes;
            foreach (JsonElement part in vector.Decoded.GetProperty("frames").EnumerateArray())
            {
                string role = part.TryGetProperty("role", out JsonElement said) ? said.GetString()! : "";
                bool dropped = role.Contains("skip", StringComparison.Ordinal);
                string? hex = part.TryGetProperty("hex", out JsonElement bytes) ? bytes.GetString() : null;
                Assert.Equal(ScanStatus.Done, Dlt645Frame.Seek(stream, silent: false, out int start, out Dlt645Frame frame));
                if (dropped)
                {
                    Assert.Equal(hex, Convert.ToHexString(stream[..start]));
                    stream = stream[start..];
                    continue;
                }

                Assert.Equal(0, start);
                Assert.Equal(hex ?? Convert.ToHexString(stream[..frame.Length]), Convert.ToHexString(stream[..frame.Length]));
                Assert.Equal(!role.StartsWith("echo", StringComparison.Ordinal), frame.Control.FromMeter);
                CheckValue(part, frame);
                stream = stream[frame.Length..];
            }

            Assert.True(stream.IsEmpty, vector.Name);
        }
    }

    [VectorFact]
    public void Bad_frames_are_never_taken_for_one()
    {
        foreach (Dlt645Vector vector in Dlt645Vector.Bad)
        {
            ScanStatus status = Dlt645Frame.Scan(vector.Bytes, out Dlt645Frame frame, out string why, out int at);
            if (vector.Has("frame_before_noise"))
            {
                Assert.Equal(vector.Text("frame_before_noise"), Convert.ToHexString(vector.Bytes[..frame.Length]));
                continue;
            }

            Assert.NotEqual(ScanStatus.Done, status);
            Assert.NotEqual("", why);
            Assert.InRange(at, 0, vector.Bytes.Length);
            Assert.Equal(ScanStatus.NeedMore, Dlt645Frame.Seek(vector.Bytes, silent: true, out int start, out _));
            Assert.Equal(vector.Bytes.Length, start);
        }
    }

    [VectorFact]
    public void Values_are_read_as_the_vectors_say()
    {
        int compared = 0;
        foreach (Dlt645Vector vector in Dlt645Vector.Frames.Where(v => v.Has("value") || v.Has("values")))
        {
            Assert.Equal(ScanStatus.Done, Dlt645Frame.Scan(vector.Bytes, out Dlt645Frame frame, out _, out _));
            CheckValue(vector.Decoded, frame);
            compared++;
        }

        Assert.True(compared > 50);
    }

    [VectorFact]
    public void Numbers_are_written_back_as_they_stood()
    {
        foreach (Dlt645Vector vector in Dlt645Vector.Frames.Where(v => v.Has("value") || v.Has("values")))
        {
            (Dlt645Item item, byte[] value) = ItemOf(vector.Bytes);
            for (int i = 0; item.Format.Kind == Dlt645ValueKind.Number && i < item.CountIn(value); i++)
            {
                byte[] wire = item.ValueAt(value, i)[..item.Format.Bytes].ToArray();
                if (item.Format.TryNumber(wire, out decimal number))
                {
                    byte[] back = new byte[wire.Length];
                    Assert.True(Dlt645Bcd.TryWrite(back, number, item.Format.Decimals, item.Format.Signed));
                    Assert.Equal(wire, back);
                }
            }
        }
    }

    private static void Check(Dlt645Vector vector, Dlt645Frame frame)
    {
        Assert.Equal(vector.Int("preamble"), frame.WakeUpBytes);
        Assert.Equal(vector.Text("address"), frame.Address.ToString());
        Assert.Equal(vector.Text("control"), frame.Control.Value.ToString("X2", CultureInfo.InvariantCulture));
        Assert.Equal(vector.Decoded.GetProperty("from_meter").GetBoolean(), frame.Control.FromMeter);
        Assert.Equal(vector.Decoded.GetProperty("error").GetBoolean(), frame.Control.IsRefusal);
        Assert.Equal(vector.Decoded.GetProperty("more_follows").GetBoolean(), frame.Control.MoreFollows);
        Assert.Equal(vector.Int("length"), frame.CodedData.Length);
        Assert.Equal(vector.Text("checksum"), frame.Checksum.ToString("X2", CultureInfo.InvariantCulture));
        byte[] data = new byte[Dlt645Frame.MaxDataBytes];
        int length = frame.CopyData(data);
        Assert.Equal(vector.Has("data_hex") ? vector.Text("data_hex") : "", Convert.ToHexString(data, 0, length));

        byte[] back = new byte[Dlt645Frame.MaxBytes];
        int written = Dlt645Frame.Write(back, frame.Address, frame.Control, data.AsSpan(0, length), frame.WakeUpBytes);
        Assert.Equal(Convert.ToHexString(vector.Bytes), Convert.ToHexString(back, 0, written));
    }

    private static void CheckInParts(Dlt645Vector vector, params byte[][] parts)
    {
        ReceiveBuffer buffer = new(Dlt645Frame.MaxBytes);
        for (int i = 0; i < parts.Length; i++)
        {
            parts[i].CopyTo(buffer.Free());
            buffer.Received(parts[i].Length);
            bool last = i == parts.Length - 1;
            Assert.Equal(last ? ScanStatus.Done : ScanStatus.NeedMore, Dlt645Frame.Seek(buffer.Unread, silent: false, out int start, out Dlt645Frame frame));
            Assert.Equal(0, start);
            if (last)
            {
                Check(vector, frame);
            }
        }
    }

    private static (Dlt645Item Item, byte[] Value) ItemOf(byte[] bytes)
    {
        Assert.Equal(ScanStatus.Done, Dlt645Frame.Scan(bytes, out Dlt645Frame frame, out _, out _));
        return ItemOf(frame);
    }

    private static (Dlt645Item Item, byte[] Value) ItemOf(Dlt645Frame frame)
    {
        byte[] data = new byte[Dlt645Frame.MaxDataBytes];
        int length = frame.CopyData(data);
        Dlt645Edition edition = Dlt645Functions.EditionOf(frame.Control.Code);
        Assert.True(Dlt645Identifier.TryRead(edition, data.AsSpan(0, length), out Dlt645Identifier identifier));
        Dlt645Item? item = Dlt645ItemTable.Find(identifier);
        Assert.NotNull(item);
        bool following = Dlt645Functions.Of(edition, frame.Control.Code) == Dlt645Function.ReadFollowing;
        return (item, data[identifier.Length..(length - (following ? 1 : 0))]);
    }

    private static void CheckValue(JsonElement decoded, Dlt645Frame frame)
    {
        bool single = decoded.TryGetProperty("value", out JsonElement value);
        bool block = decoded.TryGetProperty("values", out JsonElement values);
        if (!single && !block)
        {
            return;
        }

        (Dlt645Item item, byte[] data) = ItemOf(frame);
        if (decoded.TryGetProperty("name", out JsonElement name))
        {
            Assert.Equal(name.GetString(), item.Name);
        }

        Assert.Equal(decoded.TryGetProperty("unit", out JsonElement unit) ? unit.GetString() : decoded.TryGetProperty("name", out _) ? "" : item.Unit, item.Unit);
        JsonElement[] wanted = block ? [.. values.EnumerateArray()] : [value];
        Assert.Equal(block, item.IsBlock);
        Assert.Equal(wanted.Length, item.CountIn(data));
        for (int i = 0; i < wanted.Length; i++)
        {
            ReadOnlySpan<byte> wire = item.ValueAt(data, i);
            if (wanted[i].ValueKind == JsonValueKind.String)
            {
                Assert.Equal(wanted[i].GetString(), item.Format.Text(wire));
            }
            else
            {
                bool there = item.Format.TryNumber(wire, out decimal number);
                Assert.Equal(wanted[i].ValueKind == JsonValueKind.Null, !there);
                Assert.Equal(there ? wanted[i].GetDecimal() : 0, number);
            }

            Assert.Equal(decoded.TryGetProperty("weekday", out JsonElement weekday) ? weekday.GetInt32() : null, item.Format.Weekday(wire));
            Assert.Equal(decoded.TryGetProperty("time", out JsonElement time) ? time.GetString() : null, item.Format.Stamp(wire));
        }
    }
}
