using IvrConsent.Core.Consent;
using IvrConsent.Core.Diagnostics;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Notices;
using IvrConsent.Core.Recordings;
using Microsoft.Extensions.Logging;

namespace IvrConsent.Core.Calls;

/// <summary>What every call's flow works with.</summary>
/// <param name="Ledger">Where the facts go.</param>
/// <param name="Time">The clock.</param>
/// <param name="Metrics">What is counted.</param>
/// <param name="Log">One line per step.</param>
internal sealed record CallServices(ILedger Ledger, TimeProvider Time, CallMetrics Metrics, ILogger Log);

/// <summary>What is already known of a call that is taken up again.</summary>
/// <param name="Entries">Its events so far; empty for a new call.</param>
/// <param name="Recording">Its recording, when one is running; else null.</param>
internal sealed record CallHistory(IReadOnlyList<LedgerEntry> Entries, IRecording? Recording)
{
    public static CallHistory None { get; } = new([], null);

    /// <summary>The decision that stands in the ledger; null when none was taken.</summary>
    public ConsentStatus? Decision => Entries.Select(entry => entry.Event).OfType<CallEvent>().Select(fact => fact switch
    {
        ConsentGiven => ConsentStatus.Given,
        ConsentRefused => ConsentStatus.Refused,
        ConsentNotObtained other => other.Status,
        _ => (ConsentStatus?)null,
    }).LastOrDefault(status => status is not null);

    /// <summary>When the recording started by the PBX's clock, as far as the ledger knows.</summary>
    public DateTimeOffset? RecordingStartedAt =>
        Entries.Select(entry => entry.Event).OfType<RecordingStarted>().LastOrDefault()?.StartedAt;

    /// <summary>Whether the call had been given back to the dialplan.</summary>
    public bool Continued => Entries.Any(entry => entry.Event is CallContinued);
}

/// <summary>
/// The way of one call, top to bottom, in the order in which it happens. A hang-up is a cancelled token; a lost PBX leaves the
/// call open in the ledger for <see cref="CallReconciler"/> to take up or to close.
/// </summary>
internal sealed class CallFlow(
    CallServices services,
    ICallSettings settings,
    IPbx pbx,
    ICall call,
    CallHistory history,
    Action dialogueOver,
    CancellationToken shutdown)
{
    /// <summary>Prefix of every recording's name on the PBX; the call's id follows.</summary>
    public const string RecordingPrefix = "ivrc-";

    /// <summary>After the caller has left, the PBX's report on the recording follows within milliseconds; so long it is waited for.</summary>
    private static readonly TimeSpan RecordingEndLimit = TimeSpan.FromSeconds(5);

    /// <summary>After a prompt that nothing depends on, so long until the call has been given back.</summary>
    private static readonly TimeSpan HandBackLimit = TimeSpan.FromSeconds(5);

    private readonly CallId _id = call.Arrival.Id;
    private readonly LineOptions? _line = settings.FindLine(call.Arrival.LineArgument, call.Arrival.CalledNumber);
    private readonly CallJournal _journal = new(services.Ledger, services.Time, Row(call.Arrival, settings), history.Entries);
    private bool _decided = history.Decision is not null;
    private ConsentStatus _consent = history.Decision ?? ConsentStatus.NotAsked;
    private IRecording? _recording = history.Recording;
    private DateTimeOffset? _recordingStartedAt = history.RecordingStartedAt;
    private string? _trouble;

    /// <summary>Name of the call's recording on the PBX.</summary>
    public static string RecordingName(CallId id) => RecordingPrefix + id;

    /// <summary>Whether the call has its one end in the ledger; when not, it is left open.</summary>
    public bool Ended { get; private set; }

    /// <summary>The whole way, for a call that waits on us. Never throws.</summary>
    public async Task RunAsync()
    {
        try
        {
            Arrive();
            using var cancel = CancellationTokenSource.CreateLinkedTokenSource(call.Gone, shutdown);
            var termination = await LeadAsync(cancel.Token);
            dialogueOver();
            await FollowAsync(termination);
        }
        catch (Exception exception)
        {
            // Whatever it was, the caller must not pay for it (promise 2).
            CallLog.Unforeseen(services.Log, _id, exception);
            await GiveBackAfterErrorAsync();
        }
        finally
        {
            await _journal.FlushAsync();
        }
    }

    /// <summary>Only the last part, for a call that is already back in the dialplan. Never throws.</summary>
    public async Task RunFollowAsync()
    {
        try
        {
            await FollowAsync(CatchUp());
        }
        catch (Exception exception)
        {
            CallLog.Unforeseen(services.Log, _id, exception);
        }
        finally
        {
            await _journal.FlushAsync();
        }
    }

    /// <summary>What a worker before us did not live to put on record; says how the call left its dialogue.</summary>
    private Termination CatchUp()
    {
        if (!_decided)
        {
            Decide(ConsentStatus.NotAsked);
            _journal.Post(new ConsentNotObtained(ConsentStatus.NotAsked, 0, 0, "the worker was lost during the dialogue, and the PBX took the call back"), Suppress(SuppressionReasons.NotAsked));
        }
        else if (_recording is null && !history.Entries.Any(entry => entry.Event is RecordingStarted or RecordingSuppressed))
        {
            _journal.Post(Suppress(SuppressionReasons.RecorderFailed));
        }

        return history.Continued ? Termination.Completed : Termination.PbxFailed;
    }

    private void Arrive()
    {
        var arrival = call.Arrival;
        if (history.Entries.Count > 0)
        {
            CallLog.Resumed(services.Log, _id, pbx.Name);
            _journal.Post(new CallResumed(settings.Worker, "found waiting on the PBX"));
            return;
        }

        CallLog.Arrived(services.Log, _id, pbx.Name, PhoneNumberMask.Mask(arrival.CallerNumber), PhoneNumberMask.Mask(arrival.CalledNumber), _line?.Name ?? "unknown");
        _journal.Post(new CallArrived(pbx.Name, arrival.Channel, _line?.Name, settings.Worker));
    }

    /// <summary>From the answer to the hand-back; says how the call stands when we let go of it.</summary>
    private async Task<Termination> LeadAsync(CancellationToken cancel)
    {
        try
        {
            var afterwards = await AskAndRecordAsync(cancel);
            return await HandBackAsync(afterwards, cancel);
        }
        catch (OperationCanceledException) when (call.Gone.IsCancellationRequested)
        {
            return await TerminationOfDepartureAsync();
        }
        catch (OperationCanceledException) when (shutdown.IsCancellationRequested)
        {
            return await GiveUpAsync(Termination.Shutdown, "the worker was stopped");
        }
        catch (PbxException exception)
        {
            CallLog.PbxRefused(services.Log, _id, exception.Message);
            return await GiveUpAsync(Termination.PbxFailed, exception.Message);
        }
    }

    private async Task<Afterwards> AskAndRecordAsync(CancellationToken cancel)
    {
        if (_line is null)
        {
            CallLog.UnknownLine(services.Log, _id, pbx.Name, call.Arrival.LineArgument is null ? "none" : "given");
            Decide(ConsentStatus.NotAsked);
            _journal.Post(new ConsentNotObtained(ConsentStatus.NotAsked, 0, 0, "unknown line"), Suppress(SuppressionReasons.NotAsked));
            if (settings.OnUnknownLine.Kind == AfterwardsKind.HangUp)
            {
                await call.AnswerAsync(cancel);
            }

            return settings.OnUnknownLine;
        }

        var silenced = Task.CompletedTask;
        if (history.Decision is null)
        {
            silenced = await AskAsync(_line, cancel);
        }
        else if (_consent == ConsentStatus.Given && _recording is null)
        {
            // Decided under another worker that did not get as far as recording: the consent is committed, so it is obeyed.
            await StartRecordingAsync(_line, services.Time.GetTimestamp(), Task.FromResult(AppendResult.Committed), cancel);
        }

        await silenced.WaitAsync(cancel);
        await ConfirmAsync(_line, cancel);
        return _consent switch
        {
            ConsentStatus.Given => _line.OnAccept,
            ConsentStatus.Refused => _line.OnDecline,
            ConsentStatus.NoResponse => _line.OnNoAnswer,
            ConsentStatus.InvalidInput => _line.OnWrongKeys,
            _ => Afterwards.Continue,
        };
    }

    /// <summary>Answer, notice, key, decision, ledger, recording. Answers with the task of silencing the prompt that the key cut.</summary>
    private async Task<Task> AskAsync(LineOptions line, CancellationToken cancel)
    {
        var dialogue = new ConsentDialogue(call, line, settings.Prompts, services.Time, step => CallLog.Step(services.Log, _id, step));
        DialogueResult result;
        try
        {
            await call.AnswerAsync(cancel);
            result = await dialogue.RunAsync(cancel);
        }
        catch (OperationCanceledException)
        {
            await BrokenOffAsync(dialogue);
            throw;
        }

        var keyReachedUs = services.Time.GetTimestamp();
        Decide(result.Status);
        if (result.Status == ConsentStatus.Given)
        {
            await StartRecordingAsync(line, keyReachedUs, _journal.CommitAsync([.. result.Facts]), cancel);
        }
        else
        {
            if (result.Status == ConsentStatus.NotAsked)
            {
                CallLog.NoticeFailed(services.Log, _id);
            }

            _journal.Post([.. result.Facts, Suppress(result.Status switch
            {
                ConsentStatus.Refused => SuppressionReasons.Refused,
                ConsentStatus.NoResponse => SuppressionReasons.NoResponse,
                ConsentStatus.InvalidInput => SuppressionReasons.InvalidInput,
                _ => SuppressionReasons.NotAsked,
            })]);
        }

        return result.Silenced;
    }

    /// <summary>Puts on record how a dialogue ended that the caller, the PBX or a shutdown broke off.</summary>
    private async Task BrokenOffAsync(ConsentDialogue dialogue)
    {
        var departure = call.Gone.IsCancellationRequested ? (await call.Departed).Kind : (DepartureKind?)null;
        if (departure == DepartureKind.PbxLost)
        {
            // Nothing is decided: the question is put again when the call is found waiting.
            if (dialogue.Facts.Count > 0)
            {
                _journal.Post([.. dialogue.Facts]);
            }

            return;
        }

        var (status, reason, suppression) = departure switch
        {
            DepartureKind.HungUp => (ConsentStatus.Abandoned, null, SuppressionReasons.Abandoned),
            DepartureKind.TakenBack => (ConsentStatus.NotAsked, "the PBX took the call back", SuppressionReasons.NotAsked),
            _ => (ConsentStatus.NotAsked, "the worker was stopped", SuppressionReasons.NotAsked),
        };
        Decide(status);
        _journal.Post([.. dialogue.Facts, dialogue.NotObtained(status, reason), Suppress(suppression)]);
    }

    /// <summary>
    /// Records once <paramref name="commit"/> says that the consent is in the ledger, and never before (promise 1). What takes
    /// time but writes no sample is prepared meanwhile.
    /// </summary>
    private async Task StartRecordingAsync(LineOptions line, long keyReachedUs, Task<AppendResult> commit, CancellationToken cancel)
    {
        var request = new RecordingRequest(RecordingName(_id), line.RecordingFormat);
        var prepare = call.PrepareRecordingAsync(request, cancel);
        var committed = await commit;
        IRecording? recording = null;
        try
        {
            recording = await prepare;
            if (committed != AppendResult.Committed)
            {
                CallLog.LedgerUnavailable(services.Log, _id);
                _journal.Post(Suppress(SuppressionReasons.LedgerUnavailable));
                await recording.DiscardAsync(cancel);
                return;
            }

            _recordingStartedAt = await recording.StartAsync(cancel);
            _recording = recording;
        }
        catch (PbxException exception)
        {
            _journal.Post(Failed(RecordingFailures.NotStarted, exception.Message, null, null), Suppress(SuppressionReasons.RecorderFailed));
            return;
        }
        catch (OperationCanceledException)
        {
            _journal.Post(Suppress(call.Gone.IsCancellationRequested ? SuppressionReasons.Abandoned : SuppressionReasons.RecorderFailed));
            await DiscardAsync(recording);
            throw;
        }

        var elapsed = services.Time.GetElapsedTime(keyReachedUs).TotalMilliseconds;
        services.Metrics.KeyToRecording(elapsed);
        CallLog.RecordingStarted(services.Log, _id, elapsed);
        _journal.Post(new RecordingStarted(request.Name, request.Format, _recordingStartedAt.Value));
    }

    /// <summary>Says "accepted" only when it is recorded, "declined" only after a refusal: the caller is never told what is not so.</summary>
    private async Task ConfirmAsync(LineOptions line, CancellationToken cancel)
    {
        var name = _consent switch
        {
            ConsentStatus.Given when _recording is not null => PromptNames.Accepted,
            ConsentStatus.Refused => PromptNames.Declined,
            _ => null,
        };
        if (line.Confirm && name is not null)
        {
            await SayAsync(line.Language, name, cancel);
        }
    }

    private async Task<Termination> HandBackAsync(Afterwards afterwards, CancellationToken cancel)
    {
        if (afterwards.Kind == AfterwardsKind.HangUp)
        {
            await SayAsync(_line?.Language ?? settings.DefaultLanguage, PromptNames.Goodbye, cancel);
            CallLog.Step(services.Log, _id, "hangs up as the line says");
            // Not on the token that the call's end cancels: that end, which we order, is often reported before the order is answered.
            await call.HangUpAsync(shutdown);
            return Termination.EndedByLine;
        }

        await call.SetVariablesAsync(
            [
                new("CONSENT_RESULT", _consent.ToString()),
                new("CONSENT_CALL_ID", _id.ToString()),
                new("CONSENT_RECORDING", _recording is null ? "no" : "yes"),
            ],
            cancel);
        await call.ContinueAsync(afterwards.Target, cancel);
        CallLog.Continued(services.Log, _id);
        _journal.Post(new CallContinued(afterwards.Target?.Context, afterwards.Target?.Extension));
        return Termination.Completed;
    }

    /// <summary>Stays with the call until it is over, then looks at what was recorded and writes the one end.</summary>
    private async Task FollowAsync(Termination termination)
    {
        CallDeparture? departure = null;
        if (termination != Termination.Shutdown)
        {
            departure = await WaitForDepartureAsync();
            if (departure is null)
            {
                return;
            }
        }

        var recorded = _recording is not null ? await InspectAsync(_recording, departure) : null;
        var duration = (departure?.At - call.Arrival.ArrivedAt)?.TotalMilliseconds;
        CallEnded end = new(_consent, termination, _recording is not null, (long?)duration, departure?.Cause, _trouble);
        await _journal.CommitAsync(recorded is null ? [end] : [recorded, end]);
        Ended = true;
        services.Metrics.Ended(_consent, _line?.Name);
        CallLog.Ended(services.Log, _id, termination, _consent, _recording is not null);
    }

    /// <summary>How the caller left; null when the call is to be left open, because we stop or the PBX is lost.</summary>
    private async Task<CallDeparture?> WaitForDepartureAsync()
    {
        try
        {
            if (_recording is not null && await Task.WhenAny(call.Departed, _recording.Ended).WaitAsync(shutdown) != call.Departed)
            {
                // The recorder may be a moment ahead of the caller's own leg; if it is more than that, it ended by itself.
                await Task.WhenAny(call.Departed, Task.Delay(TimeSpan.FromSeconds(1), services.Time, shutdown));
                if (!call.Departed.IsCompleted)
                {
                    CallLog.RecordingFailed(services.Log, _id, _recording.Name, RecordingFailures.PbxFailure, "it ended before the call");
                }
            }

            var departure = await call.Departed.WaitAsync(shutdown);
            if (departure.Kind != DepartureKind.PbxLost)
            {
                if (_recording is not null)
                {
                    // Taken back, the call goes on without us; what was lawfully begun goes on being recorded.
                    var limit = departure.Kind == DepartureKind.TakenBack ? Timeout.InfiniteTimeSpan : RecordingEndLimit;
                    await Task.WhenAny(_recording.Ended, Task.Delay(limit, services.Time, shutdown));
                    shutdown.ThrowIfCancellationRequested();
                }

                return departure;
            }

            CallLog.Interrupted(services.Log, _id, "the PBX was lost");
        }
        catch (OperationCanceledException)
        {
            CallLog.Interrupted(services.Log, _id, "the worker stops while the call goes on");
        }

        return null;
    }

    /// <summary>Compares the file with the part of the call that it should hold.</summary>
    private async Task<CallEvent> InspectAsync(IRecording recording, CallDeparture? departure)
    {
        var end = recording.Ended.IsCompleted ? await recording.Ended : null;
        if (end is null)
        {
            _trouble = "the PBX did not report the end of the recording";
        }

        StoredRecording? file;
        using var limit = new CancellationTokenSource(RecordingEndLimit, services.Time);
        try
        {
            file = await pbx.FindStoredRecordingAsync(recording.Name, limit.Token);
        }
        catch (Exception exception) when (exception is PbxException or OperationCanceledException)
        {
            return Failed(RecordingFailures.Missing, $"the PBX could not be asked for it: {exception.Message}", null, null);
        }

        var over = departure is { Kind: DepartureKind.HungUp } ? departure.At : end?.EndedAt;
        var expected = over - _recordingStartedAt;
        if (end is { Failed: true })
        {
            return Failed(RecordingFailures.PbxFailure, end.Cause ?? "the PBX gave no cause", expected, file);
        }

        return RecordingLengthPolicy.Judge(file, expected) is { } reason
            ? Failed(reason, $"{(file?.Length ?? TimeSpan.Zero).TotalMilliseconds:0} ms in the file, {expected?.TotalMilliseconds:0} ms recorded by the clock", expected, file)
            : new RecordingStopped(recording.Name, (long)file!.Length.TotalMilliseconds, file.Bytes);
    }

    /// <summary>Lets the caller go on without us, when we cannot go on with him.</summary>
    private async Task<Termination> GiveUpAsync(Termination why, string reason)
    {
        _trouble = reason;
        if (!_decided)
        {
            Decide(ConsentStatus.NotAsked);
            _journal.Post(new ConsentNotObtained(ConsentStatus.NotAsked, 0, 0, reason), Suppress(SuppressionReasons.NotAsked));
        }

        await GiveBackAfterErrorAsync();
        return call.Gone.IsCancellationRequested ? await TerminationOfDepartureAsync() : why;
    }

    private async Task<Termination> TerminationOfDepartureAsync() =>
        (await call.Departed).Kind == DepartureKind.TakenBack ? Termination.PbxFailed : Termination.CallerHungUp;

    private async Task GiveBackAfterErrorAsync()
    {
        try
        {
            // On another token than the one that brought us here; the adapter's own limit bounds it.
            await call.ContinueAsync(null, CancellationToken.None);
            _journal.Post(new CallContinued(null, null));
        }
        catch (Exception exception) when (exception is PbxException or OperationCanceledException)
        {
            // The dead man's switch in the dialplan takes the call back when we cannot.
            CallLog.PbxRefused(services.Log, _id, exception.Message);
        }
    }

    /// <summary>Plays a prompt that nothing depends on: a missing one is skipped.</summary>
    private async Task SayAsync(string language, string name, CancellationToken cancel)
    {
        if (settings.Prompts.Find(language, name) is not { } prompt)
        {
            CallLog.Step(services.Log, _id, $"there is no prompt {language}/{name}: skipped");
            return;
        }

        try
        {
            call.HoldAtMost(prompt.Length + HandBackLimit);
            var playback = await call.PlayAsync(prompt, cancel);
            await playback.Ended.WaitAsync(prompt.Length + HandBackLimit, services.Time, cancel);
            CallLog.Step(services.Log, _id, $"played {language}/{name}");
        }
        catch (Exception exception) when (exception is PbxException or TimeoutException)
        {
            CallLog.Step(services.Log, _id, $"could not play {language}/{name}: {exception.Message}");
        }
    }

    private async Task DiscardAsync(IRecording? recording)
    {
        try
        {
            await (recording?.DiscardAsync(CancellationToken.None) ?? Task.CompletedTask);
        }
        catch (Exception exception) when (exception is PbxException or OperationCanceledException)
        {
            CallLog.PbxRefused(services.Log, _id, exception.Message);
        }
    }

    private void Decide(ConsentStatus status)
    {
        _consent = status;
        _decided = true;
        CallLog.Decided(services.Log, _id, status);
    }

    private RecordingSuppressed Suppress(string reason)
    {
        CallLog.Suppressed(services.Log, _id, reason);
        return new RecordingSuppressed(reason);
    }

    private RecordingFailed Failed(string reason, string detail, TimeSpan? expected, StoredRecording? file)
    {
        var name = RecordingName(_id);
        CallLog.RecordingFailed(services.Log, _id, name, reason, detail);
        services.Metrics.RecordingFailed(reason);
        return new RecordingFailed(name, reason, detail, (long)(expected?.TotalMilliseconds ?? 0), (long)(file?.Length.TotalMilliseconds ?? 0));
    }

    private static CallRow Row(CallArrival arrival, ICallSettings settings) => new(
        arrival.Id,
        arrival.Pbx,
        arrival.Channel,
        settings.FindLine(arrival.LineArgument, arrival.CalledNumber)?.Name,
        arrival.CalledNumber,
        arrival.CallerNumber,
        arrival.ArrivedAt);
}
