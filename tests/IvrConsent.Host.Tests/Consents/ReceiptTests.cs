using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Records;
using IvrConsent.Core.Webhooks;
using IvrConsent.Host.Api;
using IvrConsent.Host.Consents;
using IvrConsent.Host.Settings;
using IvrConsent.Host.Tests.Settings;
using IvrConsent.Storage;
using IvrConsent.Storage.Database;
using IvrConsent.Storage.Keys;
using IvrConsent.TestKit.Fakes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Xunit;

namespace IvrConsent.Host.Tests.Consents;

/// <summary>The receipt by text message: a real ledger, a real HTTP server that plays the gateway, and between them the worker that follows the one for the other.</summary>
public sealed class ReceiptTests : IAsyncLifetime
{
    private const string Number = "+48221234501";

    private readonly TemporaryFolder _folder = new();
    private readonly FakeSettings _settings = new();
    private readonly ConcurrentQueue<JsonNode> _sent = new();
    private WebApplication _gateway = null!;
    private ServiceProvider _services = null!;
    private int _status = 200;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        _gateway = builder.Build();
        _gateway.Run(async context =>
        {
            using var reader = new StreamReader(context.Request.Body);
            _sent.Enqueue(JsonNode.Parse(await reader.ReadToEndAsync())!);
            context.Response.StatusCode = _status;
        });
        await _gateway.StartAsync(Cancel);

        var keys = Path.Combine(_folder.Path, "keys");
        new KeyFolder(keys).MakeMissing();
        var sms = new SmsSettings(new Uri(_gateway.Urls.Single()), null, "application/json", """{"to":{number},"text":{text},"ref":{id}}""", null);
        _services = new ServiceCollection().AddLogging()
            .AddStorage(new LedgerOptions { Connection = Path.Combine(_folder.Path, "ledger.db"), SpoolFolder = Path.Combine(_folder.Path, "spool"), KeyFolder = keys, CommitLimit = TimeSpan.FromSeconds(10) })
            .AddSingleton<ICallSettingsSource>(_settings)
            .AddApi(ApiSettings.Off, sms)
            .AddSingleton<ReceiptWorker>()
            .BuildServiceProvider();
        foreach (var service in _services.GetServices<IHostedService>())
        {
            await service.StartAsync(Cancel);
        }

        _settings.Line = _settings.Line with
        {
            ReceiptBySms = true,
            Controller = new PartyOptions { Id = "company", Name = "Example \"Ltd\"", Address = "x", Country = "PL", Contact = "x" },
        };
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var service in _services.GetServices<IHostedService>().Reverse())
        {
            await service.StopAsync(CancellationToken.None);
        }

        await _services.DisposeAsync();
        await _gateway.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Who_consents_gets_the_reference_by_which_the_consent_is_found()
    {
        await using var place = await TakeAsync();
        var consent = await CallAsync(Given());
        await RoundAsync(place);

        var sent = Assert.Single(_sent);
        var receipt = Assert.IsType<ReceiptSent>(Assert.Single(await ReceiptsAsync()));
        Assert.Equal((consent, EntrySource.Sms), (receipt.Event, receipt.Way));
        Assert.Equal((Number, consent.ToString("N")), ((string?)sent["to"], (string?)sent["ref"]));
        Assert.Equal(SmsReceiptSender.Text(receipt.Reference, "Example \"Ltd\"", "en"), (string?)sent["text"]);
        Assert.Contains(ReceiptReference.Grouped(receipt.Reference), (string?)sent["text"], StringComparison.Ordinal);
        Assert.True(ReceiptReference.TryRead(receipt.Reference, out var position));
        Assert.Equal(consent, (await _services.GetRequiredService<IRecordLookup>().FindEventAtAsync(position, Cancel))?.EventId);
    }

    [Fact]
    public async Task It_goes_out_once_also_when_another_worker_takes_over()
    {
        await using (var place = await TakeAsync())
        {
            await CallAsync(Given());
            await RoundAsync(place);
            await RoundAsync(place);
        }

        await using var again = await TakeAsync();
        await RoundAsync(again);
        Assert.Single(_sent);
        Assert.Single(await ReceiptsAsync());
    }

    [Fact]
    public async Task What_the_gateway_does_not_take_is_on_record_and_not_tried_again()
    {
        _status = 503;
        await using var place = await TakeAsync();
        var consent = await CallAsync(Given());
        await RoundAsync(place);
        await RoundAsync(place);

        var receipt = Assert.IsType<ReceiptNotSent>(Assert.Single(await ReceiptsAsync()));
        Assert.Equal((consent, "The gateway answered with status 503."), (receipt.Event, receipt.Reason));
        Assert.Single(_sent);
    }

    [Fact]
    public async Task It_speaks_the_language_of_the_call()
    {
        await using var place = await TakeAsync();
        await CallAsync(new LanguageChosen("pl", '2'), Given());
        await RoundAsync(place);

        Assert.Contains("Potwierdzenie", (string?)Assert.Single(_sent)["text"], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("refused")]
    [InlineData("withheld")]
    [InlineData("a name")]
    [InlineData("days ago")]
    [InlineData("another line")]
    [InlineData("not wanted")]
    public async Task Nobody_else_gets_one(string who)
    {
        await using var place = await TakeAsync();
        if (who == "not wanted")
        {
            _settings.Line = _settings.Line with { ReceiptBySms = false };
        }

        await CallAsync(
            [who == "refused" ? new ConsentRefused('2', Now, 1, 0) : Given()],
            number: who switch { "withheld" => null, "a name" => "anonymous", _ => Number },
            line: who == "another line" ? "sales" : "demo",
            at: who == "days ago" ? Now.AddDays(-2) : Now);
        await RoundAsync(place);

        Assert.Empty(_sent);
        Assert.Empty(await ReceiptsAsync());
    }

    [Theory]
    [InlineData("en", "Receipt")]
    [InlineData("de-AT", "Beleg")]
    [InlineData("pl", "Potwierdzenie")]
    [InlineData("cs", "Potvrzení")]
    [InlineData("it", "Ricevuta")]
    [InlineData("fr", "Receipt")]
    public void The_message_is_in_the_languages_that_there_are(string language, string word)
    {
        var text = SmsReceiptSender.Text("1234567890", "Example Ltd", language);

        Assert.StartsWith("Example Ltd: ", text, StringComparison.Ordinal);
        Assert.Contains($"{word} 123 456 7890", text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_line_cannot_ask_for_it_without_a_gateway()
    {
        var yaml = Samples.With("language: en", "receipt: sms");
        Assert.Equal("lines[demo].receipt", Samples.Problem(yaml).Key);
        Assert.True(Samples.Settings($"{yaml}sms: {{ url: https://sms.example.org/send }}\n").Lines[0].Options.ReceiptBySms);
        Assert.False(Samples.Settings(Samples.Minimal).Lines[0].Options.ReceiptBySms);
    }

    private static ConsentGiven Given() => new('1', Now, 1, 0);

    private async Task<IWebhookSession> TakeAsync() =>
        await _services.GetRequiredService<IWebhookStore>().TryTakeAsync(ReceiptWorker.Place, Cancel) ?? throw new InvalidOperationException("Another has it.");

    private Task<TimeSpan> RoundAsync(IWebhookSession place) => _services.GetRequiredService<ReceiptWorker>().RoundAsync(place, Cancel);

    private Task<Guid> CallAsync(params CallEvent[] facts) => CallAsync(facts, Number, "demo", Now);

    /// <summary>Puts a call into the ledger; answers with its last event.</summary>
    private async Task<Guid> CallAsync(CallEvent[] facts, string? number, string line, DateTimeOffset at)
    {
        var id = CallId.FromChannel("lab", Guid.NewGuid().ToString(), at);
        CallEvent[] all = [new CallArrived("lab", "17.1", line, "tests"), .. facts];
        LedgerEntry[] entries = [.. all.Select((fact, index) => new LedgerEntry(Guid.CreateVersion7(at), id, index + 1, at, fact))];
        Assert.Equal(AppendResult.Committed, await _services.GetRequiredService<ILedger>().AppendAsync(new LedgerBatch(new CallRow(id, "lab", "17.1", line, "100", number, at), entries)));
        return entries[^1].EventId;
    }

    private async Task<IReadOnlyList<CallEvent>> ReceiptsAsync()
    {
        var found = new List<CallEvent>();
        await foreach (var line in _services.GetRequiredService<ILedgerReader>().ReadAsync(new LedgerQuery(), Cancel))
        {
            if (line.Entry.Event is ReceiptSent or ReceiptNotSent)
            {
                Assert.Equal(Number, line.Call.CallerNumber);
                found.Add(line.Entry.Event);
            }
        }

        return found;
    }
}
