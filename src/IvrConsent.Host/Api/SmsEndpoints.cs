using System.Security.Cryptography;
using System.Text;
using IvrConsent.Core.Access;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Subjects;
using IvrConsent.Host.Consents;
using Microsoft.AspNetCore.Http.Features;

namespace IvrConsent.Host.Api;

/// <summary>A question to a person.</summary>
internal sealed record SmsAskInput
{
    /// <summary>The person's telephone number.</summary>
    public string? Number { get; init; }

    /// <summary>To what consent is asked for, by id.</summary>
    public IReadOnlyList<string>? Purposes { get; init; }

    /// <summary>The question's language; yes is expected in it: en, pl, de, cs, it, fr or es.</summary>
    public string? Language { get; init; }

    /// <summary>The question: who asks, what for, how to answer, how to take it back.</summary>
    public string? Text { get; init; }

    /// <summary>Id of the notice whose words they are.</summary>
    public string? Notice { get; init; }

    /// <summary>The notice's version.</summary>
    public string? NoticeVersion { get; init; }

    /// <summary>The line it belongs to.</summary>
    public string? Line { get; init; }
}

/// <summary>A message that came.</summary>
internal sealed record SmsInbound
{
    /// <summary>The gateway's id of it: the same message may come twice.</summary>
    public string? Id { get; init; }

    /// <summary>Who sent it.</summary>
    public string? From { get; init; }

    /// <summary>What it says.</summary>
    public string? Text { get; init; }

    /// <summary>When the gateway got it, the same each time it is handed in.</summary>
    public string? ReceivedAt { get; init; }
}

/// <summary>What became of it.</summary>
/// <param name="Outcome">asked; entered, already-there, unclear, or no-question.</param>
/// <param name="EventId">The event, where there is one.</param>
internal sealed record SmsAnswer(string Outcome, Guid? EventId);

/// <summary><c>/api/v1/sms</c>: asks by a text message, and takes the answer.</summary>
internal static class SmsEndpoints
{
    /// <summary>So long a question can be answered.</summary>
    internal static readonly TimeSpan Answerable = TimeSpan.FromDays(14);

    private const string SignatureHeader = "X-Signature";

    public static void MapSms(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/sms/ask", AskAsync)
            .WithMetadata(new RequiredScope(ApiScopes.Sms)).WithSummary("Have a person asked for consent by a text message.")
            .Accepts<SmsAskInput>("application/json").Produces<SmsAnswer>(202).ProducesProblem(400).ProducesProblem(409).ProducesProblem(502).ProducesProblem(503);
        routes.MapPost("/sms/inbound", TakeAsync)
            .WithMetadata(new OpenAccess()).WithSummary("Hand in a text message that came: with a key of the scope sms, or signed (X-Signature: sha256=HMAC of the body).")
            .Accepts<SmsInbound>("application/json").Produces<SmsAnswer>().ProducesProblem(400).ProducesProblem(401).ProducesProblem(503);
    }

    private static async Task<IResult> AskAsync(HttpContext context, ConsentDesk desk, SmsGateway gateway, ICallSettingsSource settings, PurposeBook purposes, TimeProvider time)
    {
        var (input, problem) = await ApiBody.ReadAsync(context, ApiJson.Default.SmsAskInput);
        if (input is null)
        {
            return problem!.Result();
        }

        if (Check(input, settings, purposes) is { Count: > 0 } problems)
        {
            return ApiProblem.Invalid(problems).Result();
        }

        var standing = await desk.FindAsync(input.Number!, context.RequestAborted);
        if (standing is not null && input.Purposes!.Any(purpose => standing.OptOutFrom(purpose) is not null))
        {
            await desk.SearchAsync(input.Number!, context.Features.GetRequiredFeature<ApiCaller>().Name, "to ask by text message; not asked, as the person has opted out", context.RequestAborted);
            return ApiProblem.Conflict("The person has opted out: not even a question may be sent.").Result();
        }

        var id = Guid.CreateVersion7(time.GetUtcNow()).ToString("N");
        var request = new ConsentRequested(
            [.. input.Purposes!.Distinct()], EntrySource.Sms, context.Features.GetRequiredFeature<ApiCaller>().Name, id, input.Language!.Trim(), Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(input.Text!))))
        {
            Notice = EntryInput.Filled(input.Notice),
            NoticeVersion = EntryInput.Filled(input.NoticeVersion),
        };
        var entered = await desk.RequestAsync(input.Number!, EntryInput.Filled(input.Line), request, context.RequestAborted);
        if (entered.Outcome != EntryOutcome.Entered)
        {
            return ApiProblem.Unavailable("Neither the database nor the local file took the question. It was not sent.").Result();
        }

        // Not on the request's token: a caller who hangs up now must not leave it open whether the message went out.
        return await gateway.SendAsync(id, PhoneNumber.Normalise(input.Number)!, input.Text!, CancellationToken.None) is { } failed
            ? ApiProblem.BadGateway(failed).Result()
            : Results.Json(new SmsAnswer("asked", entered.Event), ApiJson.Default.SmsAnswer, statusCode: StatusCodes.Status202Accepted);
    }

    private static List<FieldProblem> Check(SmsAskInput input, ICallSettingsSource settings, PurposeBook purposes)
    {
        var problems = new List<FieldProblem>();
        if (PhoneNumber.Normalise(input.Number) is null)
        {
            problems.Add(new("number", "a telephone number is expected"));
        }

        if (input.Purposes is not { Count: > 0 and <= 32 } || !input.Purposes.All(EntryInput.IsPurpose))
        {
            problems.Add(new("purposes", "1 to 32 ids of purposes are expected"));
        }
        else
        {
            problems.AddRange(input.Purposes.Select(purposes.WhyUnknown).OfType<string>().Distinct().Select(why => new FieldProblem("purposes", why)));
        }

        if (!SmsReplyPolicy.Languages.Contains(EntryInput.Filled(input.Language)?.Split('-')[0].ToLowerInvariant() ?? ""))
        {
            problems.Add(new("language", $"one of {string.Join(", ", SmsReplyPolicy.Languages)} is expected: a yes is understood in these"));
        }

        EntryInput.Text(input.Text, "text", 480, required: true, problems);
        EntryInput.Text(input.Notice, "notice", 64, required: false, problems);
        EntryInput.Text(input.NoticeVersion, "notice_version", 64, required: false, problems);
        if (EntryInput.Filled(input.Line) is { } line && settings.Current.FindLine(line, line) is null)
        {
            problems.Add(new("line", "the settings have no line of this name"));
        }

        return problems;
    }

    private static async Task<IResult> TakeAsync(HttpContext context, ConsentDesk desk, SmsGateway gateway, ApiAccess access, ICallSettingsSource settings, TimeProvider time)
    {
        using var body = new MemoryStream();
        if (context.Request.Headers[SignatureHeader] is [{ } signature] && gateway.Signature is { } key)
        {
            if (access.Waits(context) is { } wait)
            {
                return wait.Result();
            }

            await context.Request.Body.CopyToAsync(body, context.RequestAborted);
            if (!IsSigned(body.ToArray(), key.Reveal(), signature))
            {
                return access.Fail(context, "a wrong signature").Result();
            }
        }
        else if (await access.CheckAsync(context, ApiScopes.Sms) is { } refused)
        {
            return refused.Result();
        }
        else
        {
            await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        }

        body.Position = 0;
        var (input, problem) = await ApiBody.ReadAsync(body, ApiJson.Default.SmsInbound, context.RequestAborted);
        return input is null ? problem!.Result() : await EnterAsync(input, desk, settings, time, context);
    }

    private static async Task<IResult> EnterAsync(SmsInbound input, ConsentDesk desk, ICallSettingsSource settings, TimeProvider time, HttpContext context)
    {
        // One set of checks for the ledger's fields: the purposes are put in when it is known what was asked.
        var form = new EntryInput { Number = input.From, Status = "opted-out", Purposes = [StandingConsentPolicy.AllPurposes], Reference = input.Id, GivenAt = input.ReceivedAt };
        var actor = context.Features.Get<ApiCaller>()?.Name ?? "sms-gateway";
        var stop = form.Check(actor, EntrySource.Sms, time.GetUtcNow(), _ => true, out var problems);
        if (stop is null || input.Text is not { Length: <= 2000 })
        {
            return ApiProblem.Invalid([.. problems.Select(one => one with { Field = one.Field switch { "number" => "from", "reference" => "id", "given_at" => "received_at", var other => other } }), .. input.Text is { Length: <= 2000 } ? [] : new[] { new FieldProblem("text", "at most 2000 characters are expected") }]).Result();
        }

        var line = await desk.FindRequestAsync(input.From!, context.RequestAborted);
        var asked = line?.Entry is { Event: ConsentRequested { Source: EntrySource.Sms } } entry && stop.GivenAt >= entry.At.AddMinutes(-5) && stop.GivenAt < entry.At + Answerable ? (ConsentRequested)entry.Event : null;
        var reply = SmsReplyPolicy.Read(input.Text, asked?.Language);
        if (reply == SmsReply.Unclear || (reply != SmsReply.Stop && asked is null))
        {
            return Results.Json(new SmsAnswer(asked is null ? "no-question" : "unclear", null), ApiJson.Default.SmsAnswer);
        }

        var entered = reply == SmsReply.Stop
            ? stop
            : stop with { Status = reply == SmsReply.Yes ? EntryStatus.Given : EntryStatus.Refused, Purposes = asked!.Purposes, Notice = asked.Notice, NoticeVersion = asked.NoticeVersion, Language = asked.Language, Terms = line!.Call.Line is { } of ? settings.Current.TermsOf(of) : null };
        var result = await desk.EnterOnceAsync(input.From!, line?.Call.Line, entered, $"sms {input.Id}", context.RequestAborted);
        return result.Outcome switch
        {
            EntryOutcome.Entered => Results.Json(new SmsAnswer("entered", result.Event), ApiJson.Default.SmsAnswer),
            EntryOutcome.AlreadyThere => Results.Json(new SmsAnswer("already-there", result.Event), ApiJson.Default.SmsAnswer),
            _ => ApiProblem.Unavailable("Neither the database nor the local file took the answer. Hand it in again.").Result(),
        };
    }

    private static bool IsSigned(byte[] body, string key, string signature)
    {
        var expected = $"sha256={Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(key), body))}";
        return CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(expected), Encoding.UTF8.GetBytes(signature.Trim().ToLowerInvariant()));
    }
}
