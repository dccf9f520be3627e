using IotProperty.Tests;
using IotProperty.Transports;

namespace IotProperty.Protocols.Tests.Transports;

public sealed class LineLockTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("locks").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("/dev/ttyUSB7")]
    [InlineData("192.0.2.7:4001")]
    public void A_line_has_one_owner_and_the_next_is_told_who(string line)
    {
        using LineLock? first = LineLock.TryTake(line, _folder, out string why);
        Assert.NotNull(first);
        Assert.Empty(why);
        Assert.Null(LineLock.TryTake(line, _folder, out why));
        Assert.Matches($@"^{line}: the line is held by .+ \(pid {Environment.ProcessId}\)$", why);
        first.Dispose();
        using LineLock? second = LineLock.TryTake(line, _folder, out _);
        Assert.NotNull(second);
    }

    [Fact]
    public void Lines_whose_names_look_alike_do_not_meet()
    {
        using LineLock? dash = LineLock.TryTake("host-1:4001", _folder, out _);
        using LineLock? colon = LineLock.TryTake("host:1-4001", _folder, out _);
        using LineLock? longer = LineLock.TryTake(new string('x', 300) + "a", _folder, out _);
        using LineLock? longest = LineLock.TryTake(new string('x', 300) + "b", _folder, out _);
        Assert.NotNull(dash);
        Assert.NotNull(colon);
        Assert.NotNull(longer);
        Assert.NotNull(longest);
    }

    [Fact]
    public void The_lasting_name_of_a_port_and_its_passing_one_are_one_line()
    {
        string port = Path.Combine(_folder, "ttyUSB0");
        File.WriteAllText(port, "");
        string lasting = Path.Combine(_folder, "by-id");
        File.CreateSymbolicLink(lasting, port);
        using LineLock? first = LineLock.TryTake(lasting, _folder, out _);
        Assert.NotNull(first);
        Assert.Null(LineLock.TryTake(port, _folder, out _));
    }

    [Fact]
    public void Without_its_folder_the_refusal_names_the_file()
    {
        Assert.Null(LineLock.TryTake("/dev/ttyUSB7", Path.Combine(_folder, "none"), out string why));
        Assert.EndsWith("cannot be opened: No such file or directory", why, StringComparison.Ordinal);
        Assert.Contains(_folder, why, StringComparison.Ordinal);
    }

    [PeerFact("flock")]
    public async Task Another_program_s_lock_holds_until_it_crashes_and_never_longer()
    {
        LineLock.TryTake("host:4001", _folder, out _)!.Dispose();
        string file = Assert.Single(Directory.GetFiles(_folder));
        await using PeerProcess holder = PeerProcess.Start(Peers.Require("flock"), "--no-fork", file, "sh", "-c", "echo held; exec sleep 600");
        Assert.Equal("held", await holder.ReadLineAsync());
        Assert.Null(LineLock.TryTake("host:4001", _folder, out string why));
        Assert.Matches(@"^host:4001: the line is held by (sh|sleep) \(pid \d+\)$", why);
        await holder.KillAsync();
        using LineLock? free = LineLock.TryTake("host:4001", _folder, out why);
        Assert.True(free is not null, why);
    }
}
