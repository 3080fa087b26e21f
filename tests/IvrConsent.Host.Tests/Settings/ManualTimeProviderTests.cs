using IvrConsent.TestKit.Time;
using Xunit;

namespace IvrConsent.Host.Tests.Settings;

/// <summary>The clock that the watcher's tests stand on.</summary>
public class ManualTimeProviderTests
{
    [Fact]
    public void Timers_fire_at_their_own_time_and_in_order()
    {
        var clock = new ManualTimeProvider();
        var start = clock.GetUtcNow();
        var fired = new List<(string, double)>();
        using var once = clock.CreateTimer(_ => fired.Add(("once", Seconds())), null, TimeSpan.FromSeconds(3), Timeout.InfiniteTimeSpan);
        using var often = clock.CreateTimer(_ => fired.Add(("often", Seconds())), null, TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(2));

        clock.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal([("often", 2), ("once", 3), ("often", 4)], fired);
        Assert.Equal((5, 1), (Seconds(), clock.WaitingTimers));

        double Seconds() => (clock.GetUtcNow() - start).TotalSeconds;
    }

    [Fact]
    public async Task Delays_end_when_the_clock_is_moved()
    {
        var clock = new ManualTimeProvider();
        var stamp = clock.GetTimestamp();
        var delay = Task.Delay(TimeSpan.FromMinutes(1), clock, TestContext.Current.CancellationToken);

        clock.Advance(TimeSpan.FromSeconds(59));
        Assert.False(delay.IsCompleted);
        clock.Advance(TimeSpan.FromSeconds(1));

        await delay.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        Assert.Equal(TimeSpan.FromMinutes(1), clock.GetElapsedTime(stamp));
    }

    [Fact]
    public void A_disposed_timer_does_not_fire()
    {
        var clock = new ManualTimeProvider();
        var timer = clock.CreateTimer(_ => Assert.Fail("fired"), null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));

        timer.Dispose();
        clock.Advance(TimeSpan.FromSeconds(2));

        Assert.False(timer.Change(TimeSpan.Zero, TimeSpan.Zero));
    }
}
