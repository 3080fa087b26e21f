using IvrConsent.Core.Calls;
using Xunit;

namespace IvrConsent.Core.Tests.Calls;

public sealed class CallIdBoundTests
{
    [Fact]
    public void The_bound_of_a_moment_parts_the_calls_before_it_from_the_others()
    {
        var moment = new DateTimeOffset(2026, 3, 29, 1, 0, 0, TimeSpan.FromHours(2));
        foreach (var channel in Enumerable.Range(0, 100).Select(number => $"17.{number}"))
        {
            Assert.True(CallId.FromChannel("lab", channel, moment.AddMilliseconds(-1)) < CallId.First(moment));
            Assert.True(CallId.FromChannel("lab", channel, moment) > CallId.First(moment));
        }
    }
}
