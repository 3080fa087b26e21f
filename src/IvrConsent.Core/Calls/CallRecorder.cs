using IvrConsent.Core.Ledger;
using IvrConsent.Core.Recordings;

namespace IvrConsent.Core.Calls;

/// <summary>
/// The recordings of one call: usually one; another for each time that consent is given again after a withdrawal. Starts, stops,
/// pauses, erases and looks at them, and puts on record what it did.
/// </summary>
internal sealed class CallRecorder(CallServices services, IPbx pbx, ICall call, CallJournal journal, CallHistory history, string format, RecordingChannels channels)
{
    /// <summary>After the caller has left, the PBX's report on the recording follows within milliseconds; so long it is waited for.</summary>
    public static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(5);

    /// <summary>Who pauses on his own behalf, as the ledger calls him.</summary>
    public const string Caller = "caller";

    /// <summary>Why it was erased, for the ledger.</summary>
    public const string Withdrawn = "withdrawn";

    /// <summary>What the ledger calls an agent by whose wish it pauses; his name follows.</summary>
    public const string AgentPrefix = "agent:";

    private readonly CallId _id = call.Arrival.Id;
    private readonly List<string> _files = [.. history.Files];
    private List<string> _pausers = [.. history.Pausers];
    private IRecording? _recording = history.Recording;
    private DateTimeOffset? _startedAt = history.RecordingStartedAt;
    private DateTimeOffset? _pausedAt = history.PausedAt;
    private TimeSpan _paused = history.Paused;
    private int _made = history.Made;
    private bool _pauseIsSilence = history.Recording?.PauseIsSilence ?? false;
    private HashSet<string> _toErase = [.. history.ToErase];

    /// <summary>Whether a recording runs, or is paused.</summary>
    public bool Running => _recording is not null;

    /// <summary>Who pauses it; it records when nobody does.</summary>
    public IReadOnlyList<string> Pausers => _pausers;

    /// <summary>Whether one was ever started in this call.</summary>
    public bool Ever => _made > 0 || Running;

    /// <summary>An agent who must not be recorded and is on the line, as the ledger calls him; null when there is none.</summary>
    public string? Agent { get; set; } = history.Pausers.FirstOrDefault(by => by.StartsWith(AgentPrefix, StringComparison.Ordinal));

    /// <summary>For a person, what went wrong; null when nothing.</summary>
    public string? Trouble { get; private set; }

    /// <summary>Completes when the running recording has ended, whoever ended it; null when none runs.</summary>
    public Task<RecordingEnd>? Ended => _recording?.Ended;

    /// <summary>A recording that runs, and that the worker before us did not live to put on record; and an erasure that it owed.</summary>
    public async Task CatchUpAsync(CancellationToken cancel)
    {
        if (_recording is { } running)
        {
            _ = WatchAsync(running);
            if (!_files.Contains(running.Name))
            {
                journal.Post(new RecordingStarted(running.Name, format, null));
                _files.Add(running.Name);
                _made++;
            }
        }

        await EraseWhatIsOwedAsync(Withdrawn, cancel);
    }

    /// <summary>The call whose recording runs is met again in the dialplan.</summary>
    public void Follow(ICall again)
    {
        call = again;
        _ = WatchAsync(_recording!);
    }

    /// <summary>
    /// Records once <paramref name="commit"/> says that the ground is in the ledger, and never before (promise 1). What takes time but
    /// writes no sample is prepared meanwhile. Answers whether it runs.
    /// </summary>
    public async Task<bool> StartAsync(long keyReachedUs, Task<AppendResult> commit, CancellationToken cancel)
    {
        if (Agent is not null)
        {
            // Consent or not, his voice is not ours to record: it begins when he has left.
            Suppress(await commit == AppendResult.Committed ? SuppressionReasons.Agent : GroundLost());
            return false;
        }

        var name = RecordingNames.Of(_id, _made + 1, channels);
        var prepare = call.PrepareRecordingAsync(new RecordingRequest(name, format), cancel);
        var committed = await commit;
        IRecording? recording = null;
        DateTimeOffset startedAt;
        try
        {
            recording = await prepare;
            if (committed != AppendResult.Committed)
            {
                Suppress(GroundLost());
                await recording.DiscardAsync(cancel);
                return false;
            }

            startedAt = await recording.StartAsync(cancel);
        }
        catch (PbxException exception)
        {
            _ = committed == AppendResult.Committed ? null : GroundLost();
            journal.Post(Failed(name, RecordingFailures.NotStarted, exception.Message, null, null));
            Suppress(SuppressionReasons.RecorderFailed);
            return false;
        }
        catch (OperationCanceledException)
        {
            Suppress(call.Gone.IsCancellationRequested ? SuppressionReasons.Abandoned : SuppressionReasons.RecorderFailed);
            await DiscardAsync(recording);
            throw;
        }

        (_recording, _startedAt, _pausedAt, _paused, _pausers, _pauseIsSilence) = (recording, startedAt, null, TimeSpan.Zero, [], recording.PauseIsSilence);
        _files.Add(name);
        _made++;
        _ = WatchAsync(recording);
        var elapsed = services.Time.GetElapsedTime(keyReachedUs).TotalMilliseconds;
        services.Metrics.KeyToRecording(elapsed);
        CallLog.RecordingStarted(services.Log, _id, elapsed);
        journal.Post(new RecordingStarted(name, format, startedAt));
        return true;
    }

    /// <summary>Puts on record that the call goes on unrecorded, and why.</summary>
    public void Suppress(string reason, string? by = null, string? detail = null)
    {
        CallLog.Suppressed(services.Log, _id, reason);
        journal.Post(new RecordingSuppressed(reason) { By = by, Detail = detail });
    }

    /// <summary>
    /// Ends the recording in the midst of the call. Answers whether the PBX has confirmed that it ended: when not, that is on record and
    /// alarmed, and what was written is not touched.
    /// </summary>
    public async Task<bool> StopAsync()
    {
        var recording = _recording!;
        try
        {
            // Not on the call's token: whoever withdraws and hangs up has withdrawn. The adapter's limits bound it.
            await recording.StopAsync(CancellationToken.None);
            _recording = null;
            return true;
        }
        catch (Exception exception) when (exception is PbxException or OperationCanceledException)
        {
            journal.Post(Failed(recording.Name, RecordingFailures.NotStopped, exception.Message, null, null));
            return false;
        }
    }

    /// <summary>
    /// Deletes all that was recorded in this call, and puts on record of each file that it is gone once the PBX has it no more. What
    /// cannot be deleted yet is tried again when the call is over. False: a legal hold keeps it, and what becomes of it is left to the vault.
    /// </summary>
    public Task<bool> EraseAsync(string reason, CancellationToken cancel)
    {
        _toErase = [.. _files];
        return EraseWhatIsOwedAsync(reason, cancel);
    }

    private async Task<bool> EraseWhatIsOwedAsync(string reason, CancellationToken cancel)
    {
        string? why = null;
        try
        {
            why = _toErase.Count > 0 && services.WhyKept is { } ask ? await ask(_id, cancel) : null;
        }
        catch (OperationCanceledException)
        {
            // It is still owed: whoever comes to it next, at the call's end or in the vault, asks again.
            return true;
        }

        if (why is not null)
        {
            foreach (var name in _toErase)
            {
                CallLog.Step(services.Log, _id, $"not erased {name}: {why}");
                journal.Post(Failed(name, RecordingFailures.NotErased, why, null, null));
            }

            _toErase.Clear();
            return false;
        }

        foreach (var name in _toErase.Where(name => name != _recording?.Name).ToArray())
        {
            try
            {
                await pbx.DeleteStoredRecordingAsync(name, cancel);
                if (await pbx.FindStoredRecordingAsync(name, cancel) is null)
                {
                    CallLog.Step(services.Log, _id, $"erased {name}: {reason}");
                    journal.Post(new RecordingErased(name, reason));
                    _files.Remove(name);
                    _toErase.Remove(name);
                    continue;
                }

                journal.Post(Failed(name, RecordingFailures.NotErased, "the PBX still has it after it was told to delete it", null, null));
            }
            catch (Exception exception) when (exception is PbxException or OperationCanceledException)
            {
                journal.Post(Failed(name, RecordingFailures.NotErased, exception.Message, null, null));
            }
        }

        return true;
    }

    /// <summary>Looks at what the recording that was stopped in the midst of the call wrote.</summary>
    public async Task KeepAsync(DateTimeOffset until, CancellationToken cancel)
    {
        var name = _files[^1];
        try
        {
            journal.Post(Judge(name, await pbx.FindStoredRecordingAsync(name, cancel), Expected(until)));
        }
        catch (Exception exception) when (exception is PbxException or OperationCanceledException)
        {
            journal.Post(Failed(name, RecordingFailures.Missing, $"the PBX could not be asked for it: {exception.Message}", null, null));
        }
    }

    /// <summary>
    /// Nothing is written as long as <paramref name="by"/> or anybody else pauses it. Answers whether that is so: where the PBX has not
    /// confirmed it, the recording is ended, for what was to be kept out must stay out.
    /// </summary>
    public async Task<bool> PauseAsync(string by, string? reason, CancellationToken cancel)
    {
        if (_pausers.Contains(by))
        {
            return true;
        }

        if (_pausedAt is null)
        {
            try
            {
                await _recording!.PauseAsync(cancel);
            }
            catch (PbxException exception)
            {
                journal.Post(Failed(_recording!.Name, RecordingFailures.NotPaused, exception.Message, null, null));
                return await StopAndKeepAsync(by, "it could not be paused");
            }

            _pausedAt = services.Time.GetUtcNow();
            CallLog.Step(services.Log, _id, "recording paused");
        }

        _pausers.Add(by);
        journal.Post(new RecordingPaused(_recording!.Name, string.Join(", ", _pausers)) { Reason = reason });
        return true;
    }

    /// <summary>
    /// Takes back what <paramref name="by"/> paused; it goes on when nobody pauses it any more. False when the PBX refused, and when the
    /// ground is gone: a recording that should have stopped and did not is better paused than not.
    /// </summary>
    public async Task<bool> ResumeAsync(string by, string actor, string? reason, CancellationToken cancel)
    {
        if (!_pausers.Contains(by))
        {
            return true;
        }

        if (!journal.Standing.MayRecord)
        {
            return false;
        }

        if (_pausers.Count > 1)
        {
            _pausers.Remove(by);
            journal.Post(new RecordingPaused(_recording!.Name, string.Join(", ", _pausers)) { Reason = reason });
            return true;
        }

        try
        {
            await _recording!.ResumeAsync(cancel);
        }
        catch (PbxException exception)
        {
            CallLog.PbxRefused(services.Log, _id, exception.Message);
            return false;
        }

        var length = services.Time.GetUtcNow() - _pausedAt!.Value;
        _pausers.Clear();
        (_pausedAt, _paused) = (null, _paused + length);
        CallLog.Step(services.Log, _id, "recording goes on");
        journal.Post(new RecordingResumed(_recording.Name, actor, (long)length.TotalMilliseconds) { Reason = reason });
        return true;
    }

    /// <summary>Ends the recording, keeps the file, and puts on record that the call goes on without. Answers whether the PBX has confirmed it.</summary>
    public async Task<bool> StopAndKeepAsync(string by, string? detail)
    {
        var now = services.Time.GetUtcNow();
        if (!await StopAsync())
        {
            return false;
        }

        await KeepAsync(now, CancellationToken.None);
        Suppress(SuppressionReasons.Stopped, by, detail);
        return true;
    }

    /// <summary>When the call is over: what is to be erased is; else the file is compared with the part of the call that it should hold. Null when nothing runs.</summary>
    public async Task<CallEvent?> FinishAsync(CallDeparture? departure)
    {
        if (_recording is { } unstopped && _toErase.Contains(unstopped.Name))
        {
            _recording = null;
            if (!unstopped.Ended.IsCompleted)
            {
                Trouble = "the PBX did not report the end of the recording";
                await DiscardAsync(unstopped);
            }
        }

        if (_toErase.Count > 0)
        {
            using var limit = new CancellationTokenSource(EndLimit, services.Time);
            await EraseWhatIsOwedAsync(Withdrawn, limit.Token);
        }

        return await InspectAsync(departure);
    }

    private async Task<CallEvent?> InspectAsync(CallDeparture? departure)
    {
        if (_recording is not { } recording)
        {
            return null;
        }

        var end = recording.Ended.IsCompleted ? await recording.Ended : null;
        if (end is null)
        {
            Trouble = "the PBX did not report the end of the recording";
        }

        StoredRecording? file;
        using var limit = new CancellationTokenSource(EndLimit, services.Time);
        try
        {
            file = await pbx.FindStoredRecordingAsync(recording.Name, limit.Token);
        }
        catch (Exception exception) when (exception is PbxException or OperationCanceledException)
        {
            return Failed(recording.Name, RecordingFailures.Missing, $"the PBX could not be asked for it: {exception.Message}", null, null);
        }

        var over = departure is { Kind: DepartureKind.HungUp } ? departure.At : end?.EndedAt;
        var expected = Expected(over);
        return end is { Failed: true }
            ? Failed(recording.Name, RecordingFailures.PbxFailure, end.Cause ?? "the PBX gave no cause", expected, file)
            : Judge(recording.Name, file, expected);
    }

    /// <summary>The ground is not on record, so there is none (promise 1); answers with the word for it.</summary>
    private string GroundLost()
    {
        journal.Standing.GroundNotOnRecord();
        CallLog.LedgerUnavailable(services.Log, _id);
        return SuppressionReasons.LedgerUnavailable;
    }

    /// <summary>How long the file should be of a recording that went on until then.</summary>
    private TimeSpan? Expected(DateTimeOffset? until) => _pauseIsSilence ? until - _startedAt : (_pausedAt ?? until) - _startedAt - _paused;

    private CallEvent Judge(string name, StoredRecording? file, TimeSpan? expected) =>
        RecordingLengthPolicy.Judge(file, expected) is { } reason
            ? Failed(name, reason, $"{(file?.Complete ?? TimeSpan.Zero).TotalMilliseconds:0} ms in the file, {expected?.TotalMilliseconds:0} ms recorded by the clock", expected, file)
            : new RecordingStopped(name, (long)file!.Length.TotalMilliseconds, file.Bytes);

    /// <summary>Alarms when a recording ends by itself. It may be a moment ahead of the caller's own leg; more than that is a failure.</summary>
    private async Task WatchAsync(IRecording recording)
    {
        Task departed = call.Departed;
        await Task.WhenAny(recording.Ended, departed);
        if (departed.IsCompleted || _recording != recording)
        {
            return;
        }

        await departed.WaitAsync(TimeSpan.FromSeconds(1), services.Time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!departed.IsCompleted && _recording == recording)
        {
            CallLog.RecordingFailed(services.Log, _id, recording.Name, RecordingFailures.PbxFailure, "it ended before the call");
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

    private RecordingFailed Failed(string name, string reason, string detail, TimeSpan? expected, StoredRecording? file)
    {
        CallLog.RecordingFailed(services.Log, _id, name, reason, detail);
        services.Metrics.RecordingFailed(reason);
        return new RecordingFailed(name, reason, detail, (long)(expected?.TotalMilliseconds ?? 0), (long)(file?.Length.TotalMilliseconds ?? 0));
    }
}
