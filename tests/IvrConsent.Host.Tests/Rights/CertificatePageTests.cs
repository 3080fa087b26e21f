using IvrConsent.Core.Calls;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Retention;
using IvrConsent.Core.Rights;
using IvrConsent.Core.Subjects;
using IvrConsent.Host.Rights;
using Xunit;

namespace IvrConsent.Host.Tests.Rights;

/// <summary>The certificate of erasure as the person gets it.</summary>
public sealed class CertificatePageTests
{
    private static readonly DateTimeOffset Ended = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset Now = Ended.AddDays(5);

    public static TheoryData<string> Languages => [.. ExportTexts.All.Keys];

    [Fact]
    public void The_texts_are_in_the_languages_of_the_person_s_file() => Assert.Equal(ExportTexts.All.Keys.Order(), CertificateTexts.All.Keys.Order());

    [Theory]
    [MemberData(nameof(Languages))]
    public void Whatever_keeps_a_recording_is_said_in_words_of_that_language(string language)
    {
        var kept = Enum.GetValues<LawfulBasis>().Select(basis => Kept(basis.ToString(), basis)).OfType<CertifiedRecording>().ToList();
        Assert.Equal(4, kept.Count); // what the policy lets a request for erasure end is not among them
        var text = Text(Certificate(kept, NumberKeeper.Recordings), language);
        foreach (var one in kept)
        {
            var line = Assert.Single(text.Split('\n'), line => line.StartsWith($"- {one.Recording},", StringComparison.Ordinal));
            Assert.Contains("what it is for", line, StringComparison.Ordinal);
            Assert.DoesNotContain(one.Reason, text, StringComparison.Ordinal);
        }
    }

    [Theory]
    [MemberData(nameof(Languages))]
    public void Whatever_keeps_the_number_is_said_and_the_ways_to_complain_wherever_something_stays(string language)
    {
        var texts = CertificateTexts.All[language];
        foreach (var keeper in Enum.GetValues<NumberKeeper>())
        {
            var text = Text(Certificate([], keeper), language);
            Assert.Contains(texts.Keepers[keeper], text, StringComparison.Ordinal);
            Assert.DoesNotContain(texts.NumberDeleted, text, StringComparison.Ordinal);
            Assert.Equal(keeper != NumberKeeper.Withheld, text.Contains(texts.Remedy, StringComparison.Ordinal)); // nothing stays of a number that there never was
        }

        var gone = Text(Certificate([], null), language);
        Assert.Contains(texts.NumberDeleted, gone, StringComparison.Ordinal);
        Assert.DoesNotContain(texts.Remedy, gone, StringComparison.Ordinal);
        Assert.Contains(texts.Remedy, Text(Certificate([Kept("rec", LawfulBasis.Contract)!], null), language), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("en", "Issued on 6 Mar 2026 12:00:00 UTC by anna", "call that ended on 1 Mar 2026 12:00:00 UTC", ", until 31 Mar 2026")]
    [InlineData("de", "Ausgestellt am 06.03.2026 12:00:00 UTC von anna", "Anruf, beendet am 01.03.2026 12:00:00 UTC", ", bis 31.03.2026")]
    [InlineData("pl", "Wystawiono 06.03.2026 12:00:00 UTC przez: anna", "rozmowa zakończona 01.03.2026 12:00:00 UTC", ", do 31.03.2026")]
    [InlineData("cs", "Vystaveno 6. 3. 2026 12:00:00 UTC, vystavil: anna", "hovor ukončený 1. 3. 2026 12:00:00 UTC", ", do 31. 3. 2026")]
    [InlineData("it", "Rilasciato il 06/03/2026 12:00:00 UTC da anna", "chiamata terminata il 01/03/2026 12:00:00 UTC", ", fino al 31/03/2026")]
    public void Dates_are_written_as_in_that_language(string language, string issued, string call, string until)
    {
        var text = Text(Certificate([Kept("rec", LawfulBasis.Contract)!], NumberKeeper.Recordings), language);
        Assert.Contains(issued, text, StringComparison.Ordinal);
        Assert.Contains($"- rec, {call}: ", text, StringComparison.Ordinal);
        Assert.Contains(until, text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_hold_is_named_with_its_reason_which_makes_no_line_of_its_own()
    {
        var hold = new LegalHold(CallId.FromChannel("-", "hold", Ended), new HoldScope(Line: "sales"), "4 C 12/26\nRecordings erased: 7", "legal", "anna", Ended);
        var text = Text(Certificate([Kept("rec", LawfulBasis.Consent, hold)!], NumberKeeper.HoldOnCall), "en");
        Assert.Contains($"kept for legal claims: legal hold {hold.Id} of legal, 4 C 12/26·Recordings erased: 7 (GDPR art. 17(3)(e))", text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_call_that_goes_on_is_said_to_and_what_is_erased_is_counted()
    {
        var running = new CertifiedRecording("now", "1", null, "its call goes on; carry this out again when it is over", []);
        var erased = new CertifiedRecording("gone", "2", Ended, "asked for", []);
        var text = Text(Certificate([running], NumberKeeper.RunningCall) with { Erased = [erased], Unfinished = 3 }, "cs");
        Assert.Contains($"- now: {CertificateTexts.All["cs"].CallGoesOn}\n", text, StringComparison.Ordinal);
        Assert.Contains("Vymazané nahrávky: 1\n", text, StringComparison.Ordinal);
        Assert.Contains("- gone, hovor ukončený 1. 3. 2026 12:00:00 UTC\n", text, StringComparison.Ordinal);
        Assert.Contains("zbývá odstranit: 3.", text, StringComparison.Ordinal);
        Assert.DoesNotContain(CertificateTexts.All["cs"].ErasedHow, Text(Certificate([], null), "cs"), StringComparison.Ordinal);
    }

    private static string Text(ErasureCertificate certificate, string language) => CertificatePage.Text(certificate, language, _ => "what it is for");

    private static ErasureCertificate Certificate(IReadOnlyList<CertifiedRecording> kept, NumberKeeper? number) => new("case-1", Now, "anna", null, [], 0, kept, number);

    /// <summary>As the policy decides it; null: it goes.</summary>
    private static CertifiedRecording? Kept(string name, LawfulBasis basis, params LegalHold[] holds)
    {
        var recording = new RetainedRecording(name, CallId.FromChannel("pbx", "1.1", Ended), new SubjectId(Guid.NewGuid()), "sales", "pbx", Ended, [new RetentionTerm("quality", basis, Ended.AddDays(30))], Ended.AddDays(30));
        var decision = DeletionPolicy.Decide(recording, DeletionCause.ErasureRequested, holds, Now);
        return decision.Delete ? null : new CertifiedRecording(name, recording.Call.ToString(), Ended, decision.Reason, decision.Kept);
    }
}
