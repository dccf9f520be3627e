using System.Globalization;
using IotProperty.Edge.Commands;
using IotProperty.Edge.Tests.Drivers.Dlt645;
using IotProperty.Edge.Tests.Hosting;
using IotProperty.Edge.Tests.Profiles;
using IotProperty.Protocols.Dlt645;
using IotProperty.Protocols.Framing;
using IotProperty.Transports;

namespace IotProperty.Edge.Tests.Commands;

/// <summary>The installer's command against a meter at the other end of a pseudo-terminal.</summary>
public sealed class SwitchCommandTests : IAsyncLifetime, IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly StringWriter _output = new();
    private readonly StringWriter _error = new();
    private readonly WireMeter _meter = new();
    private readonly PseudoTerminal _wire = PseudoTerminal.Open();
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _serving;

    public SwitchCommandTests() => _serving = Task.Run(ServeAsync);

    public Task InitializeAsync() => Task.CompletedTask;

    // The test framework knows this one alone.
    Task IAsyncLifetime.DisposeAsync() => DisposeAsync().AsTask();

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _serving;
        await _wire.DisposeAsync();
        _stop.Dispose();
        _folder.Dispose();
        await _output.DisposeAsync();
        await _error.DisposeAsync();
    }

    [Fact]
    public async Task Without_yes_it_only_tells_what_it_would_do()
    {
        Assert.Equal(2, await RunAsync("switch", "--site", Write(), "--device", "m1", "open"));
        Assert.Equal(
            "m1 (address 000000123456): open the relay: everything behind this meter loses its power\nNothing was done. Say --yes to do it.",
            _output.ToString().ReplaceLineEndings("\n").TrimEnd());
        Assert.Null(_meter.Order);
    }

    [Fact]
    public async Task With_yes_the_relay_opens_and_closes_and_its_state_is_shown()
    {
        string site = Write();
        Assert.Equal(0, await RunAsync("switch", "--site", site, "--device", "m1", "open", "--yes"));
        Assert.Contains("Done: the meter took the order; the relay is open, ordered open (status word 3 = 0050)", _output.ToString(), StringComparison.Ordinal);
        Assert.True(_meter.IsOpen);
        Assert.Equal("00000007", _meter.Operator);
        Assert.InRange(_meter.Order!.Value.ValidUntil, InShanghai().AddMinutes(8), InShanghai().AddMinutes(11));

        Assert.Equal(0, await RunAsync("switch", "--site", site, "--device", "m1", "close", "--yes"));
        Assert.False(_meter.IsOpen);
        Assert.Equal("", _error.ToString());
        Assert.DoesNotContain(WireMeter.Password, _output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_line_that_is_in_use_is_left_alone_and_its_holder_named()
    {
        string site = Write();
        using LineLock? daemon = LineLock.TryTake(_wire.SlavePath, out string why);
        Assert.Equal("", why);
        Assert.Equal(1, await RunAsync("switch", "--site", site, "--device", "m1", "open", "--yes"));
        Assert.Contains("so nothing was sent", _error.ToString(), StringComparison.Ordinal);
        Assert.Contains($"the line is held by", _error.ToString(), StringComparison.Ordinal);
        Assert.Contains(Environment.ProcessId.ToString(CultureInfo.InvariantCulture), _error.ToString(), StringComparison.Ordinal);
        Assert.Null(_meter.Order);
    }

    [Fact]
    public async Task A_wrong_password_is_exit_code_1_with_the_meter_s_reason()
    {
        string site = Write();
        File.WriteAllText(_folder.File("m1.password"), "000000\n");
        Assert.Equal(1, await RunAsync("switch", "--site", site, "--device", "m1", "open", "--yes"));
        Assert.StartsWith("Not done: the meter refused: the password is wrong", _error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("m1", "control: { relay: true }", "control: { relay: false }", "profile 'relay-meter' does not allow to switch anything")]
    [InlineData("m2", "", "", "nobody may switch device 'm2' — write control: { passwordFile: …, operatorCode: \"…\" } at the device in the site file")]
    [InlineData("m3", "", "", "there is no device 'm3' on site riverside — did you mean 'm1'?")]
    [InlineData("pump-1", "", "", "device 'pump-1' speaks modbus, which has no relay or valve that this edge switches")]
    public async Task What_is_not_allowed_is_exit_code_2_with_the_mend(string device, string from, string to, string reason)
    {
        string site = Write(from.Length == 0 ? SampleSite.RelayMeter : SampleSite.RelayMeter.Replace(from, to, StringComparison.Ordinal));
        Assert.Equal(2, await RunAsync("switch", "--site", site, "--device", device, "open", "--yes"));
        Assert.Contains(reason, _error.ToString(), StringComparison.Ordinal);
        Assert.Null(_meter.Order);
    }

    [Fact]
    public async Task A_missing_password_file_is_exit_code_2()
    {
        string site = Write();
        File.Delete(_folder.File("m1.password"));
        Assert.Equal(2, await RunAsync("switch", "--site", site, "--device", "m1", "open", "--yes"));
        Assert.Contains("the password of device 'm1' cannot be read: m1.password does not exist", _error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Other_positions_are_bad_usage()
    {
        Assert.Equal(2, await RunAsync("switch", "--site", Write(), "--device", "m1", "half"));
        Assert.EndsWith("Try --help.", _error.ToString().TrimEnd(), StringComparison.Ordinal);
    }

    private static DateTime InShanghai() => TimeZoneInfo.ConvertTime(TimeProvider.System.GetUtcNow(), TimeZoneInfo.FindSystemTimeZoneById("Asia/Shanghai")).DateTime;

    private Task<int> RunAsync(params string[] args) => EdgeCommandLine.RunAsync(args, _output, _error);

    private string Write(string meter = SampleSite.RelayMeter)
    {
        Directory.CreateDirectory(_folder.File("mine"));
        File.WriteAllText(_folder.File("mine/test-pump.yaml"), SampleSite.Pump);
        File.WriteAllText(_folder.File("mine/test-door.yaml"), SampleSite.Door);
        File.WriteAllText(_folder.File("mine/relay-meter.yaml"), meter);
        File.WriteAllText(_folder.File("credentials.yaml"), SampleSite.Credentials);
        File.WriteAllText(_folder.File("edge.password"), "secret\n");
        File.WriteAllText(_folder.File("m1.password"), $"{WireMeter.Password}\n");
        string cellar = $$"""

            lines:
              - id: cellar
                serial: { port: {{_wire.SlavePath}}, baud: 9600, format: 8E1 }
                timeoutMs: 5000
                devices:
                  - { id: m1, profile: relay-meter, address: "000000123456", control: { passwordFile: m1.password, operatorCode: "00000007" } }
                  - { id: m2, profile: relay-meter, address: "000000000002" }
            """;
        string site = _folder.File("site.yaml");
        File.WriteAllText(site, SampleSite.Site.Replace("\nlines:", cellar, StringComparison.Ordinal) + "\nprofiles: mine\n");
        return site;
    }

    private async Task ServeAsync()
    {
        Dlt645Responder responder = new(_meter);
        ReceiveBuffer received = new(4 * Dlt645Frame.MaxBytes);
        byte[] reply = new byte[Dlt645Frame.MaxBytes];
        try
        {
            while (true)
            {
                received.Received(await _wire.ReadAsync(received.Free(), _stop.Token));
                while (Answer(responder, received, reply, out int length))
                {
                    await _wire.WriteAsync(reply.AsMemory(0, length), _stop.Token);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The test is over.
        }
    }

    private static bool Answer(Dlt645Responder responder, ReceiveBuffer received, byte[] reply, out int length)
    {
        ScanStatus status = Dlt645Frame.Seek(received.Unread, silent: false, out int start, out Dlt645Frame frame);
        length = status == ScanStatus.Done ? responder.Answer(frame, reply) : 0;
        received.Consume(start + (status == ScanStatus.Done ? frame.Length : 0));
        return status == ScanStatus.Done;
    }
}
