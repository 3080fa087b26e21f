using IvrConsent.Core.Calls;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Ledger;

namespace IvrConsent.Core.Records;

/// <summary>The states that a consent passes through.</summary>
public enum ConsentState
{
    /// <summary>The notice was heard and the question put.</summary>
    Requested,

    /// <summary>Given.</summary>
    Given,

    /// <summary>Refused.</summary>
    Refused,

    /// <summary>Taken back.</summary>
    Withdrawn,

    /// <summary>Neither given nor refused: silence, wrong keys, hung up, not asked.</summary>
    Unknown,

    /// <summary>No consent was asked: the person was told of another ground.</summary>
    Informed,
}

/// <summary>What the person states about an event that is wrong or not whole, beside which it stands.</summary>
/// <param name="Event">The event.</param>
/// <param name="At">When it was entered.</param>
/// <param name="Text">The statement.</param>
public sealed record ConsentStatement(Guid Event, DateTimeOffset At, string Text);

/// <summary>
/// One call's consent, or one that was entered without a call, put together from the events: what was asked in which words, what the
/// person did, what it covers. It has one record, with all its steps; the record has the id of the event that decided first and keeps
/// it whatever follows.
/// </summary>
public sealed record ConsentCase
{
    /// <summary>The row of the call, or of the entry.</summary>
    public required CallRow Call { get; init; }

    /// <summary>What the line's terms were; null when the call names none, or they are not in the ledger.</summary>
    public Terms? Terms { get; init; }

    /// <summary>SHA-256 of the terms that the call or the entry names.</summary>
    public string? TermsSha256 { get; init; }

    /// <summary>The notices heard, in order; where an earlier answer stands for this call, those of the call in which it was given.</summary>
    public required IReadOnlyList<NoticePlayed> Notices { get; init; }

    /// <summary>The steps in the order of the ledger; at least one is a decision.</summary>
    public required IReadOnlyList<ConsentStep> Steps { get; init; }

    /// <summary>The purposes that were ever granted, or that the person was told of, by id; null where the events name none.</summary>
    public IReadOnlyList<string>? Purposes { get; init; }

    /// <summary>
    /// How the call was led: what the jurisdiction table decided for it, else what the consent itself says, else the line's mode. Null
    /// where nothing tells, and for what was entered.
    /// </summary>
    public ConsentMode? Mode { get; init; }

    /// <summary>How the call ended; null when it has not, or where there was none.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>What the person states about events of this call or entry (GDPR art. 16), in the order of the ledger.</summary>
    public IReadOnlyList<ConsentStatement> Statements { get; init; } = [];

    /// <summary>The step that decided first.</summary>
    public ConsentStep Decision => Steps.First(step => step.State != ConsentState.Requested);

    /// <summary>Whether it was entered without a call.</summary>
    public bool IsEntry => Call.Kind == CallKind.Record;

    /// <summary>The state that holds now: a withdrawal from some of the purposes leaves it given.</summary>
    public ConsentState State => Steps[^1].State == ConsentState.Withdrawn && (Purposes ?? []).Any(Grants) ? ConsentState.Given : Steps[^1].State;

    /// <summary>The reference of the receipt.</summary>
    public string Reference => ReceiptReference.Of(Decision.Position);

    /// <summary>The language of the dialogue: that of the last notice heard, or what the entry says.</summary>
    public string? Language => Notices.Count == 0 ? Entry?.Language : Notices[^1].Language;

    /// <summary>The notice that carries the information, not a reminder of it: the first that was heard.</summary>
    public NoticePlayed? Notice => Notices.Count == 0 ? null : Notices[0];

    /// <summary>Id of the notice heard, or of the one that the entry names.</summary>
    public string? NoticeId => Notice?.Notice ?? Entry?.Notice;

    /// <summary>Its version.</summary>
    public string? NoticeVersion => Notice?.Version ?? Entry?.NoticeVersion;

    /// <summary>The purposes with what the terms say of them; a purpose that the terms do not know is left out.</summary>
    public IReadOnlyList<TermsPurpose> KnownPurposes =>
        [.. (Terms?.Purposes ?? []).Where(purpose => Purposes?.Contains(purpose.Id) ?? (State != ConsentState.Informed && purpose.Basis == LawfulBasis.Consent))];

    /// <summary>When the last of the granted purposes lets go of the recording; null while the call goes on, or without purposes.</summary>
    public DateTimeOffset? KeptUntil => EndedAt is { } end && KnownPurposes.Count > 0
        ? end + TimeSpan.FromDays(KnownPurposes.Max(purpose => purpose.RetentionDays))
        : null;

    private ConsentEntered? Entry => Steps.Select(step => step.Source?.Entry).LastOrDefault(entry => entry is not null);

    /// <summary>Hash of the terms that a call or an entry names; null when it names none.</summary>
    public static string? TermsOf(IEnumerable<LedgerLine> call) =>
        call.Select(line => line.Entry.Event switch
        {
            CallArrived arrived => arrived.Terms,
            ConsentEntered entered => entered.Terms,
            _ => null,
        }).FirstOrDefault(terms => terms is not null);

    /// <summary>Puts a call's events together; null when nobody decided anything in it.</summary>
    /// <param name="call">All events of one call or entry, in any order.</param>
    /// <param name="terms">The terms that it names.</param>
    /// <param name="elsewhere">Other events of the same person: withdrawals that reach this call, and the answer that stands for it.</param>
    public static ConsentCase? From(IReadOnlyList<LedgerLine> call, Terms? terms, IEnumerable<LedgerLine>? elsewhere = null) =>
        ConsentSteps.Gather(call, terms, elsewhere ?? []);

    /// <summary>Whether consent to the purpose holds after all steps.</summary>
    public bool Grants(string purpose)
    {
        var granted = false;
        foreach (var step in Steps.Where(step => step.Purposes?.Contains(purpose) ?? true))
        {
            granted = step.State == ConsentState.Given || (granted && step.State == ConsentState.Requested);
        }

        return granted;
    }
}

/// <summary>A field that a format demands and nothing has a value for.</summary>
/// <param name="Field">The format's name of it.</param>
/// <param name="Setting">The setting that is its source, or the event that should have had it.</param>
/// <param name="Remedy">What to do.</param>
public sealed record MissingField(string Field, string Setting, string Remedy)
{
    /// <summary>In one line.</summary>
    public override string ToString() => $"{Field}: nothing says it ({Setting}). {Remedy}";
}

/// <summary>A document, or what it lacks; never one with an invented value.</summary>
/// <param name="Document">The document; null when a mandatory field has no source.</param>
/// <param name="Missing">The mandatory fields without a source.</param>
public sealed record RecordDocument(System.Text.Json.Nodes.JsonObject? Document, IReadOnlyList<MissingField> Missing);

/// <summary>Collects what is missing, so that all of it is told at once.</summary>
internal sealed class Demands(ConsentCase consent)
{
    private readonly List<MissingField> _missing = [];

    public IReadOnlyList<MissingField> Missing => _missing;

    /// <summary>The terms; notes them as missing.</summary>
    public Terms? Terms()
    {
        if (consent.Terms is null)
        {
            _missing.Add(consent is { IsEntry: true, TermsSha256: null }
                ? new MissingField("terms", "ConsentEntered.terms", "The entry names no line, or is of before entries kept its terms: nobody can prove what was agreed to. Use --format csv, and name the line in entries to come.")
                : consent.TermsSha256 is { } hash
                ? new MissingField("terms", $"TermsInForce {hash}", "The ledger does not hold the terms that the call names, or they were changed; run: ivrconsent ledger verify")
                : new MissingField("terms", "CallArrived.terms", "The call is of before terms were kept, or its line was unknown: nobody can prove what was agreed to. Use --format csv."));
        }

        return consent.Terms;
    }

    /// <summary>A value that a setting of the line gives.</summary>
    public T? OfLine<T>(T? value, string field, string setting)
        where T : class => Of(value, field, $"lines[{consent.Call.Line}].{setting}", "Write it for the calls to come; for this call its terms are fixed.");

    /// <summary>A value of the section <c>records</c>.</summary>
    public T? OfRecords<T>(T? value, string field, string setting)
        where T : class => Of(value, field, $"records.{setting}", "Write it for the calls to come; for this call its terms are fixed.");

    /// <summary>Any other value.</summary>
    public T? Of<T>(T? value, string field, string source, string remedy)
        where T : class
    {
        if (value is null)
        {
            _missing.Add(new MissingField(field, source, remedy));
        }

        return value;
    }
}
