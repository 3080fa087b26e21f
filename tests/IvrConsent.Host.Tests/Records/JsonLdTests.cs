using System.Diagnostics;
using System.Text.Json;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Records;
using IvrConsent.Host.Tests.Cli;
using IvrConsent.TestKit.Fakes;
using IvrConsent.TestKit.Lab;
using Xunit;

namespace IvrConsent.Host.Tests.Records;

/// <summary>The JSON-LD read by a stock library, not by us: PyLD, from Debian.</summary>
public sealed class JsonLdTests
{
    private static readonly string[] Vocabularies =
        ["https://w3id.org/dpv#", "https://w3id.org/dpv/pd#", "https://w3id.org/dpv/loc#", "https://w3id.org/dpv/legal/eu/gdpr#", "http://purl.org/dc/terms/", "http://www.w3.org/2001/XMLSchema#"];

    [Theory]
    [InlineData(false, "call")]
    [InlineData(true, "call")]
    [InlineData(false, "entered")]
    [InlineData(true, "entered")]
    [InlineData(false, "reused")]
    public async Task Nothing_is_lost_when_it_is_expanded_and_every_term_is_of_a_vocabulary(bool receipt, string way)
    {
        var scene = new RecordScene();
        var call = scene.Given(RecordScene.Person);
        var consent = way switch
        {
            "entered" => scene.Case(scene.Entered(
                RecordScene.Person,
                RecordScene.Letter(),
                wrong => new EntryCorrected(wrong, "chief", "both", RecordScene.Letter(EntryStatus.Given, "quality", "training")))),
            "reused" => scene.Case(scene.Reused(call), call),
            _ => scene.Case(call),
        };
        using var read = await ExpandAsync((receipt ? Iso27560.Receipt(consent) : Iso27560.Record(consent)).Document!.ToJsonString());

        string[] types = Texts(read, "types");
        Assert.All(Texts(read, "properties").Concat(types), term => Assert.Contains(Vocabularies, vocabulary => term.StartsWith(vocabulary, StringComparison.Ordinal)));
        Assert.Contains(receipt ? "https://w3id.org/dpv#ConsentReceipt" : "https://w3id.org/dpv#ConsentRecord", types);
        Assert.Contains("https://w3id.org/dpv#ConsentGiven", types);
        Assert.Contains("https://w3id.org/dpv/legal/eu/gdpr#A6-1-a", Texts(read, "ids"));
        Assert.Contains("https://w3id.org/dpv/loc#PL", Texts(read, "ids"));
        Assert.True(read.RootElement.GetProperty("quads").GetInt32() > 80);
    }

    private static string[] Texts(JsonDocument read, string name) => [.. read.RootElement.GetProperty(name).EnumerateArray().Select(term => term.GetString()!)];

    private static async Task<JsonDocument> ExpandAsync(string document)
    {
        // Debian's interpreter, whose packages these are, whatever else is first on the path.
        var start = new ProcessStartInfo("/usr/bin/python3", [Path.Combine(Installation.Repository, "tests", "records", "expand.py")])
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        await process.StandardInput.WriteAsync(document);
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var error = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.SkipWhen(error.Contains("No module named 'pyld'", StringComparison.Ordinal) && !LabEnvironment.Required, "No PyLD: apt-get install python3-pyld");
        Assert.True(process.ExitCode == 0, error);
        return JsonDocument.Parse(await output);
    }
}
