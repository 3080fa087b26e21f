using IvrConsent.Core.Consent;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Recordings;

namespace IvrConsent.Core.Calls;

/// <summary>
/// Puts right what happened while no worker was attached, after each attaching to a PBX: calls that wait on us are taken up
/// again, recordings without a consent in the ledger are stopped and deleted (promise 1), calls that went on are followed, and
/// calls that are over get their one end (promise 3).
/// </summary>
internal sealed class CallReconciler(
    CallServices services,
    Func<CallId, bool> isInHand,
    Func<CallId, bool> wasLetGo,
    Func<IPbx, ICall, CallHistory, bool, Task> start,
    CancellationToken stop)
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Returns when the callers who wait on us have been seen to. Where the ledger cannot be read they go on unrecorded at once
    /// (promise 2), and the rest is tried again until it succeeds or the PBX is lost.
    /// </summary>
    public async Task ReconcileAsync(IPbx pbx, CancellationToken cancel)
    {
        try
        {
            await ReconcileOnceAsync(pbx, cancel);
        }
        catch (Exception exception) when (!cancel.IsCancellationRequested)
        {
            CallLog.ReconcileFailed(services.Log, pbx.Name, exception.Message, RetryAfter.TotalSeconds);
            await ReleaseWaitingCallsAsync(pbx, cancel);
            _ = RetryAsync(pbx, cancel);
        }
    }

    private async Task RetryAsync(IPbx pbx, CancellationToken cancel)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, stop);
        while (!either.IsCancellationRequested)
        {
            try
            {
                await Task.Delay(RetryAfter, services.Time, either.Token);
                await ReconcileOnceAsync(pbx, either.Token);
                return;
            }
            catch (OperationCanceledException) when (either.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception)
            {
                CallLog.ReconcileFailed(services.Log, pbx.Name, exception.Message, RetryAfter.TotalSeconds);
            }
        }
    }

    private async Task ReconcileOnceAsync(IPbx pbx, CancellationToken cancel)
    {
        var (recordings, stopped) = await FindLawfulRecordingsAsync(pbx, cancel);

        var resumed = 0;
        foreach (var call in await pbx.FindWaitingCallsAsync(cancel))
        {
            var known = await services.Ledger.FindCallAsync(call.Arrival.Id, cancel);
            recordings.Remove(call.Arrival.Id, out var live);
            _ = start(pbx, call, new CallHistory(known?.Entries ?? [], live?.Recording), false);
            resumed++;
        }

        var open = await services.Ledger.FindOpenCallsAsync(pbx.Name, cancel);
        var (followed, closed) = (0, 0);
        foreach (var call in open.Where(call => !isInHand(call.Call.Id)))
        {
            recordings.Remove(call.Call.Id, out var live);
            var row = call.Call;
            var arrival = new CallArrival(row.Id, row.Pbx, row.Channel, row.Line, row.CalledNumber, row.CallerNumber, row.ArrivedAt);
            if (await pbx.ReattachAsync(arrival, cancel) is { } stillThere)
            {
                _ = start(pbx, stillThere, new CallHistory(call.Entries, live?.Recording), true);
                followed++;
            }
            else if (!isInHand(row.Id) && await services.Ledger.FindCallAsync(row.Id, cancel) is { } latest && !latest.Entries.Any(entry => entry.Event is CallEnded))
            {
                await CloseAsync(pbx, latest, cancel);
                closed++;
            }
        }

        CallLog.Reconciled(services.Log, pbx.Name, open.Count, resumed, followed, closed, stopped);
    }

    /// <summary>The running recordings that have a ground in the ledger, by call; the others are stopped, and counted.</summary>
    private async Task<(Dictionary<CallId, LiveRecording> Lawful, int Stopped)> FindLawfulRecordingsAsync(IPbx pbx, CancellationToken cancel)
    {
        var (lawful, stopped) = (new Dictionary<CallId, LiveRecording>(), 0);
        var byCall = (await pbx.FindLiveRecordingsAsync(cancel)).Where(live => !isInHand(live.CallId)).GroupBy(live => live.CallId);
        foreach (var group in byCall)
        {
            var known = await services.Ledger.FindCallAsync(group.Key, cancel);
            var mayRecord = known is not null && new CallHistory(known.Entries, null).Standing.MayRecord;

            // A second one beside the newest is one that was to stop and did not: its ground is gone.
            foreach (var live in group.OrderByDescending(live => RecordingNames.NumberOf(live.Recording.Name)).ThenByDescending(live => live.Recording.Name, StringComparer.Ordinal))
            {
                if (!mayRecord || !lawful.TryAdd(live.CallId, live))
                {
                    await StopUnlawfulAsync(live, known, cancel);
                    stopped++;
                }
            }
        }

        return (lawful, stopped);
    }

    private async Task StopUnlawfulAsync(LiveRecording live, OpenCall? known, CancellationToken cancel)
    {
        CallLog.RecordedWithoutConsent(services.Log, live.CallId, live.Recording.Name);
        services.Metrics.RecordingFailed(RecordingFailures.NoConsent);
        await live.Recording.DiscardAsync(cancel);
        if (known is not null)
        {
            await new CallJournal(services.Ledger, services.Time, known.Call, known.Entries).CommitAsync(
                new RecordingFailed(live.Recording.Name, RecordingFailures.NoConsent, "found running without a consent in the ledger", 0, 0),
                new RecordingErased(live.Recording.Name, "no consent"));
        }
    }

    /// <summary>Writes the end of a call that nobody saw end.</summary>
    private async Task CloseAsync(IPbx pbx, OpenCall call, CancellationToken cancel)
    {
        var history = new CallHistory(call.Entries, null);
        var standing = history.Standing;
        var journal = new CallJournal(services.Ledger, services.Time, call.Call, call.Entries);
        var events = new List<CallEvent>();
        if (standing.MayRecord && !history.RecordingIsOnRecord)
        {
            // The ground was committed, and nobody lived to tell whether it was recorded: the PBX knows.
            var name = await FindMadeAsync(pbx, call.Call.Id, history.Made + 1, cancel);
            events.Add(name is not null ? new RecordingStarted(name, "wav", null) : new RecordingSuppressed(SuppressionReasons.RecorderFailed));
            history = history with { Entries = [.. history.Entries, .. events.Where(_ => name is not null).Select(fact => new LedgerEntry(Guid.Empty, call.Call.Id, int.MaxValue, call.Call.ArrivedAt, fact))] };
        }

        var kept = history.ToErase.Count > 0 && services.WhyKept is { } ask ? await ask(call.Call.Id, cancel) : null;
        foreach (var name in history.ToErase)
        {
            if (kept is not null)
            {
                events.Add(Failed(call.Call.Id, name, RecordingFailures.NotErased, kept));
                continue;
            }

            await pbx.DeleteStoredRecordingAsync(name, cancel);
            events.Add(await pbx.FindStoredRecordingAsync(name, cancel) is null
                ? new RecordingErased(name, CallRecorder.Withdrawn)
                : Failed(call.Call.Id, name, RecordingFailures.NotErased, "the PBX still has it after it was told to delete it"));
        }

        foreach (var name in history.Unfinished.Except(history.ToErase))
        {
            // How long it should be, nobody saw: only a missing or empty file can be told.
            var file = await pbx.FindStoredRecordingAsync(name, cancel);
            events.Add(RecordingLengthPolicy.Judge(file, null) is { } reason
                ? Failed(call.Call.Id, name, reason, "found so after the worker was away")
                : new RecordingStopped(name, (long)file!.Length.TotalMilliseconds, file.Bytes));
        }

        if (!standing.Decided)
        {
            events.Add(new ConsentNotObtained(ConsentStatus.NotAsked, 0, 0, "the worker or the PBX was lost during the dialogue"));
            events.Add(new RecordingSuppressed(SuppressionReasons.NotAsked));
        }

        // Given back before: the call took its course. Otherwise a lost worker or PBX is all that is known.
        var lost = wasLetGo(call.Call.Id) ? Termination.PbxLost : Termination.WorkerLost;
        var termination = history.Continued ? Termination.Completed : lost;
        events.Add(new CallEnded(standing.Consent, termination, history.Made > 0, null, null, "nobody saw its end"));
        await journal.CommitAsync([.. events]);
        services.Metrics.Ended(standing.Consent, call.Call.Line);
        CallLog.Ended(services.Log, call.Call.Id, termination, standing.Consent, history.Made > 0);
    }

    /// <summary>The call's recording with this number, as the PBX has it; null when there is none. The line's setting may have changed since.</summary>
    private static async Task<string?> FindMadeAsync(IPbx pbx, CallId call, int number, CancellationToken cancel)
    {
        foreach (var channels in Enum.GetValues<RecordingChannels>())
        {
            var name = RecordingNames.Of(call, number, channels);
            if (await pbx.FindStoredRecordingAsync(name, cancel) is not null)
            {
                return name;
            }
        }

        return null;
    }

    private RecordingFailed Failed(CallId call, string name, string reason, string detail)
    {
        CallLog.RecordingFailed(services.Log, call, name, reason, detail);
        services.Metrics.RecordingFailed(reason);
        return new RecordingFailed(name, reason, detail, 0, 0);
    }

    /// <summary>Who waits is let through, unrecorded; the ledger gets to know of it when it can be read again.</summary>
    private async Task ReleaseWaitingCallsAsync(IPbx pbx, CancellationToken cancel)
    {
        try
        {
            foreach (var call in await pbx.FindWaitingCallsAsync(cancel))
            {
                if (!isInHand(call.Arrival.Id))
                {
                    await call.ContinueAsync(null, cancel);
                }
            }
        }
        catch (Exception exception) when (exception is PbxException || (exception is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            CallLog.ReconcileFailed(services.Log, pbx.Name, exception.Message, RetryAfter.TotalSeconds);
        }
    }
}
