using System.Text.RegularExpressions;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Notices;
using IvrConsent.Core.Records;
using IvrConsent.Host.PublicPages;
using IvrConsent.TestKit.Fakes;
using Xunit;

namespace IvrConsent.Host.Tests.PublicPages;

/// <summary>What the full notice says: all that GDPR art. 13 asks for, out of the settings, and nothing that they do not say.</summary>
public sealed partial class FullNoticeTests
{
    public static TheoryData<string> Languages => [.. NoticeWords.All.Keys];

    [Theory]
    [MemberData(nameof(Languages))]
    public void It_says_who_why_how_long_for_whom_and_with_which_rights(string language)
    {
        var settings = Scene(language);
        var text = Text(settings, language);
        var words = NoticeWords.All[language];

        string[] expected =
        [
            words.Title, "Example & Sons", "1 High Street (PL)", "privacy@example.org", "dpo@example.org",
            $"quality in {language}", $"{words.Kept}: {words.DaysText(180)}", $"{words.Basis}: {words.Bases[0]}",
            $"complaints in {language}", $"{words.Kept}: {words.DaysText(1)}", $"{words.Basis}: {words.Bases[5]}", words.Erasure,
            string.Format(null, words.Explicit, '1', '2'), words.RefusalGoesOn,
            string.Format(null, words.WithdrawKeys, "* 9"), string.Format(null, words.WithdrawLater, "Write to us."), words.Erased,
            $"{words.Processor}: Cloud GmbH, Cloudgasse 1 (AT)", $"{words.Recipient}: the court", $"{words.Stored}: PL, AT",
            .. PrivacyRights.Articles.Keys.Where(right => right != "complaint").Select(right => $"* {words.RightTexts[right]}"),
            $"* {string.Format(null, words.ComplaintTo, "UODO")}",
            $"> spoken in {language}", string.Format(null, words.Version, "recording", "7"),
        ];
        foreach (var piece in expected)
        {
            Assert.Contains(piece, text, StringComparison.Ordinal);
        }

        Assert.DoesNotContain(words.NoRecipients, text, StringComparison.Ordinal);
        Assert.DoesNotContain(words.ThirdCountries, text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("AT", "US-CA")]
    [InlineData("GB", "PL")]
    public void Where_data_leave_the_EEA_it_says_who_tells_the_safeguards(string processor, string place)
    {
        var settings = Scene("en");
        settings.Line = settings.Line with { Processors = [settings.Line.Processors[0] with { Country = processor }] };
        settings.Records = settings.Records! with { StorageLocations = ["PL", place] };
        Assert.Contains(NoticeWords.All["en"].ThirdCountries, Text(settings, "en"), StringComparison.Ordinal);

        // It points to the contact: without one it would point nowhere.
        settings.Line = settings.Line with { Controller = null };
        Assert.DoesNotContain(NoticeWords.All["en"].ThirdCountries, Text(settings, "en"), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Languages))]
    public void No_language_says_less_than_another(string language)
    {
        foreach (var property in typeof(NoticeWords).GetProperties().Where(property => property.PropertyType == typeof(string)))
        {
            var (here, english) = ((string)property.GetValue(NoticeWords.All[language])!, (string)property.GetValue(NoticeWords.All["en"])!);
            Assert.False(string.IsNullOrWhiteSpace(here), property.Name);
            Assert.Equal((property.Name, Places(english)), (property.Name, Places(here)));
            Assert.True(language == "en" || here != english || property.Name == "Contact", $"{property.Name} is not translated");
        }

        var words = NoticeWords.All[language];
        Assert.Equal(Enum.GetValues<LawfulBasis>().Length, words.Bases.Distinct().Count());
        Assert.Equal(PrivacyRights.Articles.Keys.Order(), words.RightTexts.Keys.Order());
        Assert.Equal(words.RightTexts.Count, words.RightTexts.Values.Distinct().Count());

        // Each right names its article, as the exports do: A7-3 is article 7, paragraph 3.
        Assert.All(words.RightTexts, right => Assert.Matches($@"\b{PrivacyRights.Articles[right.Key][1..].Split('-')[0]}\b", right.Value));
    }

    [Theory]
    [InlineData("cs", 1, "1 den")]
    [InlineData("cs", 3, "3 dny")]
    [InlineData("cs", 5, "5 dní")]
    [InlineData("pl", 1, "1 dzień")]
    [InlineData("pl", 22, "22 dni")]
    [InlineData("de", 1, "1 Tag ")]
    [InlineData("it", 36500, "36500 giorni")]
    public void Days_are_counted_as_the_language_counts(string language, int days, string expected) =>
        Assert.StartsWith(expected, NoticeWords.All[language].DaysText(days), StringComparison.Ordinal);

    [Theory]
    [InlineData(ConsentMode.Explicit, "press 1. To refuse, press 2", true)]
    [InlineData(ConsentMode.Granular, "Key for this purpose alone: 3", true)]
    [InlineData(ConsentMode.Announce, "Staying on the line", true)]
    [InlineData(ConsentMode.Inform, "To object to the recording, press 2", false)]
    [InlineData(ConsentMode.AskInCall, "Nothing is recorded until", false)]
    public void The_choice_is_that_of_the_lines_mode(ConsentMode mode, string expected, bool refusable)
    {
        var settings = Scene("en");
        settings.Line = settings.Line with { Mode = mode };

        Assert.Contains(expected, Text(settings, "en"), StringComparison.Ordinal);
        Assert.Equal(refusable, Text(settings, "en").Contains("If you refuse", StringComparison.Ordinal));
        settings.Line = settings.Line with { OnDecline = Afterwards.HangUp };
        Assert.Equal(refusable, Text(settings, "en").Contains("this call ends", StringComparison.Ordinal));
    }

    [Fact]
    public void A_line_that_is_never_recorded_says_that_and_who_it_belongs_to()
    {
        var settings = Scene("en");
        settings.Line = settings.Line with { Mode = ConsentMode.Never };
        var notice = FullNotice.Of(settings.Line, "en", settings.Records, settings);

        Assert.Equal([NoticeWords.All["en"].Controller, NoticeWords.All["en"].Choice], notice.Sections.Select(section => section.Heading));
        Assert.Contains("never recorded", NoticePage.Text(notice), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Languages))]
    public void A_line_for_opt_outs_says_which_key_does_it(string language)
    {
        var settings = Scene(language);
        settings.Line = settings.Line with { OptOut = true, AcceptKey = '7' };
        var text = Text(settings, language);

        Assert.Contains(string.Format(null, NoticeWords.All[language].OptOut, '7', '2'), text, StringComparison.Ordinal);
        Assert.Contains(NoticeWords.All[language].NeverRecorded, text, StringComparison.Ordinal);
        Assert.DoesNotContain(NoticeWords.All[language].Purposes, text, StringComparison.Ordinal);
    }

    [Fact]
    public void What_the_settings_do_not_say_is_left_out_and_no_right_of_the_law_is()
    {
        var settings = new FakeSettings();
        settings.Line = settings.Line with { Purposes = [Purpose("contract", LawfulBasis.Contract, 30, "en")], InCall = new InCallOptions { WithdrawKeys = null } };
        var text = Text(settings, "en");
        var words = NoticeWords.All["en"];

        Assert.All(
            [words.Controller, words.Officer, words.Withdrawal, words.Recipients, words.NoRecipients, words.Stored, words.RightTexts["withdraw"], words.RightTexts["objection"], words.Spoken],
            absent => Assert.DoesNotContain(absent, text, StringComparison.Ordinal));
        Assert.All(
            ["access", "rectification", "erasure", "restriction", "portability", "complaint"],
            right => Assert.Contains(words.RightTexts[right], text, StringComparison.Ordinal));
        settings.Records = new RecordOptions { Recipients = [] };
        Assert.Contains(words.NoRecipients, Text(settings, "en"), StringComparison.Ordinal);
    }

    [Fact]
    public void Names_are_text_whatever_is_in_them()
    {
        const string Hostile = "<script>alert('x')</script>\u202E\"&\u0007 onload=\u2028y";
        var settings = Scene("en");
        settings.Line = settings.Line with
        {
            Controller = Party(Hostile, "javascript:alert(1)"),
            Processors = [Party(Hostile, Hostile)],
            Notice = settings.Line.Notice with { Version = Hostile },
            Purposes = [Purpose("quality", LawfulBasis.Consent, 1, "en") with { Texts = new Dictionary<string, string> { ["en"] = Hostile } }],
        };
        settings.Records = new RecordOptions { Recipients = [Hostile], Withdrawal = Hostile, Authority = Hostile };
        settings.Words["en/notice"] = Hostile;
        var html = NoticePage.Html(FullNotice.Of(settings.Line, "en", settings.Records, settings));

        Assert.DoesNotContain("<script", html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("href=\"javascript", html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("'x'", html, StringComparison.Ordinal);
        Assert.Equal(8, html.Split("&lt;script&gt;").Length - 1);
        Assert.DoesNotMatch("[\u0000-\u0009\u000b-\u001f\u2028\u202a-\u202e]", html);
        Assert.DoesNotMatch("[\u0000-\u0009\u000b-\u001f\u2028\u202a-\u202e]", Text(settings, "en"));
    }

    [Theory]
    [InlineData("privacy@example.org", "mailto:privacy@example.org")]
    [InlineData("+48 22 123 45 67", "tel:&#x2B;48221234567")]
    [InlineData("https://example.org/a?b=1&c=2", "https://example.org/a?b=1&amp;c=2")]
    [InlineData("javascript:alert(1)", null)]
    [InlineData("data:text/html,x", null)]
    [InlineData("mail privacy@example.org", null)]
    public void A_way_to_turn_to_the_controller_can_be_followed(string contact, string? target)
    {
        var settings = Scene("en");
        settings.Line = settings.Line with { Controller = Party("Example", contact) with { DataProtectionOfficer = null } };
        var links = Link().Matches(NoticePage.Html(FullNotice.Of(settings.Line, "en", null, settings))).Select(link => link.Groups[1].Value);

        Assert.Equal(target is null ? [] : [target], links);
    }

    [Fact]
    public void A_language_without_words_of_its_own_gets_the_english_ones_around_its_own()
    {
        var settings = Scene("fr");
        var html = NoticePage.Html(FullNotice.Of(settings.Line, "fr", null, settings));

        Assert.Contains("<html lang=\"en\">", html, StringComparison.Ordinal);
        Assert.Contains("<h3 lang=\"fr\">quality in fr</h3>", html, StringComparison.Ordinal);
        Assert.Contains("<blockquote lang=\"fr\"><p>spoken in fr</p>", html, StringComparison.Ordinal);
    }

    /// <summary>A line that says all that there is to say.</summary>
    internal static FakeSettings Scene(params string[] languages)
    {
        var settings = new FakeSettings
        {
            Records = new RecordOptions { StorageLocations = ["PL", "AT"], Recipients = ["the court"], Withdrawal = "Write to us.", Authority = "UODO" },
        };
        settings.Line = settings.Line with
        {
            Language = languages[0],
            Languages = new LanguageOptions { ByKey = languages.Select((language, index) => (language, index)).ToDictionary(pair => (char)('1' + pair.index), pair => pair.language) },
            Controller = Party("Example & Sons", "privacy@example.org"),
            Processors = [new PartyOptions { Id = "cloud", Name = "Cloud GmbH", Address = "Cloudgasse 1", Country = "AT", Contact = "x@example.org" }],
            Purposes = [Purpose("quality", LawfulBasis.Consent, 180, languages) with { Key = '3' }, Purpose("complaints", LawfulBasis.LegitimateInterests, 1, languages)],
        };
        foreach (var language in languages)
        {
            settings.Words[$"{language}/{PromptNames.Notice}"] = $"spoken in {language}";
        }

        return settings;
    }

    private static PartyOptions Party(string name, string contact) => new()
    {
        Id = "company", Name = name, Address = "1 High Street", Country = "PL", Contact = contact, DataProtectionOfficer = "dpo@example.org",
    };

    private static PurposeOptions Purpose(string id, LawfulBasis basis, int days, params string[] languages) => new()
    {
        Id = id, Basis = basis, Retention = TimeSpan.FromDays(days), Texts = languages.ToDictionary(language => language, language => $"{id} in {language}"),
    };

    private static string Text(FakeSettings settings, string language) =>
        NoticePage.Text(FullNotice.Of(settings.Line, language, settings.Records, settings));

    private static string Places(string words) => string.Join(' ', Place().Matches(words).Select(place => place.Value).Distinct().Order());

    [GeneratedRegex(@"\{\d\}")]
    private static partial Regex Place();

    [GeneratedRegex("<a href=\"([^\"]*)\"")]
    private static partial Regex Link();
}
