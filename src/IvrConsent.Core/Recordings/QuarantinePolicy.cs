using System.Text.Json.Serialization;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Records;

namespace IvrConsent.Core.Recordings;

/// <summary>What can become of a recording that is locked away because the ledger has no ground for it.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<QuarantineStep>))]
public enum QuarantineStep
{
    /// <summary>Somebody found its ground: it is kept for named purposes, as others are.</summary>
    [JsonStringEnumMemberName("release")]
    Release,

    /// <summary>It goes.</summary>
    [JsonStringEnumMemberName("delete")]
    Delete,
}

/// <summary>What the ledger knows of the call of a quarantined recording.</summary>
/// <param name="Call">The call; null when the ledger does not know it.</param>
/// <param name="Consent">What the person said of it, also later and with what was corrected since; null where nobody decided anything.</param>
/// <param name="Terms">The terms that the call was led under; null where there are none.</param>
/// <param name="Objected">Whether the person objected since, or asked for erasure.</param>
public sealed record QuarantineFacts(OpenCall? Call, ConsentCase? Consent, Terms? Terms, bool Objected)
{
    /// <summary>The purposes that may be named: those of the call's terms.</summary>
    public IReadOnlyList<PurposeOptions> Purposes => [.. (Terms?.Purposes ?? []).Select(TakeInPolicy.Options)];
}

/// <summary>
/// Whether a quarantined recording may be released. Nobody makes a ground by releasing it: the ledger must have one by now (its entries
/// came late, or were corrected), or the purpose must rest on another ground than consent. What the caller said against it stands.
/// </summary>
public static class QuarantinePolicy
{
    /// <summary>Why it cannot be released for the purposes; null when it can.</summary>
    /// <param name="entry">The recording.</param>
    /// <param name="facts">What the ledger knows.</param>
    /// <param name="wanted">What it would be kept for.</param>
    public static string? WhyNotRelease(VaultEntry entry, QuarantineFacts facts, IReadOnlyCollection<string> wanted)
    {
        ArgumentNullException.ThrowIfNull(facts);
        return WhyNotDecide(entry) ?? WhyKept(entry) ?? WhyNoGround(entry.Item.Recording, facts) ?? ReclassificationPolicy.Refusal(facts.Purposes, Granted(entry.Item.Recording, facts), facts.Objected, wanted);
    }

    /// <summary>Why nothing can be decided about it; null when something can.</summary>
    public static string? WhyNotDecide(VaultEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        return entry switch
        {
            { Erasing: true } => "it is erased; its key is destroyed",
            { Item.State: VaultState.Waiting } => $"it is not in the vault yet: it lies on {entry.Item.Pbx}, and whether it has a ground is decided when it is taken in",
            { Item.Quarantined: false } => "it is not quarantined",
            _ => null,
        };
    }

    private static string? WhyKept(VaultEntry entry) => entry switch
    {
        { Item.State: not VaultState.Done } => $"it is just being taken in, and {entry.Item.Pbx} still has it: again in a minute",
        { Retained.RestrictedBy: { } by } => $"the person had it restricted (GDPR 18, case {by}): it is kept as it is until that is lifted",
        { Retained: null } => "the vault keeps no date for it any more: it is on its way out",
        _ => null,
    };

    private static string? WhyNoGround(string recording, QuarantineFacts facts) => facts switch
    {
        { Call: null or { Call.Kind: CallKind.Record } } => "the ledger does not know its call, so nothing can show a ground: restore the ledger's entries, or delete it; a hold keeps it until then",
        { Call.Entries: var entries } when !entries.Any(entry => entry.Event is CallEnded) => "its call is not over",
        { Call.Entries: var entries } when entries.Any(entry => entry.Event is RecordingErased erased && erased.Recording == recording) => "the ledger says that it was erased",
        { Call.Entries: var entries } when new CallHistory(entries, null).ToErase.Contains(recording) => "the ledger says that it is to be erased",
        { Consent.State: ConsentState.Refused } => "the ledger says that the caller refused",
        { Consent.State: ConsentState.Withdrawn } => "the ledger says that the consent was withdrawn",
        _ => null,
    };

    /// <summary>
    /// The purposes that consent covers. What was begun before the caller consented is not covered by what he said later in the call; where
    /// the answer itself was corrected, it is taken to have been so from the beginning.
    /// </summary>
    private static string[] Granted(string recording, QuarantineFacts facts)
    {
        var begunWithout = !TakeInPolicy.MayHaveRecorded(recording, facts.Call!.Entries) && !facts.Consent!.IsCorrected();
        return begunWithout ? [] : [.. facts.Purposes.Select(purpose => purpose.Id).Where(id => facts.Consent?.Grants(id) == true)];
    }

    private static bool IsCorrected(this ConsentCase? consent) => consent?.Steps.Any(step => step is { State: ConsentState.Given, Correction: not null }) == true;
}
