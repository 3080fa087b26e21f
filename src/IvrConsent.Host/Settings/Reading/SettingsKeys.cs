namespace IvrConsent.Host.Settings.Reading;

/// <summary>
/// Every key of the settings file: what the reader knows, what the JSON Schema says and what the annotated file must
/// explain is this one table.
/// </summary>
internal static class SettingsKeys
{
    private const string NamePattern = "^[A-Za-z0-9._-]{1,64}$";
    private const string NameExpected = "1 to 64 letters, digits, dots, hyphens or underscores";

    private static readonly TextKind PromptName = new(
        "^[a-z0-9][a-z0-9_-]{0,63}$", "the name of a prompt without folder and .wav: small letters, digits, hyphens, underscores", "notice");

    private static readonly MapKind Target = new(
        [
            new("context", new TextKind("^[A-Za-z0-9._@-]{1,79}$", "a context of the dialplan", "declined"), "The dialplan's context.") { Required = true },
            new("extension", new TextKind(@"^[^\s,/|&\\]{1,79}$", "an extension of the dialplan", "s"), "The extension in that context.") { Default = "s" },
            new("priority", new IntKind(1, 9999), "The step of that extension.") { Default = "1" },
        ],
        "a place in the dialplan { context, extension, priority }");

    private static readonly ChoiceOrMapKind Afterwards = new(new ChoiceKind("continue", "hangup"), Target);

    private static readonly TextKind LanguageTag = new("^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,4}$", "a language tag such as en, pl or de-AT", "en");

    /// <summary>What a line may say and <c>defaults</c> may say for all lines.</summary>
    private static readonly IReadOnlyList<SettingKey> LineKeys =
    [
        new("language", LanguageTag, "Language of the prompts: the folder of that name in the prompts' folder.") { Default = "en" },
        new("notice", new TextKind(NamePattern, "the name of one of the notices", "recording"), "Which notice callers hear.") { Default = "recording" },
        new(
            "keys",
            new MapKind(
            [
                new("accept", new DigitKeyKind(noneAllowed: false), "The key for yes.") { Default = "\"1\"" },
                new("decline", new DigitKeyKind(noneAllowed: false), "The key for no.") { Default = "\"2\"" },
                new("repeat", new DigitKeyKind(noneAllowed: true), "The key that plays the notice again.") { Default = "none" },
                new("info", new DigitKeyKind(noneAllowed: true), "The key that plays the long information (prompt full-notice) and returns to the question.") { Default = "none" },
            ]),
            "The keys that callers press."),
        new("receipt", new ChoiceKind("none", "sms"), "Whether who consents gets the reference of the receipt by a text message (sms.url).") { Default = "none" },
        new("barge_in", new BoolKind(), "Whether a key counts while a prompt still plays.") { Default = "true" },
        new("minimum_heard", new DurationKind("0s", "60s"), "How much of the notice must have been heard before the accept key counts; a refusal always counts.") { Default = "0s" },
        new("first_digit_timeout", new DurationKind("1s", "60s"), "How long to wait for a key when the prompt is over.") { Default = "5s" },
        new("repeats", new IntKind(0, 5), "How often the question is put again after silence or a wrong key, and how often the repeat key is obeyed.") { Default = "1" },
        new("confirm", new BoolKind(), "Whether the caller hears \"accepted\" or \"declined\" after the key.") { Default = "true" },
        new("on_accept", Afterwards, "What becomes of the call after yes.") { Default = "continue" },
        new("on_decline", Afterwards, "What becomes of the call after no; it is not recorded.") { Default = "continue" },
        new("on_no_answer", Afterwards, "What becomes of the call when no key came; it is not recorded.") { Default = "continue" },
        new("on_wrong_keys", Afterwards, "What becomes of the call when only wrong keys came; it is not recorded.") { Default = "continue" },
        new(
            "recording",
            new MapKind(
            [
                new("format", new ChoiceKind("wav", "wav16"), "File format of the recording: wav has 8000 samples a second, wav16 has 16000.") { Default = "wav" },
                new("channels", new ChoiceKind("mono", "stereo"), "mono mixes the two parties; stereo keeps them apart: left what the caller says, right what the caller hears.") { Default = "mono" },
            ]),
            "How the call is recorded after yes."),
        .. ConsentKeys.OfALine(LanguageTag),
    ];

    private static readonly MapKind Line = new(
    [
        new("name", new TextKind(NamePattern, NameExpected, "demo"), "The line's name: the dialplan may give it, the ledger keeps it.") { Required = true },
        new(
            "numbers",
            new ScalarListKind(new TextKind(@"^[^\s\x00-\x1f\x7f-\x9f]{1,80}$", "a called number or name as the dialplan passes it, without spaces", "\"100\""), "[\"100\", \"+48221234567\"]"),
            "The called numbers that lead to this line, compared exactly as the dialplan passes them.") { Default = "[]", Example = "[\"100\", \"+48221234567\"]" },
        new("opt_out", new BoolKind(), "Whether callers put themselves on the do-not-call list here: the accept key is an opt-out from every purpose, and nothing is recorded.") { Default = "false" },
        .. LineKeys,
    ]);

    private static readonly MapKind Pbx = new(
    [
        new("name", new TextKind(NamePattern, NameExpected, "main"), "Its name in the ledger and the logs.") { Required = true },
        new("url", new UrlKind("http://127.0.0.1:8088"), "Asterisk's HTTP server (http.conf), without /ari and without credentials.") { Required = true },
        new("username", new TextKind(@"^[^\s:\x00-\x1f\x7f-\x9f]{1,64}$", "an ARI user of 1 to 64 characters without spaces and colons", "ivrconsent"), "The ARI user (ari.conf).") { Default = "ivrconsent" },
        new("password", new SecretKind("the password of the ARI user", "\"…\""), "The user's password; better kept in password_file or in the environment."),
        new("password_file", new PathKind(absolute: false, "ari-password"), "A file that holds the password and nothing else."),
        new("application", new TextKind(NamePattern, NameExpected, "ivrconsent"), "The Stasis application's name in the dialplan.") { Default = "ivrconsent" },
        new("prompts", new ChoiceKind("http", "folder"), "How Asterisk gets the prompts: over HTTP from the worker, or from a folder on its own disk.") { Default = "http" },
        new("prompts_url", new UrlKind("http://127.0.0.1:8090"), "With prompts: http. How Asterisk reaches the worker.") { DefaultInWords = "http:// and http.listen" },
        new("prompts_folder", new PathKind(absolute: true, "/var/lib/asterisk/sounds/ivrconsent"), "With prompts: folder. The prompts' folder as Asterisk sees it."),
        new("prompt_rate", new ChoiceKind("8000", "16000"), "Samples per second of the prompts that Asterisk is given.") { Default = "8000" },
        new("recordings_folder", new PathKind(absolute: true, "/var/spool/asterisk/recording"), "Asterisk's folder of recordings as this worker sees it, where they share a disk: a finished recording is looked at there.") { DefaultInWords = "none: over HTTP, which costs Asterisk the sending of the whole file" },
        new("rest", new ChoiceKind("auto", "websocket", "http"), "How requests travel; auto takes the WebSocket where Asterisk can.") { Default = "auto" },
        new("request_timeout", new DurationKind("100ms", "10s"), "How long one request may take.") { Default = "2s" },
        new("recording_start_timeout", new DurationKind("100ms", "10s"), "How long to wait for Asterisk's report that the recording runs.") { Default = "1s" },
    ]);

    /// <summary>The whole file.</summary>
    public static MapKind Root { get; } = new(
    [
        new("worker", new MapKind([new("name", new TextKind(NamePattern, NameExpected, "worker-1"), "Name of this worker in the ledger and the logs.") { DefaultInWords = "the host name" }]), "This worker."),
        new("http", new MapKind([new("listen", new ListenKind(), "Where the worker serves health and prompts. Only this machine can reach a 127.0.0.1.") { Default = "127.0.0.1:8090" }]), "The worker's own HTTP server."),
        new("api", ApiBinder.Keys, "The HTTP API for programs of the house: a server of its own, with keys (ivrconsent apikeys)."),
        new("public", PublicBinder.Keys, "The notices as a public page, made from the same settings: a server of its own."),
        new("sms", SmsBinder.Keys, "A gateway for text messages that ask for consent and take the answer."),
        new(
            "database",
            new MapKind(
            [
                new("connection", new SecretKind("a file for SQLite, or a PostgreSQL connection string (Host=…;Database=…;Username=…;Password=…)", "/var/lib/ivrconsent/ledger.db"), "The ledger: a file for SQLite, or a PostgreSQL connection string.") { Default = "/var/lib/ivrconsent/ledger.db" },
                new("connection_file", new PathKind(absolute: false, "database-connection"), "A file that holds the connection string and nothing else."),
                new("spool", new PathKind(absolute: false, "/var/lib/ivrconsent/spool"), "Folder that takes what cannot be written to the database at once.") { Default = "/var/lib/ivrconsent/spool" },
                new("commit_limit", new DurationKind("100ms", "1s"), "How long a caller waits for the consent to be committed before the call goes on unrecorded.") { Default = "800ms" },
                new("ledger_retention_days", new IntKind(1, 36500), "How many days after a person's last call or entry the number's mapping is deleted, so that nobody can tell any more whose the entries are.") { DefaultInWords = "never, as a consent must be provable as long as something rests on it", Example = "3650" },
            ]),
            "The ledger's database."),
        new("vault", VaultBinder.Keys, "The vault of recordings."),
        new("keys", KeysBinder.Kind, "The keys."),
        new("access", AccessBinder.Kind, "Who may do what on the command line. Where no user is named, whoever can read the keys may do all."),
        new("prompts", new MapKind([new("folder", new PathKind(absolute: false, "prompts"), "The prompts: LANGUAGE/NAME.wav.") { Default = "prompts" }]), "The prompts."),
        new(
            "logging",
            new MapKind(
            [
                new("format", new ChoiceKind("console", "json"), "The form of a log line: for a terminal, or one JSON object.") { Default = "console" },
                new("level", new ChoiceKind("trace", "debug", "information", "warning", "error", "critical"), "The least level that is written.") { Default = "information" },
            ]),
            "Logging to standard output."),
        new("shutdown", new MapKind([new("finish_dialogues_within", new DurationKind("0s", "10m"), "How long calls that are in the dialogue may take to end when the worker is stopped.") { Default = "30s" }]), "Stopping the worker."),
        new("pbx", new NamedListKind(Pbx, "PBX"), "The Asterisk servers.") { Required = true },
        new(
            "notices",
            new NamedMapKind(
                new TextKind(NamePattern, NameExpected, "recording"),
                new MapKind(
                [
                    new("version", new TextKind(@"^[^\x00-\x1f\x7f-\x9f]{1,64}$", "1 to 64 characters", "\"1\""), "Changed by its author whenever the words change; the ledger keeps it.") { Required = true },
                    new("prompt", PromptName, "The prompt that speaks it.") { DefaultInWords = "notice, or by the line's mode: notice-granular, notice-announce, notice-inform, notice-in-call", Example = "notice" },
                ]),
                "notice"),
            "What callers are told, under a name and a version that the ledger keeps.") { Required = true },
        .. ConsentKeys.OfTheFile(LanguageTag),
        new("defaults", new MapKind(LineKeys), "What holds for every line that does not say otherwise: any key of a line but name and numbers."),
        new("lines", new NamedListKind(Line, "line"), "The lines: called numbers or names with their settings.") { Required = true },
        new("unknown_line", Afterwards, "What becomes of a call whose line is not in these settings; it is not recorded.") { Default = "continue" },
        RecordKeys.Records,
        RecordKeys.Webhooks,
    ]);
}
