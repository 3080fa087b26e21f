using IvrConsent.Core.Access;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Subjects;
using IvrConsent.Host.Consents;
using Microsoft.AspNetCore.Http.Features;

namespace IvrConsent.Host.Api;

/// <summary>Whether a number may be called.</summary>
internal sealed record CheckInput
{
    /// <summary>The number that is to be called.</summary>
    public string? Number { get; init; }

    /// <summary>What for, by id.</summary>
    public string? Purpose { get; init; }

    /// <summary>On behalf of which line; left out: whichever.</summary>
    public string? Line { get; init; }
}

/// <summary>The answer.</summary>
/// <param name="Allowed">Whether the call may be placed.</param>
/// <param name="Reason">Why, as a stable word.</param>
/// <param name="BasisEvent">The event that decides.</param>
/// <param name="ExpiresAt">Until when the consent holds, or held.</param>
internal sealed record CheckAnswer(bool Allowed, string Reason, Guid? BasisEvent, DateTimeOffset? ExpiresAt);

/// <summary>
/// <c>POST /api/v1/outbound/check</c>. Besides JSON it takes a form, and answers <c>yes REASON</c> or <c>no REASON</c> where text/plain is asked for: a
/// dialplan has CURL() and no JSON to speak of.
/// </summary>
internal static class OutboundEndpoint
{
    public static void MapOutbound(this IEndpointRouteBuilder routes) => routes.MapPost("/outbound/check", CheckAsync)
        .WithMetadata(new RequiredScope(ApiScopes.OutboundCheck), new KeyInForm()).WithSummary("Whether a number may be called for a purpose; the answer is on record.")
        .Accepts<CheckInput>("application/json", "application/x-www-form-urlencoded").Produces<CheckAnswer>().ProducesProblem(400).ProducesProblem(503);

    private static async Task<IResult> CheckAsync(HttpContext context, ConsentDesk desk, ICallSettingsSource settings, PurposeBook purposes)
    {
        var (input, problem) = await ReadAsync(context);
        if (input is null)
        {
            return problem!.Result();
        }

        var problems = new List<FieldProblem>();
        if (PhoneNumber.Normalise(input.Number) is null)
        {
            problems.Add(new("number", "a telephone number is expected"));
        }

        if (!EntryInput.IsPurpose(input.Purpose))
        {
            problems.Add(new("purpose", "a purpose's id is expected: 1 to 64 small letters, digits and hyphens"));
        }
        else if (purposes.WhyUnknown(input.Purpose!) is { } unknown)
        {
            problems.Add(new("purpose", unknown));
        }

        var line = EntryInput.Filled(input.Line);
        if (line is not null && settings.Current.FindLine(line, line) is null)
        {
            problems.Add(new("line", "the settings have no line of this name"));
        }

        if (problems.Count > 0)
        {
            return ApiProblem.Invalid(problems).Result();
        }

        var actor = context.Features.GetRequiredFeature<ApiCaller>().Name;
        var answer = await desk.CheckOutboundAsync(input.Number!, input.Purpose!, purposes.BasisOf(input.Purpose!, line), line, actor, context.RequestAborted);
        context.Response.Headers.CacheControl = "no-store";
        return WantsText(context.Request)
            ? Results.Text($"{(answer.Allowed ? "yes" : "no")} {answer.Reason}")
            : Results.Json(new CheckAnswer(answer.Allowed, answer.Reason, answer.BasisEvent, answer.ExpiresAt), ApiJson.Default.CheckAnswer);
    }

    private static async Task<(CheckInput? Input, ApiProblem? Problem)> ReadAsync(HttpContext context)
    {
        if (context.Request.ContentType?.StartsWith("application/x-www-form-urlencoded", StringComparison.OrdinalIgnoreCase) != true)
        {
            return await ApiBody.ReadAsync(context, ApiJson.Default.CheckInput);
        }

        try
        {
            var form = await context.Request.ReadFormAsync(context.RequestAborted);
            return form.Keys.All(key => key is "number" or "purpose" or "line" or KeyInForm.Field)
                ? (new CheckInput { Number = form["number"], Purpose = form["purpose"], Line = form["line"] }, null)
                : (null, ApiProblem.Invalid("The form's fields are number, purpose and line."));
        }
        catch (InvalidDataException)
        {
            return (null, ApiProblem.Invalid("The form cannot be read: number=…&purpose=…&line=… is expected."));
        }
    }

    private static bool WantsText(HttpRequest request) => request.Headers.Accept.ToString().StartsWith("text/plain", StringComparison.OrdinalIgnoreCase);
}
