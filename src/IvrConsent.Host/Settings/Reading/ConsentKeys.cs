namespace IvrConsent.Host.Settings.Reading;

/// <summary>The keys that say on which ground and for what a line records: a part of the table <see cref="SettingsKeys"/>.</summary>
internal static class ConsentKeys
{
    /// <summary>The words for the six grounds of GDPR art. 6(1), in its order.</summary>
    public static readonly string[] Bases = ["consent", "contract", "legal-obligation", "vital-interests", "public-task", "legitimate-interests"];

    /// <summary>The words for the modes, in the order of the enum.</summary>
    public static readonly string[] Modes = ["explicit", "granular", "announce", "inform", "ask-in-call", "never"];

    private static readonly TextKind PurposeName = new("^[a-z0-9][a-z0-9-]{0,63}$", "the name of a purpose: 1 to 64 small letters, digits or hyphens", "quality");

    private static readonly TextKind PartyName = new("^[A-Za-z0-9._-]{1,64}$", "the name of a party: 1 to 64 letters, digits, dots, hyphens or underscores", "company");

    private static readonly TextKind Words = new(@"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]{1,500}$", "1 to 500 characters in one line", "\"…\"");

    /// <summary>Who acts and what for, in the first column of the file.</summary>
    public static IReadOnlyList<SettingKey> OfTheFile(ScalarKind language) =>
    [
        new(
            "purposes",
            new NamedMapKind(
                PurposeName,
                new MapKind(
                [
                    new("basis", new ChoiceKind(Bases), "The lawful basis (GDPR art. 6(1)).") { Default = "consent" },
                    new("retention_days", new IntKind(1, 36500), "How many days a recording may be kept for this purpose, from the end of the call.") { Required = true, Example = "180" },
                    new("key", new DigitKeyKind(noneAllowed: true), "On lines with mode: granular, the key that grants this purpose alone.") { Default = "none" },
                    new("texts", new ScalarMapKind(language, Words, "{ en: to check the quality of our service }"), "The purpose in words, per language; callers and supervisory authorities read it on the notice's page.") { Required = true },
                ]),
                "purpose"),
            "What recordings are made for, on which ground, and how long they may be kept for it."),
        new(
            "parties",
            new NamedMapKind(
                PartyName,
                new MapKind(
                [
                    new("name", Words, "The legal name.") { Required = true, Example = "Example Ltd" },
                    new("address", Words, "The postal address in one line.") { Required = true, Example = "\"1 High Street, London\"" },
                    new("country", new TextKind("^[A-Z]{2}$", "an ISO 3166-1 country code in capitals, such as PL", "PL"), "The country.") { Required = true },
                    new("contact", Words, "Where a person turns to: e-mail address, telephone number or address of a page.") { Required = true, Example = "privacy@example.org" },
                    new("dpo", Words, "E-mail address or telephone number of the data protection officer.") { DefaultInWords = "none", Example = "dpo@example.org" },
                ]),
                "party"),
            "The controller of the recordings and who works for it."),
        new(
            "agents",
            new ScalarMapKind(new TextKind("^[A-Za-z0-9._-]{1,64}$", "the name of an agent: 1 to 64 letters, digits, dots, hyphens or underscores", "anna"), new BoolKind(), "{ anna: true, ben: false }"),
            "The staff, as the dialplan names them in CONSENT_AGENT, each with whether their own voice may be recorded: true or false.") { DefaultInWords = "nothing is said of them: all may be; where some are listed, who is not may not be", Example = "{ anna: true, ben: false }" },
    ];

    /// <summary>On which ground, for what, for whom and where a line records, and what may be pressed in the call.</summary>
    public static IReadOnlyList<SettingKey> OfALine(ScalarKind language) =>
    [
        new("mode", new ChoiceKind(Modes), "How the line comes to record lawfully.") { Default = "explicit" },
        new("purposes", new ScalarListKind(PurposeName, "[quality]"), "What the line records for: names from purposes.") { DefaultInWords = "the only one, or none, of the file; required where there are several", Example = "[quality]" },
        new("controller", PartyName, "Who is responsible: a name from parties.") { DefaultInWords = "the only one, or none, of the file; required where there are several", Example = "company" },
        new("processors", new ScalarListKind(PartyName, "[company]"), "Who works for the controller: names from parties.") { Default = "[]", Example = "[company]" },
        new("country", new TextKind("^[A-Z]{2}(-[A-Z0-9]{1,3})?$", "an ISO 3166 code in capitals, such as PL, or US-CA for a US state", "PL"), "The country of the line, or the state; the jurisdiction table is asked with it.") { DefaultInWords = "unknown: the jurisdiction table is not asked" },
        new(
            "override",
            new MapKind(
                [
                    new("by", Words, "Who took the decision.") { Required = true, Example = "\"legal department\"" },
                    new("reason", Words, "Why.") { Required = true, Example = "\"only business customers, who agreed in writing\"" },
                ],
                "a map { by, reason }"),
            "Who decided, and why, that the mode is right where the jurisdiction table forbids it; the ledger keeps it."),
        new(
            "languages",
            new MapKind(
            [
                new("by_prefix", new ScalarMapKind(new TextKind(@"^\+[1-9][0-9]{0,14}$", "the beginning of a number with its country code, such as \"+49\"", "\"+49\""), language, "{ \"+49\": de }"), "Language by the beginning of the caller's number; the longest wins.") { Default = "{}", Example = "{ \"+49\": de }" },
                new("by_key", new ScalarMapKind(new DigitKeyKind(noneAllowed: false), language, "{ \"1\": pl, \"2\": en }"), "Language by a key, asked with the prompt language.") { Default = "{}", Example = "{ \"1\": pl, \"2\": en }" },
            ]),
            "How the caller's language is found; without it the line's own is spoken."),
        new(
            "in_call",
            new MapKind(
            [
                new("withdraw", Sequence("*9"), "The keys that withdraw the consent at any moment of the call.") { Default = "\"*9\"" },
                new("give", Sequence("*1"), "The keys that give it after all.") { Default = "\"*1\"" },
                new("pause", Sequence("*2"), "The keys that pause the recording, and pressed again resume it.") { Default = "\"*2\"" },
                new("key_gap", new DurationKind("1s", "10s"), "The most time between two keys of one sequence.") { Default = "3s" },
                new("on_withdraw", new ChoiceKind("erase", "keep"), "What becomes of what was recorded before a withdrawal.") { Default = "erase" },
                new("scope", new ChoiceKind("call", "person"), "How far a withdrawal reaches: this call, or all recordings of this person that rest on consent.") { Default = "call" },
            ]),
            "What the caller may press while speaking to the agent."),
        new(
            "ask_again",
            new MapKind(
            [
                new("reuse_consent_days", new DaysKind(), "For how many days a consent to the same notice, purposes and controller stands for further calls, unasked.") { Default = DaysKind.None },
                new("respect_refusal_days", new DaysKind(), "For how many days who said no, or took the consent back, is not asked again and not recorded.") { Default = DaysKind.None },
            ]),
            "Whether a caller who has answered before is asked again; without it always. Only where the mode asks at the beginning: explicit, granular, announce."),
    ];

    private static KeySequenceKind Sequence(string example) => new(example);
}
