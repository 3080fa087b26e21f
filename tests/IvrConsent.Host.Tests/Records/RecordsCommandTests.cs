using System.Text.Json.Nodes;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Records;
using IvrConsent.Host.Tests.Cli;
using IvrConsent.TestKit.Fakes;
using Xunit;

namespace IvrConsent.Host.Tests.Records;

public sealed class RecordsCommandTests : IDisposable
{
    private readonly Installation _here = new();

    public void Dispose() => _here.Dispose();

    [Fact]
    public async Task Without_terms_on_record_only_csv_can_be_exported()
    {
        var call = Assert.Single(await _here.AddCallsAsync("+48601234567"));

        var refused = await ExportAsync("--call", $"{call}");
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("CallArrived.terms", refused.Error, StringComparison.Ordinal);
        Assert.Empty(refused.Output);

        var csv = await ExportAsync("--call", $"{call}", "--format", "csv");
        Assert.Equal(0, csv.ExitCode);
        Assert.Equal(3, csv.Output.TrimEnd().Split("\r\n").Length);
        Assert.Contains(",Refused,", csv.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_consent_is_exported_by_call_event_and_receipt()
    {
        var scene = new RecordScene();
        var call = scene.Given(null);
        await _here.AppendAsync(
            TermsEntries.Batch(scene.Written, "demo", RecordScene.Start),
            new LedgerBatch(call[0].Call, [.. call.Select(line => line.Entry)]));

        var record = JsonNode.Parse((await ExportAsync("--call", $"{call[0].Entry.CallId}")).Output)!;
        Assert.Equal("dpv:ConsentRecord", (string?)record["@type"]);
        Assert.Equal($"{call[2].Entry.EventId}", (string?)record["dct:identifier"]);

        var receipt = JsonNode.Parse((await ExportAsync("--event", $"{call[2].Entry.EventId}", "--format", "receipt")).Output)!;
        var reference = (string)receipt["dct:identifier"]!;
        var vcon = JsonNode.Parse((await ExportAsync("--receipt", ReceiptReference.Grouped(reference), "--format", "vcon")).Output)!;
        Assert.Equal("0.4.0", (string?)vcon["vcon"]);

        var wrong = reference[..^1] + (char)(reference[^1] == '9' ? '0' : reference[^1] + 1);
        Assert.NotEqual(0, (await ExportAsync("--receipt", wrong)).ExitCode);

        // The position of another event of the same call is no receipt.
        Assert.Equal(1, (await ExportAsync("--receipt", ReceiptReference.Of(2))).ExitCode);
    }

    [Fact]
    public async Task The_csv_tells_the_mode_that_the_law_left()
    {
        var scene = new RecordScene();
        scene.Line = scene.Line with { Mode = ConsentMode.Announce };
        var law = new JurisdictionApplied(ConsentMode.Explicit, ConsentMode.Announce, ["PL", "DE"], ["DE"], null, ["the caller's number is from DE"]);
        var call = scene.Call("17.1", null, law, RecordScene.Heard(), new ConsentRefused('2', RecordScene.Start.AddSeconds(9), 1, 0), RecordScene.Ended);
        await _here.AppendAsync(
            TermsEntries.Batch(scene.Written, "demo", RecordScene.Start),
            new LedgerBatch(call[0].Call, [.. call.Select(line => line.Entry)]));

        var csv = await ExportAsync("--call", $"{call[0].Entry.CallId}", "--format", "csv");

        Assert.Contains(",Explicit,", csv.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(",Announce,", csv.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task All_of_a_person_is_found_by_the_number_however_it_is_written()
    {
        await File.AppendAllTextAsync(_here.Settings, """
                controller: acme
                country: PL
                purposes: [quality]
            parties: { acme: { name: "Acme", address: "Prosta 1", country: PL, contact: privacy@example.com } }
            purposes: { quality: { basis: consent, retention_days: 90, texts: { en: "quality of service" } } }
            records: { storage_locations: [PL], recipients: [], withdrawal: "Write to us.", rights: [access] }

            """, TestContext.Current.CancellationToken);
        await _here.AddCallsAsync("+48601234567", "0048601234567", "+48601234568");
        var number = Path.Combine(_here.Folder, "number");
        await File.WriteAllTextAsync(number, "+48601234567\n", TestContext.Current.CancellationToken);
        var added = await Ivrconsent.RunAsync(
            "consents", "add", number, "--status", "given", "--purpose", "quality", "--source", "staff-written", "--reference", "DOC-7", "--given-at", "2026-03-02",
            "--notice", "recording", "--notice-version", "1", "--language", "en", "--line", "demo", "--config", _here.Settings);
        Assert.True(added.ExitCode == 0, added.Error);

        var csv = await ByNumberAsync("+48 601 234 567\n", "csv");
        Assert.True(csv.ExitCode == 0, csv.Error);
        string[] rows = csv.Output.TrimEnd().Split("\r\n");
        Assert.Equal(2, rows.Count(row => row.Contains(",Refused,", StringComparison.Ordinal)));
        Assert.Single(rows, row => row.Contains("staff-written", StringComparison.Ordinal) && row.Contains("DOC-7", StringComparison.Ordinal));

        // The calls are of before there were terms: told, and passed over. The entry names those of its line.
        var records = await ByNumberAsync("0048-601-234-567", "27560");
        Assert.Equal(1, records.ExitCode);
        Assert.Equal(2, records.Error.Split("CallArrived.terms").Length - 1);
        var record = Assert.Single(JsonNode.Parse(records.Output)!.AsArray())!;
        Assert.Equal("quality", (string?)record["dpv:hasProcess"]![0]!["dpv:hasPurpose"]!["dct:identifier"]);
        Assert.Equal("Acme", (string?)record["dpv:hasDataController"]!["dpv:hasName"]);
        Assert.DoesNotContain("601234567", records.Output, StringComparison.Ordinal);

        Assert.Equal(1, (await ByNumberAsync("+48601234569\n", "csv")).ExitCode);
        var none = await ByNumberAsync("  --  \n", "csv");
        Assert.Equal(2, none.ExitCode);
        Assert.Contains("holds no telephone number", none.Error, StringComparison.Ordinal);

        Task<ProgramRun> ByNumberAsync(string input, string format) =>
            Ivrconsent.RunWithInputAsync(input, "records", "export", "-c", _here.Settings, "--number-from-stdin", "--reason", "letter 3", "--format", format);
    }

    [Theory]
    [InlineData("csv")]
    [InlineData("vcon")]
    public async Task A_whole_number_is_shown_for_a_reason_or_to_who_has_it_and_both_are_on_record(string format)
    {
        var scene = new RecordScene();
        var call = scene.Given(null);
        await _here.AppendAsync(TermsEntries.Batch(scene.Written, "demo", RecordScene.Start), new LedgerBatch(call[0].Call, [.. call.Select(line => line.Entry)]));
        string[] which = ["--call", $"{call[0].Call.Id}", "--format", format];

        var masked = await ExportAsync(which);
        Assert.True(masked.ExitCode == 0, masked.Error);
        Assert.DoesNotContain("601234567", masked.Output.Replace(" ", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Empty(await LooksAsync());

        var whole = await ExportAsync([.. which, "--reveal-numbers", "--reason", "claim 7"]);
        Assert.True(whole.ExitCode == 0, whole.Error);
        Assert.Contains("601234567", whole.Output.Replace(" ", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Equal(["claim 7"], await LooksAsync());

        var known = await Ivrconsent.RunWithInputAsync("+48601234567\n", "records", "export", "-c", _here.Settings, "--number-from-stdin", "--reason", "letter 3", "--format", format);
        Assert.Contains("601234567", known.Output.Replace(" ", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Equal(["letter 3", "claim 7"], await LooksAsync());

        // What could not be written was not looked at.
        var taken = Path.Combine(_here.Folder, "taken");
        await File.WriteAllTextAsync(taken, "mine", TestContext.Current.CancellationToken);
        Assert.Equal(1, (await ExportAsync([.. which, "--reveal-numbers", "--reason", "claim 7", "-o", taken])).ExitCode);
        Assert.Equal(2, (await LooksAsync()).Length);

        await File.AppendAllTextAsync(_here.Settings, "access: { auditor: [" + Host.Cli.CliActor.Name + "] }\n", TestContext.Current.CancellationToken);
        var refused = await ExportAsync([.. which, "--reveal-numbers", "--reason", "curiosity"]);
        Assert.Equal((1, ""), (refused.ExitCode, refused.Output));
        Assert.Equal(0, (await ExportAsync(which)).ExitCode);
        Assert.Equal(2, (await LooksAsync()).Length);

        async Task<string[]> LooksAsync() =>
            [.. JsonNode.Parse((await Ivrconsent.RunAsync("events", "list", "--type", "NumberRevealed", "--json", "-c", _here.Settings)).Output)!.AsArray().Select(look => (string)look!["event"]!["reason"]!)];
    }

    [Fact]
    public async Task A_reason_and_what_it_is_for_go_together()
    {
        var call = Assert.Single(await _here.AddCallsAsync("+48601234567"));
        string[][] wrong = [["-f", "csv", "--reveal-numbers"], ["-f", "csv", "--reason", "x"], ["-f", "27560", "--reveal-numbers", "--reason", "x"]];
        foreach (var arguments in wrong)
        {
            var run = await ExportAsync(["--call", $"{call}", .. arguments]);
            Assert.NotEqual(0, run.ExitCode);
            Assert.Contains("--reveal-numbers", run.Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task It_must_be_said_which()
    {
        Assert.NotEqual(0, (await ExportAsync()).ExitCode);
        Assert.NotEqual(0, (await ExportAsync("--call", "abc")).ExitCode);
        await _here.AddCallsAsync("+48601234567");
        Assert.Equal(1, (await ExportAsync("--event", $"{Guid.NewGuid()}")).ExitCode);
    }

    private Task<ProgramRun> ExportAsync(params string[] arguments) => Ivrconsent.RunAsync(["records", "export", "-c", _here.Settings, .. arguments]);
}
