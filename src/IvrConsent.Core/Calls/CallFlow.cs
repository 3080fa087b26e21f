using System.Threading.Channels;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Diagnostics;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Notices;
using IvrConsent.Core.Recordings;
using IvrConsent.Core.Subjects;
using Microsoft.Extensions.Logging;

namespace IvrConsent.Core.Calls;

/// <summary>What every call's flow works with.</summary>
/// <param name="Ledger">Where the facts go.</param>
/// <param name="Time">The clock.</param>
/// <param name="Metrics">What is counted.</param>
/// <param name="Log">One line per step.</param>
/// <param name="Before">What a caller has said in earlier calls, by number; null where nobody keeps it.</param>
/// <param name="WhyKept">Why nothing of a call may be deleted on the PBX, whoever withdrew; null where there is no vault that could keep it.</param>
internal sealed record CallServices(
    ILedger Ledger,
    TimeProvider Time,
    CallMetrics Metrics,
    ILogger Log,
    Func<string, CancellationToken, Task<StandingConsent?>>? Before = null,
    Func<CallId, CancellationToken, Task<string?>>? WhyKept = null);

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
    ChannelReader<StaffRequest> requests,
    Action dialogueOver,
    CancellationToken shutdown)
{
    /// <summary>After a prompt that nothing depends on, so long until the call has been given back.</summary>
    private static readonly TimeSpan HandBackLimit = TimeSpan.FromSeconds(5);

    /// <summary>How long it is waited for what the caller said in earlier calls; later, he is asked (promise 2).</summary>
    private static readonly TimeSpan LookupLimit = TimeSpan.FromMilliseconds(200);

    private readonly CallId _id = call.Arrival.Id;
    private readonly CallJournal _journal = new(services.Ledger, services.Time, Row(call.Arrival, settings), history.Entries);
    private LineOptions? _line = settings.FindLine(call.Arrival.LineArgument, call.Arrival.CalledNumber);
    private CallRecorder _recorder = null!;
    private InCall? _inCall;
    private JurisdictionApplied? _law;
    private string? _trouble;
    private bool _declined;

    /// <summary>Whether the call has its one end in the ledger; when not, it is left open.</summary>
    public bool Ended { get; private set; }

    private CallStanding Standing => _journal.Standing;

    private string Language => _line?.Language ?? settings.DefaultLanguage;

    /// <summary>The whole way, for a call that waits on us. Never throws.</summary>
    public async Task RunAsync()
    {
        try
        {
            await ArriveAsync();
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
            await FollowAsync(await CatchUpAsync());
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
    private async Task<Termination> CatchUpAsync()
    {
        Prepare();
        if (!Standing.Decided)
        {
            NotAsked("the worker was lost during the dialogue, and the PBX took the call back");
        }
        else if (!_recorder.Running && !history.RecordingIsOnRecord)
        {
            _recorder.Suppress(SuppressionReasons.RecorderFailed);
        }

        await _recorder.CatchUpAsync(shutdown);
        return history.Continued ? Termination.Completed : Termination.PbxFailed;
    }

    private void Prepare()
    {
        ObeyLaw();
        Speak(Standing.Language);
        _recorder = new CallRecorder(services, pbx, call, _journal, history, _line?.RecordingFormat ?? "wav", _line?.Channels ?? RecordingChannels.Mono);
    }

    /// <summary>
    /// Leads the call by the mode that the line's and the caller's countries allow. A call that is taken up again keeps what was
    /// decided when it came, unless the line's own mode was changed since.
    /// </summary>
    private void ObeyLaw()
    {
        if (_line is not { } line)
        {
            return;
        }

        var decided = history.Entries.Select(entry => entry.Event).OfType<JurisdictionApplied>().LastOrDefault();
        if (decided?.InsteadOf == line.Mode)
        {
            _line = JurisdictionPolicy.InMode(line, decided.Mode);
            return;
        }

        var verdict = JurisdictionPolicy.ModeFor(settings.Jurisdictions, line, call.Arrival.CallerNumber);
        _line = verdict.Line;

        // Where the table has nothing against the line's own mode, there is nothing to explain.
        _law = verdict.Forbidding.Count == 0 ? null : new JurisdictionApplied(
            verdict.Line.Mode, line.Mode, verdict.Rows, verdict.Forbidding, line.Override, verdict.Reasons);
    }

    private void PutLawOnRecord()
    {
        if (_law is not null)
        {
            CallLog.Step(services.Log, _id, $"mode {_law.Mode}: {string.Join("; ", _law.Reasons)}");
            _journal.Post(_law);
        }
    }

    private async Task ArriveAsync()
    {
        Prepare();
        var arrival = call.Arrival;
        if (history.Entries.Count > 0)
        {
            CallLog.Resumed(services.Log, _id, pbx.Name);
            _journal.Post(new CallResumed(settings.Worker, "found waiting on the PBX"));
            PutLawOnRecord();
            await _recorder.CatchUpAsync(shutdown);
            return;
        }

        CallLog.Arrived(services.Log, _id, pbx.Name, PhoneNumberMask.Mask(arrival.CallerNumber), PhoneNumberMask.Mask(arrival.CalledNumber), _line?.Name ?? "unknown");
        _journal.Post(new CallArrived(pbx.Name, arrival.Channel, _line?.Name, settings.Worker) { Terms = _line is null ? null : settings.TermsOf(_line.Name) });
        PutLawOnRecord();
    }

    /// <summary>From the answer to the hand-back; says how the call stands when we let go of it.</summary>
    private async Task<Termination> LeadAsync(CancellationToken cancel)
    {
        try
        {
            var afterwards = await AskAndRecordAsync(cancel);
            return await HandBackAsync(afterwards, cancel);
        }
        catch (OperationCanceledException) when (HasLeft)
        {
            if (!Standing.Decided)
            {
                // Before there was a dialogue: while it was looked up what was said before, for one.
                await BrokenOffAsync(null);
            }

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
            NotAsked("unknown line");
            if (settings.OnUnknownLine.Kind == AfterwardsKind.HangUp)
            {
                await call.AnswerAsync(cancel);
            }

            return settings.OnUnknownLine;
        }

        if (Standing.Decided)
        {
            // Decided under another worker that did not get as far as recording: the ground is committed, so it is obeyed.
            if (Standing.MayRecord && !_recorder.Running && !history.RecordingIsOnRecord)
            {
                await _recorder.StartAsync(services.Time.GetTimestamp(), Task.FromResult(AppendResult.Committed), cancel);
            }
        }
        else if (_line.Mode is ConsentMode.Never or ConsentMode.AskInCall)
        {
            var never = _line.Mode == ConsentMode.Never;
            SpeakByNumber(_line);
            NotAsked(never ? "the line is never recorded" : "the line asks in the call", never ? SuppressionReasons.NeverRecorded : SuppressionReasons.NotRequested);
            return Afterwards.Continue;
        }
        else if (await FindEarlierAnswerAsync(_line, cancel) is { } earlier)
        {
            SpeakByNumber(_line);
            await ReuseAsync(earlier, cancel);
            return AfterwardsOf(_line);
        }
        else if (_line.OptOut && !PhoneNumber.CanBeCalled(call.Arrival.CallerNumber))
        {
            return await TellNumberHiddenAsync(_line, cancel);
        }
        else
        {
            var silenced = await AskAsync(cancel);
            await silenced.WaitAsync(cancel);
        }

        await ConfirmAsync(_line, cancel);
        return AfterwardsOf(_line);
    }

    /// <summary>What the caller said in an earlier call, where the line lets that stand; null: ask. A lookup that fails or is slow means: ask.</summary>
    private async Task<EarlierAnswer?> FindEarlierAnswerAsync(LineOptions line, CancellationToken cancel)
    {
        if (line.OptOut || !line.AskAgain.LooksBack || services.Before is not { } before || PhoneNumber.Normalise(call.Arrival.CallerNumber) is not { } number)
        {
            return null;
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        try
        {
            var standing = await before(number, limit.Token).WaitAsync(LookupLimit, services.Time, cancel);
            return AskAgainPolicy.Find(line, standing, services.Time.GetUtcNow());
        }
        catch (Exception exception) when (!cancel.IsCancellationRequested)
        {
            CallLog.LookupFailed(services.Log, _id, exception.GetType().Name);
            limit.Cancel();
            return null;
        }
    }

    /// <summary>An earlier answer stands: nothing is asked, and the ledger says why.</summary>
    private async Task ReuseAsync(EarlierAnswer earlier, CancellationToken cancel)
    {
        await call.AnswerAsync(cancel);
        var now = services.Time.GetTimestamp();
        CallLog.Decided(services.Log, _id, earlier.Status);
        var reused = new ConsentReused(earlier.Event, earlier.Status, earlier.Purposes, earlier.Since, earlier.Until, earlier.Reason);
        if (earlier.Status == ConsentStatus.Given)
        {
            await _recorder.StartAsync(now, _journal.CommitAsync(reused), cancel);
            return;
        }

        _journal.Post(reused);
        _recorder.Suppress(SuppressionReasons.RefusedBefore);
    }

    /// <summary>Answer, language, notice, key, decision, ledger, recording. Answers with the task of silencing the prompt that the key cut.</summary>
    private async Task<Task> AskAsync(CancellationToken cancel)
    {
        ConsentDialogue? dialogue = null;
        DialogueResult result;
        try
        {
            await call.AnswerAsync(cancel);
            await ChooseLanguageAsync(_line!, cancel);
            dialogue = new ConsentDialogue(call, _line!, settings.Prompts, services.Time, step => CallLog.Step(services.Log, _id, step));
            result = await dialogue.RunAsync(cancel);
        }
        catch (OperationCanceledException)
        {
            await BrokenOffAsync(dialogue);
            throw;
        }

        var keyReachedUs = services.Time.GetTimestamp();
        if (_line!.OptOut)
        {
            await TakeOptOutAsync(result);
            return result.Silenced;
        }

        CallLog.Decided(services.Log, _id, result.Status);
        if (result.MayRecord)
        {
            await _recorder.StartAsync(keyReachedUs, _journal.CommitAsync([.. result.Facts]), cancel);
            return result.Silenced;
        }

        _journal.Post([.. result.Facts]);
        if (result.Status == ConsentStatus.NotAsked && !Standing.Objected)
        {
            CallLog.NoticeFailed(services.Log, _id);
        }

        _recorder.Suppress(result.Status switch
        {
            ConsentStatus.Refused => SuppressionReasons.Refused,
            ConsentStatus.NoResponse => SuppressionReasons.NoResponse,
            ConsentStatus.InvalidInput => SuppressionReasons.InvalidInput,
            _ => Standing.Objected ? SuppressionReasons.Objected : SuppressionReasons.NotAsked,
        });
        return result.Silenced;
    }

    /// <summary>On a line for opt-outs: the answer on record, and never a recording. The caller is told of it only when it is kept somewhere.</summary>
    private async Task TakeOptOutAsync(DialogueResult result)
    {
        _declined = result.Status == ConsentStatus.Refused;
        CallLog.Step(services.Log, _id, result.Status == ConsentStatus.Given ? "the caller opts out" : $"no opt-out: {result.Status}");
        if (result.Status != ConsentStatus.Given)
        {
            _journal.Post([.. result.Facts]);
        }
        else if (await _journal.CommitAsync([.. result.Facts]) == AppendResult.Lost)
        {
            Standing.OptOutNotOnRecord();
            _trouble = "the caller opted out, and neither the database nor the local file took it";
            CallLog.OptOutLost(services.Log, _id);
        }

        _recorder.Suppress(SuppressionReasons.OptOutLine);
    }

    /// <summary>Whoever hides his number cannot be put on a list of numbers: he is told so, and the call goes on as after a no.</summary>
    private async Task<Afterwards> TellNumberHiddenAsync(LineOptions line, CancellationToken cancel)
    {
        await call.AnswerAsync(cancel);
        await ChooseLanguageAsync(line, cancel);
        NotAsked("the line takes opt-outs, and the number is withheld", SuppressionReasons.OptOutLine);
        await SayAsync(PromptNames.NumberHidden, cancel);
        return line.OnDecline;
    }

    /// <summary>By the caller's number, or by the key he presses; then all that follows is in that language.</summary>
    private async Task ChooseLanguageAsync(LineOptions line, CancellationToken cancel)
    {
        if (Standing.Language is not null || line.Languages is { ByPrefix.Count: 0, ByKey.Count: 0 })
        {
            return;
        }

        var language = LanguagePolicy.ByNumber(line, call.Arrival.CallerNumber);
        char? key = null;
        if (line.Languages.ByKey.Count > 0)
        {
            var question = new LanguageQuestion(call, line, settings.Prompts, services.Time, step => CallLog.Step(services.Log, _id, step));
            key = await question.AskAsync(cancel);
            language = key is { } digit ? line.Languages.ByKey[digit] : language;
        }

        if (key is not null || language != line.Language)
        {
            _journal.Post(new LanguageChosen(language, key));
            Speak(language);
        }
    }

    /// <summary>Where nothing is asked before the call: what is said in it is said in the language of the caller's number.</summary>
    private void SpeakByNumber(LineOptions line)
    {
        var language = LanguagePolicy.ByNumber(line, call.Arrival.CallerNumber);
        if (Standing.Language is null && language != line.Language)
        {
            _journal.Post(new LanguageChosen(language, null));
            Speak(language);
        }
    }

    private void Speak(string? language) => _line = language is null ? _line : _line! with { Language = language };

    /// <summary>Puts on record how a dialogue ended that the caller, the PBX or a shutdown broke off.</summary>
    private async Task BrokenOffAsync(ConsentDialogue? dialogue)
    {
        var departure = HasLeft ? (await call.Departed).Kind : (DepartureKind?)null;
        CallEvent[] facts = [.. dialogue?.Facts ?? []];
        if (departure == DepartureKind.PbxLost)
        {
            // Nothing is decided: the question is put again when the call is found waiting.
            if (facts.Length > 0)
            {
                _journal.Post(facts);
            }

            return;
        }

        var (status, reason, suppression) = departure switch
        {
            DepartureKind.HungUp => (ConsentStatus.Abandoned, null, SuppressionReasons.Abandoned),
            DepartureKind.TakenBack => (ConsentStatus.NotAsked, "the PBX took the call back", SuppressionReasons.NotAsked),
            _ => (ConsentStatus.NotAsked, "the worker was stopped", SuppressionReasons.NotAsked),
        };
        CallLog.Decided(services.Log, _id, status);
        _journal.Post([.. facts, dialogue?.NotObtained(status, reason) ?? new ConsentNotObtained(status, 0, 0, reason)]);
        _recorder.Suppress(suppression);
    }

    /// <summary>Says "accepted" only when it is recorded, "declined" only after a refusal: the caller is never told what is not so.</summary>
    private async Task ConfirmAsync(LineOptions line, CancellationToken cancel)
    {
        var name = Standing.Consent switch
        {
            ConsentStatus.Given when _recorder.Running && ModePolicy.PutsQuestion(line.Mode) => PromptNames.Accepted,
            ConsentStatus.Refused => PromptNames.Declined,
            _ when Standing.OptedOut => PromptNames.OptedOut,
            _ when Standing is { Objected: true, MayRecord: false } => PromptNames.Declined,
            _ => null,
        };

        // Whoever asks not to be called any more has a right to know that it was done.
        if ((line.Confirm || line.OptOut) && name is not null)
        {
            await SayAsync(name, cancel);
        }
    }

    private Afterwards AfterwardsOf(LineOptions line) => Standing.Consent switch
    {
        ConsentStatus.Given => line.OnAccept,
        ConsentStatus.NotAsked when Standing.OptedOut => line.OnAccept,
        ConsentStatus.NotAsked when _declined => line.OnDecline,
        ConsentStatus.Refused or ConsentStatus.Withdrawn => line.OnDecline,
        ConsentStatus.NoResponse => line.OnNoAnswer,
        ConsentStatus.InvalidInput => line.OnWrongKeys,
        _ when Standing.MayRecord => line.OnAccept,
        _ when Standing.Objected => line.OnDecline,
        _ => Afterwards.Continue,
    };

    private async Task<Termination> HandBackAsync(Afterwards afterwards, CancellationToken cancel)
    {
        if (afterwards.Kind == AfterwardsKind.HangUp)
        {
            await SayAsync(PromptNames.Goodbye, cancel);
            CallLog.Step(services.Log, _id, "hangs up as the line says");
            // Not on the call's own token: that fires when the PBX has done it, often before it answers, and would say that the caller did.
            await call.HangUpAsync(shutdown);
            return Termination.EndedByLine;
        }

        await call.SetVariablesAsync(
            [
                new(CallVariables.Result, Standing.Consent.ToString()),
                new(CallVariables.CallId, _id.ToString()),
                new(CallVariables.Recording, _recorder.Running ? "yes" : "no"),
                .. _line is { OptOut: true } ? [new(CallVariables.OptOut, Standing.OptedOut ? "yes" : "no")] : Array.Empty<KeyValuePair<string, string>>(),
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
            departure = await AccompanyAsync();
            if (departure is null)
            {
                return;
            }
        }

        var recorded = await _recorder.FinishAsync(departure);
        var duration = (departure?.At - call.Arrival.ArrivedAt)?.TotalMilliseconds;
        CallEnded end = new(Standing.Consent, termination, _recorder.Ever, (long?)duration, departure?.Cause, _trouble ?? _recorder.Trouble);
        await _journal.CloseAsync(recorded is null ? [end] : [recorded, end]);
        Ended = true;
        services.Metrics.Ended(Standing.Consent, _line?.Name);
        CallLog.Ended(services.Log, _id, termination, Standing.Consent, _recorder.Ever);
    }

    /// <summary>
    /// In the call: does what caller, dialplan and staff ask for, one after another, until the call is over. Says how the caller left; null
    /// when the call is to be left open, because we stop or the PBX is lost.
    /// </summary>
    private async Task<CallDeparture?> AccompanyAsync()
    {
        try
        {
            CallDeparture departure;
            do
            {
                departure = await ObeyUntilDepartedAsync();
            }
            while (departure.Kind == DepartureKind.TakenBack && await FollowIntoDialplanAsync());

            if (departure.Kind != DepartureKind.PbxLost)
            {
                if (_recorder.Ended is { } ended)
                {
                    // Taken back and not to be followed, the call goes on without us; what was lawfully begun goes on being recorded.
                    var limit = departure.Kind == DepartureKind.TakenBack ? Timeout.InfiniteTimeSpan : CallRecorder.EndLimit;
                    await Task.WhenAny(ended, Task.Delay(limit, services.Time, shutdown));
                    shutdown.ThrowIfCancellationRequested();
                }

                return departure;
            }

            CallLog.Interrupted(services.Log, _id, "the PBX was lost");
        }
        catch (OperationCanceledException) when (shutdown.IsCancellationRequested)
        {
            CallLog.Interrupted(services.Log, _id, "the worker stops while the call goes on");
        }

        return null;
    }

    private async Task<CallDeparture> ObeyUntilDepartedAsync()
    {
        var whispers = new CallWhispers(services, settings, call, Language, _journal);
        var staff = _line is null ? null : new StaffRequests(services, settings, call, _line, Keys(_line), _recorder, _journal);
        try
        {
            using var wake = new CallWakeUp(call, requests, shutdown);
            do
            {
                await ObeyWaitingAsync(whispers, staff);
            }
            while (await wake.NextAsync());

            // Whoever withdrew and hung up has withdrawn.
            await ObeyWaitingAsync(whispers, staff);
            return await call.Departed;
        }
        finally
        {
            await whispers.SilenceAsync();
        }
    }

    /// <summary>
    /// The PBX took the call back, and its recording goes on: then the caller's keys must count as before, for taking back is as easy as
    /// giving was (GDPR art. 7(3)). False when nothing is recorded, or the call cannot be followed.
    /// </summary>
    private async Task<bool> FollowIntoDialplanAsync()
    {
        if (!_recorder.Running)
        {
            return false;
        }

        try
        {
            if (await pbx.ReattachAsync(call.Arrival, shutdown) is not { } again)
            {
                return false;
            }

            (call, _inCall) = (again, null);
            _recorder.Follow(again);
            CallLog.Step(services.Log, _id, "taken back by the PBX while it is recorded: followed into the dialplan");
            return true;
        }
        catch (PbxException exception)
        {
            CallLog.PbxRefused(services.Log, _id, exception.Message);
            return false;
        }
    }

    private InCall Keys(LineOptions line) => _inCall ??= new InCall(services, settings, call, line, _recorder, _journal);

    private async Task ObeyWaitingAsync(CallWhispers whispers, StaffRequests? staff)
    {
        while (_line is not null && Keys(_line).TryRead(out var request, out var press))
        {
            await UnlessGoneAsync(() => Keys(_line).ObeyAsync(request, press, whispers.TellAsync, call.Gone));
        }

        while (call.Signals.TryRead(out var signal))
        {
            await UnlessGoneAsync(() => staff?.ObeyAsync(signal, call.Gone) ?? Task.CompletedTask);
        }

        while (requests.TryRead(out var request))
        {
            try
            {
                request.Answer.SetResult(staff is null
                    ? new ControlResult(ControlOutcome.NotAllowed, "the call came on an unknown line")
                    : await staff.ObeyAsync(request, call.Gone));
            }
            catch (OperationCanceledException)
            {
                request.Answer.SetResult(new ControlResult(ControlOutcome.NotFound, "the call ended before it was done"));
            }
        }
    }

    private async Task UnlessGoneAsync(Func<Task> obey)
    {
        try
        {
            await obey();
        }
        catch (OperationCanceledException)
        {
            CallLog.Step(services.Log, _id, "the call ended before it was done");
        }
        catch (PbxException exception)
        {
            CallLog.PbxRefused(services.Log, _id, exception.Message);
        }
    }

    /// <summary>Lets the caller go on without us, when we cannot go on with him.</summary>
    private async Task<Termination> GiveUpAsync(Termination why, string reason)
    {
        _trouble = reason;
        if (!Standing.Decided)
        {
            NotAsked(reason);
        }

        await GiveBackAfterErrorAsync();
        return HasLeft ? await TerminationOfDepartureAsync() : why;
    }

    /// <summary>The token and the task that tell of the departure come one after the other, in either order.</summary>
    private bool HasLeft => call.Gone.IsCancellationRequested || call.Departed.IsCompleted;

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

    /// <summary>
    /// Plays a prompt that nothing depends on: a missing one is skipped. Whoever withdraws while it plays is obeyed at once, for it is
    /// recorded by then.
    /// </summary>
    private async Task SayAsync(string name, CancellationToken cancel)
    {
        if (settings.Prompts.Find(Language, name) is not { } prompt)
        {
            CallLog.Step(services.Log, _id, $"there is no prompt {Language}/{name}: skipped");
            return;
        }

        try
        {
            call.HoldAtMost(prompt.Length + HandBackLimit);
            var playback = await call.PlayAsync(prompt, cancel);
            var over = playback.Ended.WaitAsync(prompt.Length + HandBackLimit, services.Time, cancel);
            while (_line is not null && _recorder.Running)
            {
                var digit = WaitForDigitAsync(cancel);
                if (await Task.WhenAny(over, digit) == over || !await digit)
                {
                    break;
                }

                if (Keys(_line).TryRead(out var request, out var press))
                {
                    await playback.StopAsync(cancel);
                    await Keys(_line).ObeyAsync(request, press, told => SayAsync(told, cancel), cancel);
                    return;
                }
            }

            await over;
            CallLog.Step(services.Log, _id, $"played {Language}/{name}");
        }
        catch (Exception exception) when (exception is PbxException or TimeoutException)
        {
            CallLog.Step(services.Log, _id, $"could not play {Language}/{name}: {exception.Message}");
        }
    }

    private async Task<bool> WaitForDigitAsync(CancellationToken cancel) => await call.Digits.WaitToReadAsync(cancel);

    /// <summary>The question was not put; the call goes on unrecorded.</summary>
    private void NotAsked(string why, string suppression = SuppressionReasons.NotAsked)
    {
        CallLog.Decided(services.Log, _id, ConsentStatus.NotAsked);
        _journal.Post(new ConsentNotObtained(ConsentStatus.NotAsked, 0, 0, why));
        _recorder.Suppress(suppression);
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
