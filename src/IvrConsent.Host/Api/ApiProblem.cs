using System.Text.Json;
using System.Text.Json.Serialization;
using IvrConsent.Core.Rights;
using IvrConsent.Host.Consents;
using IvrConsent.Storage.Database;

namespace IvrConsent.Host.Api;

/// <summary>Every error of the API (RFC 9457).</summary>
/// <param name="Type">A stable name for programs: <c>urn:ivrconsent:problem:NAME</c>.</param>
/// <param name="Title">What kind of problem, the same words every time.</param>
/// <param name="Status">The HTTP status.</param>
/// <param name="Detail">What is wrong here, and what to do.</param>
internal sealed record ApiProblem(string Type, string Title, int Status, string Detail)
{
    private const string MediaType = "application/problem+json";

    /// <summary>What is wrong with which field.</summary>
    public IReadOnlyList<FieldProblem>? Errors { get; init; }

    /// <summary>The worker that has the call.</summary>
    public string? Worker { get; init; }

    /// <summary>A body that cannot be used.</summary>
    public static ApiProblem Invalid(string detail, IReadOnlyList<FieldProblem>? errors = null) =>
        new(Urn("invalid"), "The request cannot be used", StatusCodes.Status400BadRequest, detail) { Errors = errors };

    /// <summary>Fields that cannot be used.</summary>
    public static ApiProblem Invalid(IReadOnlyList<FieldProblem> errors) => Invalid("Correct the fields named in errors.", errors);

    /// <summary>No key, or none that opens anything.</summary>
    public static ApiProblem Unauthorized(string detail) =>
        new(Urn("unauthorized"), "An API key is needed", StatusCodes.Status401Unauthorized, detail);

    /// <summary>A key for something else.</summary>
    public static ApiProblem Forbidden(string scope) =>
        new(Urn("forbidden"), "The key does not open this", StatusCodes.Status403Forbidden, $"Use a key with the scope {scope}.");

    /// <summary>There is no such thing.</summary>
    public static ApiProblem NotFound(string detail) => new(Urn("not-found"), "Not found", StatusCodes.Status404NotFound, detail);

    /// <summary>It is there and does not allow it.</summary>
    public static ApiProblem Conflict(string detail, string? worker = null) =>
        new(Urn("conflict"), "Not possible as things stand", StatusCodes.Status409Conflict, detail) { Worker = worker };

    /// <summary>Too many failed tries.</summary>
    public static ApiProblem TooMany(string detail) =>
        new(Urn("too-many-failures"), "Too many failed tries", StatusCodes.Status429TooManyRequests, detail);

    /// <summary>The PBX or something else behind us failed.</summary>
    public static ApiProblem BadGateway(string detail) =>
        new(Urn("upstream"), "What stands behind this failed", StatusCodes.Status502BadGateway, detail);

    /// <summary>The ledger is away.</summary>
    public static ApiProblem Unavailable(string detail) =>
        new(Urn("ledger-unavailable"), "The ledger is not available", StatusCodes.Status503ServiceUnavailable, detail);

    /// <summary>The problem of a bare status.</summary>
    public static ApiProblem Of(int status) => status switch
    {
        StatusCodes.Status404NotFound => NotFound("There is nothing at this address. GET /api/v1/openapi.json lists what there is."),
        StatusCodes.Status405MethodNotAllowed => new(Urn("method"), "Another method is expected", status, "The header Allow names it."),
        StatusCodes.Status413PayloadTooLarge => new(Urn("too-large"), "The request is too large", status, "At most 64 KB are taken."),
        StatusCodes.Status415UnsupportedMediaType => new(Urn("media-type"), "Another content type is expected", status, "Send application/json."),
        _ => new(Urn("status"), "The request failed", status, $"Status {status}."),
    };

    /// <summary>The problem behind an exception; null where it is a slip of ours.</summary>
    public static ApiProblem? Of(Exception exception) => exception switch
    {
        LedgerUnavailableException unavailable => Unavailable(unavailable.Message),
        RightsUntoldException untold => Unavailable(untold.Message),
        BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } => Of(StatusCodes.Status413PayloadTooLarge),
        BadHttpRequestException bad => Invalid("The request is no HTTP that could be read.") with { Status = bad.StatusCode },
        _ => null,
    };

    /// <summary>As an answer.</summary>
    public IResult Result() => Results.Json(this, ApiJson.Default.ApiProblem, MediaType, Status);

    /// <summary>Writes it as the answer.</summary>
    public Task WriteAsync(HttpContext context) => Result().ExecuteAsync(context);

    private static string Urn(string name) => $"urn:ivrconsent:problem:{name}";
}

/// <summary>Reads what comes in.</summary>
internal static class ApiBody
{
    /// <summary>The body as JSON, or the problem with it. Unknown members are a problem: a slip in a name must not go unseen.</summary>
    public static async Task<(T? Value, ApiProblem? Problem)> ReadAsync<T>(HttpContext context, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type)
        where T : class
    {
        if (!context.Request.HasJsonContentType())
        {
            return (null, ApiProblem.Of(StatusCodes.Status415UnsupportedMediaType));
        }

        return await ReadAsync(context.Request.Body, type, context.RequestAborted);
    }

    /// <summary>The same of a body that is at hand.</summary>
    public static async Task<(T? Value, ApiProblem? Problem)> ReadAsync<T>(Stream body, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type, CancellationToken cancel)
        where T : class
    {
        try
        {
            var value = await JsonSerializer.DeserializeAsync(body, type, cancel);
            return value is null ? (null, ApiProblem.Invalid("A JSON object is expected, not null.")) : (value, null);
        }
        catch (JsonException exception)
        {
            // Its own message may quote the value, and names our types.
            return (null, ApiProblem.Invalid($"The body is no JSON of the expected form{Where(exception)}. GET /api/v1/openapi.json has the form."));
        }
    }

    private static string Where(JsonException exception) =>
        exception.Path is { Length: > 1 and <= 80 } path ? $" at {path}" : exception.LineNumber is { } line ? $" in line {line + 1}" : "";
}

/// <summary>The API's JSON.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(ApiProblem))]
[JsonSerializable(typeof(EntryInput))]
[JsonSerializable(typeof(EntryAnswer))]
[JsonSerializable(typeof(CorrectionInput))]
[JsonSerializable(typeof(LookUpInput))]
[JsonSerializable(typeof(StandingAnswer))]
[JsonSerializable(typeof(CheckInput))]
[JsonSerializable(typeof(CheckAnswer))]
[JsonSerializable(typeof(OrderInput))]
[JsonSerializable(typeof(OrderAnswer))]
[JsonSerializable(typeof(CallAnswer))]
[JsonSerializable(typeof(SmsAskInput))]
[JsonSerializable(typeof(SmsInbound))]
[JsonSerializable(typeof(SmsAnswer))]
internal sealed partial class ApiJson : JsonSerializerContext;
