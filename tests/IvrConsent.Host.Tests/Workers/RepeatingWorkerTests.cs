using IvrConsent.Core.Recordings;
using IvrConsent.Host.Workers;
using Xunit;

namespace IvrConsent.Host.Tests.Workers;

public sealed class RepeatingWorkerTests
{
    private readonly List<string> _said = [];

    [Fact]
    public async Task What_goes_wrong_is_said_once_until_it_works_again_or_something_else_is_wrong_and_ends_nothing()
    {
        Func<Task>[] steps =
        [
            () => throw new RecordingStoreException("The folder is away."),
            () => throw new RecordingStoreException("The folder is away."),
            () => throw new InvalidOperationException("Something with +48 22 123 45 67 in it."),
            () => Task.CompletedTask,
            () => throw new RecordingStoreException("The folder is away."),
        ];
        using var worker = new Worker(steps, _said);
        await worker.StartAsync(TestContext.Current.CancellationToken);
        await worker.Done.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        await worker.StopAsync(TestContext.Current.CancellationToken);
        Assert.Equal(["The folder is away.", "InvalidOperationException", "The folder is away."], _said);
    }

    [Fact]
    public async Task What_goes_wrong_in_one_step_keeps_no_other_from_being_done_and_is_said_of_each()
    {
        var done = 0;
        Func<Task>[] first = [() => throw new RecordingStoreException("The folder is away."), () => throw new RecordingStoreException("The folder is away.")];
        using var worker = new Worker(first, _said, () => ++done == 1 ? throw new RecordingStoreException("The other is away.") : Task.CompletedTask);
        await worker.StartAsync(TestContext.Current.CancellationToken);
        await worker.Done.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        await worker.StopAsync(TestContext.Current.CancellationToken);
        Assert.Equal(2, done);
        Assert.Equal(["The folder is away.", "The other is away."], _said);
    }

    private sealed class Worker(Func<Task>[] steps, List<string> said, Func<Task>? after = null) : RepeatingWorker(TimeProvider.System)
    {
        private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _next;

        public Task Done => _done.Task;

        protected override Task ExecuteAsync(CancellationToken stoppingToken) => RepeatAsync(
            TimeSpan.Zero, TimeSpan.Zero, after is null ? [StepAsync] : [StepAsync, _ => after()], said.Add, stoppingToken);

        private async Task StepAsync(CancellationToken cancel)
        {
            if (_next == steps.Length)
            {
                _done.TrySetResult();
                await Task.Delay(Timeout.Infinite, cancel);
            }

            await steps[_next++]();
        }
    }
}
