using System.Buffers.Binary;
using System.Reflection.PortableExecutable;
using System.Security.Cryptography;
using IotProperty.Simulators.Scenarios;
using IotProperty.SystemTests.Documents;
using IotProperty.Tests;

namespace IotProperty.SystemTests.Deploy;

/// <summary>The Debian packages, built as they are shipped, installed into a scratch root by dpkg itself, used, and removed.</summary>
public sealed class DebianPackageTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(15);
    private static readonly string[] Names = ["iotp-edge", "iotp-hub"];
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("iotp-deb-");

    public void Dispose() => _folder.Delete(recursive: true);

    [RootPeerFact("dpkg", "dpkg-deb", "systemd-analyze", "systemd-sysusers", "systemd-tmpfiles", "git")]
    public async Task Packages_are_the_same_each_time_install_into_a_root_run_there_and_leave_only_data()
    {
        string[] packages = await BuildAsync("native", "--arch", "amd64");
        Assert.Equal(["iotp-edge_amd64", "iotp-hub_amd64"], packages.Select(Short));
        await AssertReproducibleAsync(packages[0]);
        string arm = Assert.Single(await BuildAsync("arm", "--arch", "arm64", "--package", "iotp-edge"));
        await AssertArmAsync(arm);

        using ScratchRoot root = new();
        foreach (string folder in new[] { "var/lib/dpkg/info", "var/lib/dpkg/updates", "etc", "tmp" })
        {
            Directory.CreateDirectory(root.PathOf(folder));
        }

        await File.WriteAllTextAsync(root.PathOf("var/lib/dpkg/status"), "");
        await DpkgAsync(root, ["--install", .. packages]);
        await AssertInstalledAsync(root);

        // A second time is an upgrade: what the operator wrote stays.
        await File.AppendAllTextAsync(root.PathOf("etc/default/iotp-hub"), "# mine\n");
        await DpkgAsync(root, ["--install", .. packages]);
        Assert.EndsWith("# mine\n", await File.ReadAllTextAsync(root.PathOf("etc/default/iotp-hub")), StringComparison.Ordinal);

        await File.WriteAllTextAsync(root.PathOf("var/lib/iotp-hub/ledger.db"), "bills");
        await DpkgAsync(root, ["--remove", .. Names]);
        Assert.False(Path.Exists(root.PathOf("usr/lib/iotp-hub")) || Path.Exists(root.PathOf("usr/bin/iotp-edge")));
        Assert.True(File.Exists(root.PathOf("etc/default/iotp-hub")));
        string said = await DpkgAsync(root, ["--purge", .. Names]);
        Assert.Contains("/var/lib/iotp-hub and the user iotp-hub are kept", said, StringComparison.Ordinal);
        Assert.False(Path.Exists(root.PathOf("etc/default/iotp-hub")) || Path.Exists(root.PathOf("etc/iotp-hub")));
        Assert.Equal("bills", await File.ReadAllTextAsync(root.PathOf("var/lib/iotp-hub/ledger.db")));
    }

    private static async Task AssertInstalledAsync(ScratchRoot root)
    {
        Assert.Equal("", await root.VerifyAsync("iotp-edge.service", "iotp-hub.service"));
        string users = await File.ReadAllTextAsync(root.PathOf("etc/passwd"));
        foreach (string name in Names)
        {
            Assert.InRange(await root.ExposureAsync(name + ".service"), 0.1, 3.0);
            Assert.Contains($"{name}:x:", users, StringComparison.Ordinal);
            (_, string owner, _) = await PeerProcess.RunAsync("stat", "--format=%u %a", root.PathOf("var/lib/" + name));
            Assert.Equal($"{IdOf(users, name)} 700", owner.Trim());
            (int code, string version, string errors) = await PeerProcess.RunAsync(root.PathOf("usr/bin/" + name), "--version");
            Assert.True(code == 0 && version.StartsWith("0.", StringComparison.Ordinal), version + errors);
        }

        string site = await DemoSite.WriteAsync(
            root.PathOf("usr/share/doc/iotp-edge/examples"), root.PathOf("etc/iotp-edge"), DemoSite.Id, "secret", text => text, default);
        (int sound, string output, string mistakes) = await PeerProcess.RunAsync(root.PathOf("usr/bin/iotp-edge"), "validate", "--site", site);
        Assert.True(sound == 0, output + mistakes);
        Directory.Delete(root.PathOf("etc/iotp-edge"), recursive: true);
        string data = root.PathOf("var/lib/iotp-hub");
        (int added, output, mistakes) = await PeerProcess.RunAsync(root.PathOf("usr/bin/iotp-hub"), "edge", "add", "riverside", "--data", data);
        Assert.True(added == 0, output + mistakes);
    }

    /// <summary>Compiled once more, by another process at another time.</summary>
    private async Task AssertReproducibleAsync(string edge)
    {
        Directory.Delete(Path.Combine(MarkdownSamples.Root, "artifacts/publish/linux-x64/obj/IotProperty.Edge"), recursive: true);
        string again = Assert.Single(await BuildAsync("again", "--arch", "amd64", "--package", "iotp-edge"));
        Assert.Equal(HashOf(edge), HashOf(again));
    }

    private async Task AssertArmAsync(string package)
    {
        string root = Path.Combine(_folder.FullName, "arm-root");
        (int code, string output, string errors) = await PeerProcess.RunAsync("dpkg-deb", "--extract", package, root);
        Assert.True(code == 0, output + errors);
        string program = Path.Combine(root, "usr/lib/iotp-edge");
        Assert.False(Directory.Exists(Path.Combine(program, "runtimes")) || File.Exists(Path.Combine(program, "iotp-edge.xml")));

        // e_machine of the ELF header: AArch64 (ELF for the Arm 64-bit Architecture, 4.1).
        byte[] native = await File.ReadAllBytesAsync(Path.Combine(program, "libe_sqlite3.so"));
        Assert.Equal(183, BinaryPrimitives.ReadUInt16LittleEndian(native.AsSpan(18)));

        // Compiled ahead for ARM64 on Linux: the runtime marks the system in the machine of the COFF header.
        using PEReader compiled = new(File.OpenRead(Path.Combine(program, "iotp-edge.dll")));
        Assert.Equal((ushort)Machine.Arm64 ^ 0x7B79, (ushort)compiled.PEHeaders.CoffHeader.Machine);
    }

    private static string IdOf(string users, string name) => users.Split('\n').Single(line => line.StartsWith(name + ":", StringComparison.Ordinal)).Split(':')[2];

    /// <summary>Name and architecture, without the version between them.</summary>
    private static string Short(string package) => Path.GetFileNameWithoutExtension(package).Split('_') is [var name, _, var arch] ? $"{name}_{arch}" : package;

    private static string HashOf(string file) => Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(file)));

    private static async Task<string> DpkgAsync(ScratchRoot root, IEnumerable<string> what)
    {
        // Its scripts run outside of the root, which has no shell, and are told of it (dpkg(1), DPKG_ROOT). What the packages depend on is this machine's.
        (int code, string output, string errors) = await PeerProcess.RunAsync(
            Patience, "dpkg", [$"--root={root.Root}", "--force-script-chrootless", "--force-depends", "--log=/dev/null", .. what]);
        return code == 0 ? output : throw new InvalidOperationException(output + errors);
    }

    private async Task<string[]> BuildAsync(string name, params string[] options)
    {
        string to = Path.Combine(_folder.FullName, name);
        (int code, string output, string errors) = await PeerProcess.RunAsync(
            Patience, "bash", [Path.Combine(MarkdownSamples.Root, "deploy/deb.sh"), "--out", to, .. options]);
        Assert.True(code == 0, output + errors);
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}

/// <summary>A test that installs as root does; skipped with a reason for others, and where a program is missing.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RootPeerFactAttribute : FactAttribute
{
    public RootPeerFactAttribute(params string[] programs)
    {
        Programs = programs;
        string[] missing = [.. programs.Where(program => Peers.Find(program) is null)];
        Skip = missing.Length > 0 && !Peers.Required ? $"not installed: {string.Join(", ", missing)}"
            : !string.Equals(Environment.UserName, "root", StringComparison.Ordinal) ? "needs root: packages give files to other users"
            : null;
    }

    public IReadOnlyList<string> Programs { get; }
}
