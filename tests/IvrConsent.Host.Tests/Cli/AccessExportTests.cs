using System.IO.Compression;
using System.Text.Json.Nodes;
using System.Xml.Linq;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Records;
using IvrConsent.Host.Rights;
using IvrConsent.TestKit.Fakes;
using Xunit;

namespace IvrConsent.Host.Tests.Cli;

/// <summary>Each consent in the file that answers a request for access: readable, and for machines.</summary>
public sealed class AccessExportTests : IDisposable
{
    private const string Number = "+48601234567";
    private readonly Installation _here = new();
    private readonly RecordScene _scene = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _here.Dispose();

    [Fact]
    public async Task Each_consent_is_in_it_as_page_record_and_vcon()
    {
        var call = _scene.Given(null);
        await _here.AppendAsync(TermsEntries.Batch(_scene.Written, "demo", RecordScene.Start), new LedgerBatch(call[0].Call, [.. call.Select(line => line.Entry)]));
        var (run, files) = await ExportAsync("pl");

        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.Equal((1, 0), ((int)JsonNode.Parse(run.Output)!["consents"]!, (int)JsonNode.Parse(run.Output)!["unrecorded"]!));
        var reference = ReceiptReference.Of(4); // the terms, the arrival, the notice, and then the answer
        Assert.Equal(["events.json", $"consents/{reference}.html", $"consents/{reference}.27560.jsonld", $"consents/{reference}.vcon.json", "notices/1.html", "index.html"], files.Keys);
        Assert.Equal($"{call[2].Entry.EventId}", (string?)JsonNode.Parse(files[$"consents/{reference}.27560.jsonld"])!["dct:identifier"]);
        Assert.Equal($"tel:{Number}", (string?)JsonNode.Parse(files[$"consents/{reference}.vcon.json"])!["parties"]![0]!["tel"]);
        var links = Page(files["index.html"]).Descendants("a").Select(link => link.Attribute("href")!.Value).ToArray();
        Assert.Equal(4, links.Length);
        Assert.All(links, link => Assert.True(files.ContainsKey(link), link));

        var page = Page(files[$"consents/{reference}.html"]);
        Assert.Equal("pl", page.Root!.Attribute("lang")!.Value);
        Assert.Contains(page.Descendants("li"), item => item.Value.StartsWith("jakość obsługi. Podstawa prawna: Państwa zgoda", StringComparison.Ordinal));
        Assert.Contains(page.Descendants("li"), item => item.Value.EndsWith(": tak; jakość obsługi, training of staff; klawisz 1", StringComparison.Ordinal));
        Assert.Contains(page.Descendants("li"), item => item.Value.StartsWith("Informacja recording, wersja 7 (English): odtworzono 8,0 z 8,0 sekund.", StringComparison.Ordinal));
        Assert.Contains(page.Descendants("dd"), fact => fact.Value.StartsWith("Acme Sp. z o.o., ul. Prosta 1", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_the_settings_lacked_is_said_and_costs_nothing_else()
    {
        _scene.Line = _scene.Line with { Controller = null };
        var call = _scene.Given(null);
        await _here.AppendAsync(TermsEntries.Batch(_scene.Written, "demo", RecordScene.Start), new LedgerBatch(call[0].Call, [.. call.Select(line => line.Entry)]));
        var (run, files) = await ExportAsync("en");

        Assert.Equal(0, run.ExitCode);
        Assert.Contains("1 consents are in it as pages only", run.Error, StringComparison.Ordinal);
        Assert.Single(files.Keys, name => name.StartsWith("consents/", StringComparison.Ordinal));
        Assert.Contains(Page(files["index.html"]).Descendants("li"), item => item.Value.Contains("parties[1]", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Where_nobody_was_asked_no_record_of_a_consent_is_missed()
    {
        var call = _scene.Call("17.1", null, RecordScene.Heard(), new CallerInformed(["contract"], [LawfulBasis.Contract]), RecordScene.Ended);
        await _here.AppendAsync(TermsEntries.Batch(_scene.Written, "demo", RecordScene.Start), new LedgerBatch(call[0].Call, [.. call.Select(line => line.Entry)]));
        var (run, files) = await ExportAsync("de");

        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.Equal([".html", ".json"], files.Keys.Where(name => name.StartsWith("consents/", StringComparison.Ordinal)).Select(Path.GetExtension));
        Assert.Contains(Page(files["index.html"]).Descendants("li"), item => item.Value.Contains("informiert, nicht gefragt", StringComparison.Ordinal));
        var happened = Page(files.Single(file => file.Key.StartsWith("consents/", StringComparison.Ordinal) && file.Key.EndsWith(".html", StringComparison.Ordinal)).Value).Descendants("ol").Single().Elements();
        Assert.Contains("informiert, nicht gefragt", Assert.Single(happened).Value, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_case_is_opened_by_a_receipt_s_reference_and_is_about_that_consent_only()
    {
        var (call, other) = (_scene.Given(null), _scene.Call(RecordScene.Start.AddDays(1), "18.1", null, RecordScene.Heard(), new ConsentRefused('2', RecordScene.Start.AddDays(1), 1, 0), RecordScene.Ended));
        await _here.AppendAsync(
            TermsEntries.Batch(_scene.Written, "demo", RecordScene.Start),
            new LedgerBatch(call[0].Call, [.. call.Select(line => line.Entry)]),
            new LedgerBatch(other[0].Call, [.. other.Select(line => line.Entry)]));
        var opened = await RunAsync("open", "access", "--receipt", ReceiptReference.Grouped(ReceiptReference.Of(4)), "--json");
        Assert.True(opened.ExitCode == 0, opened.Error);
        var request = JsonNode.Parse(opened.Output)!;
        Assert.Equal($"{call[0].Call.Id}", (string?)request["call"]);

        var zip = Path.Combine(_here.Folder, "answer.zip");
        Assert.Equal(0, (await RunAsync("access", (string)request["case"]!, "-o", zip, "--reason", "letter")).ExitCode);
        await using var archive = await ZipFile.OpenReadAsync(zip, Cancel);
        Assert.Equal($"consents/{ReceiptReference.Of(4)}.html", Assert.Single(archive.Entries, entry => entry.FullName.StartsWith("consents/", StringComparison.Ordinal) && entry.FullName.EndsWith(".html", StringComparison.Ordinal)).FullName);

        Assert.Contains("no consent", (await RunAsync("open", "access", "--receipt", ReceiptReference.Of(3))).Error, StringComparison.Ordinal); // the notice
        Assert.Contains("no consent", (await RunAsync("open", "erasure", "--receipt", ReceiptReference.Of(4000))).Error, StringComparison.Ordinal);
        Assert.Contains("a digit is wrong", (await RunAsync("open", "erasure", "--receipt", "1" + ReceiptReference.Of(4)[1..] is var wrong && wrong != ReceiptReference.Of(4) ? wrong : "2" + wrong[1..])).Error, StringComparison.Ordinal);
        Assert.Contains("one of --number-from", (await RunAsync("open", "erasure", "--receipt", ReceiptReference.Of(4), "--call", $"{call[0].Call.Id}")).Error, StringComparison.Ordinal);
        Assert.Contains("one of --number-from", (await RunAsync("open", "erasure")).Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_page_runs_nothing_of_what_others_wrote()
    {
        const string attack = "<script>alert(1)</script>\u0007";
        _scene.Line = _scene.Line with { Controller = _scene.Line.Controller! with { Name = attack } };
        var html = ConsentPage.Html(_scene.Case(_scene.Entered(RecordScene.Person, RecordScene.Letter() with { Reference = attack }, wrong => new EntryCorrected(wrong, "clerk", attack, RecordScene.Letter()))), "en", id => id);
        Assert.DoesNotContain("<script", html, StringComparison.Ordinal);
        Assert.Contains(Page(html).Descendants("li"), item => item.Value.Contains("corrected later: <script>", StringComparison.Ordinal));
    }

    [Fact]
    public void Every_state_and_way_has_words_in_every_language_of_the_index()
    {
        Assert.Equal(ExportTexts.All.Keys.Order(), ConsentTexts.All.Keys.Order());
        Assert.All(ConsentTexts.All.Values, texts =>
        {
            Assert.All(Enum.GetValues<ConsentState>(), state => Assert.NotEmpty(texts.States[state]));
            Assert.All(Enum.GetValues<EntrySource>(), source => Assert.NotEmpty(texts.Ways[StepSource.WayOf(source)]));
        });
    }

    private Task<ProgramRun> RunAsync(params string[] arguments) => Ivrconsent.RunAsync(["requests", .. arguments, "-c", _here.Settings]);

    private static XDocument Page(string html) => XDocument.Parse(html.Replace("<!DOCTYPE html>", "", StringComparison.Ordinal));

    private async Task<(ProgramRun Run, Dictionary<string, string> Files)> ExportAsync(string language)
    {
        var (zip, number) = (Path.Combine(_here.Folder, "answer.zip"), Path.Combine(_here.Folder, "number"));
        await File.WriteAllTextAsync(number, Number + "\n", Cancel);
        var run = await Ivrconsent.RunAsync("subjects", "export", number, "-o", zip, "-l", language, "--reason", "letter", "--json", "-c", _here.Settings);
        var files = new Dictionary<string, string>();
        await using var archive = await ZipFile.OpenReadAsync(zip, Cancel);
        foreach (var entry in archive.Entries)
        {
            using var text = new StreamReader(await entry.OpenAsync(Cancel));
            files.Add(entry.FullName, await text.ReadToEndAsync(Cancel));
        }

        return (run, files);
    }
}
