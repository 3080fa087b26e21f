using System.Globalization;
using System.Text;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Consent;

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

/// <summary>
/// The record of processing activities (GDPR art. 30(1)) of one controller, from the settings. What the settings do not know (the
/// measures of the building, other processing) is for the controller to add.
/// </summary>
/// <param name="Controller">30(1)(a).</param>
/// <param name="Purposes">30(1)(b) and (f).</param>
/// <param name="Recipients">30(1)(d) and (e).</param>
public sealed record ProcessingRecord(PartyOptions Controller, IReadOnlyList<ProcessedPurpose> Purposes, IReadOnlyList<ProcessingRecipient> Recipients)
{
    private static readonly HashSet<string> Eea =
    [
        "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IS", "IT", "LI", "LT", "LU", "LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK",
    ];

    /// <summary>30(1)(c): whose data.</summary>
    public static string Subjects => "Callers and called persons of the lines named above, and the staff who speak with them.";

    /// <summary>30(1)(c): which data.</summary>
    public static string Data =>
        "The telephone number (encrypted, in one deletable mapping); time, line and outcome of the call; what was played and which key was pressed; the recorded voice, where there is a ground for it.";

    /// <summary>30(1)(g): what this program does; general, as the article asks.</summary>
    public static string Measures =>
        "Numbers encrypted and found by a keyed hash; no number or key in logs; append-only ledger; deletion by destruction of the key; services on the loopback unless configured; roles, reasons and entries for every look at data.";

    /// <summary>The records of all controllers; or what is missing, each naming the setting.</summary>
    public static (IReadOnlyList<ProcessingRecord> Records, IReadOnlyList<string> Missing) From(IReadOnlyList<LineOptions> lines, string language)
    {
        ArgumentNullException.ThrowIfNull(lines);
        var recorded = lines.Where(line => !line.NeverRecorded).ToList();
        var missing = recorded.Where(line => line.Controller is null).Select(line => $"lines.{line.Name}.controller is not set: nobody is responsible (GDPR 30(1)(a))")
            .Concat(recorded.Where(line => line.Purposes.Count == 0).Select(line => $"lines.{line.Name}.purposes is empty: what is it recorded for? (GDPR 30(1)(b))"))
            .ToList();
        return missing.Count > 0
            ? ([], missing)
            : ([.. recorded.GroupBy(line => line.Controller!.Id).Select(group => Of(group.First().Controller!, [.. group], language))], []);
    }

    /// <summary>As Markdown.</summary>
    public string ToMarkdown()
    {
        var text = new StringBuilder();
        Add($"# Record of processing activities: recording of telephone calls (GDPR art. 30(1))");
        Add(string.Empty);
        Add($"**Controller:** {Cell(Controller.Name)}, {Cell(Controller.Address)}, {Controller.Country}. Contact: {Cell(Controller.Contact)}. Data protection officer: {Cell(Controller.DataProtectionOfficer ?? "none named")}.");
        Add(string.Empty);
        Add("| Purpose | Lawful basis | Erased after | Lines |");
        Add("| --- | --- | --- | --- |");
        foreach (var one in Purposes)
        {
            Add(string.Create(CultureInfo.InvariantCulture, $"| {Cell(one.Text)} ({one.Purpose}) | {one.Basis} | {one.RetentionDays} days from the call's end | {string.Join(", ", one.Lines)} |"));
        }

        Add(string.Empty);
        Add($"**Data subjects:** {Subjects}");
        Add(string.Empty);
        Add($"**Data:** {Data}");
        Add(string.Empty);
        Add(Recipients.Count == 0 ? "**Recipients:** none named in the settings." : "**Recipients (processors):**");
        foreach (var one in Recipients)
        {
            Add($"- {Cell(one.Party.Name)}, {Cell(one.Party.Address)}, {one.Party.Country}{(one.ThirdCountry ? " (third country: add the safeguards of art. 44 to 49 here)" : string.Empty)}");
        }

        Add(string.Empty);
        Add($"**Security:** {Measures}");
        return text.ToString();

        void Add(string line) => text.Append(line).Append('\n');
    }

    private static ProcessingRecord Of(PartyOptions controller, IReadOnlyList<LineOptions> lines, string language) => new(
        controller,
        [
            .. lines.SelectMany(line => line.Purposes.Select(purpose => (line.Name, Purpose: purpose)))
                .GroupBy(one => one.Purpose.Id)
                .OrderBy(group => group.Key, StringComparer.Ordinal)
                .Select(group => new ProcessedPurpose(
                    group.Key,
                    group.First().Purpose.Texts.TryGetValue(language, out var text) ? text : group.Key,
                    group.First().Purpose.Basis,
                    (int)group.First().Purpose.Retention.TotalDays,
                    [.. group.Select(one => one.Name)])),
        ],
        [.. lines.SelectMany(line => line.Processors).DistinctBy(party => party.Id).Select(party => new ProcessingRecipient(party, !Eea.Contains(party.Country)))]);

    /// <summary>Text of the settings as text: no markup, no new row.</summary>
    private static string Cell(string text) => string.Concat(text.Select(character => character switch
    {
        '|' or '\\' or '*' or '_' or '[' or '`' or '<' => $"\\{character}",
        _ when char.IsControl(character) => " ",
        _ => character.ToString(),
    }));
}
