using IvrConsent.TestKit.Time;
using Xunit;

namespace IvrConsent.Host.Tests.Workers;

/// <summary>The clock of a worker that does something again and again.</summary>
internal static class WorkerClock
{
    /// <summary>Moves the clock when all loops of the worker wait for it, and comes back when they wait again.</summary>
    public static async Task NextMinuteAsync(this ManualTimeProvider time, int loops)
    {
        await WaitAsync(time, loops);
        time.Advance(TimeSpan.FromMinutes(1));
        await WaitAsync(time, loops);
    }

    private static async Task WaitAsync(ManualTimeProvider time, int loops)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(30));
        while (time.WaitingTimers < loops)
        {
            await Task.Delay(5, limit.Token);
        }
    }
}
