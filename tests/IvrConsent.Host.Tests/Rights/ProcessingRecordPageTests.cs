using IvrConsent.Core.Calls;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Records;
using IvrConsent.Core.Rights;
using IvrConsent.Host.Rights;
using Xunit;

namespace IvrConsent.Host.Tests.Rights;

public sealed class ProcessingRecordPageTests
{
    private static readonly PartyOptions Bank = new() { Id = "bank", Name = "Example | Bank", Address = "Main St 1", Country = "PL", Contact = "privacy@example.test", DataProtectionOfficer = "dpo@example.test" };
    private static readonly PartyOptions Cloud = new() { Id = "cloud", Name = "Cloud", Address = "Far Rd 2", Country = "US", Contact = "c@example.test" };
    private static readonly PurposeOptions Quality = new() { Id = "quality", Retention = TimeSpan.FromDays(30), Texts = new Dictionary<string, string> { ["en"] = "Better service", ["pl"] = "Lepsza obsługa" } };

    public static TheoryData<string> Languages => [.. ProcessingTexts.All.Keys];

    [Theory]
    [MemberData(nameof(Languages))]
    public void It_has_what_article_30_lists_in_the_controller_s_language(string language)
    {
        var text = Page(language, Bank, [Cloud], new RecordOptions { Recipients = ["Auditor"], StorageLocations = ["PL", "US-CA"] });
        var texts = ProcessingTexts.All[language];
        foreach (var part in (string[])[texts.Title, "Example \\| Bank", "Main St 1", "privacy@example.test", "dpo@example.test", "sales, support", "Cloud, Far Rd 2, US (" + texts.ThirdCountry, "Auditor", $"PL, US-CA ({texts.ThirdCountry})", texts.SubjectsText, texts.DataText, texts.SecurityText, texts.ToAdd])
        {
            Assert.Contains(part, text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Purposes_grounds_and_days_are_said_in_words()
    {
        Assert.Contains("| Better service (quality) | consent (GDPR art. 6(1)(a)) | 30 days after the end of the call | sales, support |", Page("en", Bank, [], null), StringComparison.Ordinal);
        Assert.Contains("| Lepsza obsługa (quality) | zgoda (art. 6 ust. 1 lit. a RODO) |", Page("pl", Bank, [], null), StringComparison.Ordinal);
    }

    [Fact]
    public void What_the_settings_do_not_say_is_said_to_be_wanting_and_nobody_is_nobody_only_where_they_say_so()
    {
        var silent = Page("en", Bank with { DataProtectionOfficer = null }, [], null);
        foreach (var part in (string[])["none named", "not said in the settings (records.recipients)", "not said in the settings (records.storage\\_locations)"])
        {
            Assert.Contains(part, silent, StringComparison.Ordinal);
        }

        var nobody = IvrConsent.Host.PublicPages.NoticeWords.All["en"].NoRecipients;
        Assert.DoesNotContain(nobody, silent, StringComparison.Ordinal);
        Assert.Contains(nobody, Page("en", Bank, [], new RecordOptions { Recipients = [] }), StringComparison.Ordinal);
    }

    private static string Page(string language, PartyOptions controller, PartyOptions[] processors, RecordOptions? records)
    {
        LineOptions Line(string name) => new() { Name = name, Language = "en", Notice = new NoticeOptions("n", "1"), Controller = controller, Purposes = [Quality], Processors = processors };
        return ProcessingRecordPage.Markdown(Assert.Single(ProcessingRecord.From([Line("sales"), Line("support")], records, language).Records), language);
    }
}
