using System.Text.Json.Serialization;

namespace IvrConsent.Core.Ledger;

/// <summary>What was said, in an entry that did not come from a call's keys.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<EntryStatus>))]
public enum EntryStatus
{
    /// <summary>The person consents to the purposes.</summary>
    [JsonStringEnumMemberName("given")]
    Given,

    /// <summary>The person was asked and said no.</summary>
    [JsonStringEnumMemberName("refused")]
    Refused,

    /// <summary>The person takes the consent back.</summary>
    [JsonStringEnumMemberName("withdrawn")]
    Withdrawn,

    /// <summary>The person is not to be called for the purposes.</summary>
    [JsonStringEnumMemberName("opted-out")]
    OptedOut,
}

/// <summary>By what way it came.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<EntrySource>))]
public enum EntrySource
{
    /// <summary>On paper or by a form; staff entered it.</summary>
    [JsonStringEnumMemberName("staff-written")]
    StaffWritten,

    /// <summary>Said to staff, who entered it.</summary>
    [JsonStringEnumMemberName("staff-spoken")]
    StaffSpoken,

    /// <summary>A text message of the person.</summary>
    [JsonStringEnumMemberName("sms")]
    Sms,

    /// <summary>A list of consents from elsewhere.</summary>
    [JsonStringEnumMemberName("import")]
    Import,

    /// <summary>A key on a line where callers opt out.</summary>
    [JsonStringEnumMemberName("opt-out-line")]
    OptOutLine,
}

/// <summary>A person said something to one or more purposes by another way than a key in a call that is asked for its recording.</summary>
/// <param name="Status">What was said.</param>
/// <param name="Purposes">To what, by id; <c>*</c> in an opt-out from everything, and in a withdrawal of all that was given.</param>
/// <param name="Source">By what way.</param>
/// <param name="Actor">Who entered it: an API key's name, a user, or the line.</param>
/// <param name="Reference">Where the proof lies: a document's number, a message's id. No personal data.</param>
/// <param name="GivenAt">When it was said (not when it was entered).</param>
public sealed record ConsentEntered(
    EntryStatus Status,
    IReadOnlyList<string> Purposes,
    EntrySource Source,
    string Actor,
    string Reference,
    DateTimeOffset GivenAt) : CallEvent
{
    /// <summary>Until when it holds; null: no end.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>Id of the notice that the person read or heard; null when unknown.</summary>
    public string? Notice { get; init; }

    /// <summary>The notice's version.</summary>
    public string? NoticeVersion { get; init; }

    /// <summary>The language it was given in, a BCP 47 tag.</summary>
    public string? Language { get; init; }

    /// <summary>SHA-256 of the terms that the entry's line had when it was entered (<see cref="TermsInForce"/>); null where it names no line.</summary>
    public string? Terms { get; init; }
}

/// <summary>A person was asked for consent by a message; the answer, if one comes, is an event of its own. Put on record before the message is handed over.</summary>
/// <param name="Purposes">To what, by id.</param>
/// <param name="Source">By what way.</param>
/// <param name="Actor">Who had it asked.</param>
/// <param name="Reference">Our id of the message, as the gateway gets it.</param>
/// <param name="Language">The language of the question, and of the answer that is expected; a BCP 47 tag.</param>
/// <param name="TextSha256">SHA-256 of the question's words (UTF-8), lower-case hexadecimal.</param>
public sealed record ConsentRequested(
    IReadOnlyList<string> Purposes, EntrySource Source, string Actor, string Reference, string Language, string TextSha256) : CallEvent
{
    /// <summary>Id of the notice whose words they are; null when unknown.</summary>
    public string? Notice { get; init; }

    /// <summary>The notice's version.</summary>
    public string? NoticeVersion { get; init; }
}

/// <summary>The reference of a consent's receipt was handed to a gateway, which took it for the person.</summary>
/// <param name="Event">The consent's event.</param>
/// <param name="Way">By what way.</param>
/// <param name="Reference">The reference (<see cref="Records.ReceiptReference"/>).</param>
public sealed record ReceiptSent(Guid Event, EntrySource Way, string Reference) : CallEvent;

/// <summary>The reference of a consent's receipt is not known to have gone out, and is not sent again: the person may have it, and the exports have it.</summary>
/// <param name="Event">The consent's event.</param>
/// <param name="Way">By what way.</param>
/// <param name="Reason">Why, for a person; no personal data.</param>
public sealed record ReceiptNotSent(Guid Event, EntrySource Way, string Reason) : CallEvent;

/// <summary>An earlier event says what was not so. It stays as it is; this says what it should have said.</summary>
/// <param name="Event">The event that is wrong.</param>
/// <param name="Actor">Who corrects it.</param>
/// <param name="Reason">Why.</param>
/// <param name="Instead">What it should say; null: nothing, the thing did not happen.</param>
public sealed record EntryCorrected(Guid Event, string Actor, string Reason, ConsentEntered? Instead) : CallEvent;

/// <summary>
/// Somebody asked whether the person may be called, and was answered. Where that was yes by a consent, it is a use of the consent, which
/// prolongs the time for which its proof must be kept (German UWG § 7a: five years from each use).
/// </summary>
/// <param name="Event">The event that decided; null when there was none.</param>
/// <param name="Purpose">What for.</param>
/// <param name="Actor">Who asked.</param>
/// <param name="Allowed">The answer.</param>
/// <param name="Reason">Why, as a stable word.</param>
public sealed record ConsentUsed(Guid? Event, string Purpose, string Actor, bool Allowed, string Reason) : CallEvent;
