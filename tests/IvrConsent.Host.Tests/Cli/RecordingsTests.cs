using System.Diagnostics;
using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Xunit;

namespace IvrConsent.Host.Tests.Cli;

/// <summary>The vault as staff see it: listing, listening, reclassifying, verifying, moving.</summary>
public sealed class RecordingsTests : IDisposable
{
    private const string Number = "+48600700801";
    private readonly VaultInstallation _vault = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _vault.Dispose();

    [Fact]
    public async Task Listing_says_what_is_where_and_until_when_and_never_a_number()
    {
        var (kept, locked) = (await _vault.KeepAsync(), await _vault.KeepAsync("+48600700999", quarantined: true));
        await _vault.RunAsync("holds", "place", "--call", kept.Call.ToString(), "--reason", "4 C 12/26", "--owner", "legal");
        var all = await _vault.RunAsync("recordings", "list", "--json");
        Assert.True(all.ExitCode == 0, all.Error);
        var rows = Json(all).EnumerateArray().ToArray();
        Assert.Equal([locked.Name, kept.Name], rows.Select(row => row.GetProperty("recording").GetString()));
        Assert.Equal((kept.Call.ToString(), "demo", 20_000, "done"), (rows[1].GetProperty("call").GetString(), rows[1].GetProperty("line").GetString(), rows[1].GetProperty("length_ms").GetInt32(), rows[1].GetProperty("state").GetString()));
        Assert.Equal("quality", Assert.Single(rows[1].GetProperty("purposes").EnumerateArray()).GetProperty("purpose").GetString());
        Assert.Equal((1, false), (rows[1].GetProperty("holds").GetArrayLength(), rows[1].GetProperty("quarantined").GetBoolean()));
        Assert.True(rows[0].GetProperty("quarantined").GetBoolean());

        var file = Path.Combine(_vault.Here.Folder, "number");
        await File.WriteAllTextAsync(file, Number + "\n", Cancel);
        var table = await _vault.RunAsync("recordings", "list", "--number-from", file, "--reason", "letter 3", "--state", "done");
        Assert.Contains(kept.Name, table.Output, StringComparison.Ordinal);
        Assert.Contains("on hold", table.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(locked.Name, table.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("600700", all.Output + all.Error + table.Output + table.Error, StringComparison.Ordinal);
        var only = await _vault.RunAsync("recordings", "list", "--quarantined", "-n", "1");
        Assert.Contains(locked.Name, only.Output, StringComparison.Ordinal);
        Assert.Contains($"--before {locked.Name}", only.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_export_is_the_sound_that_was_stored_for_its_owner_only_and_on_record()
    {
        var kept = await _vault.KeepAsync();
        var file = Path.Combine(_vault.Here.Folder, "out.wav");
        Assert.Equal(2, (await _vault.RunAsync("recordings", "export", kept.Name, "--out", file)).ExitCode); // no reason
        var export = await _vault.RunAsync("recordings", "export", kept.Name, "--reason", "complaint 7", "--out", file, "--json");
        Assert.True(export.ExitCode == 0, export.Error);
        Assert.Equal(kept.Sound, await File.ReadAllBytesAsync(file, Cancel));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        Assert.Equal(150_000, Json(export).GetProperty("bytes").GetInt32());

        var again = await _vault.RunAsync("recordings", "export", kept.Name, "--reason", "again", "--out", file);
        Assert.Equal(1, again.ExitCode);
        Assert.Contains("not overwritten", again.Error, StringComparison.Ordinal);

        var piped = Path.Combine(_vault.Here.Folder, "piped.wav");
        using (var shell = Process.Start(new ProcessStartInfo("sh", ["-c", "exec dotnet \"$0\" recordings play \"$1\" --reason quality --out - -c \"$2\" > \"$3\"", Ivrconsent.Dll, kept.Name, _vault.Here.Settings, piped]))!)
        {
            await shell.WaitForExitAsync(Cancel);
            Assert.Equal(0, shell.ExitCode);
        }

        Assert.Equal(kept.Sound, await File.ReadAllBytesAsync(piped, Cancel));
        Assert.Equal(["quality", "complaint 7"], await LooksAsync());
        Assert.Contains("no recording of this name", (await _vault.RunAsync("recordings", "export", "ivrc-none", "--reason", "x", "--out", piped + "2")).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Each_recording_in_a_person_s_file_is_on_record_before_it_is_handed_out()
    {
        InVault[] kept = [await _vault.KeepAsync(), await _vault.KeepAsync()];
        await _vault.KeepAsync(quarantined: true);
        var (number, zip) = (Path.Combine(_vault.Here.Folder, "number"), Path.Combine(_vault.Here.Folder, "answer.zip"));
        await File.WriteAllTextAsync(number, Number + "\n", Cancel);
        Assert.Equal(1, (await _vault.RunAsync("subjects", "export", number, "-o", zip, "--reason", "letter 3")).ExitCode); // one is quarantined
        var events = Json(await _vault.RunAsync("events", "list", "--json")).EnumerateArray().Reverse().Select(line => line.GetProperty("event")).ToArray();
        var looks = events.Where(fact => fact.GetProperty("type").GetString() == "RecordingPlayed").ToArray();
        Assert.Equal(kept.Select(one => one.Name), looks.Select(look => look.GetProperty("recording").GetString()));
        Assert.All(looks, look => Assert.Equal(("letter 3", true), (look.GetProperty("reason").GetString(), look.GetProperty("copied").GetBoolean())));
        Assert.Equal("PersonExported", events[^1].GetProperty("type").GetString());
    }

    [Fact]
    public async Task Listening_sends_the_sound_to_the_player_and_is_on_record_as_no_copy()
    {
        var kept = await _vault.KeepAsync();
        var (player, heard) = (Path.Combine(_vault.Here.Folder, "play"), Path.Combine(_vault.Here.Folder, "heard.wav"));
        await File.WriteAllTextAsync(player, "#!/bin/sh\n[ \"$1\" = --version ] || exec cat > \"$HEARD\"\n", Cancel);
        File.SetUnixFileMode(player, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var start = new ProcessStartInfo("dotnet", [Ivrconsent.Dll, "recordings", "play", kept.Name, "--reason", "coaching", "-c", _vault.Here.Settings]);
        start.Environment["PATH"] = $"{_vault.Here.Folder}:{Environment.GetEnvironmentVariable("PATH")}";
        start.Environment["HEARD"] = heard;
        using (var process = Process.Start(start)!)
        {
            await process.WaitForExitAsync(Cancel);
            Assert.Equal(0, process.ExitCode);
        }

        Assert.Equal(kept.Sound, await File.ReadAllBytesAsync(heard, Cancel));
        var look = Assert.Single(Json(await _vault.RunAsync("events", "list", "--type", "RecordingPlayed", "--json")).EnumerateArray()).GetProperty("event");
        Assert.Equal((kept.Name, false), (look.GetProperty("recording").GetString(), look.GetProperty("copied").GetBoolean()));
    }

    [Fact]
    public async Task A_player_that_finds_no_sound_device_is_told_of()
    {
        var kept = await _vault.KeepAsync();
        var player = Path.Combine(_vault.Here.Folder, "play");
        await File.WriteAllTextAsync(player, "#!/bin/sh\n[ \"$1\" = --version ] || exit 2\n", Cancel);
        File.SetUnixFileMode(player, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var start = new ProcessStartInfo("dotnet", [Ivrconsent.Dll, "recordings", "play", kept.Name, "--reason", "coaching", "-c", _vault.Here.Settings]) { RedirectStandardError = true };
        start.Environment["PATH"] = $"{_vault.Here.Folder}:{Environment.GetEnvironmentVariable("PATH")}";
        using var process = Process.Start(start)!;
        var said = await process.StandardError.ReadToEndAsync(Cancel);
        await process.WaitForExitAsync(Cancel);
        Assert.Equal(1, process.ExitCode);
        Assert.Contains("could not play it (exit code 2)", said, StringComparison.Ordinal);
        Assert.Contains("--out FILE", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_flipped_byte_is_an_error_and_leaves_no_file_and_verify_names_it()
    {
        var (whole, flipped) = (await _vault.KeepAsync(), await _vault.KeepAsync());
        var verified = await _vault.RunAsync("vault", "verify");
        Assert.True(verified.ExitCode == 0, verified.Error);
        Assert.Contains("2 recordings", verified.Output, StringComparison.Ordinal);
        Assert.Contains("decrypted: all are whole", verified.Output, StringComparison.Ordinal);

        _vault.Flip(flipped);
        var file = Path.Combine(_vault.Here.Folder, "out.wav");
        var export = await _vault.RunAsync("recordings", "export", flipped.Name, "--reason", "complaint 7", "--out", file);
        Assert.Equal(1, export.ExitCode);
        Assert.Contains("not what was stored", export.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(file));

        var wrong = await _vault.RunAsync("vault", "verify", "--json");
        Assert.Equal(1, wrong.ExitCode);
        var finding = Assert.Single(Json(wrong).GetProperty("findings").EnumerateArray());
        Assert.Equal(("Damaged", flipped.Name), (finding.GetProperty("fault").GetString(), finding.GetProperty("recording").GetString()));
        Assert.Equal(0, (await _vault.RunAsync("recordings", "export", whole.Name, "--reason", "x", "--out", file)).ExitCode);

        var status = await _vault.RunAsync("vault", "status", "--json");
        Assert.Equal((0, 2, true), (status.ExitCode, Json(status).GetProperty("done").GetInt32(), Json(status).GetProperty("opens_here").GetBoolean()));
        await _vault.KeepAsync(quarantined: true);
        var told = await _vault.RunAsync("vault", "status");
        Assert.Equal(1, told.ExitCode);
        Assert.Contains("ivrconsent recordings quarantine list", told.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_supervisor_hears_his_lines_and_admin_and_auditor_hear_nothing()
    {
        var (mine, other, locked) = (await _vault.KeepAsync(), await _vault.KeepAsync(line: "sales"), await _vault.KeepAsync(quarantined: true));
        var user = Json(await _vault.RunAsync("requests", "open", "access", "--call", mine.Call.ToString(), "--json")).GetProperty("opened_by").GetString()!;
        var file = Path.Combine(_vault.Here.Folder, "out.wav");
        foreach (var role in (string[])["admin", "auditor", "operator"])
        {
            _vault.Configure(more: $"access: {{ {role}: [{user}] }}");
            var refused = await _vault.RunAsync("recordings", "export", mine.Name, "--reason", "x", "--out", file);
            Assert.Equal(1, refused.ExitCode);
            Assert.Contains($"{user} is {role}", refused.Error, StringComparison.Ordinal);
        }

        _vault.Configure(more: $"access: {{ supervisor: [\"{user}:demo\"] }}");
        Assert.Equal([locked.Name, mine.Name], Json(await _vault.RunAsync("recordings", "list", "--json")).EnumerateArray().Select(row => row.GetProperty("recording").GetString()));
        Assert.Equal(1, (await _vault.RunAsync("recordings", "list", "--line", "sales")).ExitCode);
        Assert.Contains("on line sales", (await _vault.RunAsync("recordings", "export", other.Name, "--reason", "x", "--out", file)).Error, StringComparison.Ordinal);
        Assert.Contains("quarantined", (await _vault.RunAsync("recordings", "export", locked.Name, "--reason", "x", "--out", file)).Error, StringComparison.Ordinal);
        Assert.Equal(1, (await _vault.RunAsync("recordings", "export", locked.Name, "--reason", "x", "--out", file, "--quarantined")).ExitCode);
        Assert.Equal(1, (await _vault.RunAsync("vault", "verify")).ExitCode);
        Assert.False(File.Exists(file));

        var heard = await _vault.RunAsync("recordings", "export", mine.Name, "--reason", "coaching", "--out", file);
        Assert.True(heard.ExitCode == 0, heard.Error);
        _vault.Configure(more: $"access: {{ dpo: [{user}] }}");
        Assert.Equal(0, (await _vault.RunAsync("recordings", "export", locked.Name, "--reason", "whose is it", "--out", file + "2", "--quarantined")).ExitCode);
        Assert.Equal(["whose is it", "coaching"], await LooksAsync());
    }

    [Fact]
    public async Task A_call_is_reclassified_by_its_recording_s_name_and_asked_where_something_becomes_due()
    {
        var kept = await _vault.KeepAsync(purposes: ["quality", "training"]);
        var done = await _vault.RunAsync("recordings", "reclassify", kept.Name, "--purposes", "quality, contract", "--reason", "contract concluded", "--json");
        Assert.True(done.ExitCode == 0, done.Error);
        Assert.Equal(1, Json(done).GetProperty("changed").GetInt32());
        var row = Json(await _vault.RunAsync("recordings", "list", "--call", kept.Call.ToString(), "--json"))[0];
        Assert.Equal(["contract", "quality"], row.GetProperty("purposes").EnumerateArray().Select(one => one.GetProperty("purpose").GetString()!).Order());
        var told = Json(await _vault.RunAsync("events", "list", "--type", "PurposesChanged", "--json"));
        Assert.Equal("contract concluded", Assert.Single(told.EnumerateArray()).GetProperty("event").GetProperty("reason").GetString());

        // The call was in March, and the quality's days are over.
        var asked = await _vault.RunAsync("recordings", "reclassify", kept.Call.ToString(), "--purposes", "quality", "--reason", "x");
        Assert.Equal(1, asked.ExitCode);
        Assert.Contains("--yes", asked.Error, StringComparison.Ordinal);
        Assert.Contains("not granted", (await _vault.RunAsync("recordings", "reclassify", kept.Name, "--purposes", "training,fun", "--reason", "x")).Error.Replace("not one of the line's", "not granted", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Contains("neither", (await _vault.RunAsync("recordings", "reclassify", "nothing", "--purposes", "quality", "--reason", "x")).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_api_reclassifies_a_call_that_is_over()
    {
        var kept = await _vault.KeepAsync();
        await using var worker = new ApiWorker(_vault.Here);
        await worker.StartAsync();
        var key = (await _vault.RunAsync("apikeys", "create", "crm", "--scope", "calls.control")).Output.Trim();
        using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(30), BaseAddress = worker.Api };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        async Task<(HttpStatusCode Status, string Text)> OrderAsync(string purpose)
        {
            using var answer = await client.PostAsJsonAsync($"/api/v1/calls/{kept.Call}/reclassify", new { reason = "contract concluded", purposes = new[] { purpose } }, Cancel);
            return (answer.StatusCode, await answer.Content.ReadAsStringAsync(Cancel));
        }

        var refused = await OrderAsync("training");
        Assert.Equal(HttpStatusCode.Conflict, refused.Status);
        Assert.Contains("not granted", refused.Text, StringComparison.Ordinal);
        var done = await OrderAsync("contract");
        Assert.True(done.Status == HttpStatusCode.OK, done.Text);
        var row = Json(await _vault.RunAsync("recordings", "list", "--call", kept.Call.ToString(), "--json"))[0];
        Assert.Equal("contract", Assert.Single(row.GetProperty("purposes").EnumerateArray()).GetProperty("purpose").GetString());
        Assert.Equal("crm", Assert.Single(Json(await _vault.RunAsync("events", "list", "--type", "PurposesChanged", "--json")).EnumerateArray()).GetProperty("event").GetProperty("actor").GetString());
    }

    [Fact]
    public async Task Access_has_the_sound_and_names_what_is_restricted_quarantined_damaged_or_waits_and_is_not_closed_as_whole()
    {
        var (kept, restricted, locked, damaged) = (await _vault.KeepAsync(), await _vault.KeepAsync(), await _vault.KeepAsync(quarantined: true), await _vault.KeepAsync());
        _vault.Flip(damaged);
        var waiting = (await _vault.RecordAsync()).Name;
        var id = Json(await _vault.RunAsync("requests", "open", "restriction", "--call", restricted.Call.ToString(), "--json")).GetProperty("case").GetString()!;
        await _vault.RunAsync("requests", "restrict", id);
        var (number, zip) = (Path.Combine(_vault.Here.Folder, "number"), Path.Combine(_vault.Here.Folder, "answer.zip"));
        await File.WriteAllTextAsync(number, Number + "\n", Cancel);
        var export = await _vault.RunAsync("subjects", "export", number, "-o", zip, "--reason", "letter", "--json");
        Assert.Equal(1, export.ExitCode);
        Assert.Equal((2, 1, 1, 1), (Json(export).GetProperty("recordings").GetInt32(), Json(export).GetProperty("missing").GetInt32(), Json(export).GetProperty("waiting").GetInt32(), Json(export).GetProperty("quarantined").GetInt32()));
        Assert.Contains("1 recordings lie on the PBX still", export.Error, StringComparison.Ordinal);
        Assert.Contains("recordings quarantine list", export.Error, StringComparison.Ordinal);

        await using var archive = await ZipFile.OpenReadAsync(zip, Cancel);
        Assert.Equal(
            new[] { $"recordings/{kept.Name}.wav", $"recordings/{restricted.Name}.wav", "events.json", "index.html", "notices/1.html" }.Order(StringComparer.Ordinal),
            archive.Entries.Select(entry => entry.FullName).Where(name => !name.StartsWith("consents/", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
        using var sound = new MemoryStream();
        await (await archive.GetEntry($"recordings/{kept.Name}.wav")!.OpenAsync(Cancel)).CopyToAsync(sound, Cancel);
        Assert.Equal(kept.Sound, sound.ToArray());
        using var index = new StreamReader(await archive.GetEntry("index.html")!.OpenAsync(Cancel));
        var page = await index.ReadToEndAsync(Cancel);
        Assert.Contains("restricted: kept and not used", page, StringComparison.Ordinal);
        Assert.Contains($"<code>{locked.Name}</code>: There is a recording for which no lawful ground was found", page, StringComparison.Ordinal);
        Assert.Contains($"<code>{damaged.Name}</code>: The recording is damaged", page, StringComparison.Ordinal);
        Assert.Contains($"<code>{waiting}</code>: The recording has been waiting in the telephone system since 1 Mar 2026 10:05:", page, StringComparison.Ordinal);

        // Nobody closes it as whole without knowing.
        var access = Json(await _vault.RunAsync("requests", "list", "--json")).EnumerateArray().Single(one => one.GetProperty("kind").GetString() == "access").GetProperty("case").GetString()!;
        var whole = await _vault.RunAsync("requests", "close", access, "answered", "--reason", "letter 3");
        Assert.Equal(1, whole.ExitCode);
        Assert.Contains("3 recordings are not in the file", whole.Error, StringComparison.Ordinal);
        Assert.Equal(0, (await _vault.RunAsync("requests", "close", access, "answered", "--reason", "letter 3: the rest follows", "--incomplete")).ExitCode);
        var log = Json(await _vault.RunAsync("requests", "show", access, "--json")).GetProperty("log");
        Assert.True(log[log.GetArrayLength() - 1].GetProperty("event").GetProperty("incomplete").GetBoolean());
    }

    [Theory]
    [InlineData("de", "seit 01.03.2026 10:01:")]
    [InlineData("pl", "od 01.03.2026 10:01:")]
    [InlineData("cs", "od 1. 3. 2026 10:01:")]
    [InlineData("it", "dal 01/03/2026 10:01:")]
    public async Task What_waits_is_said_in_the_person_s_language(string language, string since)
    {
        var (call, name) = await _vault.RecordAsync();
        var request = Json(await _vault.RunAsync("requests", "open", "access", "--call", call.ToString(), "--json")).GetProperty("case").GetString()!;
        Assert.Contains("no file was written", (await _vault.RunAsync("requests", "close", request, "answered", "--reason", "x")).Error, StringComparison.Ordinal);
        var zip = Path.Combine(_vault.Here.Folder, "answer.zip");
        Assert.Equal(1, (await _vault.RunAsync("requests", "access", request, "-o", zip, "-l", language, "--reason", "letter")).ExitCode);
        await using var archive = await ZipFile.OpenReadAsync(zip, Cancel);
        using var index = new StreamReader(await archive.GetEntry("index.html")!.OpenAsync(Cancel));
        var page = await index.ReadToEndAsync(Cancel);
        Assert.Contains($"<code>{name}</code>: ", page, StringComparison.Ordinal);
        Assert.Contains(since, page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Recordings_move_to_another_store_and_are_heard_before_during_and_after()
    {
        var (first, second) = (await _vault.KeepAsync(), await _vault.KeepAsync());
        Assert.Contains("migrate_from", (await _vault.RunAsync("vault", "migrate")).Error, StringComparison.Ordinal);
        VaultInstallation.MakeFolder(Path.Combine(_vault.Here.Folder, "new"));
        _vault.Configure("store: folder, folder: new, migrate_from: { store: folder, folder: objects }");
        var file = Path.Combine(_vault.Here.Folder, "out.wav");
        Assert.Equal(0, (await _vault.RunAsync("recordings", "export", first.Name, "--reason", "before", "--out", file)).ExitCode);

        var moved = await _vault.RunAsync("vault", "migrate", "--json");
        Assert.True(moved.ExitCode == 0, moved.Error);
        Assert.Equal((2, true), (Json(moved).GetProperty("moved").GetInt32(), Json(moved).GetProperty("emptied").GetBoolean()));
        Assert.Empty(Directory.EnumerateFiles(_vault.Objects, "*.age", SearchOption.AllDirectories));
        _vault.Configure("store: folder, folder: new");
        Assert.Equal(0, (await _vault.RunAsync("vault", "verify")).ExitCode);
        Assert.Equal(0, (await _vault.RunAsync("recordings", "export", second.Name, "--reason", "after", "--out", file + "2")).ExitCode);
        Assert.Equal(second.Sound, await File.ReadAllBytesAsync(file + "2", Cancel));
    }

    [Fact]
    public async Task Without_a_vault_every_command_says_which_setting_makes_one()
    {
        using var none = new Installation();
        foreach (string[] command in (string[][])[["recordings", "list"], ["recordings", "play", "x", "--reason", "y"], ["recordings", "quarantine", "list"], ["vault", "status"], ["vault", "verify"], ["vault", "migrate"]])
        {
            var run = await Ivrconsent.RunAsync([.. command, "-c", none.Settings]);
            Assert.Equal(2, run.ExitCode);
            Assert.Contains("vault.store", run.Error, StringComparison.Ordinal);
        }
    }

    private static JsonElement Json(ProgramRun run) => JsonDocument.Parse(run.Output).RootElement;

    /// <summary>The reasons of the looks on record, the newest first.</summary>
    private async Task<IEnumerable<string?>> LooksAsync()
    {
        _vault.Configure();
        return [.. Json(await _vault.RunAsync("events", "list", "--type", "RecordingPlayed", "--json")).EnumerateArray().Select(look => look.GetProperty("event").GetProperty("reason").GetString())];
    }
}
