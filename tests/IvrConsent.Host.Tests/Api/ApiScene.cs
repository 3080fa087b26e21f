using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using IvrConsent.Core.Access;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Notices;
using IvrConsent.Core.Subjects;
using IvrConsent.Host.Api;
using IvrConsent.Host.Consents;
using IvrConsent.Host.Settings;
using IvrConsent.TestKit.Fakes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace IvrConsent.Host.Tests.Api;

/// <summary>An answer of the API.</summary>
internal sealed record ApiAnswer(HttpStatusCode Status, string MediaType, string Text, HttpResponseHeaders Headers)
{
    public JsonNode Json => JsonNode.Parse(Text)!;

    /// <summary>Asserts that it is a problem (RFC 9457) of that status, and gives it.</summary>
    public JsonNode Problem(HttpStatusCode status)
    {
        Assert.Equal((status, "application/problem+json"), (Status, MediaType));
        Assert.Equal((int)status, Json["status"]!.GetValue<int>());
        Assert.StartsWith("urn:ivrconsent:problem:", Json["type"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.NotEmpty(Json["title"]!.GetValue<string>());
        Assert.NotEmpty(Json["detail"]!.GetValue<string>());
        return Json;
    }

    /// <summary>The fields that a problem names.</summary>
    public IEnumerable<string> Fields() => Problem(HttpStatusCode.BadRequest)["errors"]!.AsArray().Select(one => one!["field"]!.GetValue<string>());
}

/// <summary>Orders as they came in, answered as a test says.</summary>
internal sealed class FakeControl : ICallControl
{
    public List<string> Orders { get; } = [];

    public ControlResult Answer { get; set; } = new(ControlOutcome.Done, "done");

    public Task<ControlResult> PauseAsync(CallId call, string actor, string reason, CancellationToken cancel) => Take("pause", call, actor, reason);

    public Task<ControlResult> ResumeAsync(CallId call, string actor, string reason, CancellationToken cancel) => Take("resume", call, actor, reason);

    public Task<ControlResult> StartAsync(CallId call, string actor, string reason, CancellationToken cancel) => Take("start", call, actor, reason);

    public Task<ControlResult> StopAsync(CallId call, string actor, string reason, CancellationToken cancel) => Take("stop", call, actor, reason);

    public Task<ControlResult> WithdrawAsync(CallId call, string actor, string reason, CancellationToken cancel) => Take("withdraw", call, actor, reason);

    public Task<ControlResult> ReclassifyAsync(CallId call, IReadOnlyList<string> purposes, string actor, string reason, CancellationToken cancel) =>
        Take($"reclassify {string.Join('+', purposes)}", call, actor, reason);

    private Task<ControlResult> Take(string order, CallId call, string actor, string reason)
    {
        Orders.Add($"{order} {call} by {actor}: {reason}");
        return Task.FromResult(Answer);
    }
}

/// <summary>Keeps what is logged, as text.</summary>
internal sealed class LogText : ILoggerProvider, ILogger
{
    private readonly Lock _gate = new();
    private readonly StringBuilder _text = new();

    public string Text
    {
        get
        {
            lock (_gate)
            {
                return _text.ToString();
            }
        }
    }

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        lock (_gate)
        {
            _text.AppendLine(formatter(state, exception)).AppendLine(exception?.ToString());
        }
    }

    public void Dispose()
    {
    }
}

/// <summary>The API in this process, on a ledger in memory.</summary>
internal sealed class ApiScene : IAsyncDisposable
{
    public const string Number = "+48221234501";

    private readonly WebApplication _app;
    private readonly HttpClient _client;

    private ApiScene(WebApplication app, FakeControl control, FakeLedger ledger, FakeApiKeys keys, LogText log)
    {
        _app = app;
        _client = app.Urls.FirstOrDefault() is { } url ? new HttpClient { BaseAddress = new Uri(url) } : app.GetTestClient();
        (Control, Ledger, Keys, Log) = (control, ledger, keys, log);
    }

    public FakeControl Control { get; }

    public FakeLedger Ledger { get; }

    public FakeApiKeys Keys { get; }

    public LogText Log { get; }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Where it listens, when it is on the network.</summary>
    public Uri? Address => _app.Urls.FirstOrDefault() is { } url ? new Uri(url) : null;

    /// <summary>Stops serving.</summary>
    public Task StopAsync() => _app.StopAsync(Cancel);

    public static async Task<ApiScene> StartAsync(Action<IServiceCollection>? change = null, bool onNetwork = false, string[]? described = null)
    {
        var (control, ledger, keys, log) = (new FakeControl(), new FakeLedger(TimeProvider.System) { Fault = _ => (AppendResult.Committed, TimeSpan.Zero) }, new FakeApiKeys(), new LogText());
        var settings = new FakeSettings();
        settings.Line = settings.Line with
        {
            Purposes =
            [
                new PurposeOptions { Id = "offers", Retention = TimeSpan.FromDays(30) },
                new PurposeOptions { Id = "service", Basis = LawfulBasis.Contract, Retention = TimeSpan.FromDays(30) },
            ],
        };
        var worker = new ServiceCollection()
            .AddLogging(logging => logging.SetMinimumLevel(LogLevel.Trace).AddProvider(log))
            .AddSingleton(TimeProvider.System)
            .AddSingleton<ILedger>(ledger)
            .AddSingleton<ILedgerReader>(new FakeLedgerReader(ledger))
            .AddSingleton<IApiKeys>(keys)
            .AddSingleton<ISubjects>(new FakeSubjects())
            .AddSingleton<ICallSettingsSource>(settings)
            .AddSingleton<ICallControl>(control)
            .AddApi(ApiSettings.Off)
            .AddSingleton(new PurposeBook(() => [settings.Line], () => described ?? []));
        change?.Invoke(worker);
        var app = ApiServer.Build(worker.BuildServiceProvider(), ApiSettings.Off, web =>
        {
            if (onNetwork)
            {
                web.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
            }
            else
            {
                web.UseTestServer();
            }
        });
        await app.StartAsync(Cancel);
        return new ApiScene(app, control, ledger, keys, log);
    }

    public static DateTimeOffset Tomorrow => TimeProvider.System.GetUtcNow().AddDays(1);

    /// <summary>A key with all scopes, or with some.</summary>
    public string Key(params string[] scopes) => Keys.Add($"key-{Guid.NewGuid():N}"[..12], Tomorrow, scopes.Length == 0 ? [.. ApiScopes.All] : scopes);

    public Task<ApiAnswer> GetAsync(string path, string? key) => SendAsync(HttpMethod.Get, path, key, null);

    public Task<ApiAnswer> PostAsync(string path, string? key, object body) => SendAsync(HttpMethod.Post, path, key, Json(JsonSerializer.Serialize(body)));

    public static StringContent Json(string text) => new(text, Encoding.UTF8, "application/json");

    public async Task<ApiAnswer> SendAsync(HttpMethod method, string path, string? key, HttpContent? content, string? accept = null, string? authorization = null, string? signature = null)
    {
        using var request = new HttpRequestMessage(method, $"/api/v1/{path}") { Content = content };
        if (key is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {key}");
        }

        if (signature is not null)
        {
            request.Headers.TryAddWithoutValidation("X-Signature", signature);
        }

        if (authorization is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", authorization);
        }

        if (accept is not null)
        {
            request.Headers.TryAddWithoutValidation("Accept", accept);
        }

        using var response = await _client.SendAsync(request, Cancel);
        return new ApiAnswer(response.StatusCode, response.Content.Headers.ContentType?.MediaType ?? "", await response.Content.ReadAsStringAsync(Cancel), response.Headers);
    }

    /// <summary>A consent as staff enter it.</summary>
    public static Dictionary<string, object?> Entry(string status = "given", string purpose = "offers") => new()
    {
        ["number"] = Number, ["status"] = status, ["purposes"] = new[] { purpose }, ["source"] = "staff-written", ["reference"] = "DOC-17", ["given_at"] = "2026-03-01T12:00:00Z",
    };

    /// <summary>Puts a call into the ledger.</summary>
    public async Task<CallId> AddCallAsync(string worker, bool over)
    {
        var at = new DateTimeOffset(2026, 3, 1, 10, 0, 0, TimeSpan.Zero);
        var id = CallId.FromChannel("lab", Guid.NewGuid().ToString(), at);
        CallEvent[] events = [new CallArrived("lab", "17.1", "demo", worker), .. over ? new CallEvent[] { new CallEnded(ConsentStatus.Refused, Termination.Completed, false, 1, 16, null) } : []];
        await Ledger.AppendAsync(new LedgerBatch(new CallRow(id, "lab", "17.1", "demo", "100", Number, at), [.. events.Select((fact, index) => new LedgerEntry(Guid.CreateVersion7(at), id, index + 1, at, fact))]));
        return id;
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _app.DisposeAsync();
    }
}
