using System.Diagnostics;

namespace IotProperty.Tests;

/// <summary>A program of the distribution that a test runs; ended, by its own id, when the test is over.</summary>
public sealed class PeerProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly Process _process;
    private readonly Task<string> _errors;

    private PeerProcess(Process process)
    {
        _process = process;
        _errors = process.StandardError.ReadToEndAsync();
    }

    public static PeerProcess Start(string program, params IEnumerable<string> arguments)
    {
        ProcessStartInfo info = new(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        return new PeerProcess(Process.Start(info) ?? throw new InvalidOperationException($"{program} did not start"));
    }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    /// <summary>Runs a program to its end.</summary>
    public static Task<(int ExitCode, string Output, string Errors)> RunAsync(string program, params IEnumerable<string> arguments) => RunAsync(Patience, program, arguments);

    /// <summary>Runs a program to its end, which may take so long.</summary>
    public static async Task<(int ExitCode, string Output, string Errors)> RunAsync(TimeSpan patience, string program, params IEnumerable<string> arguments)
    {
        await using PeerProcess peer = Start(program, arguments);
        string output = await peer._process.StandardOutput.ReadToEndAsync().WaitAsync(patience);
        string errors = await peer._errors.WaitAsync(Patience);
        await peer._process.WaitForExitAsync().WaitAsync(Patience);
        return (peer._process.ExitCode, output, errors);
    }

    /// <summary>The next line of its output; null when it has ended.</summary>
    public async Task<string?> ReadLineAsync() => await _process.StandardOutput.ReadLineAsync().WaitAsync(Patience);

    /// <summary>Ends it as a crash would: SIGKILL.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync().WaitAsync(Patience);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        await _process.WaitForExitAsync().WaitAsync(Patience);
        _process.Dispose();
    }
}
