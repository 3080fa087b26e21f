using IvrConsent.Core.Access;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Ledger;
using IvrConsent.Host.Consents;
using Microsoft.AspNetCore.Http.Features;

namespace IvrConsent.Host.Api;

/// <summary>Where an entry stands.</summary>
/// <param name="EventId">The event.</param>
/// <param name="CallId">The call or record that it belongs to.</param>
internal sealed record EntryAnswer(Guid EventId, string CallId);

/// <summary>What an event should have said.</summary>
internal sealed record CorrectionInput
{
    /// <summary>Why it is wrong: 1 to 200 characters, no personal data.</summary>
    public string? Reason { get; init; }

    /// <summary>What it should say, without a number: the person stays the same. Left out: the thing did not happen.</summary>
    public EntryInput? Instead { get; init; }
}

/// <summary>Whose consent is asked for. In a body and not in the address: addresses end up in logs.</summary>
internal sealed record LookUpInput
{
    /// <summary>The person's telephone number.</summary>
    public string? Number { get; init; }

    /// <summary>Why it is asked for, for the ledger: 1 to 200 characters, no personal data.</summary>
    public string? Reason { get; init; }
}

/// <summary>How a person stands to one purpose.</summary>
internal sealed record GrantAnswer(
    string Purpose, StandingStatus Status, bool Holds, DateTimeOffset Since, DateTimeOffset? Until, Guid EventId, string CallId, string? Notice, string? NoticeVersion, string? Language, string? Line, string? Controller);

/// <summary>An opt-out.</summary>
internal sealed record OptOutAnswer(string Purpose, DateTimeOffset Since, Guid EventId);

/// <summary>How a person stands.</summary>
/// <param name="Known">Whether the ledger has anything of the person.</param>
/// <param name="Purposes">What was said last, by purpose.</param>
/// <param name="OptOuts">The opt-outs in force.</param>
internal sealed record StandingAnswer(bool Known, IReadOnlyList<GrantAnswer> Purposes, IReadOnlyList<OptOutAnswer> OptOuts)
{
    public static StandingAnswer Of(StandingConsent? standing, DateTimeOffset now) => standing is null
        ? new StandingAnswer(false, [], [])
        : new StandingAnswer(
            true,
            [.. standing.Grants.Values.OrderBy(grant => grant.Purpose, StringComparer.Ordinal).Select(grant => new GrantAnswer(
                grant.Purpose, grant.Status, grant.Holds(now), grant.Since, grant.Until, grant.Event, grant.Call.ToString(), grant.Notice, grant.NoticeVersion, grant.Language, grant.Line, grant.Controller))],
            [.. standing.OptOuts.Select(optOut => new OptOutAnswer(optOut.Purpose, optOut.Since, optOut.Event))]);
}

/// <summary>Consents that staff enter, corrections, and how a person stands.</summary>
internal static class ConsentEndpoints
{
    public static void MapConsents(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/consents", EnterAsync)
            .WithMetadata(new RequiredScope(ApiScopes.ConsentsWrite)).WithSummary("Enter what a person wrote or said, with a reference to the proof.")
            .Accepts<EntryInput>("application/json").Produces<EntryAnswer>(201).ProducesProblem(400).ProducesProblem(503);
        routes.MapPost("/consents/lookup", LookUpAsync)
            .WithMetadata(new RequiredScope(ApiScopes.ConsentsRead)).WithSummary("How a person stands to each purpose. The search is put on record before it is answered.")
            .Accepts<LookUpInput>("application/json").Produces<StandingAnswer>().ProducesProblem(400).ProducesProblem(503);
        routes.MapPost("/events/{id}/corrections", CorrectAsync)
            .WithMetadata(new RequiredScope(ApiScopes.ConsentsWrite)).WithSummary("Put beside an event what it should have said; the event stays.")
            .Accepts<CorrectionInput>("application/json").Produces<EntryAnswer>(201).ProducesProblem(400).ProducesProblem(404).ProducesProblem(409).ProducesProblem(503);
    }

    private static async Task<IResult> EnterAsync(HttpContext context, ConsentDesk desk, ICallSettingsSource settings, PurposeBook purposes, TimeProvider time)
    {
        var (input, problem) = await ApiBody.ReadAsync(context, ApiJson.Default.EntryInput);
        if (input is null)
        {
            return problem!.Result();
        }

        var entry = input.Check(Actor(context), null, time.GetUtcNow(), name => settings.Current.FindLine(name, name) is not null, out var problems, purposes: purposes);
        if (entry is null)
        {
            return ApiProblem.Invalid(problems).Result();
        }

        // The line's own name: what came may have been one of its numbers.
        var line = EntryInput.Filled(input.Line) is { } named ? settings.Current.FindLine(named, named)!.Name : null;
        return Answer(await desk.EnterAsync(input.Number!, line, entry with { Terms = line is null ? null : settings.Current.TermsOf(line) }, context.RequestAborted));
    }

    private static async Task<IResult> LookUpAsync(HttpContext context, ConsentDesk desk, TimeProvider time)
    {
        var (input, problem) = await ApiBody.ReadAsync(context, ApiJson.Default.LookUpInput);
        if (input is null)
        {
            return problem!.Result();
        }

        var problems = new List<FieldProblem>();
        EntryInput.Text(input.Reason, "reason", 200, required: true, problems);
        if (Core.Subjects.PhoneNumber.Normalise(input.Number) is not { } number)
        {
            problems.Insert(0, new("number", "a telephone number is expected"));
            return ApiProblem.Invalid(problems).Result();
        }

        return problems.Count > 0
            ? ApiProblem.Invalid(problems).Result()
            : Results.Json(StandingAnswer.Of(await desk.LookUpAsync(number, Actor(context), input.Reason!.Trim(), context.RequestAborted), time.GetUtcNow()), ApiJson.Default.StandingAnswer);
    }

    private static async Task<IResult> CorrectAsync(HttpContext context, string id, ConsentDesk desk, PurposeBook purposes, TimeProvider time)
    {
        var (input, problem) = await ApiBody.ReadAsync(context, ApiJson.Default.CorrectionInput);
        if (input is null)
        {
            return problem!.Result();
        }

        var problems = new List<FieldProblem>();
        EntryInput.Text(input.Reason, "reason", 200, required: true, problems);
        ConsentEntered? instead = null;
        if (input.Instead is { } wanted)
        {
            instead = wanted.Check(Actor(context), null, time.GetUtcNow(), _ => true, out var inside, needsNumber: false, purposes);
            problems.AddRange(inside.Select(one => one with { Field = $"instead.{one.Field}" }));
            if (wanted.Number is not null || wanted.Line is not null)
            {
                problems.Add(new("instead", "number and line stay those of the event; where they are wrong, correct it without instead and enter it anew"));
            }
        }

        if (problems.Count > 0)
        {
            return ApiProblem.Invalid(problems).Result();
        }

        return Guid.TryParse(id, out var wrong)
            ? Answer(await desk.CorrectAsync(wrong, Actor(context), input.Reason!.Trim(), instead, context.RequestAborted))
            : Answer(new EntryResult(EntryOutcome.NoSuchEvent));
    }

    private static string Actor(HttpContext context) => context.Features.GetRequiredFeature<ApiCaller>().Name;

    private static IResult Answer(EntryResult result) => result.Outcome switch
    {
        EntryOutcome.Entered or EntryOutcome.AlreadyThere => Results.Json(new EntryAnswer(result.Event!.Value, result.Call!.Value.ToString()), ApiJson.Default.EntryAnswer, statusCode: StatusCodes.Status201Created),
        EntryOutcome.NoNumber => ApiProblem.Invalid([new("number", "a telephone number is expected")]).Result(),
        EntryOutcome.NoSuchEvent => ApiProblem.NotFound("The ledger has no such event.").Result(),
        EntryOutcome.NotCorrectable => ApiProblem.Conflict("The event says nothing of a person's consent. What can be corrected: ConsentGiven, ConsentRefused, ConsentWithdrawn, CallerObjected, ConsentEntered; correct an entry again rather than its correction.").Result(),
        _ => ApiProblem.Unavailable("Neither the database nor the local file took the entry. It was not entered.").Result(),
    };
}
