using System.IO.Compression;
using System.Text.Json;
using Google.Protobuf;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Benchmarks.Uplink;

/// <summary>The usual ways to send samples: one message or object a sample, one after the other; the floor for bytes and time.</summary>
internal static class RowWise
{
    public static byte[] Protobuf(IReadOnlyList<Sample> samples)
    {
        using MemoryStream stream = new();
        using (CodedOutputStream output = new(stream, leaveOpen: true))
        {
            foreach (Sample sample in samples)
            {
                int size = 2
                    + CodedOutputStream.ComputeStringSize(sample.Point.Device) + CodedOutputStream.ComputeStringSize(sample.Point.Point)
                    + 1 + CodedOutputStream.ComputeInt64Size(sample.TimeMs) + 9 + (sample.Quality == Quality.Good ? 0 : 2) + 2;
                output.WriteTag(1, WireFormat.WireType.LengthDelimited);
                output.WriteLength(size);
                output.WriteTag(1, WireFormat.WireType.LengthDelimited);
                output.WriteString(sample.Point.Device);
                output.WriteTag(2, WireFormat.WireType.LengthDelimited);
                output.WriteString(sample.Point.Point);
                output.WriteTag(3, WireFormat.WireType.Varint);
                output.WriteInt64(sample.TimeMs);
                output.WriteTag(4, WireFormat.WireType.Fixed64);
                output.WriteDouble(sample.Value);
                if (sample.Quality != Quality.Good)
                {
                    output.WriteTag(5, WireFormat.WireType.Varint);
                    output.WriteEnum((int)sample.Quality);
                }

                output.WriteTag(6, WireFormat.WireType.Varint);
                output.WriteBool(sample.ClockTrusted);
            }
        }

        return stream.ToArray();
    }

    public static List<Sample> FromProtobuf(byte[] bytes)
    {
        List<Sample> samples = [];
        CodedInputStream input = new(bytes);
        while (input.ReadTag() != 0)
        {
            _ = input.ReadLength();
            input.ReadTag();
            string device = input.ReadString();
            input.ReadTag();
            string point = input.ReadString();
            input.ReadTag();
            long timeMs = input.ReadInt64();
            input.ReadTag();
            double value = input.ReadDouble();
            uint tag = input.ReadTag();
            Quality quality = Quality.Good;
            if (WireFormat.GetTagFieldNumber(tag) == 5)
            {
                quality = (Quality)input.ReadEnum();
                input.ReadTag();
            }

            samples.Add(new Sample(new PointRef(device, point), timeMs, value, quality, input.ReadBool()));
        }

        return samples;
    }

    public static byte[] Json(IReadOnlyList<Sample> samples) => JsonSerializer.SerializeToUtf8Bytes(
        samples.Select(sample => new { device = sample.Point.Device, point = sample.Point.Point, t = sample.TimeMs, v = sample.Value, q = (int)sample.Quality, c = sample.ClockTrusted }));

    public static byte[] Compressed(byte[] plain)
    {
        byte[] compressed = new byte[BrotliEncoder.GetMaxCompressedLength(plain.Length)];
        return BrotliEncoder.TryCompress(plain, compressed, out int written, quality: 5, window: 18)
            ? compressed[..written]
            : throw new InvalidOperationException("the compressor failed");
    }

    public static byte[] Plain(byte[] compressed, int bytes)
    {
        byte[] plain = new byte[bytes];
        return BrotliDecoder.TryDecompress(compressed, plain, out int written) && written == bytes
            ? plain
            : throw new InvalidOperationException("the decompressor failed");
    }
}
