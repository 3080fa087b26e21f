using IvrConsent.Core.Calls;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Ledger;

namespace IvrConsent.Core.Records;

/// <summary>One step of a consent.</summary>
/// <param name="EventId">The ledger's event.</param>
/// <param name="Position">Its position in the ledger.</param>
/// <param name="State">The state from here on.</param>
/// <param name="At">When the act took place: by the PBX's clock where it told, else as it was entered, else the event's own time.</param>
/// <param name="Keys">The keys pressed; null where no key was the act.</param>
/// <param name="Call">The call in which it was taken: a withdrawal may come from another.</param>
public sealed record ConsentStep(Guid EventId, long Position, ConsentState State, DateTimeOffset At, string? Keys, CallId Call)
{
    /// <summary>The purposes it is about, by id; null: all.</summary>
    public IReadOnlyList<string>? Purposes { get; init; }

    /// <summary>Until when it holds by itself, where it was said; null: no end of its own.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>Whether the act was no statement of its own: staying on the line after a notice that says what that means.</summary>
    public bool Implied { get; init; }

    /// <summary>How it came, where it did not come by the person's own act in this call; else null.</summary>
    public StepSource? Source { get; init; }

    /// <summary>The correction that this step is as it is by; null: none. The event itself stands in the ledger as it was.</summary>
    public StepCorrection? Correction { get; init; }
}

/// <summary>How a step came that is no act of the person in this call.</summary>
/// <param name="Way">A stable word: one of <see cref="EntrySource"/>'s, <c>staff</c> for what staff entered in the call, <c>earlier-answer</c>.</param>
/// <param name="Actor">Who entered it; null where nobody did.</param>
/// <param name="Reference">Where the proof lies: a document's number, or the event of the earlier answer.</param>
public sealed record StepSource(string Way, string? Actor, string? Reference)
{
    /// <summary>The way of what staff entered in the call.</summary>
    public const string Staff = "staff";

    /// <summary>The way of an answer that was given earlier and stands for this call.</summary>
    public const string EarlierAnswer = "earlier-answer";

    /// <summary>The entry itself, where there is one.</summary>
    internal ConsentEntered? Entry { get; init; }

    /// <summary>The source of an entry.</summary>
    internal static StepSource Of(ConsentEntered entry) => new(WayOf(entry.Source), entry.Actor, entry.Reference) { Entry = entry };

    /// <summary>The word for the way of an entry.</summary>
    public static string WayOf(EntrySource source) => source switch
    {
        EntrySource.StaffWritten => "staff-written",
        EntrySource.StaffSpoken => "staff-spoken",
        EntrySource.Sms => "sms",
        EntrySource.Import => "import",
        _ => "opt-out-line",
    };
}

/// <summary>Who corrected a step, and why.</summary>
/// <param name="EventId">The correcting event.</param>
/// <param name="Actor">Who.</param>
/// <param name="Reason">Why.</param>
public sealed record StepCorrection(Guid EventId, string Actor, string Reason);

/// <summary>From events to the steps of a consent.</summary>
internal static class ConsentSteps
{
    /// <summary>As <see cref="ConsentCase.From"/>.</summary>
    public static ConsentCase? Gather(IReadOnlyList<LedgerLine> call, Terms? terms, IEnumerable<LedgerLine> elsewhere)
    {
        ArgumentNullException.ThrowIfNull(call);
        var lines = call.OrderBy(line => line.Entry.CallSequence).ToArray();
        var corrections = CorrectionsOf(lines);
        var steps = lines.Select(line => Step(line, corrections)).OfType<ConsentStep>().ToList();
        if (!steps.Exists(step => step.State != ConsentState.Requested))
        {
            return null;
        }

        var row = lines[0].Call;
        LedgerLine[] others = [.. elsewhere.Where(line => row.Subject is not null && line.Call.Subject == row.Subject && line.Entry.CallId != row.Id).OrderBy(line => line.Position)];
        var facts = lines.Select(line => line.Entry.Event).ToArray();
        var notices = facts.OfType<NoticePlayed>().ToList();
        if (notices.Count == 0 && facts.OfType<ConsentReused>().FirstOrDefault() is { } reused)
        {
            notices = NoticesOf(others, reused.Earlier);
        }

        var gathered = new ConsentCase
        {
            Call = row,
            Terms = terms,
            TermsSha256 = ConsentCase.TermsOf(lines),
            Notices = notices,
            Steps = steps,
            Purposes = PurposesOf(steps),
            Mode = row.Kind == CallKind.Record ? null : facts.OfType<JurisdictionApplied>().LastOrDefault()?.Mode ?? facts.OfType<ConsentGiven>().FirstOrDefault()?.Mode ?? terms?.Mode,
            Statements = [.. lines.Select(line => line.Entry).Where(entry => entry.Event is StatementAdded).Select(entry => Statement(entry.At, (StatementAdded)entry.Event))],
            EndedAt = lines.FirstOrDefault(line => line.Entry.Event is CallEnded)?.Entry.At,
        };
        return gathered with { Steps = [.. steps.Select(step => step with { Implied = IsImplied(step, gathered.Mode, others) }), .. Reaching(gathered, others)] };
    }

    private static ConsentStatement Statement(DateTimeOffset at, StatementAdded added) => new(added.Event, at, added.Text);

    private static bool IsImplied(ConsentStep step, ConsentMode? mode, LedgerLine[] others) => step.Source?.Way switch
    {
        null or StepSource.Staff => mode == ConsentMode.Announce && step.Keys is null,
        StepSource.EarlierAnswer => others.FirstOrDefault(line => line.Entry.EventId.ToString() == step.Source.Reference)?.Entry.Event
            is ConsentGiven { Mode: ConsentMode.Announce, Key: null, Keys: null },
        _ => false,
    };

    /// <summary>The withdrawals elsewhere that take back what was given here, until nothing of it is left.</summary>
    private static IEnumerable<ConsentStep> Reaching(ConsentCase given, LedgerLine[] others)
    {
        if (given.Steps.LastOrDefault(step => step.State != ConsentState.Requested) is not { State: ConsentState.Given } last)
        {
            yield break;
        }

        var left = (given.Purposes ?? [StandingConsentPolicy.Recording]).ToHashSet(StringComparer.Ordinal);
        var corrections = CorrectionsOf(others);
        foreach (var step in others.Where(line => line.Entry.Event is ConsentWithdrawn { Scope: WithdrawalScope.Person } or ConsentEntered or ConsentGiven or ConsentRefused).Select(line => Step(line, corrections)).OfType<ConsentStep>())
        {
            if (step.State != ConsentState.Withdrawn || step.At <= last.At || (step.Purposes is { } some && !left.Overlaps(some)))
            {
                continue;
            }

            yield return step;
            left.ExceptWith(step.Purposes ?? [.. left]);
            if (left.Count == 0)
            {
                yield break;
            }
        }
    }

    /// <summary>The notices of the call in which the earlier answer was given.</summary>
    private static List<NoticePlayed> NoticesOf(LedgerLine[] others, Guid earlier) =>
        others.FirstOrDefault(line => line.Entry.EventId == earlier)?.Entry.CallId is { } there
            ? [.. others.Where(line => line.Entry.CallId == there).Select(line => line.Entry.Event).OfType<NoticePlayed>()]
            : [];

    private static Dictionary<Guid, LedgerEntry> CorrectionsOf(IEnumerable<LedgerLine> lines)
    {
        var corrections = new Dictionary<Guid, LedgerEntry>();
        foreach (var line in lines)
        {
            if (line.Entry.Event is EntryCorrected correction)
            {
                corrections[correction.Event] = line.Entry;
            }
        }

        return corrections;
    }

    private static string[]? PurposesOf(List<ConsentStep> steps)
    {
        string[] named =
        [
            .. steps.Where(step => step.State is ConsentState.Given or ConsentState.Informed || step.Source?.Entry is not null)
                .SelectMany(step => step.Purposes ?? [])
                .Distinct(StringComparer.Ordinal)
        ];
        return named.Length == 0 ? null : named;
    }

    private static ConsentStep? Step(LedgerLine line, Dictionary<Guid, LedgerEntry> corrections)
    {
        var step = Step(line, line.Entry.Event);
        if (step is null || !corrections.TryGetValue(step.EventId, out var corrected))
        {
            return step;
        }

        if (((EntryCorrected)corrected.Event).Instead is null && line.Entry.Event is ConsentWithdrawn)
        {
            // It did not happen: what was given before it was never taken back.
            return null;
        }

        // The event keeps its id and its position, so a receipt that was handed out still leads here.
        var correction = (EntryCorrected)corrected.Event;
        var instead = correction.Instead is { } entry ? Step(line, entry)! : step with { State = ConsentState.Unknown, Keys = null, Purposes = null };
        return instead with { Correction = new StepCorrection(corrected.EventId, correction.Actor, correction.Reason) };
    }

    private static ConsentStep? Step(LedgerLine line, CallEvent fact)
    {
        var at = line.Entry.At;
        return fact switch
        {
            NoticePlayed played => Make(ConsentState.Requested, played.StartedAt ?? at, null),
            ConsentGiven given => Make(ConsentState.Given, given.KeyAt, given.Keys ?? given.Key?.ToString()) with { Purposes = given.Purposes, Source = StaffOrNone(given.By) },
            ConsentRefused refused => Make(ConsentState.Refused, refused.KeyAt, refused.Key.ToString()),
            ConsentWithdrawn withdrawn => Make(ConsentState.Withdrawn, withdrawn.KeyAt, withdrawn.Keys) with { Source = StaffOrNone(withdrawn.By) },
            ConsentNotObtained => Make(ConsentState.Unknown, at, null),
            CallerInformed informed => Make(ConsentState.Informed, at, null) with { Purposes = informed.Purposes },
            ConsentReused reused => Make(StateOf(reused.Status), reused.SaidAt, null) with
            {
                Purposes = reused.Purposes,
                Source = new StepSource(StepSource.EarlierAnswer, null, reused.Earlier.ToString()),
            },
            ConsentEntered entered => Make(StateOf(entered.Status), entered.GivenAt, null) with
            {
                Purposes = entered.Purposes.Contains(StandingConsentPolicy.AllPurposes) ? null : entered.Purposes,
                Until = entered.ExpiresAt,
                Source = StepSource.Of(entered),
            },
            _ => null,
        };

        ConsentStep Make(ConsentState state, DateTimeOffset when, string? keys) =>
            new(line.Entry.EventId, line.Position, state, when, string.IsNullOrEmpty(keys) ? null : keys, line.Entry.CallId);
    }

    private static StepSource? StaffOrNone(string? by) => by is null ? null : new StepSource(StepSource.Staff, by, null);

    private static ConsentState StateOf(ConsentStatus status) => status switch
    {
        ConsentStatus.Given => ConsentState.Given,
        ConsentStatus.Refused => ConsentState.Refused,
        ConsentStatus.Withdrawn => ConsentState.Withdrawn,
        _ => ConsentState.Unknown,
    };

    /// <summary>An opt-out is a refusal of what it names, as far as these states go.</summary>
    private static ConsentState StateOf(EntryStatus status) => status switch
    {
        EntryStatus.Given => ConsentState.Given,
        EntryStatus.Withdrawn => ConsentState.Withdrawn,
        _ => ConsentState.Refused,
    };
}
