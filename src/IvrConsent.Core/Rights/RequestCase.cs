using System.Text.Json.Serialization;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Subjects;

namespace IvrConsent.Core.Rights;

/// <summary>What the person asks for.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<RequestKind>))]
public enum RequestKind
{
    /// <summary>A copy of the data (GDPR art. 15).</summary>
    [JsonStringEnumMemberName("access")]
    Access,

    /// <summary>Correction (GDPR art. 16).</summary>
    [JsonStringEnumMemberName("rectification")]
    Rectification,

    /// <summary>Erasure (GDPR art. 17).</summary>
    [JsonStringEnumMemberName("erasure")]
    Erasure,

    /// <summary>Kept but not used (GDPR art. 18).</summary>
    [JsonStringEnumMemberName("restriction")]
    Restriction,

    /// <summary>Objection (GDPR art. 21).</summary>
    [JsonStringEnumMemberName("objection")]
    Objection,
}

/// <summary>Where a case stands.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<RequestState>))]
public enum RequestState
{
    /// <summary>Nobody has answered yet.</summary>
    [JsonStringEnumMemberName("open")]
    Open,

    /// <summary>It was done, and the person told.</summary>
    [JsonStringEnumMemberName("answered")]
    Answered,

    /// <summary>It was refused with a reason, and the person told of the complaint to the authority (GDPR art. 12(4)).</summary>
    [JsonStringEnumMemberName("refused")]
    Refused,

    /// <summary>The person took it back.</summary>
    [JsonStringEnumMemberName("taken-back")]
    TakenBack,
}

/// <summary>A person's request as a case with a date.</summary>
/// <param name="Id">The record in the ledger that its log stands under.</param>
/// <param name="Kind">What is asked for.</param>
/// <param name="Subject">Whose data; null where the number was withheld and a call names it.</param>
/// <param name="Call">The one call that it is about; null: all of the person's.</param>
/// <param name="ReceivedAt">When it came in: from here the month runs.</param>
/// <param name="DueAt">When it must be answered.</param>
/// <param name="OpenedBy">Who entered it.</param>
public sealed record RequestCase(
    CallId Id,
    RequestKind Kind,
    SubjectId? Subject,
    CallId? Call,
    DateTimeOffset ReceivedAt,
    DateTimeOffset DueAt,
    string OpenedBy)
{
    /// <summary>Where it stands.</summary>
    public RequestState State { get; init; } = RequestState.Open;

    /// <summary>Why it was extended; null: it was not.</summary>
    public string? ExtensionReason { get; init; }

    /// <summary>When it was closed; null: it is open.</summary>
    public DateTimeOffset? ClosedAt { get; init; }

    /// <summary>Why it was closed as it was; null while it is open.</summary>
    public string? CloseReason { get; init; }

    /// <summary>Whether its date has passed without an answer.</summary>
    public bool IsOverdue(DateTimeOffset now) => State == RequestState.Open && now > DueAt;
}
