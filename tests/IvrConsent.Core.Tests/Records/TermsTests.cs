using IvrConsent.Core.Calls;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Records;
using IvrConsent.TestKit.Fakes;
using Xunit;

namespace IvrConsent.Core.Tests.Records;

public sealed class TermsTests
{
    private readonly RecordScene _scene = new();

    [Fact]
    public void Equal_terms_have_one_text_and_one_entry()
    {
        var again = new RecordScene();

        Assert.Equal(_scene.Written, again.Written);
        var one = TermsEntries.Batch(_scene.Written, "demo", RecordScene.Start);
        var other = TermsEntries.Batch(again.Written, "demo", RecordScene.Start.AddDays(1));
        Assert.Equal(one.Entries[0].EventId, other.Entries[0].EventId);
        Assert.Equal(one.Call!.Id, other.Call!.Id);
        Assert.Equal(TermsEntries.RowOf(_scene.Written.Sha256), one.Call.Id);
        Assert.Equal(CallKind.Record, one.Call.Kind);
    }

    public static TheoryData<string, Func<LineOptions, LineOptions>> Changes => new()
    {
        { "notice", line => line with { Notice = line.Notice with { Version = "8" } } },
        { "controller", line => line with { Controller = line.Controller! with { Address = "ul. Krzywa 2" } } },
        { "retention", line => line with { Purposes = [.. line.Purposes.Select(purpose => purpose with { Retention = purpose.Retention + TimeSpan.FromDays(1) })] } },
        { "text", line => line with { Purposes = [line.Purposes[0] with { Texts = new Dictionary<string, string> { ["en"] = "quality" } }, .. line.Purposes.Skip(1)] } },
        { "mode", line => line with { Mode = Core.Consent.ConsentMode.Announce } },
        { "country", line => line with { Country = "DE" } },
    };

    [Theory]
    [MemberData(nameof(Changes))]
    public void What_a_consent_depends_on_changes_the_hash(string what, Func<LineOptions, LineOptions> change)
    {
        var before = _scene.Written.Sha256;
        _scene.Line = change(_scene.Line);

        Assert.True(before != _scene.Written.Sha256, what);
    }

    [Fact]
    public void What_no_consent_depends_on_does_not()
    {
        var before = _scene.Written.Sha256;
        _scene.Line = _scene.Line with { Numbers = ["200"], Repeats = 5, OnDecline = Afterwards.HangUp };

        Assert.Equal(before, _scene.Written.Sha256);
    }

    [Fact]
    public void They_are_read_back_and_a_changed_text_is_found()
    {
        var written = _scene.Written;
        var read = WrittenTerms.Read(written.Json, written.Sha256);

        Assert.NotNull(read);
        Assert.Equal(written, WrittenTerms.Write(read));
        Assert.Null(WrittenTerms.Read(written.Json.Replace("Prosta", "Krzywa", StringComparison.Ordinal), written.Sha256));
    }

    [Fact]
    public void The_ledger_s_form_gives_the_text_back_as_hashed()
    {
        var fact = (TermsInForce)TermsEntries.Batch(_scene.Written, "demo", RecordScene.Start).Entries[0].Event;
        var read = (TermsInForce)LedgerJson.Read(LedgerJson.Write(fact));

        Assert.Equal(fact, read);
        Assert.Equal(read.Sha256, WrittenTerms.Hash(read.Json));
    }
}
