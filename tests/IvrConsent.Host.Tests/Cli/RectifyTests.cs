using System.IO.Compression;
using System.Text.Json.Nodes;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Records;
using IvrConsent.Host.Cli;
using IvrConsent.TestKit.Fakes;
using Xunit;

namespace IvrConsent.Host.Tests.Cli;

/// <summary>Rectification (GDPR art. 16): the ledger is never edited, and what is right stands beside what is wrong.</summary>
public sealed class RectifyTests : IDisposable
{
    private const string Statement = "It was my sister who pressed the key.";
    private readonly Installation _here = new();
    private readonly RecordScene _scene = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _here.Dispose();

    [Fact]
    public async Task A_statement_stands_beside_the_event_and_in_all_that_is_handed_out()
    {
        var call = await AddAsync();
        var given = call[2].Entry.EventId;
        var request = await OpenAsync("rectification", call);
        var before = await EventsAsync(call);
        var done = await RunAsync("requests", "rectify", request, "--event", $"{given}", "--text", Statement, "--reason", "letter 5");
        Assert.True(done.ExitCode == 0, done.Error);

        // The events are what they were, and the statement is one more.
        var after = await EventsAsync(call);
        Assert.Equal(before.Select(line => line!.ToJsonString()), after.SkipLast(1).Select(line => line!.ToJsonString()));
        var added = after[^1]!["event"]!;
        Assert.Equal(("StatementAdded", $"{given}", Statement, request, "letter 5"), ((string?)added["type"], (string?)added["event"], (string?)added["text"], (string?)added["case"], (string?)added["reason"]));
        var log = JsonNode.Parse((await RunAsync("requests", "show", request, "--json")).Output)!["log"]!.AsArray();
        Assert.Equal(("RequestRectified", false), ((string?)log[^1]!["event"]!["type"], (bool)log[^1]!["event"]!["corrected"]!));

        foreach (var format in (string[])["27560", "receipt", "vcon", "csv"])
        {
            var export = await RunAsync("records", "export", "--call", $"{call[0].Call.Id}", "--format", format);
            Assert.True(export.ExitCode == 0, export.Error);
            Assert.Single(export.Output.Split(Statement)[1..]);
        }

        var zip = Path.Combine(_here.Folder, "answer.zip");
        Assert.Equal(0, (await RunAsync("requests", "access", await OpenAsync("access", call), "-o", zip, "--reason", "letter")).ExitCode);
        await using var archive = await ZipFile.OpenReadAsync(zip, Cancel);
        var ofPerson = archive.Entries.Where(entry => !entry.FullName.StartsWith("notices/", StringComparison.Ordinal)).ToList();
        Assert.Equal(5, ofPerson.Count);
        foreach (var entry in ofPerson)
        {
            using var text = new StreamReader(await entry.OpenAsync(Cancel));
            Assert.True((await text.ReadToEndAsync(Cancel)).Contains(Statement, StringComparison.Ordinal), entry.FullName);
        }
    }

    [Fact]
    public async Task An_entry_of_what_never_was_counts_no_longer()
    {
        var call = await AddAsync();
        var request = await OpenAsync("rectification", call);
        string[] command = ["requests", "rectify", request, "--event", $"{call[2].Entry.EventId}", "--never-was", "--text", "The key was pressed by another person."];
        var asked = await RunAsync(command);
        Assert.Equal(1, asked.ExitCode);
        Assert.Contains("--yes", asked.Error, StringComparison.Ordinal);
        Assert.Equal(call.Count, (await EventsAsync(call)).Count);

        var done = await RunAsync([.. command, "--yes"]);
        Assert.True(done.ExitCode == 0, done.Error);
        Assert.Equal("EntryCorrected", (string?)(await EventsAsync(call))[^1]!["event"]!["type"]);
        Assert.Contains(",Unknown,", (await RunAsync("records", "export", "--call", $"{call[0].Call.Id}", "--format", "csv")).Output, StringComparison.Ordinal);

        var notice = await RunAsync("requests", "rectify", request, "--event", $"{call[1].Entry.EventId}", "--never-was", "--text", "Not heard.", "--yes");
        Assert.Equal(1, notice.ExitCode);
        Assert.Contains("tells of no consent", notice.Error, StringComparison.Ordinal);

        // It erases what rests on it, as an erasure does: who may not do that, and who is alone where four eyes are asked for, may not do this.
        var settings = await File.ReadAllTextAsync(_here.Settings, Cancel);
        await File.WriteAllTextAsync(_here.Settings, settings + $"access: {{ dpo: [{CliActor.Name}], four_eyes_erasure: true }}\n", Cancel);
        Assert.Contains("four eyes", (await RunAsync([.. command, "--yes"])).Error, StringComparison.Ordinal);
        await File.WriteAllTextAsync(_here.Settings, settings + $"access: {{ auditor: [{CliActor.Name}] }}\n", Cancel);
        Assert.Contains("is auditor", (await RunAsync([.. command, "--yes"])).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_is_put_beside_the_events_of_others()
    {
        var call = await AddAsync();
        var other = _scene.Call(RecordScene.Start.AddDays(1), "18.1", null, RecordScene.Heard(), new ConsentRefused('2', RecordScene.Start.AddDays(1), 1, 0), RecordScene.Ended);
        await _here.AppendAsync(new LedgerBatch(other[0].Call with { CallerNumber = "+48601234000" }, [.. other.Select(line => line.Entry)]));
        var request = await OpenAsync("rectification", call);

        foreach (var (id, wrong, why) in ((string, string, string)[])
            [
                (request, $"{other[2].Entry.EventId}", "has no such event"),
                (request, $"{Guid.NewGuid()}", "has no such event"),
                (await OpenAsync("access", call), $"{call[2].Entry.EventId}", "one of access"),
                (request, "xyz", "is not an event's id"),
            ])
        {
            var refused = await RunAsync("requests", "rectify", id, "--event", wrong, "--text", Statement);
            Assert.NotEqual(0, refused.ExitCode);
            Assert.Contains(why, refused.Error, StringComparison.Ordinal);
        }

        var number = await RunAsync("requests", "rectify", request, "--event", $"{call[2].Entry.EventId}", "--text", "Call me: +48 601 234 567");
        Assert.Contains("telephone number", number.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("601 234", number.Error, StringComparison.Ordinal);
        Assert.Equal((call.Count, other.Count), ((await EventsAsync(call)).Count, (await EventsAsync(other)).Count));
    }

    private async Task<IReadOnlyList<LedgerLine>> AddAsync()
    {
        var call = _scene.Given(null);
        await _here.AppendAsync(TermsEntries.Batch(_scene.Written, "demo", RecordScene.Start), new LedgerBatch(call[0].Call, [.. call.Select(line => line.Entry)]));
        return call;
    }

    private async Task<string> OpenAsync(string kind, IReadOnlyList<LedgerLine> call) =>
        (string)JsonNode.Parse((await RunAsync("requests", "open", kind, "--call", $"{call[0].Call.Id}", "--json")).Output)!["case"]!;

    private async Task<JsonArray> EventsAsync(IReadOnlyList<LedgerLine> call) =>
        JsonNode.Parse((await RunAsync("events", "show", $"{call[0].Call.Id}", "--json")).Output)!.AsArray();

    private Task<ProgramRun> RunAsync(params string[] arguments) => Ivrconsent.RunAsync([.. arguments, "-c", _here.Settings]);
}
