using IvrConsent.Core.Calls;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Records;

namespace IvrConsent.Core.Rights;

/// <summary>One purpose in a record of processing activities.</summary>
/// <param name="Purpose">Its id.</param>
/// <param name="Text">In words.</param>
/// <param name="Basis">Its ground (GDPR art. 6(1)).</param>
/// <param name="RetentionDays">The time limit for erasure, in days from the end of the call (30(1)(f)).</param>
/// <param name="Lines">The lines that record for it.</param>
public sealed record ProcessedPurpose(string Purpose, string Text, LawfulBasis Basis, int RetentionDays, IReadOnlyList<string> Lines);

/// <summary>Who gets data, and whether outside the European Economic Area.</summary>
/// <param name="Party">Who.</param>
/// <param name="ThirdCountry">Whether the country is none of the EEA: then the safeguards of art. 44 to 49 belong beside it, which no setting states.</param>
public sealed record ProcessingRecipient(PartyOptions Party, bool ThirdCountry);

/// <summary>A country that recordings are stored in, as the settings write it.</summary>
/// <param name="Country">ISO 3166-1 alpha-2, or a US state as <c>US-CA</c>.</param>
/// <param name="ThirdCountry">Whether it is none of the EEA.</param>
public sealed record StoragePlace(string Country, bool ThirdCountry);

/// <summary>
/// The record of processing activities (GDPR art. 30(1)) of one controller, from the settings. What the settings do not know (joint controllers, the
/// measures of the building, other processing) is for the controller to add.
/// </summary>
/// <param name="Controller">30(1)(a).</param>
/// <param name="Purposes">30(1)(b) and (f).</param>
/// <param name="Processors">30(1)(d) and (e): who works for the controller.</param>
public sealed record ProcessingRecord(PartyOptions Controller, IReadOnlyList<ProcessedPurpose> Purposes, IReadOnlyList<ProcessingRecipient> Processors)
{
    /// <summary>30(1)(d): who gets recordings besides, by name; empty: nobody; null: the settings do not say.</summary>
    public IReadOnlyList<string>? Recipients { get; init; }

    /// <summary>30(1)(e): where recordings are stored; null: the settings do not say.</summary>
    public IReadOnlyList<StoragePlace>? Stored { get; init; }

    /// <summary>The records of all controllers; or what is missing, each naming the setting.</summary>
    public static (IReadOnlyList<ProcessingRecord> Records, IReadOnlyList<string> Missing) From(IReadOnlyList<LineOptions> lines, RecordOptions? records, string language)
    {
        ArgumentNullException.ThrowIfNull(lines);
        var recorded = lines.Where(line => !line.NeverRecorded).ToList();
        var missing = recorded.Where(line => line.Controller is null).Select(line => $"lines.{line.Name}.controller is not set: nobody is responsible (GDPR 30(1)(a))")
            .Concat(recorded.Where(line => line.Purposes.Count == 0).Select(line => $"lines.{line.Name}.purposes is empty: what is it recorded for? (GDPR 30(1)(b))"))
            .ToList();
        return missing.Count > 0
            ? ([], missing)
            : ([.. recorded.GroupBy(line => line.Controller!.Id).Select(group => Of(group.First().Controller!, [.. group], records, language))], []);
    }

    private static ProcessingRecord Of(PartyOptions controller, IReadOnlyList<LineOptions> lines, RecordOptions? records, string language) => new(
        controller,
        [
            .. lines.SelectMany(line => line.Purposes.Select(purpose => (line.Name, Purpose: purpose)))
                .GroupBy(one => one.Purpose.Id)
                .OrderBy(group => group.Key, StringComparer.Ordinal)
                .Select(group => new ProcessedPurpose(
                    group.Key,
                    PurposeWords.Of(group.Key, group.First().Purpose.Texts, language),
                    group.First().Purpose.Basis,
                    (int)group.First().Purpose.Retention.TotalDays,
                    [.. group.Select(one => one.Name)])),
        ],
        [.. lines.SelectMany(line => line.Processors).DistinctBy(party => party.Id).Select(party => new ProcessingRecipient(party, !EuropeanEconomicArea.Has(party.Country)))])
    {
        Recipients = records?.Recipients,
        Stored = records?.StorageLocations?.Select(place => new StoragePlace(place, !EuropeanEconomicArea.Has(place))).ToList(),
    };
}
