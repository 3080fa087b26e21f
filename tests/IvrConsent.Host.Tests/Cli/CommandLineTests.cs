using System.Text.Json;
using Xunit;

namespace IvrConsent.Host.Tests.Cli;

public sealed class CommandLineTests : IDisposable
{
    private readonly Installation _here = new();

    public void Dispose() => _here.Dispose();

    [Theory]
    [InlineData("serve")]
    [InlineData("migrate")]
    [InlineData("check-config")]
    [InlineData("doctor")]
    [InlineData("health")]
    [InlineData("prompts", "list", "check", "import")]
    [InlineData("events", "list", "show", "export")]
    [InlineData("keys", "init", "show", "rotate")]
    [InlineData("exports", "list", "approve")]
    [InlineData("ledger", "verify", "prove", "checkpoint", "seal", "check-proof")]
    [InlineData("records", "export")]
    [InlineData("webhooks", "list", "dead", "replay", "test")]
    public async Task Every_command_has_help(string command, params string[] commands)
    {
        var help = await Ivrconsent.RunAsync(command, "--help");
        Assert.Equal(0, help.ExitCode);
        Assert.All(commands, name => Assert.Contains(name, help.Output, StringComparison.Ordinal));
        if (commands.Length == 0)
        {
            Assert.Contains("--config", help.Output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task An_unknown_command_is_refused() => Assert.Equal(2, (await Ivrconsent.RunAsync("record-all")).ExitCode);

    [Theory]
    [InlineData("events list --from yesterday", "--from 2026-11-01T08:00:00")]
    [InlineData("recordings play ivrc-1", "--reason")]
    [InlineData("recordings list -n many", "--limit must be 1 to 10000.")]
    [InlineData("events list --limit 0", "--limit must be 1 to 10000. For more use: events export")]
    [InlineData("apikeys create crm --scope sms --days all", "--days must be 1 to 730.")]
    [InlineData("webhooks replay crm --event one", "\"one\" is not an event's id")]
    [InlineData("requests open nothing --call x", "\"nothing\" is none of access, rectification, erasure, restriction, objection.")]
    [InlineData("recordings quarantine approve ivrc-1 keep", "\"keep\" is none of release, delete.")]
    public async Task A_mistake_on_the_command_line_is_exit_code_2_and_says_what_is_wanted(string arguments, string said)
    {
        var run = await Ivrconsent.RunAsync([.. arguments.Split(' '), "-c", _here.Settings]);
        Assert.Equal(2, run.ExitCode);
        Assert.Contains(said, run.Error, StringComparison.Ordinal);
    }

    /// <summary>Act by act, what has no test of its own: keys and prompts are the admin's, persons' consents the data protection officer's.</summary>
    [Theory]
    [InlineData("operator")]
    [InlineData("supervisor")]
    [InlineData("auditor", "ledger prove 0195a5a0000080008000000000000000", "webhooks dead")]
    [InlineData("dpo", "ledger prove 0195a5a0000080008000000000000000", "webhooks dead", "consents show NUMBER --reason x", "consents import none.csv")]
    [InlineData("admin", "ledger prove 0195a5a0000080008000000000000000", "webhooks dead", "keys rotate recordings", "keys rotate numbers", "webhooks replay crm --all", "webhooks test crm", "prompts import en notice none.wav")]
    public async Task Who_may_not_is_refused(string role, params string[] allowed)
    {
        await _here.AddCallsAsync("+48221234501");
        var number = Path.Combine(_here.Folder, "number");
        await File.WriteAllTextAsync(number, "+48221234501\n", TestContext.Current.CancellationToken);
        var name = role == "supervisor" ? $"\"{Host.Cli.CliActor.Name}:demo\"" : Host.Cli.CliActor.Name;
        await File.AppendAllTextAsync(_here.Settings, $"access: {{ {role}: [{name}] }}\n", TestContext.Current.CancellationToken);
        foreach (var command in (string[])
            ["keys rotate recordings", "keys rotate numbers", "prompts import en notice none.wav", "webhooks dead", "webhooks replay crm --all", "webhooks test crm",
             "consents show NUMBER --reason x", "consents import none.csv", "ledger prove 0195a5a0000080008000000000000000"])
        {
            var run = await Ivrconsent.RunAsync([.. command.Replace("NUMBER", number, StringComparison.Ordinal).Split(' '), "-c", _here.Settings]);
            var refused = run.Error.Contains($"is {role}, who may not do that", StringComparison.Ordinal);
            Assert.True(refused != allowed.Contains(command), $"{role}, {command}: {run.ExitCode} {run.Error}");
            Assert.True(!refused || (run.ExitCode, run.Output) == (1, ""), command);
        }
    }

    [Fact]
    public async Task A_mistake_in_the_settings_is_named_with_its_place()
    {
        File.WriteAllText(_here.Settings, File.ReadAllText(_here.Settings).Replace("language: en", "langage: en", StringComparison.Ordinal));

        var check = await Ivrconsent.RunAsync("check-config", "-c", _here.Settings);
        Assert.Equal(1, check.ExitCode);
        Assert.Contains($"{_here.Settings}:14:5", check.Output, StringComparison.Ordinal);
        Assert.Contains("language", check.Output, StringComparison.Ordinal);

        var json = await Ivrconsent.RunAsync("check-config", "--json", "-c", _here.Settings);
        using var problems = JsonDocument.Parse(json.Output);
        Assert.False(problems.RootElement.GetProperty("valid").GetBoolean());
        Assert.Equal(14, problems.RootElement.GetProperty("problems")[0].GetProperty("place").GetProperty("line").GetInt32());

        Assert.Equal(2, (await Ivrconsent.RunAsync("serve", "-c", _here.Settings)).ExitCode);
        Assert.Equal(2, (await Ivrconsent.RunAsync("events", "list", "-c", _here.Settings)).ExitCode);
    }

    [Fact]
    public async Task A_line_without_its_prompts_is_refused()
    {
        File.WriteAllText(_here.Settings, File.ReadAllText(_here.Settings).Replace("language: en", "language: fr", StringComparison.Ordinal));

        var check = await Ivrconsent.RunAsync("check-config", "-c", _here.Settings);
        Assert.Equal(1, check.ExitCode);
        Assert.Contains("fr/notice.wav", check.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Migrating_twice_is_migrating_once()
    {
        var first = await Ivrconsent.RunAsync("migrate", "-c", _here.Settings);
        Assert.Equal(0, first.ExitCode);
        Assert.Contains("0001", first.Output, StringComparison.Ordinal);

        var second = await Ivrconsent.RunAsync("migrate", "-c", _here.Settings, "--json");
        Assert.Equal("[]", string.Concat(JsonDocument.Parse(second.Output).RootElement.GetProperty("applied").GetRawText().Where(c => !char.IsWhiteSpace(c))));
    }

    [Theory]
    [InlineData("events", "list")]
    [InlineData("events", "export")]
    [InlineData("records", "export", "--call", "0195a5a0000080008000000000000000")]
    [InlineData("ledger", "verify")]
    [InlineData("webhooks", "dead")]
    [InlineData("apikeys", "list")]
    [InlineData("migrate")]
    public async Task A_ledger_that_cannot_be_reached_is_exit_code_3_and_the_password_is_not_shown(params string[] command)
    {
        File.WriteAllText(_here.Settings, File.ReadAllText(_here.Settings).Replace("connection: ledger.db", "connection: \"Host=127.0.0.1;Port=9;Username=u;Password=secret-word;Database=d\"", StringComparison.Ordinal));

        var run = await Ivrconsent.RunAsync([.. command, "-c", _here.Settings]);
        Assert.Equal(3, run.ExitCode);
        Assert.Contains("127.0.0.1", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("overwrites", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("secret-word", run.Error + run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Listing_masks_numbers_and_showing_has_the_call_in_order()
    {
        var call = (await _here.AddCallsAsync("+48221234501"))[0];

        var list = await Ivrconsent.RunAsync("events", "list", "-c", _here.Settings, "--type", "ConsentRefused");
        Assert.Equal(0, list.ExitCode);
        Assert.Contains("+48 22 ••• •• 01", list.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("48221234501", list.Output, StringComparison.Ordinal);

        var show = await Ivrconsent.RunAsync("events", "show", call.ToString(), "-c", _here.Settings, "--json");
        var types = JsonDocument.Parse(show.Output).RootElement.EnumerateArray().Select(entry => entry.GetProperty("event").GetProperty("type").GetString());
        Assert.Equal(["CallArrived", "NoticePlayed", "ConsentRefused", "RecordingSuppressed", "CallEnded"], types);
    }

    [Theory]
    [InlineData("not-an-id", 2)]
    [InlineData("0195a5a0000080008000000000000000", 1)]
    public async Task Showing_what_is_not_there_says_so(string id, int exitCode)
    {
        await _here.AddCallsAsync("+48221234501");
        var show = await Ivrconsent.RunAsync("events", "show", id, "-c", _here.Settings);
        Assert.Equal(exitCode, show.ExitCode);
        Assert.Contains(id, show.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_export_is_whole_and_never_overwrites()
    {
        await _here.AddCallsAsync("+48221234501", null);
        var file = Path.Combine(_here.Folder, "export.json");

        Assert.Equal(0, (await Ivrconsent.RunAsync("events", "export", "-c", _here.Settings, "-o", file)).ExitCode);
        var entries = JsonDocument.Parse(File.ReadAllText(file)).RootElement.EnumerateArray().ToArray();
        Assert.Equal(10, entries.Length);
        Assert.Equal("+48 22 ••• •• 01", entries[0].GetProperty("caller_number").GetString());
        Assert.Equal("2026-03-01T10:00:00.250Z", entries[0].GetProperty("at").GetString());
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));

        var again = await Ivrconsent.RunAsync("events", "export", "-c", _here.Settings, "-o", file);
        Assert.Equal(1, again.ExitCode);
        Assert.Equal(10, JsonDocument.Parse(File.ReadAllText(file)).RootElement.GetArrayLength());
    }

    [Fact]
    public async Task Whole_numbers_are_exported_for_a_reason_that_is_on_record_and_by_who_may()
    {
        await _here.AddCallsAsync("+48221234501");
        Assert.NotEqual(0, (await RevealAsync()).ExitCode);
        Assert.NotEqual(0, (await RevealAsync("--reason", " ")).ExitCode);
        Assert.NotEqual(0, (await Ivrconsent.RunAsync("events", "export", "-c", _here.Settings, "--reason", "audit 7")).ExitCode);

        var revealed = await RevealAsync("--reason", "audit 7");
        Assert.True(revealed.ExitCode == 0, revealed.Error);
        var entries = JsonDocument.Parse(revealed.Output).RootElement.EnumerateArray().ToArray();
        Assert.Equal("+48221234501", entries[0].GetProperty("caller_number").GetString());
        Assert.Equal("audit 7", entries[^1].GetProperty("event").GetProperty("reason").GetString());
        var looks = await Ivrconsent.RunAsync("events", "list", "--type", "NumberRevealed", "--json", "-c", _here.Settings);
        Assert.Single(JsonDocument.Parse(looks.Output).RootElement.EnumerateArray());

        await File.AppendAllTextAsync(_here.Settings, $"access: {{ auditor: [{Environment.UserName}] }}\n", TestContext.Current.CancellationToken);
        var refused = await RevealAsync("--reason", "audit 8");
        Assert.Equal((1, ""), (refused.ExitCode, refused.Output));
        Assert.Contains("auditor", refused.Error, StringComparison.Ordinal);

        Task<ProgramRun> RevealAsync(params string[] more) => Ivrconsent.RunAsync(["events", "export", "--reveal-numbers", "-c", _here.Settings, .. more]);
    }

    [Theory]
    [InlineData("=cmd|'/c calc'!A0", "'=cmd|'/c calc'!A0")]
    [InlineData("-2+3", "'-2+3")]
    [InlineData("+48221234501", "+48221234501")]
    [InlineData("a,\"b\"", "\"a,\"\"b\"\"\"")]
    public async Task A_caller_cannot_put_a_formula_into_a_clerks_spreadsheet(string caller, string cell)
    {
        await _here.AddCallsAsync(caller);

        var export = await Ivrconsent.RunAsync("events", "export", "--format", "csv", "-c", _here.Settings, "--type", "CallEnded", "--reveal-numbers", "--reason", "audit 7");
        var rows = export.Output.Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(2, rows.Length);
        Assert.Contains($",100,{cell},2026-03-01T10:00:00.250Z,", rows[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Health_of_a_worker_that_does_not_run_is_exit_code_3() =>
        Assert.Equal(3, (await Ivrconsent.RunAsync("health", "-c", _here.Settings)).ExitCode);
}
