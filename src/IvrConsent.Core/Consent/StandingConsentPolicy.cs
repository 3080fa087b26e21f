using IvrConsent.Core.Calls;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Subjects;

namespace IvrConsent.Core.Consent;

/// <summary>
/// From a person's events to how the person stands to each purpose. What was said last holds, by the time it was said and not by the
/// time it was entered: an old paper that is typed in today undoes nothing that came after it. What was corrected counts as corrected.
/// <para>
/// An opt-out is of another kind than a refusal: it is not undone by a consent to something in a later call, nor by an imported
/// list, only by an entry of staff or a text message that names that very purpose and was given after it.
/// </para>
/// </summary>
public static class StandingConsentPolicy
{
    /// <summary>What a consent is to where the settings name no purposes.</summary>
    public const string Recording = "recording";

    /// <summary>In an opt-out: whatever the purpose.</summary>
    public const string AllPurposes = "*";

    /// <summary>How the person stands; null when there is no line.</summary>
    /// <param name="subject">The person.</param>
    /// <param name="lines">All of the person's lines, in the order of the ledger.</param>
    /// <param name="findLine">The line of a name as the settings have it now: a refusal does not say what to, and a call's controller is the line's.</param>
    public static StandingConsent? Fold(SubjectId subject, IReadOnlyList<LedgerLine> lines, Func<string, LineOptions?> findLine)
    {
        if (lines.Count == 0)
        {
            return null;
        }

        var fold = new Folding(findLine);
        foreach (var statement in Statements(lines).OrderBy(statement => statement.At).ThenBy(statement => statement.Line.Position))
        {
            fold.Take(statement);
        }

        return new StandingConsent(subject, fold.Grants, [.. fold.OptOuts.OrderBy(optOut => optOut.Since)], fold.Lifted);
    }

    /// <summary>What was said, each with the time at which it was said; corrections in place of what they correct.</summary>
    private static IEnumerable<Statement> Statements(IReadOnlyList<LedgerLine> lines)
    {
        var corrections = new Dictionary<Guid, LedgerLine>();
        foreach (var line in lines)
        {
            if (line.Entry.Event is EntryCorrected correction)
            {
                corrections[correction.Event] = line;
            }
        }

        var notices = new Dictionary<CallId, NoticePlayed>();
        foreach (var line in lines)
        {
            var fact = line.Entry.Event;
            if (fact is NoticePlayed notice)
            {
                notices[line.Call.Id] = notice;
            }

            if (corrections.TryGetValue(line.Entry.EventId, out var corrected))
            {
                fact = ((EntryCorrected)corrected.Entry.Event).Instead;
            }

            var at = fact switch
            {
                ConsentGiven given => given.KeyAt,
                ConsentRefused refused => refused.KeyAt,
                ConsentWithdrawn withdrawn => withdrawn.KeyAt,
                CallerObjected objected => objected.KeyAt,
                ConsentEntered entered => entered.GivenAt,
                _ => (DateTimeOffset?)null,
            };
            if (at is { } said)
            {
                yield return new Statement(line, fact!, said, notices.GetValueOrDefault(line.Call.Id));
            }
        }
    }

    private sealed record Statement(LedgerLine Line, CallEvent Fact, DateTimeOffset At, NoticePlayed? Notice);

    private sealed class Folding(Func<string, LineOptions?> findLine)
    {
        public Dictionary<string, StandingGrant> Grants { get; } = new(StringComparer.Ordinal);

        public List<OptOut> OptOuts { get; } = [];

        public Dictionary<string, DateTimeOffset> Lifted { get; } = new(StringComparer.Ordinal);

        public void Take(Statement statement)
        {
            var line = statement.Line.Call.Line is { } name ? findLine(name) : null;
            switch (statement.Fact)
            {
                case ConsentGiven given:
                    Set(statement, line, StandingStatus.Given, given.Purposes ?? Asked(line));
                    break;
                case ConsentRefused:
                    Set(statement, line, StandingStatus.Refused, Asked(line));
                    break;
                case ConsentWithdrawn { Scope: WithdrawalScope.Person }:
                    Withdraw(statement, line, [.. Grants.Keys]);
                    break;
                case ConsentWithdrawn:
                    Withdraw(statement, line, [.. Asked(line).Union(Grants.Values.Where(grant => grant.Call == statement.Line.Call.Id).Select(grant => grant.Purpose))]);
                    break;
                case CallerObjected:
                    Set(statement, line, StandingStatus.Objected, [.. line?.Purposes.Where(purpose => purpose.Basis != LawfulBasis.Consent).Select(purpose => purpose.Id) ?? []]);
                    break;
                case ConsentEntered entered:
                    Enter(statement, line, entered);
                    break;
            }
        }

        private void Enter(Statement statement, LineOptions? line, ConsentEntered entered)
        {
            switch (entered.Status)
            {
                case EntryStatus.OptedOut:
                    OptOuts.AddRange(entered.Purposes.Select(purpose => new OptOut(purpose, statement.At, statement.Line.Entry.EventId)));
                    break;
                case EntryStatus.Given:
                    if (entered.Source is EntrySource.StaffWritten or EntrySource.StaffSpoken or EntrySource.Sms)
                    {
                        Lift(entered.Purposes, statement.At);
                    }

                    Set(statement, line, StandingStatus.Given, entered.Purposes, entered);
                    break;
                case EntryStatus.Refused:
                    Set(statement, line, StandingStatus.Refused, entered.Purposes, entered);
                    break;
                default:
                    var given = Grants.Values.Where(grant => grant.Status == StandingStatus.Given).Select(grant => grant.Purpose);
                    Set(statement, line, StandingStatus.Withdrawn, entered.Purposes is [AllPurposes] ? [.. given] : entered.Purposes, entered);
                    break;
            }
        }

        /// <summary>Statements come in the order of time, so whatever opt-out is there by now was said before, or at that moment: then it stays.</summary>
        private void Lift(IReadOnlyList<string> purposes, DateTimeOffset at)
        {
            foreach (var purpose in purposes)
            {
                OptOuts.RemoveAll(optOut => optOut.Purpose == purpose && optOut.Since < at);
                Lifted[purpose] = at;
            }
        }

        private void Withdraw(Statement statement, LineOptions? line, IReadOnlyList<string> purposes) =>
            Set(statement, line, StandingStatus.Withdrawn, [.. purposes.Where(purpose => Grants.TryGetValue(purpose, out var grant) && grant.Status == StandingStatus.Given)]);

        private void Set(Statement statement, LineOptions? line, StandingStatus status, IReadOnlyList<string> purposes, ConsentEntered? entered = null)
        {
            var heard = statement.Notice;
            foreach (var purpose in purposes)
            {
                var (notice, version, language) = entered is null
                    ? (heard?.Notice, heard?.Version, heard?.Language)
                    : (entered.Notice, entered.NoticeVersion, entered.Language);
                if (notice is null && status == StandingStatus.Withdrawn && Grants.TryGetValue(purpose, out var before))
                {
                    // Who takes back what he said in another call has not heard the notice again: it is the consent to those words that is gone.
                    (notice, version, language) = (before.Notice, before.NoticeVersion, before.Language);
                }

                Grants[purpose] = new StandingGrant(purpose, status, statement.At, entered?.ExpiresAt, statement.Line.Entry.EventId, statement.Line.Call.Id)
                {
                    Notice = notice,
                    NoticeVersion = version,
                    Language = language,
                    Line = statement.Line.Call.Line,
                    Controller = line?.Controller?.Id,
                };
            }
        }

        /// <summary>What the line's question is about: its purposes that rest on consent.</summary>
        private static IReadOnlyList<string> Asked(LineOptions? line) => line is null || line.Purposes.Count == 0
            ? [Recording]
            : [.. line.Purposes.Where(purpose => purpose.Basis == LawfulBasis.Consent).Select(purpose => purpose.Id)];
    }
}
