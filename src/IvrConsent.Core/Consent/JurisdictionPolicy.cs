using IvrConsent.Core.Calls;
using IvrConsent.Core.Notices;
using IvrConsent.Core.Subjects;

namespace IvrConsent.Core.Consent;

/// <summary>Whose agreement the law of a place wants before a call is recorded.</summary>
public enum ConsentingParties
{
    /// <summary>That of one party, which may be the one that records.</summary>
    One,

    /// <summary>Nobody's, but all must be told.</summary>
    Told,

    /// <summary>That of all.</summary>
    All,
}

/// <summary>What the law of a country or state asks, as a table kept by people tells it. Not legal advice.</summary>
/// <param name="Code">ISO 3166: <c>PL</c>, <c>US-CA</c>.</param>
/// <param name="Parties">Who must agree.</param>
/// <param name="StayingSuffices">Whether staying on the line after the notice is agreement.</param>
/// <param name="OtherGround">Whether recording on another ground than consent is conceivable.</param>
/// <param name="Source">Statute or guidance.</param>
/// <param name="Note">What is disputed, and the view taken; null: nothing.</param>
/// <param name="Prefix">The country code of telephone numbers from there; null for a state.</param>
public sealed record JurisdictionRow(string Code, ConsentingParties Parties, bool StayingSuffices, bool OtherGround, string Source, string? Note = null, string? Prefix = null);

/// <summary>How a line may record a certain caller, and why.</summary>
/// <param name="Line">The line to lead the call by: as configured, or with a stricter mode and the notice that fits it.</param>
/// <param name="Rows">Codes of the rows that were asked.</param>
/// <param name="Forbidding">Codes of those that forbid the line's own mode.</param>
/// <param name="Reasons">In words, for the ledger; no part of the number is in them.</param>
public sealed record JurisdictionVerdict(LineOptions Line, IReadOnlyList<string> Rows, IReadOnlyList<string> Forbidding, IReadOnlyList<string> Reasons);

/// <summary>The table asked with the line's and the caller's country: the strictest wins.</summary>
public static class JurisdictionPolicy
{
    /// <summary>Whether a row allows a mode. Asking by a key, recording on demand only and never are allowed everywhere.</summary>
    public static bool Allows(JurisdictionRow row, ConsentMode mode) => mode switch
    {
        ConsentMode.Announce => row.StayingSuffices,
        ConsentMode.Inform => row.OtherGround,
        _ => true,
    };

    /// <summary>The rows for a line's country: its own, and where a country is named of which only the states have rows, all of these.</summary>
    public static IReadOnlyList<JurisdictionRow> RowsOf(IReadOnlyList<JurisdictionRow> table, string? country) =>
        country is null ? [] : [.. table.Where(row => row.Code == country || row.Code.StartsWith(country + "-", StringComparison.Ordinal))];

    /// <summary>
    /// The country of a number by the longest of the table's prefixes; null when it is withheld, not written with its country code, or from
    /// a country without a row.
    /// </summary>
    public static string? CountryOf(IReadOnlyList<JurisdictionRow> table, string? number)
    {
        var normal = PhoneNumber.Normalise(number);
        return normal is null ? null : normal.StartsWith("+1", StringComparison.Ordinal) ? "US" : table
            .Where(row => row.Prefix is not null && normal.StartsWith(row.Prefix, StringComparison.Ordinal))
            .MaxBy(row => row.Prefix!.Length)?.Code.Split('-')[0];
    }

    /// <summary>
    /// How the line may record this caller. An area code does not tell where its owner is, so a caller from the United States
    /// (or anybody else with +1) gets the strictest of all states.
    /// </summary>
    public static JurisdictionVerdict ModeFor(IReadOnlyList<JurisdictionRow> table, LineOptions line, string? callerNumber)
    {
        var caller = CountryOf(table, callerNumber);
        var reasons = new List<string>
        {
            line.Country is null ? "the line's country is not known" : $"the line is in {line.Country}",
            caller switch
            {
                null => "the caller's country is not known, or has no row",
                "US" => "the caller's number begins with +1, which does not tell the state: the strictest of the US states is taken",
                _ => $"the caller's number is from {caller}",
            },
        };

        // A line of one state knows its own row better than the whole country's; the caller's state is not known.
        JurisdictionRow[] rows = [.. RowsOf(table, line.Country).Concat(RowsOf(table, caller)).Distinct()];
        string[] forbidding = [.. rows.Where(row => !Allows(row, line.Mode)).Select(row => row.Code)];
        var codes = rows.Select(row => row.Code).ToArray();
        if (forbidding.Length == 0)
        {
            return new(line, codes, forbidding, reasons);
        }

        reasons.Add($"{line.Mode} is not allowed by {string.Join(", ", forbidding)}");
        if (line.Override is { } decision)
        {
            reasons.Add($"overridden by {decision}");
            return new(line, codes, forbidding, reasons);
        }

        var stricter = Fallback(line);
        reasons.Add($"{stricter} instead");
        return new(InMode(line, stricter), codes, forbidding, reasons);
    }

    /// <summary>The line led in another mode than its own: its notice's prompt would say what does not hold then.</summary>
    public static LineOptions InMode(LineOptions line, ConsentMode mode) =>
        mode == line.Mode ? line : line with { Mode = mode, Notice = line.Notice with { Prompt = PromptNames.Notice } };

    /// <summary>The mode that a line falls back to: the question by key; where nothing of the line rests on consent, no recording.</summary>
    public static ConsentMode Fallback(LineOptions line) =>
        line.Purposes.Count == 0 || line.Purposes.Any(purpose => purpose.Basis == LawfulBasis.Consent) ? ConsentMode.Explicit : ConsentMode.Never;
}
