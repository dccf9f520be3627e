using System.Diagnostics;
using IotProperty.Edge.Outbox;
using IotProperty.Edge.Storage;
using IotProperty.Protocols.Uplink;
using IotProperty.Tests;
using Microsoft.Extensions.Logging.Abstractions;

namespace IotProperty.Edge.Tests.Storage;

/// <summary>A disk that is really full: a small file system in memory, mounted by the test.</summary>
public sealed class FullDiskTests : IAsyncLifetime, IAsyncDisposable
{
    private const long DiskBytes = 16 << 20;
    private readonly FakeTime _time = new();
    private readonly string _folder = Directory.CreateTempSubdirectory("iotp-full-").FullName;
    private readonly Random _random = new(8);

    [TmpfsFact]
    public async Task A_full_disk_drops_telemetry_keeps_events_and_goes_on_when_there_is_space_again()
    {
        Mount("mount", "-t", "tmpfs", "-o", $"size={DiskBytes}", "tmpfs", _folder);
        string path = Path.Combine(_folder, "outbox.db");
        SqliteOutbox outbox = SqliteOutbox.Open(
            path, "riverside", new OutboxSettings { MaxBytes = 64 << 20, MaxBatchSamples = 1_000 }, new EdgeClock(_time, () => true), NullLogger<SqliteOutbox>.Instance);
        await using (outbox)
        {
            int samples = 0;
            int events = 0;

            // The quota is larger than the disk: the disk's end is the bound.
            for (int round = 0; outbox.Snapshot.DroppedRecords == 0; round++)
            {
                Assert.True(round < 4_000, "the disk never became full");
                samples += await RecordAsync(outbox);
            }

            Assert.Equal(StoreCondition.LowOnSpace, outbox.Snapshot.Condition);
            Assert.Equal(0, outbox.Snapshot.StoreFailures);

            // Somebody else takes the rest.
            string filler = Path.Combine(_folder, "filler");
            Fill(filler);
            for (int round = 0; round < 60; round++)
            {
                samples += await RecordAsync(outbox);
                events += await TryAddAsync(outbox, $"o-{events}") ? 1 : 0;
            }

            Assert.False(outbox.Completion.IsCompleted);
            Assert.NotEqual(StoreCondition.Sound, outbox.Snapshot.Condition);
            File.Delete(filler);
            for (int round = 0; round < 10; round++)
            {
                samples += await RecordAsync(outbox);
            }

            events += await TryAddAsync(outbox, $"o-{events}") ? 1 : 0;
            Assert.NotEqual(StoreCondition.Unwritable, outbox.Snapshot.Condition);
            Assert.True(events > 0);
            StoreHub hub = new();
            await hub.DrainAsync(outbox, _time);
            Batch[] served = [.. hub.Served.Values.Select(payload => BatchCodec.Decode(payload).Batch!)];
            Assert.Equal(Enumerable.Range(0, events).Select(number => $"o-{number}"), served.SelectMany(batch => batch.Transitions).Select(transition => transition.Occurrence));
            Assert.Equal(samples, served.Sum(batch => batch.Samples.Length) + hub.Gaps.Where(gap => gap.Lane == Lane.Telemetry).Sum(gap => gap.Records));
            Assert.Empty(hub.Declared.Intersect(hub.Served.Keys));

            // What was receipted is deleted by the next commit, and measured after it.
            await RecordAsync(outbox);
            await RecordAsync(outbox);
            await RecordAsync(outbox);
            Assert.Equal(StoreCondition.Sound, outbox.Snapshot.Condition);
        }
    }

    public Task InitializeAsync() => Task.CompletedTask;

    // The test framework knows this one alone.
    Task IAsyncLifetime.DisposeAsync() => DisposeAsync().AsTask();

    public ValueTask DisposeAsync()
    {
        if (new DriveInfo(_folder).DriveFormat == "tmpfs")
        {
            Mount("umount", _folder);
        }

        Directory.Delete(_folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    private async Task<int> RecordAsync(SqliteOutbox outbox)
    {
        const int samples = 1_000;
        for (int index = 0; index < samples; index++)
        {
            outbox.Add(new Sample(new PointRef("pump-1", $"p-{index % 5}"), _time.GetUtcNow().ToUnixTimeMilliseconds(), BitConverter.Int64BitsToDouble(_random.NextInt64()), Quality.Good, true));
        }

        _time.Advance(1_000);
        try
        {
            await outbox.SetAsync([], CancellationToken.None);
        }
        catch (OutboxUnavailableException)
        {
            // The samples wait in memory.
        }

        return samples;
    }

    private static async Task<bool> TryAddAsync(SqliteOutbox outbox, string occurrence)
    {
        try
        {
            await outbox.AddAsync(new OutboxEvents { Transitions = [OutboxBench.Transition(occurrence)] }, CancellationToken.None);
            return true;
        }
        catch (OutboxUnavailableException)
        {
            return false;
        }
    }

    private static void Fill(string file)
    {
        using FileStream filler = new(file, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        try
        {
            for (byte[] block = new byte[4096]; ;)
            {
                filler.Write(block);
            }
        }
        catch (IOException full) when (StoreSpace.IsFull(full))
        {
            // That was the aim.
        }
    }

    private static void Mount(string program, params string[] arguments)
    {
        using Process process = Process.Start(program, arguments);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }

    /// <summary>Skipped where mounting is refused.</summary>
    private sealed class TmpfsFactAttribute : FactAttribute
    {
        public TmpfsFactAttribute()
        {
            if (!OperatingSystem.IsLinux() || !File.Exists("/usr/bin/mount") || Environment.UserName != "root" || !MayMount())
            {
                Skip = "needs the right to mount a tmpfs";
            }
        }

        private static bool MayMount()
        {
            string folder = Directory.CreateTempSubdirectory("iotp-mount-").FullName;
            try
            {
                using Process mount = Process.Start(new ProcessStartInfo("mount", ["-t", "tmpfs", "-o", "size=65536", "tmpfs", folder]) { RedirectStandardError = true })!;
                mount.WaitForExit();
                if (mount.ExitCode != 0)
                {
                    return false;
                }

                using Process unmount = Process.Start("umount", [folder]);
                unmount.WaitForExit();
                return unmount.ExitCode == 0;
            }
            finally
            {
                Directory.Delete(folder);
            }
        }
    }
}
