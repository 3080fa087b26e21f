using System.IO.Compression;
using System.Text.Json;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Retention;
using IvrConsent.Core.Subjects;
using IvrConsent.Storage;
using IvrConsent.Storage.Database;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace IvrConsent.Host.Tests.Cli;

/// <summary>Persons' requests, holds and the sweep, as staff run them.</summary>
public sealed class RightsTests : IDisposable
{
    private const string Number = "+48600700801";
    private readonly Installation _here = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _here.Dispose();

    [Fact]
    public async Task A_hold_stops_erasure_and_its_release_lets_it_go_on()
    {
        var call = await AddRecordingAsync();
        var placed = await RunAsync("holds", "place", "--line", "demo", "--reason", "4 C 12/26", "--owner", "legal", "--json");
        Assert.Equal((0, 1), (placed.ExitCode, Json(placed).GetProperty("covered").GetInt32()));
        var hold = Json(placed).GetProperty("hold").GetString()!;
        var list = await RunAsync("holds", "list", "--json");
        Assert.Equal("line demo", Json(list)[0].GetProperty("covers").GetString());

        var kept = await RunAsync("subjects", "erase", NumberFile(), "--yes", "--json");
        Assert.Equal(0, kept.ExitCode);
        Assert.Empty(Json(kept).GetProperty("erased").EnumerateArray());
        var what = Assert.Single(Json(kept).GetProperty("kept").EnumerateArray());
        Assert.Equal("GDPR 17(3)(e)", what.GetProperty("kept")[0].GetProperty("article").GetString());
        Assert.False(Json(kept).GetProperty("mapping_deleted").GetBoolean());

        Assert.Equal(0, (await RunAsync("holds", "release", hold, "--reason", "settled", "--yes")).ExitCode);
        Assert.Equal(1, (await RunAsync("holds", "release", hold, "--reason", "settled", "--yes")).ExitCode);
        Assert.Equal("[]", (await RunAsync("holds", "list", "--json")).Output.Trim());

        // The worker has the files: without it the key is gone at once, and the rest is said to wait.
        var certificate = Path.Combine(_here.Folder, "certificate");
        var erased = await RunAsync("subjects", "erase", NumberFile(), "--yes", "--certificate", certificate, "--language", "de");
        Assert.Equal(0, erased.ExitCode);
        Assert.Contains("Gelöschte Aufzeichnungen: 1", erased.Output, StringComparison.Ordinal);
        Assert.Contains("noch zu entfernen sind: 1", erased.Output, StringComparison.Ordinal);
        Assert.Contains("Die Zuordnung Ihrer Telefonnummer zu den verbleibenden Einträgen ist gelöscht", await File.ReadAllTextAsync($"{certificate}.txt", Cancel), StringComparison.Ordinal);
        Assert.Contains("--forget-old", erased.Error, StringComparison.Ordinal); // for who looks after the backups, not for the person
        Assert.DoesNotContain("--forget-old", erased.Output, StringComparison.Ordinal);
        Assert.Equal(call, JsonDocument.Parse(await File.ReadAllTextAsync($"{certificate}.json", Cancel)).RootElement.GetProperty("erased")[0].GetProperty("call").GetString());
        Assert.Equal(1, (await RunAsync("subjects", "find", NumberFile(), "--reason", "letter")).ExitCode);
    }

    [Fact]
    public async Task What_cannot_be_undone_is_not_done_unasked()
    {
        await AddRecordingAsync(days: 1);
        var dry = await RunAsync("retention", "sweep", "--dry-run", "--json");
        Assert.Equal((0, 1), (dry.ExitCode, Json(dry).GetProperty("erased").GetInt32()));
        foreach (string[] command in (string[][])[["retention", "sweep"], ["subjects", "erase", NumberFile()]])
        {
            var asked = await RunAsync(command);
            Assert.Equal(1, asked.ExitCode);
            Assert.Contains("--yes", asked.Error, StringComparison.Ordinal);
        }

        Assert.Single(Json(await RunAsync("subjects", "find", NumberFile(), "--reason", "letter", "--json")).GetProperty("recordings").EnumerateArray());
        var swept = await RunAsync("retention", "sweep", "--yes", "--json");
        Assert.Equal((0, 1, 1), (swept.ExitCode, Json(swept).GetProperty("erased").GetInt32(), Json(swept).GetProperty("unfinished").GetInt32()));
    }

    [Theory]
    [InlineData("en", "hung up before answering|no", "better service", "5 Feb 2126")]
    [InlineData("de", "nein", "besserer Dienst", "05.02.2126")]
    [InlineData("pl", "nie", "lepsza obsługa", "05.02.2126")]
    [InlineData("cs", "ne", "lepší služby", "5. 2. 2126")]
    [InlineData("it", "no", "better service", "05/02/2126")] // no words in it: better others than an id
    public async Task Access_gives_a_file_in_the_person_s_language_and_says_what_is_missing(string language, string refused, string purpose, string until)
    {
        var settings = (await File.ReadAllTextAsync(_here.Settings, Cancel)).Replace("language: en\n", "language: en\n    purposes: [quality]\n", StringComparison.Ordinal);
        await File.WriteAllTextAsync(
            _here.Settings, settings + "purposes: { quality: { retention_days: 90, texts: { en: better service, de: besserer Dienst, pl: lepsza obsługa, cs: lepší služby } } }\n", Cancel);
        await AddRecordingAsync();
        var zip = Path.Combine(_here.Folder, "answer.zip");
        var export = await RunAsync("subjects", "export", NumberFile(), "-o", zip, "-l", language, "--reason", "letter", "--json");
        Assert.Equal(1, export.ExitCode); // the recording cannot be opened here
        Assert.Contains("1 recordings", export.Error, StringComparison.Ordinal);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(zip));
        await using (var archive = await ZipFile.OpenReadAsync(zip, Cancel))
        {
            var consent = archive.Entries.Single(entry => entry.FullName.StartsWith("consents/", StringComparison.Ordinal)); // a page only: the call names no terms
            Assert.EndsWith(".html", consent.FullName, StringComparison.Ordinal);
            Assert.Equal(["events.json", consent.FullName, "notices/1.html", "index.html"], archive.Entries.Select(entry => entry.FullName));
            using var index = new StreamReader(await archive.GetEntry("index.html")!.OpenAsync(Cancel));
            var page = System.Xml.Linq.XDocument.Parse((await index.ReadToEndAsync(Cancel)).Replace("<!DOCTYPE html>", "", StringComparison.Ordinal));
            Assert.Equal(language, page.Root!.Attribute("lang")!.Value);
            Assert.Contains(page.Descendants("td"), cell => refused.Split('|').Contains(cell.Value));
            Assert.Contains(page.Descendants("li"), item => item.Value.EndsWith(": terms", StringComparison.Ordinal));
            Assert.Contains(page.Descendants("a"), link => link.Attribute("href")!.Value == consent.FullName);
            Assert.Contains(page.Descendants("td"), cell => cell.Value == $"{purpose}, {until}");

            // A browser that knows no such date has it as machines read it; whence and of what kind the data are is said (art. 15(1)(b), (g), (h)).
            Assert.Contains(page.Descendants("time"), time => time.Value == until && time.Attribute("datetime")!.Value.StartsWith("2126-02-05T", StringComparison.Ordinal));
            Assert.Contains(page.Descendants("p"), text => text.Value == IvrConsent.Host.Rights.ExportTexts.All[language].Data);

            // Who is responsible, for whom, with which rights (art. 15(1)): the line's notice of today.
            Assert.Contains(page.Descendants("a"), link => link.Attribute("href")!.Value == "notices/1.html");
            using var notice = new StreamReader(await archive.GetEntry("notices/1.html")!.OpenAsync(Cancel));
            var text = await notice.ReadToEndAsync(Cancel);
            Assert.Contains(IvrConsent.Host.PublicPages.NoticeWords.All[language].RightTexts["access"], System.Net.WebUtility.HtmlDecode(text), StringComparison.Ordinal);
            Assert.DoesNotContain("href=\"/", text, StringComparison.Ordinal);
            using var events = await JsonDocument.ParseAsync(await archive.GetEntry("events.json")!.OpenAsync(Cancel), cancellationToken: Cancel);
            Assert.Equal(Number, events.RootElement[0].GetProperty("caller_number").GetString());
        }

        var again = await RunAsync("subjects", "export", NumberFile(), "-o", zip, "--reason", "letter");
        Assert.Equal(1, again.ExitCode);
        Assert.True(File.Exists(zip)); // never overwritten, and never deleted for it
        Assert.Single(Json(await RunAsync("requests", "list", "--json")).EnumerateArray()); // nor a second case opened

        var cases = Json(await RunAsync("requests", "list", "--json"));
        var log = Json(await RunAsync("requests", "show", cases[0].GetProperty("case").GetString()!, "--json")).GetProperty("log");
        Assert.Equal(["RequestOpened", "PersonExported"], log.EnumerateArray().Select(entry => entry.GetProperty("event").GetProperty("type").GetString()));
    }

    [Fact]
    public async Task A_case_goes_from_open_to_closed()
    {
        await AddRecordingAsync();
        var opened = await RunAsync("requests", "open", "restriction", "--number-from", NumberFile(), "--received", "2026-01-31T10:00:00Z", "--json");
        Assert.Equal(0, opened.ExitCode);
        var id = Json(opened).GetProperty("case").GetString()!;
        Assert.StartsWith("2026-02-28T10:00:00", Json(opened).GetProperty("due_at").GetString(), StringComparison.Ordinal);
        Assert.Equal(1, (await RunAsync("requests", "list")).ExitCode); // overdue
        Assert.Contains("1 recordings are kept", (await RunAsync("requests", "restrict", id)).Output, StringComparison.Ordinal);
        Assert.Contains("month is over", (await RunAsync("requests", "extend", id, "--reason", "many")).Error, StringComparison.Ordinal);
        Assert.Contains("one of restriction", (await RunAsync("requests", "erase", id, "--yes")).Error, StringComparison.Ordinal);
        Assert.Equal(0, (await RunAsync("requests", "close", id, "answered", "--reason", "letter 3")).ExitCode);
        Assert.Equal(0, (await RunAsync("requests", "list")).ExitCode);
        Assert.Contains("is closed", (await RunAsync("requests", "restrict", id)).Error, StringComparison.Ordinal);
        Assert.Contains("1 recordings may be used again", (await RunAsync("requests", "lift", id)).Output, StringComparison.Ordinal); // months after the answer
        Assert.Contains("knows nobody", (await RunAsync("requests", "open", "access", "--number-from", NumberFile("+48600700999"))).Error, StringComparison.Ordinal);
        Assert.Contains("no telephone number", (await RunAsync("requests", "open", "access", "--number-from", NumberFile("--"))).Error, StringComparison.Ordinal);

        // Nobody is told that there is nothing of him because his number was written in another way, or where no file should be.
        Assert.DoesNotContain("country code", (await RunAsync("subjects", "find", NumberFile("+48600700999"), "--reason", "letter")).Error, StringComparison.Ordinal);
        Assert.Contains("no country code", (await RunAsync("subjects", "find", NumberFile("600 700 801"), "--reason", "letter")).Error, StringComparison.Ordinal);
        var typed = (await RunAsync("subjects", "find", Number, "--reason", "letter")).Error;
        Assert.Contains("not taken on the command line", typed, StringComparison.Ordinal);
        Assert.DoesNotContain(Number, typed, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_is_erased_where_the_certificate_could_not_be_written()
    {
        await AddRecordingAsync();
        var certificate = Path.Combine(_here.Folder, "certificate");
        await File.WriteAllTextAsync($"{certificate}.txt", "another's", Cancel);
        foreach (var (name, why) in ((string, string)[])[(certificate, "is there already"), (Path.Combine(_here.Folder, "none", "certificate"), "There is no folder")])
        {
            var refused = await RunAsync("subjects", "erase", NumberFile(), "--yes", "--certificate", name);
            Assert.Equal((1, ""), (refused.ExitCode, refused.Output));
            Assert.Contains(why, refused.Error, StringComparison.Ordinal);
            Assert.Contains("Nothing was done", refused.Error, StringComparison.Ordinal);
        }

        Assert.Equal("[]", (await RunAsync("requests", "list", "--json")).Output.Trim());
        Assert.Single(Json(await RunAsync("subjects", "find", NumberFile(), "--reason", "letter", "--json")).GetProperty("recordings").EnumerateArray());
    }

    [Fact]
    public async Task The_sweep_lets_the_ledger_forget_whose_old_entries_are()
    {
        var call = (await _here.AddCallsAsync(Number))[0];
        var never = Json(await RunAsync("retention", "sweep", "--dry-run", "--json"));
        Assert.Equal((0, 0), (never.GetProperty("forgotten_persons").GetInt32(), never.GetProperty("minimised_calls").GetInt32()));

        var settings = await File.ReadAllTextAsync(_here.Settings, Cancel);
        await File.WriteAllTextAsync(_here.Settings, settings.Replace("spool: spool", "spool: spool, ledger_retention_days: 1", StringComparison.Ordinal), Cancel);
        var dry = Json(await RunAsync("retention", "sweep", "--dry-run", "--json"));
        Assert.Equal((1, 1), (dry.GetProperty("forgotten_persons").GetInt32(), dry.GetProperty("minimised_calls").GetInt32()));
        Assert.Contains("forget whose the entries of 1 persons are", (await RunAsync("retention", "sweep")).Error, StringComparison.Ordinal);
        Assert.Equal(0, (await RunAsync("subjects", "find", NumberFile(), "--reason", "letter")).ExitCode);

        Assert.Contains("1 persons forgotten, 1 calls lost", (await RunAsync("retention", "sweep", "--yes")).Output, StringComparison.Ordinal);
        Assert.Equal(1, (await RunAsync("subjects", "find", NumberFile(), "--reason", "letter")).ExitCode);
        var shown = Json(await RunAsync("events", "show", call.ToString(), "--json"));
        Assert.Equal(("-", "", 5), (shown[0].GetProperty("channel").GetString(), shown[0].GetProperty("called_number").GetString(), shown.GetArrayLength()));
    }

    [Fact]
    public async Task A_look_at_a_number_is_on_record_with_its_reason()
    {
        await AddRecordingAsync();
        var subject = Json(await RunAsync("subjects", "find", NumberFile(), "--reason", "letter", "--json")).GetProperty("subject").GetString()!;
        Assert.Equal(2, (await RunAsync("subjects", "reveal", subject)).ExitCode); // a reason is needed: the command line is wrong
        var revealed = await RunAsync("subjects", "reveal", subject, "--reason", "call back");
        Assert.Equal((0, Number), (revealed.ExitCode, revealed.Output.Trim()));
        var looks = Json(await RunAsync("events", "list", "--type", "NumberRevealed", "--json"));
        Assert.Equal("call back", Assert.Single(looks.EnumerateArray()).GetProperty("event").GetProperty("reason").GetString());
        Assert.Equal(1, (await RunAsync("subjects", "reveal", new string('0', 32), "--reason", "x")).ExitCode);
        Assert.Contains("lines.demo.controller", (await RunAsync("record-of-processing")).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Roles_and_four_eyes_are_kept_where_the_settings_ask_for_them()
    {
        await AddRecordingAsync();
        var me = Json(await RunAsync("requests", "open", "erasure", "--number-from", NumberFile(), "--json"));
        var (id, user) = (me.GetProperty("case").GetString()!, me.GetProperty("opened_by").GetString()!);
        var settings = await File.ReadAllTextAsync(_here.Settings, Cancel);
        await File.WriteAllTextAsync(_here.Settings, settings + $"access: {{ auditor: [{user}] }}\n", Cancel);
        var refused = await RunAsync("requests", "erase", id, "--yes");
        Assert.Equal((1, 0), (refused.ExitCode, (await RunAsync("requests", "list")).ExitCode));
        Assert.Contains($"{user} is auditor", refused.Error, StringComparison.Ordinal);

        await File.WriteAllTextAsync(_here.Settings, settings + "access: { dpo: [somebody-else] }\n", Cancel);
        Assert.Contains("has no role", (await RunAsync("requests", "list")).Error, StringComparison.Ordinal);

        await File.WriteAllTextAsync(_here.Settings, settings + $"access: {{ dpo: [{user}], four_eyes_erasure: true }}\n", Cancel);
        Assert.Contains("nobody has approved", (await RunAsync("requests", "erase", id, "--yes")).Error, StringComparison.Ordinal);
        Assert.Equal(0, (await RunAsync("requests", "approve", id)).ExitCode);
        Assert.Contains("somebody else", (await RunAsync("requests", "erase", id, "--yes")).Error, StringComparison.Ordinal);
        Assert.Contains("four eyes", (await RunAsync("subjects", "erase", NumberFile(), "--yes")).Error, StringComparison.Ordinal);
        Assert.Single(Json(await RunAsync("subjects", "find", NumberFile(), "--reason", "letter", "--json")).GetProperty("recordings").EnumerateArray());
    }

    [Fact]
    public async Task An_objection_is_upheld_with_four_eyes_as_well_as_it_erases()
    {
        await AddRecordingAsync();
        var opened = Json(await RunAsync("requests", "open", "objection", "--number-from", NumberFile(), "--json"));
        var (id, user) = (opened.GetProperty("case").GetString()!, opened.GetProperty("opened_by").GetString()!);
        await File.AppendAllTextAsync(_here.Settings, $"access: {{ dpo: [{user}], four_eyes_erasure: true }}\n", Cancel);
        Assert.Contains("nobody has approved", (await RunAsync("requests", "uphold", id, "--yes")).Error, StringComparison.Ordinal);
        Assert.Equal(0, (await RunAsync("requests", "approve", id)).ExitCode);
        var own = await RunAsync("requests", "uphold", id, "--yes");
        Assert.Equal(1, own.ExitCode);
        Assert.Contains("somebody else", own.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Single_calls_are_not_for_an_operator_and_a_supervisor_sees_those_of_his_lines()
    {
        var call = await AddRecordingAsync();
        var user = Json(await RunAsync("requests", "open", "access", "--call", call, "--json")).GetProperty("opened_by").GetString()!;
        var settings = await File.ReadAllTextAsync(_here.Settings, Cancel);
        var out1 = Path.Combine(_here.Folder, "events.json");
        string[][] commands = [["events", "list"], ["events", "show", call], ["events", "export", "-o", out1], ["records", "export", "--call", call, "--format", "csv"]];
        Task ConfigureAsync(string access) => File.WriteAllTextAsync(_here.Settings, $"{settings}access: {{ {access} }}\n", Cancel);
        foreach (var access in (string[])[$"operator: [{user}]", $"supervisor: [\"{user}:other\"]", "auditor: [somebody-else]"])
        {
            await ConfigureAsync(access);
            foreach (var command in commands)
            {
                var refused = await RunAsync(command);
                Assert.Equal((1, ""), (refused.ExitCode, refused.Output));
                Assert.Contains(user, refused.Error, StringComparison.Ordinal);
            }
        }

        await ConfigureAsync($"supervisor: [\"{user}:demo\"]");
        Assert.Contains("--line", (await RunAsync("events", "list")).Error, StringComparison.Ordinal);
        foreach (var command in (string[][])[["events", "list", "--line", "demo"], ["events", "show", call], ["events", "export", "--line", "demo"], ["records", "export", "--call", call, "--format", "csv"]])
        {
            var seen = await RunAsync(command);
            Assert.True(seen.ExitCode == 0, seen.Error);
        }

        await ConfigureAsync($"auditor: [{user}]");
        Assert.Equal(0, (await RunAsync("events", "list")).ExitCode);
    }

    [Fact]
    public async Task What_a_person_said_is_entered_and_looked_up_and_keys_are_changed_by_who_may_only()
    {
        await AddRecordingAsync();
        var user = Json(await RunAsync("requests", "open", "access", "--number-from", NumberFile(), "--json")).GetProperty("opened_by").GetString()!;
        var settings = await File.ReadAllTextAsync(_here.Settings, Cancel);
        string[] withdraw = ["consents", "add", NumberFile(), "--status", "withdrawn", "--purpose", "*", "--source", "staff-written", "--reference", "letter 3", "--given-at", "2026-03-02"];
        var list = Path.Combine(_here.Folder, "list.csv");
        await File.WriteAllTextAsync(list, "number\n", Cancel);
        foreach (var role in (string[])["operator", "auditor", "admin"])
        {
            await File.WriteAllTextAsync(_here.Settings, $"{settings}access: {{ {role}: [{user}] }}\n", Cancel);
            foreach (var command in (string[][])[withdraw, ["consents", "import", list], ["consents", "show", NumberFile(), "--reason", "letter"]])
            {
                var refused = await RunAsync(command);
                Assert.Equal((1, ""), (refused.ExitCode, refused.Output));
                Assert.Contains($"{user} is {role}", refused.Error, StringComparison.Ordinal);
            }
        }

        await File.WriteAllTextAsync(_here.Settings, $"{settings}access: {{ dpo: [{user}] }}\n", Cancel);
        var entered = await RunAsync(withdraw);
        Assert.True(entered.ExitCode == 0, entered.Error);
        Assert.Equal(0, (await RunAsync("consents", "show", NumberFile(), "--reason", "letter")).ExitCode);
        var rotated = await RunAsync("keys", "rotate", "numbers");
        Assert.Equal(1, rotated.ExitCode);
        Assert.Contains($"{user} is dpo", rotated.Error, StringComparison.Ordinal);
        await File.WriteAllTextAsync(_here.Settings, $"{settings}access: {{ admin: [{user}] }}\n", Cancel);
        Assert.Equal(0, (await RunAsync("keys", "rotate", "numbers")).ExitCode);
    }

    private static JsonElement Json(ProgramRun run) => JsonDocument.Parse(run.Output).RootElement;

    private Task<ProgramRun> RunAsync(params string[] arguments) => Ivrconsent.RunAsync([.. arguments, "-c", _here.Settings]);

    private string NumberFile(string number = Number)
    {
        var file = Path.Combine(_here.Folder, "number");
        File.WriteAllText(file, number + "\n");
        return file;
    }

    /// <summary>A call with a recording that rests on consent; its day comes <paramref name="days"/> after the call.</summary>
    private async Task<string> AddRecordingAsync(int days = 36500)
    {
        var call = (await _here.AddCallsAsync(Number))[0];
        var options = new LedgerOptions { Connection = Path.Combine(_here.Folder, "ledger.db"), SpoolFolder = Path.Combine(_here.Folder, "spool"), KeyFolder = _here.Keys };
        await using var services = new ServiceCollection().AddLogging().AddStorage(options).BuildServiceProvider();
        var subject = await services.GetRequiredService<ISubjects>().FindAsync(Number, Cancel);
        var ended = new DateTimeOffset(2026, 3, 1, 10, 1, 0, TimeSpan.Zero);
        var terms = RetentionPolicy.Terms([new PurposeOptions { Id = "quality", Retention = TimeSpan.FromDays(days) }], ended);
        await services.GetRequiredService<IRetention>().KeepAsync(
            new RetainedRecording($"{call}-1", call, subject, "demo", "lab", ended, terms, RetentionPolicy.Until(terms)), Cancel);
        return call.ToString();
    }
}
