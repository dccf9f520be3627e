using System.Net.Sockets;
using System.Text;
using IotProperty.Edge.Hosting;
using IotProperty.Edge.Lines;
using IotProperty.Edge.Tests.Doubles;
using IotProperty.Edge.Tests.Lines;
using IotProperty.Edge.Tests.Polling;
using IotProperty.Tests;
using Microsoft.Extensions.Logging.Abstractions;

namespace IotProperty.Edge.Tests.Hosting;

public sealed class SystemdTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly Socket _manager = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { ReceiveTimeout = 20_000 };

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Manager_hears_ready_alive_and_stopping(bool abstractName)
    {
        using SystemdNotifier systemd = new(Listen(abstractName), "30000000");
        systemd.Ready("3 lines");
        systemd.Alive();
        systemd.Stopping();
        Assert.Equal(["READY=1\nSTATUS=3 lines", "WATCHDOG=1", "STOPPING=1"], [Receive(), Receive(), Receive()]);
        Assert.Equal(TimeSpan.FromSeconds(30), systemd.WatchdogInterval);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    public void Without_a_manager_nothing_is_said(string? socket)
    {
        using SystemdNotifier systemd = new(socket, "30000000");
        systemd.Ready("alone");
        Assert.Null(systemd.WatchdogInterval);
    }

    [Fact]
    public void Manager_that_is_gone_stops_nothing()
    {
        using SystemdNotifier systemd = new(_folder.File("nobody"), null);
        systemd.Alive();
        Assert.Null(systemd.WatchdogInterval);
    }

    [Fact]
    public async Task Signs_of_life_follow_the_lines_and_end_when_one_hangs()
    {
        FakeTime time = new();
        EdgeClock clock = new(time, () => true);
        using SystemdNotifier systemd = new(Listen(false), "30000000"); // a sign each 10 s
        ScriptedDriver driver = new();
        Quiet quiet = new();
        using ReadingService readings = new(new RecordingOutbox(), time, NullLogger<ReadingService>.Instance);
        LineRunner line = new(LineScript.Line(LineScript.Device("a", pollMs: 5_000)), TimeZoneInfo.Utc, driver, new LineSinks([quiet], quiet, readings, new RecordingOutbox()), clock, NullLogger<LineRunner>.Instance);
        using CancellationTokenSource stop = new();
        Watchdog watchdog = new(systemd, [line], clock, NullLogger<Watchdog>.Instance);
        Task watching = watchdog.RunAsync(stop.Token);
        Task running = Task.Run(() => line.RunAsync(stop.Token));

        DriverRequest first = await driver.NextAsync();
        time.Advance(10_000);
        Assert.Equal("WATCHDOG=1", Receive()); // held up for ten seconds is not a hang yet
        Assert.Empty(watchdog.Hanging());
        time.Advance(10_000); // twenty are
        Assert.Equal([line], watchdog.Hanging());
        Assert.Equal(0, _manager.Available);

        first.Answer(1);
        await time.TimersAsync(2).WaitAsync(TimeSpan.FromSeconds(20)); // the line goes on
        time.Advance(10_000);
        Assert.Equal("WATCHDOG=1", Receive());
        await stop.CancelAsync();
        await watching;
        await running;
        Assert.Equal([line], watchdog.Hanging()); // an ended line is no sign of life
    }

    [Fact]
    public void Second_process_is_told_who_holds_the_folder()
    {
        using (InstanceLock? first = InstanceLock.TryTake(_folder.Path, "iotp-edge of site riverside", out string none))
        {
            Assert.NotNull(first);
            Assert.Equal("", none);
            Assert.Null(InstanceLock.TryTake(_folder.Path, "another", out string why));
            Assert.Equal($"{_folder.Path} is in use by process {Environment.ProcessId} (iotp-edge of site riverside); stop it, or give this one another --data folder", why);
        }

        using InstanceLock? next = InstanceLock.TryTake(_folder.Path, "another", out _);
        Assert.NotNull(next);
    }

    public void Dispose()
    {
        _manager.Dispose();
        _folder.Dispose();
    }

    private string Listen(bool abstractName)
    {
        string name = abstractName ? $"iotp-edge-test-{Guid.NewGuid():N}" : _folder.File("notify");
        _manager.Bind(new UnixDomainSocketEndPoint(abstractName ? "\0" + name : name));
        return abstractName ? "@" + name : name;
    }

    private string Receive()
    {
        byte[] message = new byte[1_000];
        return Encoding.UTF8.GetString(message, 0, _manager.Receive(message));
    }
}
