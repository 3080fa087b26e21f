using IvrConsent.Core.Calls;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Records;
using IvrConsent.Core.Subjects;

namespace IvrConsent.Core.Retention;

/// <summary>What a line does with recordings whose consent is withdrawn: <see cref="InCallOptions.OnWithdraw"/>, by the settings as they are now.</summary>
/// <param name="Of">By the line's name; an unknown line erases, which is the default.</param>
public sealed record WithdrawalActions(Func<string?, WithdrawalAction> Of);

/// <summary>What a withdrawal leaves of a recording.</summary>
/// <param name="Recording">The recording.</param>
/// <param name="Left">The terms that are left; null: none of those that rest on consent, so it is decided whether it is deleted.</param>
public sealed record WithdrawnRecording(RetainedRecording Recording, IReadOnlyList<RetentionTerm>? Left)
{
    /// <summary>The entries of its call.</summary>
    public IReadOnlyList<LedgerEntry> Entries { get; init; } = [];
}

/// <summary>What withdrawals did.</summary>
/// <param name="Erased">Recordings that lost their keys.</param>
/// <param name="Kept">Those that something keeps.</param>
public sealed record WithdrawalReport(int Erased, IReadOnlyList<DecidedErasure> Kept);

/// <summary>
/// Carries out withdrawals (GDPR art. 7(3), 17(1)(b)) on recordings that are under retention: those of other calls where all of the person's are
/// meant, and those of a call that was over when its consent was withdrawn or corrected. What is to be done follows from the ledger alone each time,
/// so an interruption loses nothing, nothing is done twice, and what a hold or a restriction stops is done when that is gone; the ledger says once that it does.
/// </summary>
public sealed class WithdrawalSweep(IRetention retention, ILedgerReader reader, ILedger ledger, WithdrawalActions actions, TimeProvider time)
{
    private const int Page = 200;

    /// <summary>Decides about what withdrawals reach.</summary>
    /// <param name="since">Only for what was put on record since then; null: for all.</param>
    /// <param name="cancel">Ends it between two pages.</param>
    public async Task<WithdrawalReport> RunAsync(DateTimeOffset? since, CancellationToken cancel)
    {
        var (erased, all) = (0, new List<DecidedErasure>());
        await foreach (var page in FindAsync(since, cancel))
        {
            foreach (var some in page.Where(one => one.Left is not null))
            {
                await retention.SetTermsAsync(some.Recording.Name, some.Left!, time.GetUtcNow(), cancel);
            }

            string[] names = [.. page.Where(one => one.Left is null).Select(one => one.Recording.Name)];
            if (names.Length == 0)
            {
                continue;
            }

            var decided = await retention.DecideAsync(names, DeletionCause.ConsentWithdrawn, RetentionSweep.Actor, time.GetUtcNow(), cancel);
            erased += decided.Count(one => one.Decision.Delete);
            foreach (var kept in decided.Where(one => !one.Decision.Delete))
            {
                all.Add(kept);
                await TellKeptAsync(kept, page.First(one => one.Recording.Name == kept.Recording.Name).Entries);

                // Whatever keeps it, nothing of it rests on consent any more. Held, and for nothing else: then it stays as it is until the hold is gone.
                var left = RetentionPolicy.WithoutConsent(kept.Recording.Terms);
                if (left.Count > 0 && left.Count < kept.Recording.Terms.Count)
                {
                    await retention.SetTermsAsync(kept.Recording.Name, left, time.GetUtcNow(), cancel);
                }
            }
        }

        return new WithdrawalReport(erased, all);
    }

    /// <summary>Says in the ledger, once for each reason, that a withdrawal is not carried out although no purpose is left: a hold or a restriction keeps the recording.</summary>
    private async Task TellKeptAsync(DecidedErasure kept, IReadOnlyList<LedgerEntry> entries)
    {
        var (name, why, now) = (kept.Recording.Name, kept.Decision.Reason, time.GetUtcNow());
        if (DeletionPolicy.Left(kept.Recording.Terms, DeletionCause.ConsentWithdrawn, now).Count == 0
            && !entries.Any(entry => entry.Event is RecordingFailed { Reason: RecordingFailures.NotErased } told && told.Recording == name && told.Detail == why))
        {
            var fact = new RecordingFailed(name, RecordingFailures.NotErased, why, 0, 0);
            await ledger.AppendAsync(new LedgerBatch(null, [new LedgerEntry(Guid.CreateVersion7(now), kept.Recording.Call, entries.Max(entry => entry.CallSequence) + 1, now, fact)]));
        }
    }

    /// <summary>What withdrawals reach, page by page, without doing anything.</summary>
    public async IAsyncEnumerable<IReadOnlyList<WithdrawnRecording>> FindAsync(DateTimeOffset? since, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        string? after = null;
        while (await retention.FindWithdrawnAsync(since, after, Page, cancel) is { Count: > 0 } page)
        {
            after = page[^1].Name;
            var persons = new Dictionary<(SubjectId?, CallId?), List<LedgerLine>>();
            var reached = new List<WithdrawnRecording>();
            foreach (var recording in page)
            {
                (SubjectId?, CallId?) whose = recording.Subject is { } subject ? (subject, null) : (null, recording.Call);
                if (!persons.TryGetValue(whose, out var lines))
                {
                    persons[whose] = lines = await ReadAsync(whose, cancel);
                }

                if (WithdrawalPolicy.Decide(recording, lines, actions) is { } withdrawn)
                {
                    reached.Add(withdrawn with { Entries = [.. lines.Select(line => line.Entry).Where(entry => entry.CallId == recording.Call)] });
                }
            }

            yield return reached;
        }
    }

    private async Task<List<LedgerLine>> ReadAsync((SubjectId? Subject, CallId? Call) whose, CancellationToken cancel)
    {
        var lines = new List<LedgerLine>();
        await foreach (var line in reader.ReadAsync(new LedgerQuery(Subject: whose.Subject, Call: whose.Call), cancel))
        {
            lines.Add(line);
        }

        return lines;
    }
}

/// <summary>Whether withdrawals reach a recording. What stands against its deletion, <see cref="DeletionPolicy"/> says.</summary>
public static class WithdrawalPolicy
{
    /// <summary>What is left of a recording; null where no withdrawal reaches it, or its line keeps what was recorded before.</summary>
    /// <param name="recording">The recording.</param>
    /// <param name="lines">All of the person's events, or those of the call where the number was withheld.</param>
    /// <param name="actions">What lines do.</param>
    public static WithdrawnRecording? Decide(RetainedRecording recording, IReadOnlyList<LedgerLine> lines, WithdrawalActions actions)
    {
        ArgumentNullException.ThrowIfNull(recording);
        ArgumentNullException.ThrowIfNull(actions);
        LedgerLine[] call = [.. lines.Where(line => line.Entry.CallId == recording.Call)];
        if (call.Length == 0 || ConsentCase.From(call, terms: null, lines) is not { } consent
            || consent.Steps.LastOrDefault(step => step.State == ConsentState.Withdrawn || step.Correction is not null) is not { } last)
        {
            return null;
        }

        var named = recording.Terms.Where(term => term.Basis == LawfulBasis.Consent).Select(term => term.Purpose).ToArray();
        string[] ended = [.. named.Where(purpose => !consent.Grants(purpose))];
        var nothingNamed = recording.Terms.Count == 0 && consent.State is ConsentState.Withdrawn or ConsentState.Refused or ConsentState.Unknown;
        if ((ended.Length == 0 && !nothingNamed) || ActionOf(last, recording, lines, actions) == WithdrawalAction.Keep)
        {
            return null;
        }

        return new WithdrawnRecording(recording, ended.Length < named.Length ? RetentionPolicy.WithoutConsent(recording.Terms, ended) : null);
    }

    /// <summary>What was said in the call itself was said of its own recordings; what was said elsewhere leaves it to the recording's line.</summary>
    private static WithdrawalAction ActionOf(ConsentStep last, RetainedRecording recording, IReadOnlyList<LedgerLine> lines, WithdrawalActions actions) =>
        last.Call == recording.Call && last.Correction is null && lines.FirstOrDefault(line => line.Entry.EventId == last.EventId)?.Entry.Event is ConsentWithdrawn withdrawn
            ? withdrawn.Action
            : actions.Of(recording.Line);
}
