using System.Globalization;
using IvrConsent.Core.Records;

namespace IvrConsent.Host.Cli;

/// <summary>Consents as CSV (RFC 4180): a row for each step, with what is known of it. It has no mandatory fields: what is not known is empty.</summary>
internal static class RecordsCsv
{
    private static readonly string[] Columns =
    [
        "reference", "record_id", "call_id", "subject", "caller_number", "line", "event_id", "position", "state", "at", "keys", "notice", "notice_version",
        "language", "notice_sha256", "heard_ms", "audio_ms", "mode", "purposes", "lawful_bases", "retention_days", "controller", "country", "terms_sha256",
        "step_purposes", "way", "entered_by", "proof_reference", "corrected_by", "correction_actor", "correction_reason", "statements",
    ];

    public static string Header { get; } = string.Join(',', Columns);

    /// <summary>The rows of one consent.</summary>
    public static IEnumerable<string> Rows(ConsentCase consent) => consent.Steps.Select(step => string.Join(',', new[]
    {
        consent.Reference,
        consent.Decision.EventId.ToString(),
        consent.Call.Id.ToString(),
        consent.Call.Subject?.ToString(),
        consent.Call.CallerNumber,
        consent.Call.Line,
        step.EventId.ToString(),
        step.Position.ToString(CultureInfo.InvariantCulture),
        step.State.ToString(),
        LedgerExport.Time(step.At),
        step.Keys,
        consent.NoticeId,
        consent.NoticeVersion,
        consent.Language,
        consent.Notice?.Sha256,
        consent.Notice?.HeardMs.ToString(CultureInfo.InvariantCulture),
        consent.Notice?.AudioMs.ToString(CultureInfo.InvariantCulture),
        consent.Mode?.ToString(),
        consent.KnownPurposes.Count > 0 ? string.Join(';', consent.KnownPurposes.Select(purpose => purpose.Id)) : string.Join(';', consent.Purposes ?? []),
        string.Join(';', consent.KnownPurposes.Select(purpose => purpose.Basis)),
        string.Join(';', consent.KnownPurposes.Select(purpose => purpose.RetentionDays)),
        consent.Terms?.Controller?.Name,
        consent.Terms?.Country,
        consent.TermsSha256,
        string.Join(';', step.Purposes ?? []),
        step.Source?.Way,
        step.Source?.Actor,
        step.Source?.Reference,
        step.Correction?.EventId.ToString(),
        step.Correction?.Actor,
        step.Correction?.Reason,
        string.Join("; ", consent.Statements.Where(statement => statement.Event == step.EventId || (step == consent.Steps[0] && consent.Steps.All(one => one.EventId != statement.Event))).Select(statement => statement.Text)),
    }.Select(cell => LedgerExport.Cell(cell ?? string.Empty))));
}
