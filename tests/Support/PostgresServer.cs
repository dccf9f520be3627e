using System.Diagnostics;
using System.Globalization;

namespace IotProperty.Tests;

/// <summary>
/// A real PostgreSQL on loopback, in a folder of its own and under a user of its own, because it refuses to run as root. Ended, by its id, with the process that
/// started it. One server serves a test assembly (<see cref="SharedAsync"/>); who wants to kill or configure it starts one.
/// </summary>
public sealed class PostgresServer : IAsyncDisposable
{
    /// <summary>The role that owns the databases; loopback needs no password unless <see cref="StartAsync(bool, string)"/> is told one.</summary>
    public const string User = "iotp";

    private static readonly Lazy<Task<PostgresServer>> Shared = new(() => Task.Run(() => StartAsync(fast: true, password: null, endWithProcess: true)));
    private static int _databases;

    private readonly string _folder;
    private readonly bool _fast;
    private Process _process;

    private PostgresServer(string folder, int port, bool fast, Process process)
    {
        _folder = folder;
        _fast = fast;
        _process = process;
        Port = port;
    }

    public string Host => "127.0.0.1";

    public int Port { get; }

    /// <summary>For tests that stop and continue the server; the postmaster, whose children end with it.</summary>
    public int ProcessId => _process.Id;

    /// <summary>The assembly's server: commits are not synced, for nobody cuts its power. Ends with the process.</summary>
    public static Task<PostgresServer> SharedAsync() => Shared.Value;

    /// <summary>Starts a server of one's own, with synced commits unless <paramref name="fast"/>.</summary>
    /// <param name="fast">Commits are not synced: for tests that do not ask what survives a power cut.</param>
    /// <param name="password">What the role must show over TCP; null: nothing.</param>
    /// <exception cref="InvalidOperationException">PostgreSQL is not installed, or does not start.</exception>
    public static Task<PostgresServer> StartAsync(bool fast = false, string? password = null) => StartAsync(fast, password, endWithProcess: false);

    /// <summary>An empty database of the server; its name.</summary>
    public async Task<string> CreateDatabaseAsync()
    {
        string name = string.Create(CultureInfo.InvariantCulture, $"iotp_{Interlocked.Increment(ref _databases)}_{Environment.ProcessId}");
        await SqlAsync("postgres", $"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'");
        return name;
    }

    /// <summary>Runs one statement as the owner of everything; returns what it printed, unaligned.</summary>
    public async Task<string> SqlAsync(string database, string statement)
    {
        (int code, string output, string errors) = await RunAsync(
            AsServer(Program("psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", _folder, "-p", PortText(Port), "-U", "postgres", "-d", database, "-c", statement));
        return code == 0 ? output.Trim() : throw new InvalidOperationException($"psql: {errors}");
    }

    /// <summary>Ends the server as a crash would; <see cref="RestartAsync"/> brings it back with what was committed.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    /// <summary>After <see cref="KillAsync"/>: the same data on the same port.</summary>
    public async Task RestartAsync()
    {
        File.Delete(Path.Combine(_folder, "data", "postmaster.pid"));
        _process = Launch(_folder, Port, _fast);
        await ReadyAsync();
    }

    /// <summary>Starts it again with settings and rules of access as an operator writes them; its own port, folder and memory stay.</summary>
    /// <param name="settings">Text for <c>postgresql.conf</c>.</param>
    /// <param name="access">Text for <c>pg_hba.conf</c>; the test's own superuser keeps its way in.</param>
    public async Task ReconfigureAsync(string settings, string access)
    {
        await KillAsync();
        await File.AppendAllTextAsync(Path.Combine(_folder, "data", "postgresql.conf"), settings);
        await File.WriteAllTextAsync(Path.Combine(_folder, "data", "pg_hba.conf"), $"local all postgres trust\n{access}");
        await RestartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            // An immediate end: the folder is thrown away, so nothing need be written in order; its children end with it.
            await RunAsync(new ProcessStartInfo("kill", ["-QUIT", PortText(_process.Id)]));
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static async Task<PostgresServer> StartAsync(bool fast, string? password, bool endWithProcess)
    {
        string folder = Directory.CreateTempSubdirectory("iotp-postgres-").FullName;
        if (OwnerId is { } owner)
        {
            await RunOrThrowAsync(new ProcessStartInfo("chown", [owner, folder]));
        }

        await RunOrThrowAsync(AsServer(
            Program("initdb"), "-D", Path.Combine(folder, "data"), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions"));
        int port = FreePort.Next();
        PostgresServer server = new(folder, port, fast, Launch(folder, port, fast));
        if (endWithProcess)
        {
            AppDomain.CurrentDomain.ProcessExit += (_, _) => server.DisposeAsync().AsTask().Wait(TimeSpan.FromSeconds(10));
        }

        await server.ReadyAsync();
        string secret = password is null ? "" : $" PASSWORD '{password.Replace("'", "''", StringComparison.Ordinal)}'";
        await server.SqlAsync("postgres", $"CREATE ROLE {User} LOGIN SUPERUSER{secret}");
        if (password is not null)
        {
            await File.WriteAllTextAsync(Path.Combine(folder, "data", "pg_hba.conf"), "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n");
            await server.SqlAsync("postgres", "SELECT pg_reload_conf()");
        }

        return server;
    }

    private static Process Launch(string folder, int port, bool fast)
    {
        string[] settings =
        [
            "listen_addresses=127.0.0.1", $"unix_socket_directories={folder}", "max_connections=200", "shared_buffers=128MB", "log_min_messages=fatal",
            .. fast ? ["fsync=off", "full_page_writes=off"] : Array.Empty<string>(),
        ];
        ProcessStartInfo info = AsServer(
            Program("postgres"), ["-D", Path.Combine(folder, "data"), "-p", PortText(port), .. settings.SelectMany(setting => new[] { "-c", setting })]);
        info.RedirectStandardOutput = true;
        info.RedirectStandardError = true;
        Process process = Process.Start(info) ?? throw new InvalidOperationException("postgres did not start");

        // Read and thrown away, so that the pipes never fill; what matters is told to the client as well.
        _ = process.StandardError.ReadToEndAsync();
        _ = process.StandardOutput.ReadToEndAsync();
        return process;
    }

    private async Task ReadyAsync()
    {
        // pg_isready is the server's own signal; each question waits a moment for the answer.
        for (int tries = 0; tries < 600; tries++)
        {
            (int code, _, _) = await RunAsync(new ProcessStartInfo(Program("pg_isready"), ["-q", "-t", "1", "-h", Host, "-p", PortText(Port)]));
            if (code == 0)
            {
                return;
            }

            if (_process.HasExited)
            {
                throw new InvalidOperationException($"postgres ended with code {_process.ExitCode} before it was ready");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
        }

        throw new TimeoutException("postgres was not ready in time");
    }

    /// <summary>Root cannot run the server: Debian's user does, or nobody.</summary>
    private static string? OwnerId { get; } = !string.Equals(Environment.UserName, "root", StringComparison.Ordinal)
        ? null
        : File.ReadLines("/etc/passwd").Any(line => line.StartsWith("postgres:", StringComparison.Ordinal)) ? "postgres" : "nobody";

    private static ProcessStartInfo AsServer(string program, params IEnumerable<string> arguments) => OwnerId is { } owner
        ? new ProcessStartInfo("setpriv", [$"--reuid={owner}", "--clear-groups", "--", program, .. arguments]) { WorkingDirectory = "/" }
        : new ProcessStartInfo(program, arguments) { WorkingDirectory = "/" };

    private static async Task RunOrThrowAsync(ProcessStartInfo info)
    {
        (int code, string output, string errors) = await RunAsync(info);
        if (code != 0)
        {
            throw new InvalidOperationException($"{info.FileName} {string.Join(' ', info.ArgumentList)} ended with {code}: {errors}{output}");
        }
    }

    private static async Task<(int Code, string Output, string Errors)> RunAsync(ProcessStartInfo info)
    {
        info.RedirectStandardOutput = true;
        info.RedirectStandardError = true;
        using Process process = Process.Start(info) ?? throw new InvalidOperationException($"{info.FileName} did not start");
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output, await errors);
    }

    private static string Program(string name) => Peers.Require(name);

    private static string PortText(int number) => number.ToString(CultureInfo.InvariantCulture);
}
