using IvrConsent.Host.Consents;
using Xunit;

namespace IvrConsent.Host.Tests.Cli;

/// <summary>Consents given by other ways, entered, imported and shown as staff do it, on a real database.</summary>
public sealed class ConsentsCommandTests : IDisposable
{
    private readonly Installation _installation = new();

    [Fact]
    public async Task What_staff_enter_is_shown_and_a_number_is_never_taken_from_the_command_line()
    {
        var number = Path.Combine(_installation.Folder, "number");
        await File.WriteAllTextAsync(number, "+48 600 700 801\n", TestContext.Current.CancellationToken);

        var added = await RunAsync("add", number, "--status", "given", "--purpose", "marketing", "--source", "staff-written", "--reference", "letter 7", "--given-at", "2026-03-01");
        var shown = await RunAsync("show", number, "--reason", "letter 8", "--json");
        var typed = await RunAsync("show", "+48600700801", "--reason", "letter 8");

        Assert.True(added.ExitCode == 0, added.Error);
        Assert.Contains("\"marketing\"", shown.Output, StringComparison.Ordinal);
        Assert.Contains("given", shown.Output, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("600700801", added.Output + shown.Output, StringComparison.Ordinal);
        Assert.Equal(2, typed.ExitCode);
    }

    [Fact]
    public async Task Who_enters_is_who_logged_in_and_no_name_that_is_typed()
    {
        var number = Path.Combine(_installation.Folder, "number");
        await File.WriteAllTextAsync(number, "+48600700801\n", TestContext.Current.CancellationToken);
        var file = Path.Combine(_installation.Folder, "consents.csv");
        await File.WriteAllLinesAsync(file, [string.Join(',', ConsentImport.Columns), Row("+48600700802", "given", "2026-03-01")], TestContext.Current.CancellationToken);
        string[] add = ["add", number, "--status", "given", "--purpose", "marketing", "--source", "staff-written", "--reference", "letter 7", "--given-at", "2026-03-01"];
        foreach (string[] command in (string[][])[add, ["import", file]])
        {
            var other = await RunAsync([.. command, "--actor", "somebody-else"]);
            Assert.Equal(2, other.ExitCode);
            Assert.Contains($"who logged in to this machine ({Host.Cli.CliActor.Name})", other.Error, StringComparison.Ordinal);
            var own = await RunAsync([.. command, "--actor", Host.Cli.CliActor.Name]);
            Assert.True(own.ExitCode == 0, own.Error);
        }

        var events = await Ivrconsent.RunAsync("events", "list", "--type", "ConsentEntered", "--json", "--config", _installation.Settings);
        var actors = System.Text.Json.JsonDocument.Parse(events.Output).RootElement.EnumerateArray().Select(entry => entry.GetProperty("event").GetProperty("actor").GetString());
        Assert.Equal([Host.Cli.CliActor.Name, Host.Cli.CliActor.Name], actors);
    }

    [Fact]
    public async Task A_file_imported_twice_is_imported_once_and_a_bad_row_is_told()
    {
        var file = Path.Combine(_installation.Folder, "consents.csv");
        await File.WriteAllLinesAsync(
            file,
            [
                string.Join(',', ConsentImport.Columns),
                Row("+48600700802", "given", "2026-03-01"),
                Row("+48600700803", "perhaps", "2026-03-01"),
            ],
            TestContext.Current.CancellationToken);

        var first = await RunAsync("import", file);
        var again = await RunAsync("import", file);

        Assert.Contains("status", first.Output + first.Error, StringComparison.Ordinal);
        Assert.Contains("1", first.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("48600700803", first.Output + first.Error + again.Output + again.Error, StringComparison.Ordinal);
        var events = await Ivrconsent.RunAsync("events", "list", "--type", "ConsentEntered", "--config", _installation.Settings);
        Assert.Equal(1, events.Output.Split("ConsentEntered").Length - 1);
    }

    [Fact]
    public async Task A_purpose_that_the_settings_do_not_describe_is_refused_with_those_that_there_are()
    {
        await File.AppendAllTextAsync(_installation.Settings, "purposes: { marketing: { basis: consent, retention_days: 30, texts: { en: offers } } }\n", TestContext.Current.CancellationToken);
        var number = Path.Combine(_installation.Folder, "number");
        await File.WriteAllTextAsync(number, "+48600700801\n", TestContext.Current.CancellationToken);
        var file = Path.Combine(_installation.Folder, "consents.csv");
        await File.WriteAllLinesAsync(file, [string.Join(',', ConsentImport.Columns), Row("+48600700802", "given", "2026-03-01").Replace("marketing", "marketting", StringComparison.Ordinal)], TestContext.Current.CancellationToken);

        var added = await RunAsync("add", number, "--status", "given", "--purpose", "marketting", "--source", "staff-written", "--reference", "letter 7", "--given-at", "2026-03-01");
        var imported = await RunAsync("import", file);

        Assert.Equal(2, added.ExitCode);
        Assert.Contains("did you mean marketing?", added.Error, StringComparison.Ordinal);
        Assert.Contains("row 2: purposes:", imported.Output, StringComparison.Ordinal);
        Assert.Equal(1, imported.ExitCode);
    }

    [Fact]
    public async Task Without_the_keys_the_remedy_is_told()
    {
        var call = (await _installation.AddCallsAsync("+48600700801"))[0];
        Directory.Delete(_installation.Keys, recursive: true);

        foreach (var run in new[] { await RunAsync("show", _installation.Settings, "--reason", "letter 8"), await Ivrconsent.RunAsync("records", "export", "--call", call.ToString(), "--config", _installation.Settings) })
        {
            Assert.Equal(2, run.ExitCode);
            Assert.Contains("ivrconsent keys init", run.Error, StringComparison.Ordinal);
            Assert.DoesNotContain("Unhandled", run.Error, StringComparison.Ordinal);
        }
    }

    public void Dispose() => _installation.Dispose();

    private Task<ProgramRun> RunAsync(params string[] arguments) =>
        Ivrconsent.RunAsync(["consents", .. arguments, "--config", _installation.Settings]);

    private static string Row(string number, string status, string givenAt) => string.Join(',', ConsentImport.Columns.Select(column => column switch
    {
        "number" => number,
        "status" => status,
        "purposes" => "marketing",
        "reference" => "old system",
        "given_at" => givenAt,
        _ => "",
    }));
}
