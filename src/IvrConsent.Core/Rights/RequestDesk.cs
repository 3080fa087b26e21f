using IvrConsent.Core.Access;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Retention;
using IvrConsent.Core.Subjects;

namespace IvrConsent.Core.Rights;

/// <summary>What a restriction or an objection did.</summary>
/// <param name="Changed">Recordings that were restricted, or lost purposes, and stay.</param>
/// <param name="Erased">Recordings that nothing keeps any more.</param>
public sealed record RequestOutcome(int Changed, int Erased);

/// <summary>
/// Persons' requests: opened, put off, approved, carried out, closed; each step in the ledger under the case's own record. Every step
/// that stopped half-way can be taken again: what is done already is passed over.
/// </summary>
public sealed class RequestDesk(IRequests requests, IRetention retention, WaitingRecordings waiting, ErasureFinisher finisher, ILedger ledger, RightsLog log)
{
    private const int Page = 200;

    /// <summary>Opens a case about a person, or about one call where <paramref name="call"/> is given.</summary>
    public async Task<RequestCase> OpenAsync(RequestKind kind, SubjectId? subject, CallId? call, DateTimeOffset? receivedAt, string actor, CancellationToken cancel)
    {
        if (call is { } one)
        {
            var known = await ledger.FindCallAsync(one, cancel) ?? throw new RightsRefusedException($"the ledger has no call {one}");
            subject ??= known.Call.Subject;
        }

        if (subject is null && call is null)
        {
            throw new RightsRefusedException("the ledger knows nobody of this number");
        }

        var received = receivedAt ?? log.Now;
        if (received > log.Now.AddMinutes(5))
        {
            throw new RightsRefusedException("a request cannot have come in in the future");
        }

        var request = new RequestCase(log.NewId(), kind, subject, call, received, RequestPolicy.DueAt(received), actor);
        await requests.AddAsync(request, cancel);
        await log.BeginAsync(request.Id, subject, null, new RequestOpened(kind, call?.ToString(), received, request.DueAt, actor), $"Case {request.Id} is open");
        return request;
    }

    /// <summary>A case.</summary>
    public async Task<RequestCase> GetAsync(CallId id, CancellationToken cancel) =>
        await requests.FindAsync(id, cancel) ?? throw new RightsRefusedException($"there is no case {id}; requests list shows them");

    /// <summary>Puts the answer off by two months, once.</summary>
    public async Task<RequestCase> ExtendAsync(CallId id, string reason, string actor, CancellationToken cancel)
    {
        var request = await GetAsync(id, cancel);
        RefuseIf(RequestPolicy.WhyNotExtend(request, reason, log.Now));
        var due = RequestPolicy.DueAt(request.ReceivedAt, extended: true);
        RefuseIf(await requests.ExtendAsync(id, due, reason, cancel) ? null : "somebody else has just extended or closed it");
        await log.AddAsync(id, new RequestExtended(due, actor, reason), $"Case {id} is extended", cancel);
        return request with { DueAt = due, ExtensionReason = reason };
    }

    /// <summary>Says that a second person agrees.</summary>
    public async Task ApproveAsync(CallId id, string actor, CancellationToken cancel)
    {
        RefuseIf((await GetAsync(id, cancel)).State == RequestState.Open ? null : "the case is closed");
        RefuseIf(await requests.ApproveAsync(id, actor, log.Now, cancel) ? null : $"{actor} has approved it before");
        await log.AddAsync(id, new RequestApproved(actor), $"Case {id} is approved", cancel);
    }

    /// <summary>Closes a case; one of access as answered only where all that there is was handed out, or somebody says that it was not.</summary>
    public async Task CloseAsync(CallId id, RequestState state, string reason, bool incomplete, string actor, CancellationToken cancel)
    {
        var request = await GetAsync(id, cancel);
        RefuseIf(RequestPolicy.WhyNotClose(request, state, reason));
        var wanting = state == RequestState.Answered ? await FindWantingAsync(request, cancel) : null;
        RefuseIf(wanting is null || incomplete ? null : $"the answer is not whole: {wanting}. Or close it with --incomplete, and with a reason that says what the person was told of the rest");
        RefuseIf(await requests.CloseAsync(id, state, reason, log.Now, cancel) ? null : "somebody else has just closed it");
        await log.AddAsync(id, new RequestClosed(state, actor, reason) { Incomplete = wanting is not null }, $"Case {id} is closed", cancel);
    }

    /// <summary>Throws unless somebody else than the actor approved the case.</summary>
    public async Task RequireApprovalAsync(CallId id, string actor, CancellationToken cancel)
    {
        var others = await requests.FindApproversAsync(id, cancel);
        var somebodyElse = others.FirstOrDefault(other => !string.Equals(other, actor, StringComparison.Ordinal));
        RefuseIf(RolePolicy.WhyNotApproved(actor, somebodyElse ?? (others.Count > 0 ? others[0] : null)));
    }

    /// <summary>All recordings that a case is about.</summary>
    public async IAsyncEnumerable<IReadOnlyList<RetainedRecording>> RecordingsAsync(RequestCase request, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(request);
        string? after = null;
        while (await retention.FindAsync(request.Subject, request.Call, after, Page, cancel) is { Count: > 0 } page)
        {
            after = page[^1].Name;
            yield return page;
        }
    }

    /// <summary>What a case is about and is under no retention yet.</summary>
    public Task<IReadOnlyList<WaitingRecording>> FindWaitingAsync(RequestCase request, CancellationToken cancel) => waiting.FindAsync(request, cancel);

    /// <summary>Erases what no other ground keeps (GDPR art. 17); the certificate says what went and what stays.</summary>
    public async Task<ErasureCertificate> EraseAsync(CallId id, string actor, CancellationToken cancel)
    {
        var request = await GetAsync(id, RequestKind.Erasure, cancel);
        var decided = await DecideAsync(request, DeletionCause.ErasureRequested, actor, cancel);
        await finisher.RunAsync(cancel);

        // One call is not the person: others of the same number would lose their way to it.
        var keeps = request.Call is not null ? NumberKeeper.OneCallOnly
            : request.Subject is { } subject ? await retention.ForgetAsync(subject, log.Now, cancel)
            : NumberKeeper.Withheld;
        if (keeps is null)
        {
            // What was recorded in a call that ended while this went on. With the mapping gone no further call is this person's.
            decided.AddRange(await DecideAsync(request, DeletionCause.ErasureRequested, actor, cancel));
            await finisher.RunAsync(cancel);
        }

        var going = (await waiting.FindAsync(request, cancel)).Where(one => !one.Over).Select(one => one.Recording);
        var certificate = new ErasureCertificate(
            id.ToString(),
            log.Now,
            actor,
            request.Subject,
            [.. decided.Where(one => one.Decision.Delete).Select(Certified)],
            await finisher.CountUnfinishedAsync(cancel),
            [.. decided.Where(one => !one.Decision.Delete).DistinctBy(one => one.Recording.Name).Select(Certified), .. going.Select(StillRunning)],
            keeps);
        var hash = ErasureCertificate.Hash(certificate.ToJson());
        await log.AddAsync(id, new PersonErased(certificate.Erased.Count, certificate.Kept.Count, keeps is null, actor, hash), $"Case {id}: the erasure is done", cancel);
        return certificate;
    }

    /// <summary>Ends what can be objected to (GDPR art. 21); recordings that nothing else keeps are erased.</summary>
    public async Task<RequestOutcome> UpholdObjectionAsync(CallId id, string actor, CancellationToken cancel)
    {
        var decided = await DecideAsync(await GetAsync(id, RequestKind.Objection, cancel), DeletionCause.ObjectionUpheld, actor, cancel);
        await finisher.RunAsync(cancel);
        return new RequestOutcome(decided.Count(one => !one.Decision.Delete), decided.Count(one => one.Decision.Delete));
    }

    /// <summary>
    /// Restricts the recordings of a case, or lifts that (GDPR art. 18). A restriction outlives the answer to who asked for it: it is lifted
    /// of a closed case as well.
    /// </summary>
    public async Task<RequestOutcome> RestrictAsync(CallId id, bool restrict, string actor, CancellationToken cancel)
    {
        var request = await GetAsync(id, RequestKind.Restriction, open: restrict, cancel);
        if (restrict)
        {
            await KeepWaitingAsync(request, cancel);
        }

        var changed = 0;
        await foreach (var page in RecordingsAsync(request, cancel))
        {
            foreach (var recording in page.Where(one => restrict ? one.RestrictedBy is null : one.RestrictedBy == id))
            {
                if (await retention.RestrictAsync(recording.Name, restrict ? id : null, cancel))
                {
                    changed++;
                    await log.AddAsync(
                        recording.Call, new RecordingRestricted(recording.Name, restrict, actor, id.ToString()), $"Recording {recording.Name} is {(restrict ? "restricted" : "free")}", cancel);
                }
            }
        }

        return new RequestOutcome(changed, 0);
    }

    /// <summary>Decides about all of a case's recordings, and ends the purposes that the cause ends on those that stay.</summary>
    private async Task<List<DecidedErasure>> DecideAsync(RequestCase request, DeletionCause cause, string actor, CancellationToken cancel)
    {
        await KeepWaitingAsync(request, cancel);
        var all = new List<DecidedErasure>();
        await foreach (var page in RecordingsAsync(request, cancel))
        {
            var decided = await retention.DecideAsync([.. page.Select(recording => recording.Name)], cause, actor, log.Now, cancel);
            foreach (var kept in decided.Where(one => !one.Decision.Delete))
            {
                var left = DeletionPolicy.Left(kept.Recording.Terms, cause, log.Now);
                if (left.Count < kept.Recording.Terms.Count || left.Count == 0)
                {
                    await retention.SetTermsAsync(kept.Recording.Name, left, log.Now, cancel);
                }
            }

            all.AddRange(decided);
        }

        return all;
    }

    /// <summary>
    /// Puts under retention what still waits on a PBX, as taking it in would: so what is decided of a person's recordings is decided of these as
    /// well, and taking them in heeds it. What the PBX has lost may be found again.
    /// </summary>
    private async Task KeepWaitingAsync(RequestCase request, CancellationToken cancel)
    {
        foreach (var one in await waiting.FindAsync(request, cancel))
        {
            if (one is { Over: true, Going: false })
            {
                await retention.KeepAsync(one.Recording, cancel);
            }
        }
    }

    private async Task<string?> FindWantingAsync(RequestCase request, CancellationToken cancel)
    {
        if (request.Kind != RequestKind.Access)
        {
            return null;
        }

        var recordings = (await waiting.FindAsync(request, cancel)).Count(one => !one.Going);
        await foreach (var page in RecordingsAsync(request, cancel))
        {
            recordings += page.Count;
        }

        return RequestPolicy.Wanting(request, ((await ledger.FindCallAsync(request.Id, cancel))?.Entries ?? []).Select(entry => entry.Event), recordings);
    }

    /// <summary>An open case of that kind.</summary>
    internal Task<RequestCase> GetAsync(CallId id, RequestKind kind, CancellationToken cancel) => GetAsync(id, kind, open: true, cancel);

    private async Task<RequestCase> GetAsync(CallId id, RequestKind kind, bool open, CancellationToken cancel)
    {
        var request = await GetAsync(id, cancel);
        RefuseIf(request.Kind == kind ? null : $"case {id} is one of {request.Kind.ToString().ToLowerInvariant()}, not of {kind.ToString().ToLowerInvariant()}");
        RefuseIf(request.State == RequestState.Open || !open ? null : $"case {id} is closed");
        return request;
    }

    private static CertifiedRecording StillRunning(RetainedRecording one) =>
        new(one.Name, one.Call.ToString(), null, "its call goes on; carry this out again when it is over", []);

    private static CertifiedRecording Certified(DecidedErasure one) =>
        new(one.Recording.Name, one.Recording.Call.ToString(), one.Recording.EndedAt, one.Decision.Reason, one.Decision.Kept);

    private static void RefuseIf(string? why)
    {
        if (why is not null)
        {
            throw new RightsRefusedException(why);
        }
    }
}
