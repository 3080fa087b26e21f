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

    private sealed class Worker(Func<Task>[] steps, List<string> said) : RepeatingWorker(TimeProvider.System)
    {
        private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _next;

        public Task Done => _done.Task;

        protected override Task ExecuteAsync(CancellationToken stoppingToken) => RepeatAsync(TimeSpan.Zero, TimeSpan.Zero, StepAsync, said.Add, stoppingToken);

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
