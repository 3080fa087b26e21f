using IvrConsent.Core.Consent;
using IvrConsent.Core.Ledger;
using Xunit;

namespace IvrConsent.Core.Tests.Ledger;

public sealed class LedgerJsonTests
{
    [Fact]
    public void What_is_told_in_the_call_comes_back_as_it_was_written()
    {
        var at = new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
        CallEvent[] events =
        [
            new CallerObjected('9', at, true) { Action = WithdrawalAction.Erase },
            new CallerObjected('2', at, false),
            new ConsentWithdrawn("", at, WithdrawalScope.Call, WithdrawalAction.Keep) { By = "desk", Reason = "said so" },
            new RecordingPaused("ivrc-1", "caller, agent:otto") { Reason = "why" },
            new RecordingResumed("ivrc-1", "desk", 3) { Reason = "why" },
            new RecordingSuppressed(SuppressionReasons.Stopped) { By = "desk", Detail = "private" },
            new ConsentReused(Guid.Empty, ConsentStatus.Given, null, at, at, "why"),
        ];

        Assert.Equal(events, events.Select(fact => LedgerJson.Read(LedgerJson.Write(fact))));
        Assert.Contains("\"action\":\"Erase\"", LedgerJson.Write(events[0]), StringComparison.Ordinal);
    }
}
