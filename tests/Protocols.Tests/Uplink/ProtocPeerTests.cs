using System.Diagnostics;
using System.Text;
using Google.Protobuf;
using IotProperty.Protocols.Uplink;
using IotProperty.Protocols.Uplink.Wire;
using Batch = IotProperty.Protocols.Uplink.Batch;
using Lane = IotProperty.Protocols.Uplink.Lane;
using WireBatch = IotProperty.Protocols.Uplink.Wire.Batch;

namespace IotProperty.Protocols.Tests.Uplink;

/// <summary>
/// The wire against an independent reader and writer of Protocol Buffers: the C++ one in the <c>protoc</c> that generated our classes (it lies in the package
/// that the build restored), fed with the text form, so that nothing of our own code is its own witness.
/// </summary>
public class ProtocPeerTests
{
    [Fact]
    public void A_column_written_by_hand_reads_as_the_samples_it_means()
    {
        // Two lifts' positions; lift-1: 3.25, 3.50, 3.40 at 1000, 1500, 2000 ms; lift-2: -0.0 at 990 ms, not answered, clock not trusted.
        // -0.0 is 0x8000000000000000; its bits in reverse order are 1. 50 is 3 samples << 4 | good << 1 | 1; 20 is 1 << 4 | comm-fail (2) << 1 | 0.
        byte[] body = Encode("TelemetryBody", """
            names: "lift-1" names: "position" names: "lift-2"
            column_device: [0, 2] column_point: [1, 1] column_samples: [3, 1] column_coding: [2, 15]
            times: [1000, 500, 500, -10]
            scaled: [325, 25, -10]
            raw: [1]
            trust_runs: [49, 20]
            """);
        DecodedBatch decoded = BatchCodec.Decode(Sealed(new WireBatch
        {
            Site = "riverside",
            Epoch = 7,
            Lane = IotProperty.Protocols.Uplink.Wire.Lane.Telemetry,
            Sequence = 1,
            Records = 4,
            Body = new Packed { UnpackedBytes = (uint)body.Length, Content = ByteString.CopyFrom(body) },
        }));
        Assert.Equal("", decoded.Why);
        PointRef first = new("lift-1", "position");
        Batch expected = new()
        {
            Key = new BatchKey("riverside", 7, Lane.Telemetry, 1),
            Samples =
            [
                new Sample(first, 1000, 3.25, Quality.Good, true),
                new Sample(first, 1500, 3.50, Quality.Good, true),
                new Sample(first, 2000, 3.40, Quality.Good, true),
                new Sample(new PointRef("lift-2", "position"), 990, -0.0, Quality.CommFail, false),
            ],
        };
        Assert.Equal(BatchText.Of(expected), BatchText.Of(decoded.Batch!));
    }

    [Fact]
    public void The_peer_reads_the_header_that_we_write()
    {
        string text = Decode("Batch", BatchCodec.Encode(UplinkSamples.Batch("telemetry")));
        foreach (string line in (string[])["site: \"riverside\"", "epoch: 1795000000000", "lane: LANE_TELEMETRY", "sequence: 300", "records: 4", "unpacked_bytes: 82", "checksum: "])
        {
            Assert.Contains(line, text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void The_peer_reads_the_trace_that_we_write()
    {
        // The text form shows what is printable as it is and all else in octal.
        const string bytes = "K\\371/5w\\263M\\246\\243\\316\\222\\235\\016\\016G6\\000\\360g\\252\\013\\251\\002\\267\\001";
        Assert.Contains($"trace_context: \"{bytes}\"", Decode("Batch", BatchCodec.Encode(UplinkSamples.Batch("traced"))), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("reading", "ReadingBody", "device: \"meter-3\"", "low: 12345670", "scale: 2", "high: 4294967295", "negative: true", "digits: 10", "quality: 1")]
    [InlineData("transition", "EventBody", "occurrence: \"r-1\"", "ordinal: 1", "from: 1", "to: 2", "value: 0.31", "limit: -0", "clock_trusted: true")]
    [InlineData("access", "EventBody", "device: \"door-1\"", "decision: 1", "reason: 1", "credential: \"card-7\"", "time_ms: 1795000000001")]
    [InlineData("command", "EventBody", "id: \"c-1\"", "outcome: 2", "detail: \"unknown\"")]
    [InlineData("command-reason", "EventBody", "outcome: 3", "detail: \"the relay is open\"", "clock_trusted: true", "reason: 13")]
    [InlineData("gap", "EventBody", "lane: LANE_TELEMETRY", "first_sequence: 3", "last_sequence: 9", "records: 70", "reason: \"disk quota\"")]
    [InlineData("clock-step", "EventBody", "id: \"r-4\"", "step_ms: -59000", "uptime_ms: 1000", "clock_trusted: true")]
    [InlineData("tally", "EventBody", "lane: LANE_TELEMETRY", "hour_ms: 1794999600000", "records: 70", "hash: 72623859790382856", "first_sequence: 3", "last_sequence: 9", "revision: 2")]
    public void The_peer_reads_the_bodies_that_we_write(string name, string message, params string[] lines)
    {
        Packed body = WireBatch.Parser.ParseFrom(BatchCodec.Encode(UplinkSamples.Batch(name))).Body;
        Assert.Equal(Compression.None, body.Compression);
        string text = Decode(message, body.Content.ToByteArray());
        Assert.All(lines, line => Assert.Contains(line, text, StringComparison.Ordinal));
        Assert.DoesNotContain(text.Split('\n'), line => char.IsDigit(line.TrimStart().FirstOrDefault()));
    }

    [Fact]
    public void The_peer_reads_receipts_and_wills()
    {
        string receipts = Decode("Receipts", ReceiptCodec.Encode(UplinkSamples.Receipts));
        Assert.Contains("reason: \"another batch has this key\"", receipts, StringComparison.Ordinal);
        string will = Decode("EdgeState", EdgeStateCodec.Encode(UplinkSamples.Will));
        Assert.Contains("profile_hash: \"c0ffee\"", will, StringComparison.Ordinal);
    }

    private static byte[] Sealed(IMessage message) => WireMessage.Seal(message);

    private static byte[] Encode(string message, string text) => Run($"--encode=iotp.v1.{message}", Encoding.UTF8.GetBytes(text));

    private static string Decode(string message, byte[] payload) => Encoding.UTF8.GetString(Run($"--decode=iotp.v1.{message}", payload));

    private static byte[] Run(string mode, byte[] input)
    {
        using Process protoc = Process.Start(new ProcessStartInfo(Protoc(), [mode, $"--proto_path={ProtoFolder()}", "uplink.proto"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        protoc.StandardInput.BaseStream.Write(input);
        protoc.StandardInput.Close();
        Task<string> errors = protoc.StandardError.ReadToEndAsync();
        using MemoryStream output = new();
        protoc.StandardOutput.BaseStream.CopyTo(output);
        Assert.True(protoc.WaitForExit(TimeSpan.FromSeconds(30)));
        Assert.True(protoc.ExitCode == 0, errors.Result);
        return output.ToArray();
    }

    private static string ProtoFolder() => Path.Combine(RepositoryRoot(), "protocols", "IotProperty.Protocols", "Uplink");

    private static string RepositoryRoot()
    {
        DirectoryInfo? at = new(AppContext.BaseDirectory);
        while (at is not null && !File.Exists(Path.Combine(at.FullName, "IotProperty.sln")))
        {
            at = at.Parent;
        }

        return at?.FullName ?? throw new InvalidOperationException("the tests do not lie inside the repository");
    }

    private static string Protoc()
    {
        string packages = Environment.GetEnvironmentVariable("NUGET_PACKAGES")
            ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        return Directory.EnumerateFiles(Path.Combine(packages, "grpc.tools"), "protoc", SearchOption.AllDirectories)
            .Where(path => path.Contains($"linux_{System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant()}", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .Last();
    }
}
