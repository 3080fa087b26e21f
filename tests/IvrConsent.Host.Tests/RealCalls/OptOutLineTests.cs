using IvrConsent.Core.Consent;
using IvrConsent.Core.Ledger;
using IvrConsent.TestKit.Sip;
using Xunit;

namespace IvrConsent.Host.Tests.RealCalls;

/// <summary>The line for opt-outs on a real Asterisk, and what the check before an outbound call answers from then on.</summary>
public sealed class OptOutLineTests
{
    private const string Lines = """
          - { name: "2102", opt_out: true }
          - { name: "2001" }
        """;

    [Fact]
    public async Task Who_presses_the_key_is_not_called_any_more()
    {
        await using var worker = await TestWorker.StartAsync(RealLab.RequirePbx("22"), setup => setup with { Lines = Lines });
        await using (var other = await worker.CallAsync("2102"))
        {
            await other.HearsAsync("notice-opt-out");
            await other.PressAsync("2");
            await other.TalksAsync();
            await other.HangUpAsync();
            var kept = await worker.Ledger.EndOfAsync(other);
            Assert.False(kept.Has<ConsentEntered>());
            Assert.Equal((true, OutboundReasons.OtherBasis), Answer(await worker.Ledger.MayBeCalledAsync(other.LedgerNumber ?? other.Number, "offers")));
        }

        await using var caller = await worker.CallAsync("2102");
        Assert.Equal((true, OutboundReasons.OtherBasis), Answer(await worker.Ledger.MayBeCalledAsync(caller.LedgerNumber ?? caller.Number, "offers")));
        await caller.HearsAsync("notice-opt-out");
        await caller.PressAsync("1");
        await caller.HearsAsync("opted-out", TimeSpan.FromSeconds(0.5));
        await caller.TalksAsync();
        await caller.HangUpAsync();

        var call = await worker.Ledger.EndOfAsync(caller);
        Assert.Equal((EntryStatus.OptedOut, EntrySource.OptOutLine), (call.Single<ConsentEntered>().Status, call.Single<ConsentEntered>().Source));
        caller.Pbx.AssertNotRecorded(call, SuppressionReasons.OptOutLine);
        Assert.Equal((false, OutboundReasons.OptedOut), Answer(await worker.Ledger.MayBeCalledAsync(caller.LedgerNumber ?? caller.Number, "offers")));
    }

    [Fact]
    public async Task Whose_number_is_withheld_is_told_so()
    {
        await using var worker = await TestWorker.StartAsync(RealLab.RequirePbx("22"), setup => setup with { Lines = Lines });
        await using var caller = await worker.CallAsync("2102", new CallOptions { Anonymous = true });
        await caller.HearsAsync("number-hidden", TimeSpan.FromSeconds(0.5));
        await caller.TalksAsync();
        await caller.HangUpAsync();

        var call = await worker.Ledger.EndOfAsync(caller);
        Assert.False(call.Has<ConsentEntered>());
        caller.Pbx.AssertNotRecorded(call, SuppressionReasons.OptOutLine);
    }

    private static (bool, string) Answer(OutboundAnswer answer) => (answer.Allowed, answer.Reason);
}
