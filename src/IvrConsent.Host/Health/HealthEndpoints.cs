using System.Text.Json;
using System.Text.Json.Serialization;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Ledger;
using IvrConsent.Host.Settings;

namespace IvrConsent.Host.Health;

/// <summary>One thing that readiness depends on, or only tells of.</summary>
/// <param name="Name">What.</param>
/// <param name="Ok">Whether it is as it should be.</param>
/// <param name="Detail">For a person: what is wrong and what to do.</param>
internal sealed record HealthPart(string Name, bool Ok, string Detail);

/// <summary>The whole answer.</summary>
/// <param name="Ready">Calls are taken and consents can be recorded.</param>
/// <param name="Worker">Name of the worker.</param>
/// <param name="InDialogue">Calls in the dialogue now.</param>
/// <param name="InHand">Calls followed now, those in the dialogue included.</param>
/// <param name="Parts">The reasons.</param>
internal sealed record HealthAnswer(bool Ready, string Worker, int InDialogue, int InHand, IReadOnlyList<HealthPart> Parts);

/// <summary>JSON of the answer.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(HealthAnswer))]
internal sealed partial class HealthJson : JsonSerializerContext;

/// <summary>
/// <c>/livez</c>: the process answers; restart it when it does not. <c>/readyz</c>: 200 when calls are taken and consents can be
/// put on record, else 503 with the reason; a worker that is not ready needs a look, not a restart.
/// </summary>
internal static class HealthEndpoints
{
    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/livez", (HttpContext context) => context.Response.WriteAsync("alive\n"));
        routes.MapGet("/readyz", async (HttpContext context, IEnumerable<IPbx> pbxes, ILedger ledger, CallHandler handler, SettingsStore settings) =>
        {
            var answer = Describe(pbxes, ledger, handler, settings);
            context.Response.StatusCode = answer.Ready ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
            context.Response.ContentType = "application/json";
            context.Response.Headers.CacheControl = "no-store";
            await JsonSerializer.SerializeAsync(context.Response.Body, answer, HealthJson.Default.HealthAnswer, context.RequestAborted);
        });
    }

    private static HealthAnswer Describe(IEnumerable<IPbx> pbxes, ILedger ledger, CallHandler handler, SettingsStore settings)
    {
        var parts = new List<HealthPart>
        {
            new("calls", handler.Accepting, handler.Accepting ? "taken" : "shutting down: no new calls are taken"),
            new("ledger", ledger.Health.Available, ledger.Health.Waiting == 0
                ? ledger.Health.Detail
                : $"{ledger.Health.Detail} ({ledger.Health.Waiting} entries wait in the local file)"),
        };
        parts.AddRange(pbxes.Select(pbx => new HealthPart($"pbx {pbx.Name}", pbx.Health.Attached, $"{pbx.Health.Detail} (since {pbx.Health.Since:u})")));
        var ready = parts.TrueForAll(part => part.Ok);

        // A refused change leaves good settings in force: worth telling, no reason to take the worker out of service.
        var reload = settings.LastReload;
        parts.Add(new HealthPart("settings", reload.Problems.Count == 0, reload.Problems.Count == 0
            ? $"in force since {reload.At:u}"
            : $"the change seen at {reload.At:u} was refused, the settings before it stay in force: {reload.Problems[0]}"));
        return new HealthAnswer(ready, settings.Current.Worker, handler.InDialogue, handler.InHand, parts);
    }
}
