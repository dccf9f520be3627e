using System.Threading.Channels;
using IotProperty.Hub.Hosting;
using IotProperty.Tests;

namespace IotProperty.Hub.Tests.Hosting;

/// <summary>A look that is taken again and again, whatever becomes of one.</summary>
public sealed class RepeatedLookTests
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(5);
    private readonly FakeTime _time = new();

    [Fact]
    public async Task First_look_is_taken_at_the_start_failures_are_told_once_and_so_is_their_end()
    {
        using Scripted look = new(_time);
        await look.StartAsync(default);
        string[] said = ["works", "fails", "times out", "fails", "works", "works", "fails"];
        for (int i = 0; i < said.Length; i++)
        {
            await look.AnswerAsync(said[i]);
            if (i < said.Length - 1)
            {
                _time.Advance(Every - TimeSpan.FromMilliseconds(1));
                Assert.False(look.IsAsked);
                _time.Advance(TimeSpan.FromMilliseconds(1));
            }
        }

        Assert.Equal(["failed: fails", "works again", "failed: fails"], await look.ToldAsync(3));
        await look.StopAsync(default);
        Assert.True(look.ExecuteTask!.IsCompletedSuccessfully);
    }

    [Fact]
    public async Task Stop_ends_a_look_in_hand_without_a_word()
    {
        using Scripted look = new(_time);
        await look.StartAsync(default);
        Assert.True(await look.AskedAsync());
        await look.StopAsync(default);
        Assert.True(look.ExecuteTask!.IsCompletedSuccessfully);
        Assert.Empty(await look.ToldAsync(0));
    }

    private sealed class Scripted(TimeProvider time) : RepeatedLook(Every, time)
    {
        private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
        private readonly Channel<TaskCompletionSource<string>> _asked = Channel.CreateUnbounded<TaskCompletionSource<string>>();
        private readonly Channel<string> _told = Channel.CreateUnbounded<string>();

        public bool IsAsked => _asked.Reader.TryPeek(out _);

        public Task<bool> AskedAsync() => _asked.Reader.WaitToReadAsync().AsTask().WaitAsync(Patience);

        /// <summary>Lets the look that is taken, or the next one, come out so.</summary>
        public async Task AnswerAsync(string what) => (await _asked.Reader.ReadAsync().AsTask().WaitAsync(Patience)).SetResult(what);

        public async Task<string[]> ToldAsync(int count)
        {
            List<string> told = [];
            while (told.Count < count)
            {
                told.Add(await _told.Reader.ReadAsync().AsTask().WaitAsync(Patience));
            }

            return _told.Reader.TryRead(out string? more) ? [.. told, more] : [.. told];
        }

        public override async Task LookAsync(CancellationToken cancellationToken)
        {
            TaskCompletionSource<string> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
            await _asked.Writer.WriteAsync(answer, cancellationToken);
            string what = await answer.Task.WaitAsync(cancellationToken);
            if (what != "works")
            {
                // A query that takes too long is cancelled by itself, which is no stop.
                throw what == "fails" ? new IOException(what) : new TaskCanceledException(what);
            }
        }

        protected override void TellFailed(Exception failure) => _told.Writer.TryWrite($"failed: {failure.Message}");

        protected override void TellWorks() => _told.Writer.TryWrite("works again");
    }
}
