using System.Buffers.Binary;
using IotProperty.SystemTests.Documents;
using IotProperty.Tests;

namespace IotProperty.SystemTests.Chaos.Faults;

/// <summary>
/// The wall clock of one edge under test: built from <c>clock-shim.c</c>, preloaded into the edge, and moved through a file that both map. The machine's own
/// clock is never touched.
/// </summary>
public sealed class EdgeClockFile
{
    private const int FileBytes = 16;

    private readonly string _library;
    private readonly string _file;

    private EdgeClockFile(string library, string file)
    {
        (_library, _file) = (library, file);
        Set(0, synchronised: true);
    }

    /// <summary>What the edge must be started with.</summary>
    public IEnumerable<KeyValuePair<string, string>> Environment => [new("LD_PRELOAD", _library), new("CHAOS_CLOCK", _file)];

    /// <summary>Builds the library in <paramref name="folder"/>; null where no compiler is installed, and then the clock is left alone.</summary>
    public static async Task<EdgeClockFile?> BuildAsync(string folder)
    {
        if (Peers.Find("gcc") is not { } compiler && !Peers.Required)
        {
            return null;
        }

        Directory.CreateDirectory(folder);
        string library = Path.Combine(folder, "clock-shim.so");
        string source = Path.Combine(MarkdownSamples.Root, "tests/System.Tests/Chaos/Faults/clock-shim.c");
        (int exitCode, _, string errors) = await PeerProcess.RunAsync(Peers.Require("gcc"), "-O2", "-shared", "-fPIC", "-Wall", "-Werror", "-o", library, source);
        return exitCode == 0
            ? new EdgeClockFile(library, Path.Combine(folder, "clock"))
            : throw new InvalidOperationException($"clock-shim.c does not compile: {errors}");
    }

    /// <summary>From now on the edge's wall clock is so far ahead of the machine's, and is kept by a time daemon or is not.</summary>
    public void Set(long offsetMs, bool synchronised)
    {
        byte[] page = new byte[FileBytes];
        BinaryPrimitives.WriteInt64LittleEndian(page, offsetMs * 1_000_000);
        BinaryPrimitives.WriteInt32LittleEndian(page.AsSpan(sizeof(long)), synchronised ? 0 : 1);

        // In place: the edge has mapped this very file.
        using FileStream file = new(_file, FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        file.Write(page);
    }
}
