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
        var recordings = (await pbx.FindLiveRecordingsAsync(cancel)).Where(live => !isInHand(live.CallId)).ToDictionary(live => live.CallId);
        var stopped = 0;
        foreach (var live in recordings.Values.ToArray())
        {
            var known = await services.Ledger.FindCallAsync(live.CallId, cancel);
            if (known is null || new CallHistory(known.Entries, null).Decision != ConsentStatus.Given)
            {
                await StopUnlawfulAsync(live, known, cancel);
                recordings.Remove(live.CallId);
                stopped++;
            }
        }

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
        var events = new List<CallEvent>();
        var name = CallFlow.RecordingName(call.Call.Id);
        var wasRecorded = call.Entries.Any(entry => entry.Event is RecordingStarted);
        if (history.Decision == ConsentStatus.Given && !call.Entries.Any(entry => entry.Event is RecordingSuppressed or RecordingStopped or RecordingFailed))
        {
            // How long it should be, nobody saw: only a missing or empty file can be told.
            var file = await pbx.FindStoredRecordingAsync(name, cancel);
            if (!wasRecorded && !history.RecordingIsOnRecord)
            {
                events.Add(file is null ? new RecordingSuppressed(SuppressionReasons.RecorderFailed) : new RecordingStarted(name, "wav", null));
            }

            wasRecorded |= file is not null;
            if (RecordingLengthPolicy.Judge(file, null) is { } reason)
            {
                CallLog.RecordingFailed(services.Log, call.Call.Id, name, reason, "found so after the worker was away");
                services.Metrics.RecordingFailed(reason);
                events.Add(new RecordingFailed(name, reason, "found so after the worker was away", 0, 0));
            }
            else
            {
                events.Add(new RecordingStopped(name, (long)file!.Length.TotalMilliseconds, file.Bytes));
            }
        }

        if (history.Decision is null)
        {
            events.Add(new ConsentNotObtained(ConsentStatus.NotAsked, 0, 0, "the worker or the PBX was lost during the dialogue"));
            events.Add(new RecordingSuppressed(SuppressionReasons.NotAsked));
        }

        // Given back before: the call took its course. Otherwise a lost worker or PBX is all that is known.
        var lost = wasLetGo(call.Call.Id) ? Termination.PbxLost : Termination.WorkerLost;
        var termination = history.Continued ? Termination.Completed : lost;
        var consent = history.Decision ?? ConsentStatus.NotAsked;
        events.Add(new CallEnded(consent, termination, wasRecorded, null, null, "nobody saw its end"));
        await new CallJournal(services.Ledger, services.Time, call.Call, call.Entries).CommitAsync([.. events]);
        services.Metrics.Ended(consent, call.Call.Line);
        CallLog.Ended(services.Log, call.Call.Id, termination, consent, wasRecorded);
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
