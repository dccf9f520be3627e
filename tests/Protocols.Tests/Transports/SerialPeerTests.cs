using IotProperty.Tests;
using IotProperty.Transports;

namespace IotProperty.Protocols.Tests.Transports;

/// <summary>The serial port as other programs see it.</summary>
public sealed class SerialPeerTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);

    [PeerFact("stty")]
    public async Task Stty_reads_raw_mode_and_the_rate_back()
    {
        await using PseudoTerminal wire = PseudoTerminal.Open();
        await using SerialChannel port = SerialChannel.Open(wire.SlavePath, new SerialSettings(19_200));
        (int exitCode, string output, string errors) = await PeerProcess.RunAsync(Peers.Require("stty"), "-F", wire.SlavePath, "-a");
        Assert.True(exitCode == 0, errors);
        Assert.StartsWith("speed 19200 baud", output, StringComparison.Ordinal);
        string[] words = output.Split([' ', '\n', ';'], StringSplitOptions.RemoveEmptyEntries);
        string[] raw = ["cs8", "cread", "clocal", "-hupcl", "-cstopb", "-crtscts", "-icanon", "-echo", "-isig", "-iexten", "-opost", "-ixon", "-ixoff", "-icrnl", "-inlcr", "-istrip"];
        Assert.Empty(raw.Except(words));
    }

    [PeerFact("socat")]
    public async Task Two_ports_talk_through_an_outside_cable_and_notice_when_it_is_gone()
    {
        string folder = Directory.CreateTempSubdirectory("cable").FullName;
        try
        {
            string left = Path.Combine(folder, "left");
            string right = Path.Combine(folder, "right");
            await using PeerProcess cable = PeerProcess.Start(
                Peers.Require("socat"), "-d", "-d", "-lf", "/dev/stdout", $"pty,raw,echo=0,link={left}", $"pty,raw,echo=0,link={right}");
            while (await cable.ReadLineAsync() is { } line && !line.Contains("starting data transfer loop", StringComparison.Ordinal))
            {
                Assert.DoesNotContain(" E ", line, StringComparison.Ordinal);
            }

            await using SerialChannel one = SerialChannel.Open(left, new SerialSettings(2400, 8, SerialParity.Even));
            await using SerialChannel other = SerialChannel.Open(right, new SerialSettings(2400, 8, SerialParity.Even));
            byte[] got = new byte[8];
            for (int i = 0; i < 20; i++)
            {
                await one.WriteAfterSilenceAsync(new byte[] { (byte)i, 0x11, 0x13, 0x03 }, TimeSpan.FromMilliseconds(1), default);
                int have = 0;
                while (have < 4)
                {
                    have += await other.ReadAsync(got.AsMemory(have), default).AsTask().WaitAsync(Soon);
                }

                Assert.Equal([(byte)i, 0x11, 0x13, 0x03], got[..have]);
            }

            Task<int> waiting = one.ReadAsync(got, default).AsTask();
            await cable.KillAsync();
            await Assert.ThrowsAsync<ChannelBrokenException>(() => waiting.WaitAsync(Soon));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [PeerFact("flock")]
    public async Task A_port_that_another_program_has_locked_is_refused_by_name_and_is_free_after_its_crash()
    {
        await using PseudoTerminal wire = PseudoTerminal.Open();
        await using PeerProcess holder = PeerProcess.Start(Peers.Require("flock"), "--no-fork", wire.SlavePath, "sh", "-c", "echo held; exec sleep 600");
        Assert.Equal("held", await holder.ReadLineAsync());
        ChannelBrokenException error = Assert.Throws<ChannelBrokenException>(() => SerialChannel.Open(wire.SlavePath, new SerialSettings(9600)));
        Assert.Matches(@"^/dev/pts/\d+: the port is taken by (sh|sleep) \(pid \d+\)$", error.Message);
        await holder.KillAsync();
        await using SerialChannel port = SerialChannel.Open(wire.SlavePath, new SerialSettings(9600));
    }

    [Theory]
    [InlineData(2, "No such file or directory: there is no such port")]
    [InlineData(13, "Permission denied: add this program's user to the group of the port (ls -l /dev/ttyX9), usually dialout")]
    [InlineData(16, "the port is taken by another program")]
    [InlineData(6, "No such device or address: the port has a name but no hardware behind it")]
    [InlineData(24, "Too many open files")]
    public void Why_a_port_does_not_open_is_said_with_the_mend(int errno, string text) =>
        Assert.StartsWith(text, SerialChannel.ExplainOpen("/dev/ttyX9", errno), StringComparison.Ordinal);
}
