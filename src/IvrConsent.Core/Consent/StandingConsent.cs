using System.Text.Json.Serialization;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Subjects;

namespace IvrConsent.Core.Consent;

/// <summary>How a person stands to one purpose. Nothing of it means: nobody ever asked, or nobody ever answered.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<StandingStatus>))]
public enum StandingStatus
{
    /// <summary>Consent was given, and not taken back. Whether it is still in time, <see cref="StandingGrant.Until"/> says.</summary>
    Given,

    /// <summary>Asked, and said no.</summary>
    Refused,

    /// <summary>Given, and taken back (GDPR art. 7(3)).</summary>
    Withdrawn,

    /// <summary>Objected (GDPR art. 21) to what rests on another ground than consent.</summary>
    Objected,
}

/// <summary>What a person said last to one purpose.</summary>
/// <param name="Purpose">The purpose's id; <see cref="StandingConsentPolicy.Recording"/> where the settings name no purposes.</param>
/// <param name="Status">What was said.</param>
/// <param name="Since">When it was said.</param>
/// <param name="Until">Until when it holds; null: until something else is said.</param>
/// <param name="Event">The event that proves it.</param>
/// <param name="Call">The call or record that the event belongs to.</param>
public sealed record StandingGrant(string Purpose, StandingStatus Status, DateTimeOffset Since, DateTimeOffset? Until, Guid Event, CallId Call)
{
    /// <summary>Id of the notice that was heard or read; null when unknown.</summary>
    public string? Notice { get; init; }

    /// <summary>The notice's version.</summary>
    public string? NoticeVersion { get; init; }

    /// <summary>The language it was given in.</summary>
    public string? Language { get; init; }

    /// <summary>The line; null for what did not come by a line.</summary>
    public string? Line { get; init; }

    /// <summary>The controller it was said to, by id; null where the settings name none.</summary>
    public string? Controller { get; init; }

    /// <summary>Whether it is a consent that holds at <paramref name="now"/>.</summary>
    public bool Holds(DateTimeOffset now) => Status == StandingStatus.Given && (Until is null || now < Until);
}

/// <summary>A person asked not to be called.</summary>
/// <param name="Purpose">For which purpose; <see cref="StandingConsentPolicy.AllPurposes"/> for whatever purpose.</param>
/// <param name="Since">When.</param>
/// <param name="Event">The event that proves it.</param>
public sealed record OptOut(string Purpose, DateTimeOffset Since, Guid Event);

/// <summary>All that one person has said, as it stands now.</summary>
/// <param name="Subject">The person.</param>
/// <param name="Grants">What was said last, by purpose.</param>
/// <param name="OptOuts">The opt-outs in force, oldest first.</param>
/// <param name="Lifted">
/// Purposes that were agreed to anew, in so many words, after an opt-out from everything, and when; they are exceptions of it.
/// </param>
public sealed record StandingConsent(
    SubjectId Subject,
    IReadOnlyDictionary<string, StandingGrant> Grants,
    IReadOnlyList<OptOut> OptOuts,
    IReadOnlyDictionary<string, DateTimeOffset> Lifted)
{
    /// <summary>The opt-out that covers a purpose; null when none does.</summary>
    public OptOut? OptOutFrom(string purpose) => OptOuts.FirstOrDefault(optOut =>
        optOut.Purpose == purpose
        || (optOut.Purpose == StandingConsentPolicy.AllPurposes && !(Lifted.TryGetValue(purpose, out var lifted) && lifted > optOut.Since)));
}

/// <summary>What a person has said in all calls and entries so far.</summary>
public interface IConsentHistory
{
    /// <summary>
    /// How the person stands; null when the ledger has nothing of them. Throws the storage's own exception when the database is away.
    /// </summary>
    Task<StandingConsent?> FindAsync(SubjectId subject, CancellationToken cancel);
}
