using System.Net;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Recordings;
using IvrConsent.Host.Settings;
using Microsoft.Extensions.Logging;
using Xunit;

namespace IvrConsent.Host.Tests.Settings;

/// <summary>What good files mean.</summary>
public class ReadingTests
{
    [Fact]
    public void The_least_file_has_every_default()
    {
        var settings = Samples.Settings(Samples.Minimal);

        var folder = Path.GetFullPath("etc");
        Assert.Equal("host-1", settings.WorkerName);
        Assert.Equal(IPEndPoint.Parse("127.0.0.1:8090"), settings.Http.Listen);
        Assert.Equal(
            new DatabaseSettings(DatabaseKind.Sqlite, settings.Database.Connection, "/var/lib/ivrconsent/spool", TimeSpan.FromMilliseconds(800)),
            settings.Database);
        Assert.Equal("data source=/var/lib/ivrconsent/ledger.db", settings.Database.Connection.Reveal(), ignoreCase: true);
        Assert.Equal(Path.Combine(folder, "prompts"), settings.PromptsFolder);
        Assert.Equal(new LoggingSettings(LogFormat.Console, LogLevel.Information), settings.Logging);
        Assert.Equal(TimeSpan.FromSeconds(30), settings.FinishDialoguesWithin);
        Assert.Equal(
            new PbxSettings
            {
                Name = "main",
                Url = new Uri("http://127.0.0.1:8088"),
                Username = "ivrconsent",
                Password = new Secret("secret-word"),
                Application = "ivrconsent",
                Prompts = PromptDelivery.Http,
                PromptsUrl = new Uri("http://127.0.0.1:8090"),
                PromptsFolder = null,
                PromptRate = 8000,
                RecordingsFolder = null,
                Rest = RestTransport.Auto,
                RequestTimeout = TimeSpan.FromSeconds(2),
                RecordingStartTimeout = TimeSpan.FromSeconds(1),
            },
            Assert.Single(settings.Pbxes));
        Assert.Equal(Afterwards.Continue, settings.UnknownLine.Action);
        Assert.Equal("en", settings.DefaultLanguage);
    }

    [Fact]
    public void The_defaults_of_a_line_are_those_that_Core_documents()
    {
        var read = Assert.Single(Samples.Settings(Samples.Minimal).Lines).Options;

        var core = new LineOptions { Name = "demo", Language = "en", Notice = new NoticeOptions("recording", "1"), Numbers = read.Numbers };
        Assert.Equal(core, read);
        Assert.Equal(["100"], read.Numbers);
    }

    [Fact]
    public void Numbers_without_quotes_keep_their_characters()
    {
        var line = Samples.Settings(Samples.With("numbers: [\"100\"]", "numbers: [0048221234567, +48221234568, 1e5, 0x10, 1_000, 12:30, \" 7 \"]")).Lines[0];

        Assert.Equal(["0048221234567", "+48221234568", "1e5", "0x10", "1_000", "12:30", "7"], line.Options.Numbers);
    }

    [Theory]
    [InlineData("1.0", "1.0")]
    [InlineData("007", "007")]
    [InlineData("2025-06-01", "2025-06-01")]
    public void A_version_that_YAML_takes_for_a_number_or_date_keeps_its_characters(string written, string version) =>
        Assert.Equal(version, Samples.Settings(Samples.With("\"1\"", written)).Lines[0].Options.Notice.Version);

    [Fact]
    public void A_line_says_otherwise_than_the_defaults_key_by_key()
    {
        var lines = Samples.Settings(Samples.With("lines:\n", """
            defaults:
              language: pl
              keys: { accept: 5, repeat: "*" }
              repeats: 3
              on_decline: { context: refused }
              recording: { format: wav16 }
            lines:
              - name: other
                keys: { accept: 6, repeat: none }
                repeats: 0
                on_decline: hangup
                on_no_answer: { context: agents, extension: "500", priority: 3 }
                recording: { format: wav, channels: stereo }
              - name: third

            """)).Lines.ToDictionary(line => line.Options.Name, line => line.Options);

        Assert.Equal(("en", '5', '2', '*', 3, "wav16"), Facts(lines["demo"]));
        Assert.Equal(("pl", '6', '2', null, 0, "wav"), Facts(lines["other"]));
        Assert.Equal(("pl", '5', '2', '*', 3, "wav16"), Facts(lines["third"]));
        Assert.Equal(new Afterwards(AfterwardsKind.ContinueAt, new DialplanTarget("refused", "s", 1)), lines["third"].OnDecline);
        Assert.Equal(Afterwards.HangUp, lines["other"].OnDecline);
        Assert.Equal(new Afterwards(AfterwardsKind.ContinueAt, new DialplanTarget("agents", "500", 3)), lines["other"].OnNoAnswer);

        Assert.Equal(["other"], lines.Values.Where(line => line.Channels == RecordingChannels.Stereo).Select(line => line.Name));

        static (string, char, char, char?, int, string) Facts(LineOptions line) =>
            (line.Language, line.AcceptKey, line.DeclineKey, line.RepeatKey, line.Repeats, line.RecordingFormat);
    }

    [Theory]
    [InlineData("1000ms", 1_000)]
    [InlineData("1s", 1_000)]
    [InlineData("60s", 60_000)]
    [InlineData("1m", 60_000)]
    public void Times_have_a_unit_and_an_inclusive_range(string written, int milliseconds) =>
        Assert.Equal(
            TimeSpan.FromMilliseconds(milliseconds),
            Samples.Settings(Samples.With("language: en", $"first_digit_timeout: {written}")).Lines[0].Options.FirstDigitTimeout);

    [Theory]
    [InlineData("ledger.db", DatabaseKind.Sqlite, "data source={folder}/ledger.db")]
    [InlineData("/srv/a b/ledger.db", DatabaseKind.Sqlite, "data source=\"/srv/a b/ledger.db\"")]
    [InlineData("Data Source=x/ledger.db;Pooling=False", DatabaseKind.Sqlite, "data source={folder}/x/ledger.db;pooling=False")]
    [InlineData("Host=db;Database=i;Username=u;Password=p", DatabaseKind.PostgreSql, "Host=db;Database=i;Username=u;Password=p")]
    public void The_connection_tells_the_database(string written, DatabaseKind kind, string connection)
    {
        var database = Samples.Settings(Samples.Minimal + $"database: {{ connection: '{written}' }}\n").Database;

        Assert.Equal(kind, database.Kind);
        Assert.Equal(
            connection.Replace("{folder}", Path.GetFullPath("etc"), StringComparison.Ordinal).Replace("\"", "", StringComparison.Ordinal),
            database.Connection.Reveal().Replace("\"", "", StringComparison.Ordinal),
            ignoreCase: true);
    }

    [Fact]
    public void A_PBX_on_another_machine_is_warned_of_prompts_that_it_cannot_fetch()
    {
        var result = Samples.Parse(Samples.With("http://127.0.0.1:8088", "https://pbx.example.org:8089/asterisk"));

        Assert.NotNull(result.Settings);
        Assert.Contains("cannot fetch prompts from http://127.0.0.1:8090", Assert.Single(result.Warnings).What, StringComparison.Ordinal);
    }

    [Fact]
    public void Prompts_from_a_folder_have_no_address()
    {
        var pbx = Samples.Settings(Samples.With("url: http://127.0.0.1:8088", "url: http://10.0.0.5:8088\n    prompts: folder\n    prompts_folder: /sounds")).Pbxes[0];

        Assert.Equal((PromptDelivery.Folder, null, "/sounds"), (pbx.Prompts, pbx.PromptsUrl, pbx.PromptsFolder));
    }

    [Fact]
    public void Anchors_and_aliases_are_read()
    {
        var lines = Samples.Settings(Samples.With("    language: en\n", "    on_decline: &away { context: refused }\n    on_no_answer: *away\n")).Lines;

        Assert.Equal("refused", lines[0].Options.OnDecline.Target?.Context);
        Assert.Equal(lines[0].Options.OnDecline, lines[0].Options.OnNoAnswer);
    }

    [Fact]
    public void Sections_whose_keys_are_all_commented_out_are_as_good_as_none() =>
        Assert.Equal(8090, Samples.Settings(Samples.Minimal + "http:\nlogging:\ndefaults:\n  keys:\n").Http.Listen.Port);

    [Fact]
    public void The_host_name_is_made_fit_for_a_name() =>
        Assert.Equal("my-host", SettingsFile.Parse("s.yaml", System.Text.Encoding.UTF8.GetBytes(Samples.Minimal), Samples.NoEnvironment, "my host").Settings!.WorkerName);
}
