using System.Text.Json.Nodes;
using IvrConsent.Core.Access;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Diagnostics;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Recordings;
using IvrConsent.Core.Rights;
using IvrConsent.Host.Cli;
using IvrConsent.Host.Consents;
using Microsoft.AspNetCore.Http.Features;

namespace IvrConsent.Host.Api;

/// <summary>An order to a running call.</summary>
internal sealed record OrderInput
{
    /// <summary>Why, for the ledger: 1 to 256 characters, no personal data.</summary>
    public string? Reason { get; init; }

    /// <summary>For reclassify: all purposes from now on, by id.</summary>
    public IReadOnlyList<string>? Purposes { get; init; }
}

/// <summary>What was done.</summary>
/// <param name="CallId">The call.</param>
/// <param name="Detail">What was done, for a person.</param>
internal sealed record OrderAnswer(string CallId, string Detail);

/// <summary>One call.</summary>
/// <param name="CallId">The call.</param>
/// <param name="Pbx">The PBX.</param>
/// <param name="Line">The line; null when unknown.</param>
/// <param name="CallerNumber">The number, masked.</param>
/// <param name="ArrivedAt">When it arrived (UTC).</param>
/// <param name="Over">Whether it has its end.</param>
/// <param name="Worker">The worker that took it last.</param>
/// <param name="Events">All its events, in order, as the ledger has them.</param>
internal sealed record CallAnswer(string CallId, string Pbx, string? Line, string CallerNumber, DateTimeOffset ArrivedAt, bool Over, string? Worker, IReadOnlyList<JsonObject> Events);

/// <summary><c>/api/v1/calls</c>: look at a call, and reach into it while it runs.</summary>
internal static class CallEndpoints
{
    public static void MapCalls(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/calls/{id}", ShowAsync)
            .WithMetadata(new RequiredScope(ApiScopes.CallsRead)).WithSummary("One call with its events; the number is masked.").Produces<CallAnswer>().ProducesProblem(404);
        if (routes.ServiceProvider.GetService<ICallControl>() is not null)
        {
            routes.MapPost("/calls/{id}/{order:regex(^(pause|resume|start|stop|withdraw|reclassify)$)}", OrderAsync)
                .WithMetadata(new RequiredScope(ApiScopes.CallsControl)).WithSummary("An order to a running call; answers when the PBX has confirmed it. withdraw and reclassify also reach a call that is over.")
                .Accepts<OrderInput>("application/json").Produces<OrderAnswer>().ProducesProblem(404).ProducesProblem(409).ProducesProblem(502);
        }
    }

    private static async Task<IResult> ShowAsync(HttpContext context, string id, ILedger ledger)
    {
        if (!CallId.TryParse(id, out var call) || await ledger.FindCallAsync(call, context.RequestAborted) is not { } found)
        {
            return NoSuchCall().Result();
        }

        return Results.Json(
            new CallAnswer(
                found.Call.Id.ToString(),
                found.Call.Pbx,
                found.Call.Line,
                PhoneNumberMask.Mask(found.Call.CallerNumber),
                found.Call.ArrivedAt,
                IsOver(found),
                WorkerOf(found),
                [.. found.Entries.Select(ToJson)]),
            ApiJson.Default.CallAnswer);
    }

    private static async Task<IResult> OrderAsync(HttpContext context, string id, string order, ICallControl control, ILedger ledger)
    {
        var (input, problem) = await ApiBody.ReadAsync(context, ApiJson.Default.OrderInput);
        if (input is null)
        {
            return problem!.Result();
        }

        var problems = new List<FieldProblem>();
        EntryInput.Text(input.Reason, "reason", 256, required: true, problems);
        if (order == "reclassify" ? input.Purposes is not { Count: > 0 and <= 32 } || !input.Purposes.All(EntryInput.IsPurpose) : input.Purposes is not null)
        {
            problems.Add(new("purposes", "1 to 32 ids of purposes are expected with reclassify, and none elsewhere"));
        }

        if (problems.Count > 0)
        {
            return ApiProblem.Invalid(problems).Result();
        }

        if (!CallId.TryParse(id, out var call))
        {
            return NoSuchCall().Result();
        }

        var (actor, reason, cancel) = (context.Features.GetRequiredFeature<ApiCaller>().Name, input.Reason!.Trim(), context.RequestAborted);
        var result = await (order switch
        {
            "pause" => control.PauseAsync(call, actor, reason, cancel),
            "resume" => control.ResumeAsync(call, actor, reason, cancel),
            "start" => control.StartAsync(call, actor, reason, cancel),
            "stop" => control.StopAsync(call, actor, reason, cancel),
            "withdraw" => control.WithdrawAsync(call, actor, reason, cancel),
            _ => control.ReclassifyAsync(call, input.Purposes!, actor, reason, cancel),
        });
        return result.Outcome switch
        {
            ControlOutcome.Done => Results.Json(new OrderAnswer(call.ToString(), result.Detail), ApiJson.Default.OrderAnswer),
            ControlOutcome.NotAllowed => ApiProblem.Conflict(result.Detail).Result(),
            ControlOutcome.Failed => ApiProblem.BadGateway(result.Detail).Result(),
            _ when order == "withdraw" => await WithdrawAfterwardsAsync(context.RequestServices, call, actor, reason, cancel),
            _ when order == "reclassify" && context.RequestServices.GetService<ReclassifyDesk>() is { } desk && await ledger.FindCallAsync(call, cancel) is { Call.Kind: not CallKind.Record } found && IsOver(found) =>
                await ReclassifyAsync(desk, call, input.Purposes!, actor, reason, cancel),
            _ => (await WhereIsItAsync(call, ledger, cancel)).Result(),
        };
    }

    /// <summary>The call is over: the withdrawal is put on record, and the worker erases what rests on it within a minute or two.</summary>
    private static async Task<IResult> WithdrawAfterwardsAsync(IServiceProvider services, CallId call, string actor, string reason, CancellationToken cancel)
    {
        var ledger = services.GetRequiredService<ILedger>();
        if (services.GetService<ConsentDesk>() is not { } desk || await ledger.FindCallAsync(call, cancel) is not { Call.Kind: not CallKind.Record } found || !IsOver(found))
        {
            return (await WhereIsItAsync(call, ledger, cancel)).Result();
        }

        var settings = services.GetRequiredService<ICallSettingsSource>().Current;
        var rules = (found.Call.Line is { } line ? settings.FindLine(line, line) : null)?.InCall ?? new InCallOptions();
        var result = await desk.WithdrawAsync(call, rules.Scope, rules.OnWithdraw, actor, reason, cancel);
        return result.Outcome switch
        {
            EntryOutcome.Entered => Results.Json(
                new OrderAnswer(call.ToString(), rules.OnWithdraw == WithdrawalAction.Erase ? "withdrawn; what was recorded is erased by the next sweep, where no other ground keeps it" : "withdrawn; what was recorded is kept, as the line says"),
                ApiJson.Default.OrderAnswer),
            EntryOutcome.NothingToWithdraw => ApiProblem.Conflict("The call is over, and there is no consent to withdraw.").Result(),
            _ => ApiProblem.Unavailable("Neither the database nor the local file took the withdrawal. It was not entered.").Result(),
        };
    }

    /// <summary>A call that is over: any worker may, and its recordings' dates follow at once.</summary>
    private static async Task<IResult> ReclassifyAsync(ReclassifyDesk desk, CallId call, IReadOnlyList<string> purposes, string actor, string reason, CancellationToken cancel)
    {
        try
        {
            var plan = await desk.PlanAsync(call, purposes, cancel);
            var outcome = await desk.CarryOutAsync(plan, actor, reason, cancel);
            return outcome.OnTheirWay.Count == 0
                ? Results.Json(new OrderAnswer(call.ToString(), $"recorded for {string.Join(", ", plan.Purposes)}; {outcome.Changed} recordings have their new dates"), ApiJson.Default.OrderAnswer)
                : ApiProblem.Conflict($"{outcome.OnTheirWay.Count} recordings of the call were just being taken in and may have the old dates: send this again in a minute.").Result();
        }
        catch (RightsRefusedException refused)
        {
            return ApiProblem.Conflict(refused.Message).Result();
        }
        catch (RightsUntoldException untold)
        {
            return ApiProblem.Unavailable(untold.Message).Result();
        }
    }

    /// <summary>Why this worker does not have the call: there is none, it is over, or another has it.</summary>
    private static async Task<ApiProblem> WhereIsItAsync(CallId call, ILedger ledger, CancellationToken cancel) => await ledger.FindCallAsync(call, cancel) switch
    {
        null or { Call.Kind: CallKind.Record } => NoSuchCall(),
        var found when IsOver(found) => ApiProblem.Conflict("The call is over."),
        var found => ApiProblem.Conflict($"This worker does not have the call in hand. Worker {WorkerOf(found)} took it last: ask that one.", WorkerOf(found)),
    };

    private static ApiProblem NoSuchCall() => ApiProblem.NotFound("The ledger has no such call. Its id is 32 hexadecimal digits, as CONSENT_CALL_ID has them.");

    private static bool IsOver(OpenCall call) => call.Entries.Any(entry => entry.Event is CallEnded);

    private static string? WorkerOf(OpenCall call) => call.Entries.Select(entry => (entry.Event as CallResumed)?.Worker ?? (entry.Event as CallArrived)?.Worker).LastOrDefault(worker => worker is not null);

    private static JsonObject ToJson(LedgerEntry entry) => new()
    {
        ["event_id"] = entry.EventId.ToString(),
        ["sequence"] = entry.CallSequence,
        ["at"] = LedgerExport.Time(entry.At),
        ["event"] = JsonNode.Parse(LedgerJson.Write(entry.Event)),
    };
}
