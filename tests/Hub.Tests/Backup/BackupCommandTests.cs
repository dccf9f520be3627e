using System.Formats.Tar;
using System.Runtime.Versioning;
using System.Text;
using Dapper;
using IotProperty.Hub.Commands;
using IotProperty.Hub.Hosting;
using IotProperty.Hub.Storage;
using IotProperty.Hub.Storage.Backup;
using IotProperty.Hub.Tests.Migration;
using Microsoft.Data.Sqlite;

namespace IotProperty.Hub.Tests.Backup;

/// <summary>What is in a backup, and what is refused.</summary>
public sealed class BackupCommandTests(EmbeddedEstate estate) : IClassFixture<EmbeddedEstate>, IDisposable
{
    private readonly BackupBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Fact]
    [SupportedOSPlatform("linux")]
    public async Task All_rows_and_files_of_a_data_folder_come_back_and_locks_temporary_files_and_the_one_time_password_do_not()
    {
        using (Task copied = Task.Run(() => Directory.Move(estate.Copy().FullName, _bench.Data)))
        {
            await copied;
        }

        Directory.CreateDirectory(Path.Combine(_bench.Data, "ca", "issued"));
        await File.WriteAllTextAsync(Path.Combine(_bench.Data, "ca", "issued", "01.pem"), "certificate");
        await File.WriteAllTextAsync(Path.Combine(_bench.Data, "ca", "ca.key"), "key");
        await File.WriteAllTextAsync(Path.Combine(_bench.Data, "hub.yaml"), "# embedded\n{}\n");
        await File.WriteAllTextAsync(Path.Combine(_bench.Data, "half.tmp"), "half");
        await File.WriteAllBytesAsync(Path.Combine(_bench.Data, "empty"), []);
        Directory.CreateDirectory(Path.Combine(_bench.Data, "ca", "issuing.partial"));
        await File.WriteAllTextAsync(Path.Combine(_bench.Data, "ca", "issuing.partial", "half.pem"), "half");
        Execute(Path.Combine(_bench.Data, "later.store"), "CREATE TABLE t (x); INSERT INTO t VALUES (42)");
        File.SetUnixFileMode(Path.Combine(_bench.Data, "ca", "ca.key"), UnixFileMode.UserRead);

        (int code, string said) = await _bench.BackUpAsync();
        Assert.True(code == 0, said);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_bench.Archive));
        Assert.Equal(["data", "hub.backup"], _bench.Names());
        (code, said) = await _bench.RestoreAsync();
        Assert.True(code == 0, said);

        string[] databases = ["later.store", "ledger.db", "telemetry.db"];
        string[] files = [.. Directory.EnumerateFiles(_bench.Data, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(_bench.Data, file))
            .Where(name => name is not "hub.lock" and not "half.tmp" and not "administrator-password.once" and not "ca/issuing.partial/half.pem" && !name.EndsWith("-wal", StringComparison.Ordinal) && !name.EndsWith("-shm", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)];
        Assert.Contains(files, name => name.StartsWith("keys/", StringComparison.Ordinal));
        Assert.Equal(files, Directory.EnumerateFiles(_bench.Restored, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(_bench.Restored, file)).Order(StringComparer.Ordinal));
        foreach (string name in files.Except(databases))
        {
            Assert.Equal(await File.ReadAllBytesAsync(Path.Combine(_bench.Data, name)), await File.ReadAllBytesAsync(Path.Combine(_bench.Restored, name)));
        }

        Assert.Equal(UnixFileMode.UserRead, File.GetUnixFileMode(Path.Combine(_bench.Restored, "ca", "ca.key")));
        Assert.Equal(UnixFileMode.None, File.GetUnixFileMode(_bench.Restored) & (UnixFileMode.GroupRead | UnixFileMode.OtherRead | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute));
        foreach (string name in databases)
        {
            Assert.Equal(BackupBench.RowsOf(Path.Combine(_bench.Data, name)), BackupBench.RowsOf(Path.Combine(_bench.Restored, name)));
        }
    }

    [Fact]
    public async Task A_key_that_comes_while_the_ledger_is_read_is_in_the_backup()
    {
        await _bench.FillAsync();
        int looks = 0;
        string scratch = Directory.CreateDirectory(_bench.PathOf("scratch")).FullName;
        FolderSnapshot snapshot = new(DataFolder.Open(_bench.Data), scratch)
        {
            AfterLedger = () =>
            {
                if (looks++ == 0)
                {
                    File.WriteAllText(Path.Combine(_bench.Data, "keys", "key-2.xml"), "<key id=\"2\"/>");
                    Execute(Path.Combine(_bench.Data, "ledger.db"), "INSERT INTO technician VALUES ('t2', 'sealed with key 2', '[]', 1)");
                }
            },
        };
        IReadOnlyList<BackupPart> parts = snapshot.Take();
        Assert.Equal(2, looks);
        Assert.Equal(["telemetry.db", "ledger.db", "keys/key-1.xml", "keys/key-2.xml", "people.key"], parts.Select(part => part.Name));
        Assert.Equal(1, parts[1].Rows!["technician"]);
    }

    [Fact]
    public async Task Files_that_never_rest_are_refused()
    {
        await _bench.FillAsync();
        int looks = 0;
        FolderSnapshot snapshot = new(DataFolder.Open(_bench.Data), Directory.CreateDirectory(_bench.PathOf("scratch")).FullName)
        {
            AfterLedger = () => File.AppendAllText(Path.Combine(_bench.Data, "people.key"), $"{looks++}"),
        };
        IOException told = Assert.Throws<IOException>(() => snapshot.Take());
        Assert.Equal(5, looks);
        Assert.Contains("stop the hub while the backup is taken", told.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_name_that_is_taken_and_a_target_that_holds_something_are_refused()
    {
        await _bench.FillAsync();
        Assert.Equal(0, (await _bench.BackUpAsync()).Code);
        byte[] first = await File.ReadAllBytesAsync(_bench.Archive);
        (int code, string said) = await _bench.BackUpAsync();
        Assert.Equal(ExitCode.Failed, code);
        Assert.Contains("hub.backup: is there already", said, StringComparison.Ordinal);
        Assert.Equal(first, await File.ReadAllBytesAsync(_bench.Archive));

        Directory.CreateDirectory(_bench.Restored);
        await File.WriteAllTextAsync(Path.Combine(_bench.Restored, "mine"), "mine");
        (code, said) = await _bench.RestoreAsync();
        Assert.Equal(ExitCode.Failed, code);
        Assert.Contains("restored: is not empty", said, StringComparison.Ordinal);
        Assert.Equal(["mine"], Directory.EnumerateFileSystemEntries(_bench.Restored).Select(Path.GetFileName));

        File.Delete(Path.Combine(_bench.Restored, "mine"));
        Assert.Equal(0, (await _bench.RestoreAsync()).Code);
        Assert.Equal(["data", "hub.backup", "restored"], _bench.Names());
    }

    [Fact]
    public async Task A_backup_inside_of_the_data_folder_and_a_link_to_another_folder_are_refused()
    {
        await _bench.FillAsync();
        (int code, string said) = await _bench.RunAsync("backup", "--data", _bench.Data, "--out", Path.Combine(_bench.Data, "hub.backup"));
        Assert.Equal(ExitCode.Failed, code);
        Assert.Contains("lies in the data folder", said, StringComparison.Ordinal);

        Directory.CreateSymbolicLink(Path.Combine(_bench.Data, "ca"), _bench.Data);
        (code, said) = await _bench.BackUpAsync();
        Assert.Equal(ExitCode.Failed, code);
        Assert.Contains("is a link to another folder", said, StringComparison.Ordinal);
        Assert.Equal(["data"], _bench.Names());
    }

    [Fact]
    public async Task A_backup_that_another_process_writes_is_refused_and_what_a_killed_one_left_goes()
    {
        await _bench.FillAsync();
        using (WorkFolder other = WorkFolder.Take(_bench.Archive + ".partial"))
        {
            (int busy, string why) = await _bench.BackUpAsync();
            Assert.Equal(ExitCode.Failed, busy);
            Assert.Contains("another process works there", why, StringComparison.Ordinal);
        }

        string left = Directory.CreateDirectory(Path.Combine(_bench.Archive + ".partial", "snapshot")).FullName;
        await File.WriteAllTextAsync(Path.Combine(left, "ledger.db"), "half");
        await File.WriteAllTextAsync(_bench.Archive + ".partial/archive", "half");
        (int code, string said) = await _bench.BackUpAsync();
        Assert.True(code == 0, said);
        Assert.Equal(["data", "hub.backup"], _bench.Names());
    }

    [Fact]
    public async Task A_data_folder_that_is_not_there_or_is_none_is_refused()
    {
        (int code, string said) = await _bench.BackUpAsync();
        Assert.Equal(ExitCode.BadUsage, code);
        Assert.Contains("there is no such folder", said, StringComparison.Ordinal);
        Directory.CreateDirectory(_bench.Data);
        (code, said) = await _bench.BackUpAsync();
        Assert.Equal(ExitCode.Failed, code);
        Assert.Contains("holds no ledger.db", said, StringComparison.Ordinal);
        Assert.Equal(["data"], _bench.Names());
        (code, said) = await _bench.RestoreAsync();
        Assert.Equal(ExitCode.BadUsage, code);
        Assert.Contains("--from", said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ledger.db")]
    [InlineData("telemetry.db")]
    public async Task A_backup_of_a_newer_program_is_refused_before_anything_is_written(string name)
    {
        await _bench.FillAsync();
        Execute(Path.Combine(_bench.Data, name), "INSERT INTO schema_version (number, name, checksum, applied_ms) VALUES (9999, '9999_future.sql', '00', 0)");
        (int code, string said) = await _bench.BackUpAsync("--verify", "false");
        Assert.True(code == 0, said);
        (code, said) = await _bench.RestoreAsync();
        Assert.Equal(ExitCode.Failed, code);
        Assert.Contains($"{name} was written by a newer program (schema 9999", said, StringComparison.Ordinal);
        Assert.Equal(["data", "hub.backup"], _bench.Names());
    }

    [Fact]
    public async Task A_backup_of_an_older_program_is_restored_and_the_start_upgrades_it()
    {
        Directory.CreateDirectory(_bench.Data);
        string ledger = Path.Combine(_bench.Data, "ledger.db");
        using (SqliteConnection connection = new($"Data Source={ledger};Pooling=false"))
        {
            connection.Open();
            SqliteSchema.Apply(connection, [.. SchemaFile.Embedded(SqliteLedgerDatabase.SchemaFolder).Take(1)], TimeProvider.System);
        }

        Assert.Equal(0, (await _bench.BackUpAsync()).Code);
        Assert.Equal(0, (await _bench.RestoreAsync()).Code);
        new SqliteLedgerDatabase(Path.Combine(_bench.Restored, "ledger.db"), TimeProvider.System).Prepare();
    }

    [Fact]
    public async Task Every_byte_that_is_wrong_or_missing_is_refused_by_the_name_of_its_part_or_changes_nothing()
    {
        await _bench.FillAsync();
        Assert.Equal(0, (await _bench.BackUpAsync()).Code);
        byte[] whole = await File.ReadAllBytesAsync(_bench.Archive);
        List<(long From, long To, string Part)> contents = Contents(whole);
        Assert.Equal(["manifest.json", "manifest.json.sha256", "telemetry.db", "ledger.db", "keys/key-1.xml", "people.key"], contents.Select(each => each.Part));

        // Each part's ends and some bytes between, and every header's bytes in steps.
        IEnumerable<long> inside = contents.SelectMany(each => new[] { each.From, each.To - 1, (each.From + each.To) / 2 });
        IEnumerable<long> strides = Enumerable.Range(0, 60).Select(i => (long)i * 7919 % whole.Length).Concat(Enumerable.Range(0, 40).Select(i => (long)i * 53));
        foreach (long at in inside.Concat(strides).Distinct().Order())
        {
            await DamageIsNamedAsync(whole, contents, at, truncate: false);
        }

        foreach (long at in contents.SelectMany(each => new[] { each.From, each.From + 1, each.To - 1 }).Append(0L).Append(511).Distinct())
        {
            await DamageIsNamedAsync(whole, contents, at, truncate: true);
        }

        Assert.Equal(["data", "hub.backup"], _bench.Names());
    }

    [Fact]
    public async Task A_part_that_would_lie_outside_of_the_folder_is_refused()
    {
        foreach (string name in new[] { "../outside", "/etc/outside", "a//b", ".", "" })
        {
            BackupManifest manifest = new()
            {
                Format = BackupManifest.CurrentFormat,
                Program = "test",
                Began = DateTimeOffset.UnixEpoch,
                Parts = [new BackupPart { Name = name, Kind = PartKind.File, Bytes = 0, Sha256 = "" }],
            };
            string file = _bench.PathOf("hostile");
            byte[] text = manifest.ToBytes();
            await using (FileStream stream = File.Create(file))
            await using (TarWriter tar = new(stream))
            {
                string hash = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(text));
                tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, "manifest.json") { DataStream = new MemoryStream(text) });
                tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, "manifest.json.sha256") { DataStream = new MemoryStream(Encoding.ASCII.GetBytes($"{hash}  manifest.json\n")) });
            }

            (int code, string said) = await _bench.RestoreAsync(file);
            Assert.Equal(ExitCode.Failed, code);
            Assert.Contains("manifest.json is damaged: names the part", said, StringComparison.Ordinal);
            Assert.Equal(["hostile"], _bench.Names());
        }
    }

    [Theory]
    [InlineData("influx: { url: \"http://127.0.0.1:8086\", database: samples }", "influxd backup -portable -database samples")]
    [InlineData("victoriaMetrics: { writeUrl: \"http://127.0.0.1:8428\", readUrl: \"http://127.0.0.1:8428\" }", "vmbackup -snapshot.createURL=http://127.0.0.1:8428/snapshot/create")]
    [InlineData("", "VACUUM INTO")]
    public async Task A_hub_on_servers_is_told_their_own_tools_in_the_right_order(string telemetry, string tool)
    {
        await _bench.FillAsync();
        await File.WriteAllTextAsync(
            Path.Combine(_bench.Data, "hub.yaml"),
            "ledger: { postgres: { host: 127.0.0.1, port: 5433, database: iotp, user: iotp } }\n" + (telemetry.Length > 0 ? $"telemetry: {{ {telemetry} }}\n" : ""));
        (int code, string said) = await _bench.BackUpAsync();
        Assert.Equal(ExitCode.BadUsage, code);
        int first = said.IndexOf("pg_dump --format=custom --host=127.0.0.1 --port=5433 --username=iotp", StringComparison.Ordinal);
        int second = said.IndexOf(tool, StringComparison.Ordinal);
        Assert.True(first > 0 && second > first, said);
    }

    private static List<(long From, long To, string Part)> Contents(byte[] archive)
    {
        using MemoryStream stream = new(archive);
        using TarReader tar = new(stream);
        List<(long, long, string)> contents = [];
        while (tar.GetNextEntry() is { } entry)
        {
            contents.Add((entry.DataOffset, entry.DataOffset + entry.Length, entry.Name.Replace("data/", "", StringComparison.Ordinal)));
        }

        return contents;
    }

    private static void Execute(string database, string sql)
    {
        using SqliteConnection connection = new($"Data Source={database};Pooling=false");
        connection.Open();
        connection.Execute(sql);
    }

    private async Task DamageIsNamedAsync(byte[] whole, List<(long From, long To, string Part)> contents, long at, bool truncate)
    {
        byte[] damaged = truncate ? whole[..(int)at] : [.. whole];
        if (!truncate)
        {
            damaged[at] ^= 0x20;
        }

        string file = _bench.PathOf("damaged");
        await File.WriteAllBytesAsync(file, damaged);
        (int code, string said) = await _bench.RestoreAsync(file);
        File.Delete(file);
        string? part = contents.Where(each => truncate ? at <= each.To : at >= each.From && at < each.To).Select(each => each.Part).FirstOrDefault();
        if (code == 0)
        {
            // Padding, and what a header says of times and owners, which nobody asks for.
            Assert.True(part is null && !truncate, $"byte {at} of {part} is wrong, and nobody saw it");
            Assert.Equal("<key id=\"1\"/>", await File.ReadAllTextAsync(Path.Combine(_bench.Restored, "keys", "key-1.xml")));
            Assert.Equal(
                BackupBench.RowsOf(Path.Combine(_bench.Data, "telemetry.db")), BackupBench.RowsOf(Path.Combine(_bench.Restored, "telemetry.db")));
            Directory.Delete(_bench.Restored, recursive: true);
            return;
        }

        Assert.Equal(ExitCode.Failed, code);
        Assert.Contains(" is damaged: ", said, StringComparison.Ordinal);
        if (part is not null)
        {
            string named = part == "manifest.json.sha256" ? "manifest.json" : part;
            Assert.Contains($": {named} is damaged: ", said, StringComparison.Ordinal);
        }

        Assert.False(Directory.Exists(_bench.Restored));
    }
}
