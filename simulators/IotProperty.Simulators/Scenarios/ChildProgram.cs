using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Threading.Channels;

namespace IotProperty.Simulators.Scenarios;

/// <summary>
/// One program that the scenario runs: its output goes to a log file, its JSON lines can be awaited, it can be held for a while (<see cref="Freeze"/>), and it
/// ends by SIGTERM (<see cref="StopAsync"/>) or SIGKILL (<see cref="KillAsync"/>), always by its process id.
/// </summary>
public sealed class ChildProgram : IAsyncDisposable
{
    private const int SigTerm = 15;
    private const int SigContinue = 18;
    private const int SigStop = 19;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly Process _process;
    private readonly StreamWriter _log;
    private readonly Lock _logLock = new();
    private readonly Channel<string> _lines = Channel.CreateBounded<string>(new BoundedChannelOptions(1000) { FullMode = BoundedChannelFullMode.DropOldest });
    private readonly Task _reading;

    private ChildProgram(string name, Process process, StreamWriter log)
    {
        (Name, _process, _log) = (name, process, log);
        StartedAt = Stopwatch.GetTimestamp();
        _reading = Task.WhenAll(PumpAsync(process.StandardOutput, _lines.Writer), PumpAsync(process.StandardError, null));
    }

    public string Name { get; }

    /// <summary>When it was started; for <see cref="Stopwatch.GetElapsedTime(long)"/>.</summary>
    public long StartedAt { get; }

    public bool HasEnded => _process.HasExited;

    /// <summary>Starts a program; what it prints goes to <c>LOGFOLDER/NAME.log</c>. A path that ends in <c>.dll</c> is run by dotnet.</summary>
    /// <param name="environment">Variables that the program has beside those of this process.</param>
    public static ChildProgram Start(
        string name, string program, IEnumerable<string> arguments, string logFolder, IEnumerable<KeyValuePair<string, string>>? environment = null)
    {
        ArgumentNullException.ThrowIfNull(program);
        Directory.CreateDirectory(logFolder);
        bool assembly = program.EndsWith(".dll", StringComparison.Ordinal);
        ProcessStartInfo start = new(assembly ? "dotnet" : program)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        foreach (string argument in assembly ? arguments.Prepend(program) : arguments)
        {
            start.ArgumentList.Add(argument);
        }

        foreach ((string variable, string value) in environment ?? [])
        {
            start.Environment[variable] = value;
        }

        StreamWriter log = new(Path.Combine(logFolder, name + ".log"), append: true) { AutoFlush = true };
        try
        {
            Process process = Process.Start(start) ?? throw new ScenarioException($"{program} did not start");
            return new ChildProgram(name, process, log);
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            log.Dispose();
            throw new ScenarioException($"{program} cannot be started: {e.Message}; build it first");
        }
    }

    /// <summary>Runs a program to its end and returns its standard output; throws <see cref="ScenarioException"/> unless it exits with 0.</summary>
    public static async Task<string> RunAsync(string name, string program, IEnumerable<string> arguments, string logFolder, CancellationToken cancellationToken)
    {
        await using ChildProgram child = Start(name, program, arguments, logFolder);
        List<string> lines = [];
        await foreach (string line in child._lines.Reader.ReadAllAsync(cancellationToken))
        {
            lines.Add(line);
        }

        await child._process.WaitForExitAsync(cancellationToken);
        return child._process.ExitCode == 0
            ? string.Join('\n', lines)
            : throw new ScenarioException($"{name} ended with exit code {child._process.ExitCode}; see {name}.log");
    }

    /// <summary>The next JSON line with this <c>event</c>; earlier lines are passed over. Throws <see cref="ScenarioException"/> when the program ends before.</summary>
    /// <param name="within">How long it may take; a start on a quiet machine when null.</param>
    public async Task<JsonElement> AwaitEventAsync(string @event, CancellationToken cancellationToken, TimeSpan? within = null)
    {
        TimeSpan wanted = within ?? Patience;
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(wanted);
        try
        {
            await foreach (string line in _lines.Reader.ReadAllAsync(patience.Token))
            {
                if (TryParse(line) is { ValueKind: JsonValueKind.Object } json && json.TryGetProperty("event", out JsonElement name) && name.GetString() == @event)
                {
                    return json;
                }
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ScenarioException($"{Name} did not say '{@event}' within {wanted.TotalSeconds:F0} s; see {Name}.log");
        }

        throw new ScenarioException($"{Name} ended before it said '{@event}'; see {Name}.log");
    }

    /// <summary>Resident memory now and its peak, in MB (10^6 bytes), from <c>/proc</c>.</summary>
    public (double NowMb, double PeakMb) ResidentMemory()
    {
        string[] status = File.ReadAllLines($"/proc/{_process.Id}/status");
        double Field(string name) => long.Parse(
            status.First(l => l.StartsWith(name, StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) * 1024 / 1e6;
        return (Field("VmRSS:"), Field("VmHWM:"));
    }

    /// <summary>The processor time that it has used since its start, its own and the kernel's on its behalf.</summary>
    public TimeSpan ProcessorTime()
    {
        _process.Refresh();
        return _process.TotalProcessorTime;
    }

    /// <summary>SIGSTOP: from now on it does nothing, and its connections stay open.</summary>
    public void Freeze() => Send(SigStop);

    /// <summary>SIGCONT: it goes on where it was.</summary>
    public void Thaw() => Send(SigContinue);

    /// <summary>SIGKILL, now; returns when the process is gone.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>SIGTERM; returns the exit code when the process is gone. One that does not end in time is killed, which is a failure.</summary>
    public async Task<int> StopAsync()
    {
        Send(SigTerm);
        using CancellationTokenSource patience = new(Patience);
        try
        {
            await _process.WaitForExitAsync(patience.Token);
            return _process.ExitCode;
        }
        catch (OperationCanceledException)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
            throw new ScenarioException($"{Name} did not end within {Patience.TotalSeconds:F0} s of SIGTERM and was killed");
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        await _reading;
        await _log.DisposeAsync();
        _process.Dispose();
    }

    /// <summary>To a program that has ended already there is nothing to say.</summary>
    private void Send(int signal)
    {
        if (!_process.HasExited && Signal(_process.Id, signal) != 0 && !_process.HasExited)
        {
            throw new ScenarioException($"{Name} cannot be signalled");
        }
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Signal(int processId, int signal);

    private static JsonElement? TryParse(string line)
    {
        if (!line.StartsWith('{'))
        {
            return null;
        }

        try
        {
            return JsonDocument.Parse(line).RootElement;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private async Task PumpAsync(StreamReader from, ChannelWriter<string>? to)
    {
        while (await from.ReadLineAsync() is { } line)
        {
            lock (_logLock)
            {
                _log.WriteLine(line);
            }

            to?.TryWrite(line);
        }

        to?.Complete();
    }
}
