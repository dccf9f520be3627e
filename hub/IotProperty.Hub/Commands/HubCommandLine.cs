using System.CommandLine;

namespace IotProperty.Hub.Commands;

/// <summary>The program's command line: parses, runs one command and turns every outcome into an exit code.</summary>
public static class HubCommandLine
{
    private const string About = """
        The hub of IotProperty: takes what the edges of buildings report, keeps it, and shows it.

        Exit codes: 0 done; 1 failed while running; 2 wrong usage or wrong input, with the mend on standard error;
        3 reconcile found an undeclared difference, migrate-store one between the old and the new stores, or audit verify a broken chain.
        """;

    public static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter errors, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(errors);
        RootCommand root = new(About)
        {
            RunCommand.Create(output, errors, time),
            EdgeCommand.Create(output, time),
            UserCommand.Create(output, time),
            TokenCommand.Create(output, time),
            AuditCommand.Create(output, time),
            KeysCommand.Create(output, time),
            ReconcileCommand.Create(output, time),
            MigrateStoreCommand.Create(output, errors, time),
            BackupCommand.Create(output, time),
            BackupCommand.CreateRestore(output),
        };
        ParseResult parsed = root.Parse(args);
        if (parsed.Errors.Count > 0)
        {
            foreach (var error in parsed.Errors)
            {
                await errors.WriteLineAsync(error.Message);
            }

            await errors.WriteLineAsync($"See: {string.Join(' ', CommandPath(parsed))} --help");
            return ExitCode.BadUsage;
        }

        try
        {
            // The web host handles SIGTERM and SIGINT itself, so that it can end its connections in good order.
            return await parsed.InvokeAsync(new InvocationConfiguration
            {
                Output = output,
                Error = errors,
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null,
            });
        }
        catch (UsageException wrong)
        {
            await errors.WriteLineAsync(wrong.Message);
            return ExitCode.BadUsage;
        }
        catch (Exception failure) when (failure is IOException or InvalidDataException or UnauthorizedAccessException or System.Data.Common.DbException or Storage.SchemaMismatchException)
        {
            await errors.WriteLineAsync(failure.Message);
            return ExitCode.Failed;
        }
    }

    private static Stack<string> CommandPath(ParseResult parsed)
    {
        Stack<string> names = new();
        for (System.CommandLine.Parsing.SymbolResult? at = parsed.CommandResult; at is not null; at = at.Parent)
        {
            if (at is System.CommandLine.Parsing.CommandResult command)
            {
                names.Push(command.Command is RootCommand ? "iotp-hub" : command.Command.Name);
            }
        }

        return names;
    }
}
