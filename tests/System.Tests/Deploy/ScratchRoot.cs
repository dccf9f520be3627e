using System.Globalization;
using System.Text.RegularExpressions;
using IotProperty.Tests;

namespace IotProperty.SystemTests.Deploy;

/// <summary>A folder that stands for a machine's root: systemd's own units, and what a test puts there.</summary>
internal sealed partial class ScratchRoot : IDisposable
{
    private const string Units = "usr/lib/systemd/system";
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("iotp-root-");

    public ScratchRoot()
    {
        Directory.CreateDirectory(PathOf(Units));
        foreach (string file in Directory.EnumerateFiles("/" + Units).Where(file => new FileInfo(file).LinkTarget is null))
        {
            File.Copy(file, PathOf(Path.Combine(Units, Path.GetFileName(file))));
        }
    }

    public string Root => _folder.FullName;

    public string PathOf(string name) => Path.Combine(_folder.FullName, name);

    /// <summary>All that <c>systemd-analyze verify</c> has to say; nothing when units are sound.</summary>
    public async Task<string> VerifyAsync(params string[] units)
    {
        (int code, string output, string errors) = await PeerProcess.RunAsync(Peers.Require("systemd-analyze"), ["verify", $"--root={Root}", .. units]);
        return output + errors + (code == 0 ? "" : $"exit code {code}");
    }

    /// <summary>The exposure that <c>systemd-analyze security</c> works out: 0 (safe) to 10.</summary>
    public async Task<double> ExposureAsync(string unit)
    {
        (_, string output, string errors) = await PeerProcess.RunAsync(
            Peers.Require("systemd-analyze"), "security", "--offline=true", "--no-pager", $"--root={Root}", unit);
        Match told = Overall().Match(output);
        return told.Success ? double.Parse(told.Groups[1].Value, CultureInfo.InvariantCulture) : throw new InvalidOperationException(output + errors);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    [GeneratedRegex(@"Overall exposure level for \S+: ([0-9.]+)")]
    private static partial Regex Overall();
}
