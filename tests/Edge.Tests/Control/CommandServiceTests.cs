using IotProperty.Edge.Access;
using IotProperty.Edge.Control;
using IotProperty.Edge.Drivers;
using IotProperty.Edge.Outbox;
using IotProperty.Edge.Points;
using IotProperty.Edge.Profiles;
using IotProperty.Edge.Tests.Access;
using IotProperty.Edge.Tests.Doubles;
using IotProperty.Edge.Tests.Drivers.Dlt645;
using IotProperty.Protocols.Modbus;
using IotProperty.Protocols.Uplink;
using IotProperty.Tests;
using Microsoft.Extensions.Logging.Abstractions;

namespace IotProperty.Edge.Tests.Control;

public sealed class CommandServiceTests : IAsyncLifetime, IDisposable
{
    private readonly FakeTime _time = new();
    private readonly RecordingOutbox _outbox = new();
    private readonly RecordingWriter _writer = new();
    private readonly ListLogger<CommandService> _log = new();
    private readonly EdgeClock _clock;
    private readonly SiteConfiguration _site = Site();
    private AccessService? _access;
    private CommandService? _service;
    private int _ids;

    public CommandServiceTests() => _clock = new(_time, () => true);

    public Task InitializeAsync() => StartAsync();

    public Task DisposeAsync() => StopAsync();

    public void Dispose()
    {
        _service?.Dispose();
        _access?.Dispose();
    }

    [Fact]
    public async Task A_door_is_unlocked_when_that_it_is_begun_and_the_event_are_on_disk_and_the_result_follows()
    {
        bool begunOnDisk = false;
        bool eventOnDisk = false;
        _writer.Answer = () =>
        {
            begunOnDisk = CommandMemory.TryRead(_outbox.State["command/c-1"], out CommandMemory memory) && !memory.Ended;
            eventOnDisk = !_outbox.IsQuiet;
            return DriverReply.Ok;
        };
        Post(Unlock());
        Assert.Equal(("door-1", (ushort)3, true), await _writer.NextAsync());
        Assert.Equal((true, true), (begunOnDisk, eventOnDisk));
        Assert.Empty((await _outbox.NextAsync()).CommandResults);
        AccessEvent unlocked = Assert.Single((await _outbox.NextAsync()).AccessEvents);
        Assert.Equal(
            ("door-1", AccessEventKind.Command, AccessDecision.Granted, AccessReason.Ordered, "c-1"),
            (unlocked.Device, unlocked.Kind, unlocked.Decision, unlocked.Reason, unlocked.Credential));
        OutboxEvents end = await _outbox.NextAsync();
        Assert.Equal(new CommandResult("c-1", CommandOutcome.Done, CommandReason.None, "the door's controller confirmed", NowMs, true), Assert.Single(end.CommandResults));
        Assert.True(CommandMemory.TryRead(_outbox.State["command/c-1"], out CommandMemory ended) && ended.Ended);
        Assert.Contains(_log.Lines, line => line.Contains("c-1", StringComparison.Ordinal) && line.Contains("anna", StringComparison.Ordinal));

        // Whoever was let in opens the door rightly.
        _access!.OnSamples([new PointSample(new("door-1", "open"), _clock.Now(), 0, Quality.Good), new PointSample(new("door-1", "open"), _clock.Now(), 1, Quality.Good)]);
        await StopAsync();
        Assert.True(_outbox.IsQuiet);
        Assert.Equal(1, _service!.Counters.Done);
    }

    [Fact]
    public async Task A_repeated_command_does_nothing_also_after_a_restart()
    {
        SiteCommand command = Unlock();
        Post(command);
        Post(command);
        Assert.Equal(CommandOutcome.Done, (await ResultAsync()).Outcome);
        Post(command);
        await StopAsync();
        await StartAsync();
        Post(command);
        Post(Unlock() with { Action = new UnlockAction("nothing") });
        Assert.Equal(CommandOutcome.Refused, (await ResultAsync()).Outcome);
        await _writer.NextAsync();
        Assert.True(_writer.IsQuiet);
    }

    [Fact]
    public async Task A_command_that_the_edge_did_not_survive_is_told_as_failed_and_not_begun_again()
    {
        SiteCommand command = Unlock();
        await StopAsync();
        _outbox.State["command/c-1"] = new CommandMemory(command.IssuedMs, command.ExpiresMs, Ended: false).ToBytes();
        await StartAsync();
        CommandResult result = await ResultAsync();
        Assert.Equal(("c-1", CommandOutcome.Failed, CommandReason.EdgeStopped), (result.Id, result.Outcome, result.Reason));
        Assert.Contains("restarted while", result.Detail, StringComparison.Ordinal);
        Post(command);
        await StopAsync();
        Assert.True(_writer.IsQuiet && _outbox.IsQuiet);
    }

    [Theory]
    [InlineData(ModbusExceptionCode.ServerDeviceBusy, CommandReason.DeviceRefused)]
    [InlineData(ModbusExceptionCode.GatewayTargetFailedToRespond, CommandReason.NotConfirmed)]
    public async Task A_controller_that_does_not_confirm_fails_the_command(ModbusExceptionCode exception, CommandReason reason)
    {
        _writer.Answer = () => DriverReply.OfException(exception, "not now");
        Post(Unlock());
        CommandResult result = await ResultAsync();
        Assert.Equal((CommandOutcome.Failed, reason, "not now"), (result.Outcome, result.Reason, result.Detail));
    }

    [Fact]
    public async Task A_line_that_has_no_time_lets_the_command_expire_and_nothing_is_sent()
    {
        _writer.Hang = true;
        Post(Unlock(lifetimeMs: 3_000));
        await _outbox.NextAsync();
        await _outbox.NextAsync();
        await _time.TimersAsync(1);
        _time.Advance(3_000);
        CommandResult result = await ResultAsync();
        Assert.Equal((CommandOutcome.Expired, CommandReason.NoTimeLeft, "the line had no time for the command"), (result.Outcome, result.Reason, result.Detail));
        Assert.True(_writer.IsQuiet);
    }

    [Fact]
    public async Task What_the_hub_did_not_sign_changes_nothing_and_is_not_answered()
    {
        using CommandSigner stranger = new();
        byte[] changed = CommandSigner.Shared.Sign(Unlock());
        changed[20] ^= 1;
        _service!.Post("c-1", stranger.Sign(Unlock()));
        _service.Post("c-2", changed);
        _service.Post("c-3", new byte[] { 1, 2, 3 });
        _service.Post("other", CommandSigner.Shared.Sign(Unlock()));
        Post(Unlock() with { Id = "genuine", Action = new UnlockAction("nothing") });
        CommandResult only = await ResultAsync();
        Assert.Equal("genuine", only.Id);

        // Counted when it is stored, and that is told of first.
        await StopAsync();
        Assert.Equal((4, 1), (_service.Counters.Doubted, _service.Counters.Refused));
        Assert.Equal("genuine", Assert.Single(_outbox.State.Keys, key => key.StartsWith("command/", StringComparison.Ordinal))["command/".Length..]);
        Assert.Single(_log.Lines, line => line.Contains("not believed", StringComparison.Ordinal));
    }

    [Fact]
    public async Task While_nothing_can_be_stored_nothing_is_begun_and_the_repeated_command_is()
    {
        SiteCommand command = Unlock();
        _outbox.Unavailable = true;
        Post(command);
        await _log.UntilAsync(line => line.Contains("cannot be stored", StringComparison.Ordinal));
        Assert.True(_writer.IsQuiet);
        _outbox.Unavailable = false;
        Post(command);
        Assert.Equal(CommandOutcome.Done, (await ResultAsync()).Outcome);
    }

    [Fact]
    public async Task Ids_are_forgotten_in_time_so_that_the_store_does_not_grow()
    {
        Post(Unlock());
        await ResultAsync();
        _time.Advance((int)SiteCommandRules.MaxLifetimeMs + 10_001);
        Post(Unlock());
        await ResultAsync();
        Assert.Equal(["command/c-2"], _outbox.State.Keys.Where(key => key.StartsWith("command/", StringComparison.Ordinal)));
        Assert.True(_outbox.State.ContainsKey("commands/forgotten-through"));
    }

    [Fact]
    public async Task What_the_store_holds_and_nobody_can_read_lets_nothing_old_through()
    {
        SiteCommand command = Unlock();
        await StopAsync();
        _outbox.State["command/c-9"] = [7];
        await StartAsync();
        await _log.UntilAsync(line => line.Contains("cannot be read", StringComparison.Ordinal));
        Post(command);
        _time.Advance(1);
        Post(Unlock() with { Action = new UnlockAction("nothing") });
        Assert.Equal("c-2", (await ResultAsync()).Id);
        Assert.True(_writer.IsQuiet);
        Assert.False(_outbox.State.ContainsKey("command/c-9"));

        // Also after one more start, at which nothing unreadable is left.
        await StopAsync();
        await StartAsync();
        Post(command);
        Post(Unlock() with { Action = new UnlockAction("nothing") });
        Assert.Equal("c-3", (await ResultAsync()).Id);
        Assert.True(_writer.IsQuiet);
    }

    [Theory]
    [InlineData(SwitchPosition.Open, true)]
    [InlineData(SwitchPosition.Close, false)]
    public async Task A_relay_is_switched_over_the_line_and_read_back(SwitchPosition position, bool open)
    {
        WireMeter meter = new() { Slowness = 2 };
        CommandResult result = await SwitchAsync(meter, position);
        Assert.Equal(CommandOutcome.Done, result.Outcome);
        Assert.StartsWith("the meter took the order; the relay is ", result.Detail, StringComparison.Ordinal);
        Assert.Equal(open, meter.IsOpen);
        Assert.Equal("00000007", meter.Operator);
    }

    [Fact]
    public async Task A_relay_that_does_not_move_is_told_as_failed()
    {
        CommandResult result = await SwitchAsync(new WireMeter { Slowness = 1_000 }, SwitchPosition.Open);
        Assert.Equal((CommandOutcome.Failed, CommandReason.NotInPosition, true), (result.Outcome, result.Reason, result.Detail.Contains("after 10 s: the relay is closed", StringComparison.Ordinal)));
    }

    private async Task<CommandResult> SwitchAsync(WireMeter meter, SwitchPosition position)
    {
        MeterWire wire = new(meter);
        await using BusLine line = new(new BusLineOptions("meters", 2_400, 11), _ => wire.OpenAsync(), _time, new Random(1), NullLogger<BusLine>.Instance);
        _writer.Bus = line;
        Post(Unlock() with { Action = new SwitchAction("m1", position), ExpiresMs = NowMs + 60_000 });
        Task<CommandResult> result = ResultAsync();
        while (!result.IsCompleted)
        {
            await Task.WhenAny(result, _time.TimersAsync(1));
            _time.Advance(1_000);
        }

        return await result;
    }

    /// <summary>The next result; what else is stored on the way is passed over.</summary>
    private async Task<CommandResult> ResultAsync()
    {
        while (true)
        {
            if ((await _outbox.NextAsync()).CommandResults is [var result])
            {
                return result;
            }
        }
    }

    private long NowMs => _clock.Now().UtcMs;

    private SiteCommand Unlock(long lifetimeMs = 10_000) => new("riverside", $"c-{++_ids}", NowMs, NowMs + lifetimeMs, "anna", new UnlockAction("door-1"));

    private void Post(SiteCommand command) => _service!.Post(command.Id, CommandSigner.Shared.Sign(command));

    private async Task StartAsync()
    {
        _access = new(_site, new(new byte[CardFingerprint.KeyBytes]), _outbox, _outbox, _writer, _clock, NullLogger<AccessService>.Instance);
        await _access.StartAsync(CancellationToken.None);
        CommandTrust trust = new(() => CommandSigner.Shared.Authority, file => file == "m1.password" ? (WireMeter.Password, "") : (null, "no such file"));
        _service = new(_site, trust, _access, _writer, _outbox, _outbox, _clock, _log);
        await _service.StartAsync(CancellationToken.None);
    }

    private async Task StopAsync()
    {
        await _service!.StopAsync(CancellationToken.None);
        await _access!.StopAsync(CancellationToken.None);
    }

    private static SiteConfiguration Site()
    {
        DeviceConfiguration meter = MeterSite.Device(FieldProtocol.Dlt645Y2007, null, ("00010000", "kWh"));
        meter = meter with
        {
            Profile = meter.Profile with { Control = new ControlDefinition(Relay: true) },
            Control = new DeviceControl("00000007", "m1.password", 2),
        };
        return DoorSite.Site with
        {
            Lines = [.. DoorSite.Site.Lines, new() { Id = "cellar", Transport = new ModbusTcpTransport("127.0.0.1", 503), Devices = [meter] }],
            Commands = new CommandsConfiguration(["door-1"], [meter.Id], "hub.pem"),
        };
    }
}
