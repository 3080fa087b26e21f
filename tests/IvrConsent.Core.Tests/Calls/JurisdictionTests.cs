using IvrConsent.Core.Calls;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Ledger;
using IvrConsent.TestKit.Fakes;
using Xunit;

namespace IvrConsent.Core.Tests.Calls;

/// <summary>The mode of a call is the strictest of what the line's and the caller's country ask; the fake caller is from Poland.</summary>
public sealed class JurisdictionTests
{
    private readonly CallScene _scene = new();

    public JurisdictionTests() =>
        _scene.Settings.Table.AddRange(
        [
            new("CH", ConsentingParties.All, true, true, "s", null, "+41"),
            new("PL", ConsentingParties.All, false, false, "s", null, "+48"),
        ]);

    [Fact]
    public void A_caller_from_where_staying_is_no_consent_is_asked_by_key()
    {
        _scene.Settings.Line = Line(ConsentMode.Announce);

        var silent = _scene.Call();
        var agreed = _scene.Call(_scene.Presses((4, '1')));

        Assert.Equal(ConsentStatus.NoResponse, _scene.The<CallEnded>(silent).Consent);
        Assert.False(_scene.The<CallEnded>(silent).Recorded);
        Assert.Equal(ConsentStatus.Given, _scene.The<CallEnded>(agreed).Consent);
        Assert.Contains("play en/notice", silent.Orders);
        Assert.StartsWith("CallArrived JurisdictionApplied NoticePlayed", _scene.Course(silent), StringComparison.Ordinal);
        var law = _scene.The<JurisdictionApplied>(silent);
        Assert.Equal((ConsentMode.Explicit, ConsentMode.Announce, "CH,PL", "PL", (string?)null), (law.Mode, law.InsteadOf, string.Join(",", law.Rows), string.Join(",", law.Forbidding), law.Override));
        Assert.DoesNotContain("221234501", LedgerJson.Write(law), StringComparison.Ordinal);
    }

    [Fact]
    public void Without_the_prompt_of_the_stricter_mode_nothing_is_recorded()
    {
        _scene.Settings.Line = Line(ConsentMode.Announce);
        _scene.Settings.PromptNames.Remove("notice");

        var call = _scene.Call();

        Assert.Equal(ConsentStatus.NotAsked, _scene.The<CallEnded>(call).Consent);
        Assert.Empty(_scene.Events(call).OfType<RecordingStarted>());
        Assert.Single(_scene.Events(call).OfType<NoticeFailed>());
    }

    [Fact]
    public void Where_nothing_rests_on_consent_such_a_caller_is_not_recorded()
    {
        var duty = new PurposeOptions { Id = "duty", Basis = LawfulBasis.LegalObligation, Retention = TimeSpan.FromDays(1) };
        _scene.Settings.Line = Line(ConsentMode.Inform) with { Purposes = [duty] };

        var call = _scene.Call();

        Assert.Equal(ConsentMode.Never, _scene.The<JurisdictionApplied>(call).Mode);
        Assert.Equal(SuppressionReasons.NeverRecorded, _scene.The<RecordingSuppressed>(call).Reason);
        Assert.DoesNotContain(call.Orders, order => order.StartsWith("play", StringComparison.Ordinal));
    }

    [Fact]
    public void An_override_keeps_the_mode_and_the_ledger_names_it()
    {
        _scene.Settings.Line = Line(ConsentMode.Announce) with { Override = "legal: signed" };

        var call = _scene.Call();

        Assert.Equal(ConsentStatus.Given, _scene.The<CallEnded>(call).Consent);
        Assert.Equal((ConsentMode.Announce, "legal: signed"), (_scene.The<JurisdictionApplied>(call).Mode, _scene.The<JurisdictionApplied>(call).Override));
    }

    [Theory]
    [InlineData(ConsentMode.Explicit, null)]
    [InlineData(ConsentMode.Never, "legal: signed")]
    public void Where_the_table_has_nothing_against_the_mode_nothing_is_written(ConsentMode mode, string? decision)
    {
        _scene.Settings.Line = Line(mode) with { Override = decision };

        Assert.Empty(_scene.Events(_scene.Call(_scene.Presses((4, '1')))).OfType<JurisdictionApplied>());
    }

    [Fact]
    public void Where_no_row_was_asked_nothing_is_written()
    {
        _scene.Settings.Table.Clear();
        _scene.Settings.Line = Line(ConsentMode.Announce);

        var call = _scene.Call();

        Assert.Empty(_scene.Events(call).OfType<JurisdictionApplied>());
        Assert.Equal(ConsentStatus.Given, _scene.The<CallEnded>(call).Consent);
    }

    private LineOptions Line(ConsentMode mode) =>
        _scene.Settings.Line with { Mode = mode, Country = "CH", Notice = new NoticeOptions("recording", "7", ModePolicy.NoticePrompt(mode)) };
}
