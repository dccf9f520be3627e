using System.Globalization;
using Spectre.Console;

namespace IotProperty.Edge.Commands.Scanning;

/// <summary>Shows how far a search is: a bar on a terminal, a line at every tenth elsewhere.</summary>
internal static class ScanProgress
{
    /// <param name="work">Tells its progress by the action it is given: the share from 0 to 1, and who is being asked.</param>
    public static async Task<T> ShowAsync<T>(TextWriter error, bool isTerminal, Func<Action<double, string>, Task<T>> work)
    {
        if (!isTerminal)
        {
            int told = 0;
            return await work((share, asking) =>
            {
                int tenth = (int)(share * 10);
                if (tenth > told)
                {
                    told = tenth;
                    error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{tenth * 10} %, {asking}"));
                }
            });
        }

        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(error), Interactive = InteractionSupport.Yes });
        return await console.Progress()
            .AutoClear(true)
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(), new ElapsedTimeColumn())
            .StartAsync(async context =>
            {
                ProgressTask task = context.AddTask("searching", maxValue: 1);
                return await work((share, asking) =>
                {
                    task.Value = share;
                    task.Description = Markup.Escape(asking);
                });
            });
    }
}
