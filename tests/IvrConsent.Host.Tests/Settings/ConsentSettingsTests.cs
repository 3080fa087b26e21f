using IvrConsent.Core.Calls;
using IvrConsent.Core.Consent;
using Xunit;

namespace IvrConsent.Host.Tests.Settings;

/// <summary>Purposes, parties and modes: what is read, and each slip with its place and remedy.</summary>
public class ConsentSettingsTests
{
    private const string Rich = """
        pbx:
          - name: main
            url: http://127.0.0.1:8088
            password: secret-word
        notices:
          recording: { version: "1" }
        purposes:
          quality: { retention_days: 180, key: "3", texts: { en: quality, de: Qualität } }
          training: { basis: consent, retention_days: 30, key: "4", texts: { en: training, de: Schulung } }
          duty: { basis: legal-obligation, retention_days: 1825, texts: { en: duty, de: Pflicht } }
        parties:
          acme: { name: Acme Ltd, address: 1 High Street, country: GB, contact: a@acme.example, dpo: d@acme.example }
          host: { name: Host AG, address: Weg 1, country: DE, contact: h@host.example }
        lines:
          - name: demo
            mode: granular
            purposes: [quality, training]
            controller: acme
            processors: [host]
            country: US-CA
            languages: { by_prefix: { "+49": de }, by_key: { "1": en } }
            in_call: { withdraw: "**", on_withdraw: keep, scope: person, key_gap: 2s, pause: none }
            keys: { info: "9" }
            override: { by: legal, reason: signed }
            ask_again: { reuse_consent_days: 90, respect_refusal_days: 30 }
        agents: { anna: true, "102": false }

        """;

    [Fact]
    public void A_rich_line_is_read()
    {
        var settings = Samples.Settings(Rich);
        var line = settings.Lines[0].Options;

        Assert.Equal(["duty", "quality", "training"], settings.Purposes.Keys);
        Assert.Equal((ConsentMode.Granular, "US-CA", "legal: signed", '9'), (line.Mode, line.Country, line.Override, line.InfoKey));
        Assert.Equal(["quality", "training"], line.Purposes.Select(purpose => purpose.Id));
        Assert.Equal((TimeSpan.FromDays(180), '3', LawfulBasis.Consent, "Qualität"), (line.Purposes[0].Retention, line.Purposes[0].Key, line.Purposes[0].Basis, line.Purposes[0].Texts["de"]));
        Assert.Equal(LawfulBasis.LegalObligation, settings.Purposes["duty"].Basis);
        Assert.Equal(new PartyOptions { Id = "acme", Name = "Acme Ltd", Address = "1 High Street", Country = "GB", Contact = "a@acme.example", DataProtectionOfficer = "d@acme.example" }, line.Controller);
        Assert.Equal("Host AG", Assert.Single(line.Processors).Name);
        Assert.Equal(["en", "de"], line.SpokenLanguages());
        Assert.Equal("en", line.Languages.ByKey['1']);
        Assert.Equal(
            new InCallOptions { WithdrawKeys = "**", GiveKeys = "*1", PauseKeys = null, KeyGap = TimeSpan.FromSeconds(2), OnWithdraw = WithdrawalAction.Keep, Scope = WithdrawalScope.Person },
            line.InCall);
        Assert.Equal("notice-granular", line.Notice.Prompt);
    }

    [Fact]
    public void Staff_and_asking_again_reach_the_call()
    {
        var settings = Samples.Settings(Rich);
        var calls = new IvrConsent.Host.Settings.CallSettings(settings, ListedPrompts.AllIn("en", "de"));

        Assert.Equal([new AgentOptions("102", false), new AgentOptions("anna", true)], calls.Agents.Values);
        Assert.Same(settings.Jurisdictions, calls.Jurisdictions);
        Assert.Equal(
            new AskAgainOptions { ReuseConsent = TimeSpan.FromDays(90), RespectRefusal = TimeSpan.FromDays(30) },
            calls.FindLine("demo", "")!.AskAgain);
    }

    [Fact]
    public void A_line_can_ask_always_where_the_defaults_do_not()
    {
        var yaml = Samples.With("language: en", "ask_again: { reuse_consent_days: none }") + "defaults: { ask_again: { reuse_consent_days: 5, respect_refusal_days: 6 } }\n";

        Assert.Equal(new AskAgainOptions { RespectRefusal = TimeSpan.FromDays(6) }, Samples.Settings(yaml).Lines[0].Options.AskAgain);
    }

    [Fact]
    public void A_small_file_stays_valid_and_asks_explicitly()
    {
        var line = Samples.Settings(Samples.Minimal).Lines[0].Options;

        Assert.Equal(ConsentMode.Explicit, line.Mode);
        Assert.Empty(line.Purposes);
        Assert.Null(line.Controller);
        Assert.Equal(new InCallOptions(), line.InCall);
        Assert.Equal(new AskAgainOptions(), line.AskAgain);
        Assert.Equal("notice", line.Notice.Prompt);
    }

    [Theory]
    [InlineData("explicit", "notice")]
    [InlineData("announce", "notice-announce")]
    [InlineData("ask-in-call", "notice-in-call")]
    public void The_notice_fits_the_mode_unless_its_prompt_is_written(string mode, string prompt)
    {
        var yaml = Samples.With("language: en", $"mode: {mode}");

        Assert.Equal(prompt, Samples.Settings(yaml).Lines[0].Options.Notice.Prompt);
        Assert.Equal("own", Samples.Settings(yaml.Replace("{ version: \"1\" }", "{ version: \"1\", prompt: own }", StringComparison.Ordinal)).Lines[0].Options.Notice.Prompt);
    }

    [Theory]
    [InlineData("never")]
    [InlineData("ask-in-call")]
    public void What_a_mode_never_looks_back_at_is_warned_of(string mode)
    {
        var loaded = Samples.Parse(Samples.With("language: en", $"mode: {mode}\n    ask_again: {{ reuse_consent_days: 90, respect_refusal_days: 30 }}"));

        Assert.Empty(loaded.Problems);
        Assert.Equal(["lines[demo].ask_again.reuse_consent_days", "lines[demo].ask_again.respect_refusal_days"], loaded.Warnings.Select(warning => warning.Key));
        Assert.All(loaded.Warnings, warning => Assert.Contains($"mode is {mode}", warning.What, StringComparison.Ordinal));
        Assert.All(loaded.Warnings, warning => Assert.NotNull(warning.Place.Line));
        Assert.Empty(Samples.Parse(Samples.With("language: en", "mode: announce\n    ask_again: { reuse_consent_days: 90 }")).Warnings);
    }

    [Fact]
    public void The_only_purpose_and_the_only_party_need_not_be_named()
    {
        var line = Samples.Settings(Samples.Minimal + """
            purposes: { quality: { retention_days: 1, texts: { en: q } } }
            parties: { acme: { name: A, address: B, country: GB, contact: C } }

            """).Lines[0].Options;

        Assert.Equal("quality", Assert.Single(line.Purposes).Id);
        Assert.Equal("acme", line.Controller?.Id);
    }

    [Fact]
    public void The_environment_reaches_texts_and_sequences()
    {
        var line = Samples.Settings(
            Rich,
            ("IVRCONSENT__PURPOSES__QUALITY__TEXTS__EN", "other words"),
            ("IVRCONSENT__LINES__DEMO__IN_CALL__WITHDRAW", "#0")).Lines[0].Options;

        Assert.Equal(("other words", "#0"), (line.Purposes[0].Texts["en"], line.InCall.WithdrawKeys));
    }

    [Theory]
    [InlineData("retention_days: 180, key: \"3\"", "key: \"3\"", "purposes[quality].retention_days", "the key is missing", "retention_days: 180")]
    [InlineData("retention_days: 180", "retention_days: 0", "purposes[quality].retention_days", "\"0\" is out of range", "retention_days: 180")]
    [InlineData("basis: legal-obligation", "basis: legal", "purposes[duty].basis", "is not one of the choices", "basis: consent")]
    [InlineData("texts: { en: quality, de: Qualität }", "texts: { en: quality }", "lines[demo].purposes", "the line speaks de, and purpose quality has no text in it", "Write under purposes, quality, texts: de:")]
    [InlineData("texts: { en: quality, de: Qualität }", "texts: { en: quality, de: Qualität, german: x }", "purposes[quality].texts.german", "does not fit", "{ en: to check")]
    [InlineData("texts: { en: quality, de: Qualität }", "texts: { en: quality, de: Qualität, en: x }", "purposes[quality].texts.en", "written twice", "Keep one")]
    [InlineData("purposes: [quality, training]", "purposes: [qality, training]", "lines[demo].purposes[#1]", "there is no purpose \"qality\" (did you mean quality?)", "Write: quality")]
    [InlineData("            purposes: [quality, training]\n", "", "lines[demo].purposes", "the line names none", "Write for example: purposes: [duty]")]
    [InlineData("            controller: acme\n", "", "lines[demo].controller", "the line names none", "Write for example: controller: acme")]
    [InlineData("controller: acme", "controller: acne", "lines[demo].controller", "there is no party \"acne\" (did you mean acme?)", "Write: controller: acme")]
    [InlineData("purposes: [quality, training]", "purposes: [duty]", "lines[demo].mode", "granular asks for consent, and no purpose", "mode: inform")]
    [InlineData("mode: granular", "mode: inform", "lines[demo].mode", "all purposes of the line rest on consent", "mode: explicit")]
    [InlineData("mode: granular", "mode: granulated", "lines[demo].mode", "is not one of the choices", "mode: explicit")]
    [InlineData("key: \"3\"", "key: none", "lines[demo].purposes", "purpose quality has no key", "Write under purposes, quality: key: \"3\"")]
    [InlineData("key: \"3\"", "key: \"2\"", "lines[demo].purposes", "\"2\" of purpose quality is also the key for decline", "key: \"3\"")]
    [InlineData("key: \"3\"", "key: \"9\"", "lines[demo].purposes", "is also the key for info", "key: \"3\"")]
    [InlineData("key: \"3\"", "key: \"4\"", "lines[demo].purposes", "\"4\" of purpose training is also the key for purpose quality", "key: \"3\"")]
    [InlineData("info: \"9\"", "info: \"1\"", "lines[demo].keys.info", "\"1\" is also the key for accept", "info: \"3\"")]
    [InlineData("withdraw: \"**\"", "withdraw: \"*\"", "lines[demo].in_call.withdraw", "\"*\" and \"*1\" of give cannot be told apart", "withdraw: \"*9\"")]
    [InlineData("withdraw: \"**\"", "withdraw: \"12345\"", "lines[demo].in_call.withdraw", "has more than 4 keys", "withdraw: \"*9\"")]
    [InlineData("withdraw: \"**\"", "withdraw: \"*x\"", "lines[demo].in_call.withdraw", "is no sequence of keys", "withdraw: \"*9\"")]
    [InlineData("key_gap: 2s", "key_gap: 20s", "lines[demo].in_call.key_gap", "out of range", "key_gap: 3s")]
    [InlineData("country: US-CA", "country: Poland", "lines[demo].country", "does not fit", "country: PL")]
    [InlineData("{ by: legal, reason: signed }", "{ by: legal }", "lines[demo].override.reason", "the key is missing", "reason:")]
    [InlineData("reuse_consent_days: 90", "reuse_consent_days: 0", "lines[demo].ask_again.reuse_consent_days", "\"0\" is out of range", "reuse_consent_days: none")]
    [InlineData("respect_refusal_days: 30", "respect_refusal_days: 30d", "lines[demo].ask_again.respect_refusal_days", "is not a whole number", "respect_refusal_days: none")]
    [InlineData("anna: true", "anna: yes", "agents.anna", "is not yes in YAML 1.2", "Write for example: anna: true")]
    [InlineData("anna: true", "anna b: true", "agents.anna b", "does not fit", "{ anna: true, ben: false }")]
    [InlineData("by_prefix: { \"+49\": de }", "by_prefix: { \"0049\": de }", "lines[demo].languages.by_prefix.0049", "does not fit", "{ \"+49\": de }")]
    [InlineData("by_key: { \"1\": en }", "by_key: { \"12\": en }", "lines[demo].languages.by_key.12", "\"12\" is not a key", "{ \"1\": pl, \"2\": en }")]
    public void One_slip_is_told_with_key_and_remedy(string old, string replacement, string key, string what, string remedy)
    {
        old = old.Replace("            ", "    ", StringComparison.Ordinal);
        Assert.Contains(old, Rich, StringComparison.Ordinal);

        var problem = Samples.Problem(Rich.Replace(old, replacement, StringComparison.Ordinal));

        Assert.Equal(key, problem.Key);
        Assert.Contains(what, problem.What, StringComparison.Ordinal);
        Assert.Contains(remedy, problem.Remedy, StringComparison.Ordinal);
        Assert.NotNull(problem.Place.Line);
    }

    [Theory]
    [InlineData("mode: inform", "mode is inform and the line has no purposes")]
    [InlineData("mode: granular", "mode is granular and the line has no purposes")]
    public void A_mode_that_cannot_do_without_purposes_says_so(string mode, string what) =>
        Assert.Equal(what, Samples.Problem(Samples.With("language: en", mode)).What);

    [Fact]
    public void A_line_that_is_never_recorded_needs_none_of_it() =>
        Assert.Equal(ConsentMode.Never, Samples.Settings(Rich.Replace("agents:", "  - name: quiet\n    mode: never\nagents:", StringComparison.Ordinal)).Lines[1].Options.Mode);
}
