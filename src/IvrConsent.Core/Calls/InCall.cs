using IvrConsent.Core.Consent;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Notices;

namespace IvrConsent.Core.Calls;

/// <summary>
/// What the caller may ask for at any moment of the call, by keys: withdraw, give after all, pause and go on. Stopping comes before
/// everything else, also before the ledger: a withdrawal that could not be put on record at once is obeyed all the same. What staff ask
/// for is <see cref="StaffRequests"/>.
/// </summary>
internal sealed class InCall(
    CallServices services,
    ICallSettings settings,
    ICall call,
    LineOptions line,
    CallRecorder recorder,
    CallJournal journal)
{
    private readonly KeySequences _keys = new(line.InCall);
    private readonly CallId _id = call.Arrival.Id;
    private readonly CallStanding _standing = journal.Standing;

    /// <summary>Reads waiting keys until they make a request; false when they do not.</summary>
    public bool TryRead(out InCallRequest request, out DigitPress press)
    {
        while (call.Digits.TryRead(out press))
        {
            if (!line.NeverRecorded && _keys.Press(press) is { } found)
            {
                request = found;
                return true;
            }
        }

        request = default;
        return false;
    }

    /// <summary>Does what the caller asks, and tells him by <paramref name="tell"/> (name of a prompt) what became of it.</summary>
    public async Task ObeyAsync(InCallRequest request, DigitPress press, Func<string, Task> tell, CancellationToken cancel)
    {
        var keysReachedUs = services.Time.GetTimestamp();
        var told = request switch
        {
            InCallRequest.Withdraw => await WithdrawAsync(press),
            InCallRequest.Give => await GiveAsync(press, keysReachedUs, cancel),
            _ => await PauseOrResumeAsync(cancel),
        };
        if (told is not null)
        {
            await tell(told);
        }
    }

    /// <summary>
    /// Takes the consent back: as keys do, or as staff enter it (<paramref name="by"/>). Null when there is nothing to take back; else
    /// whether the recording is known to have stopped.
    /// </summary>
    public async Task<bool?> WithdrawAsync(string keys, DateTimeOffset at, string? by, string? reason)
    {
        if (_standing.Consent != ConsentStatus.Given)
        {
            return null;
        }

        // What is also kept on another ground than consent (a contract was concluded in this call) is not erased with the consent.
        string[] others = [.. line.Purposes.Where(purpose => purpose.Basis != LawfulBasis.Consent && _standing.Purposes?.Contains(purpose.Id) == true).Select(purpose => purpose.Id)];
        var action = others.Length > 0 ? WithdrawalAction.Keep : line.InCall.OnWithdraw;
        var stopping = recorder.Running ? recorder.StopAsync() : null;
        CallLog.Decided(services.Log, _id, ConsentStatus.Withdrawn);
        journal.Post(new ConsentWithdrawn(keys, at, line.InCall.Scope, action) { By = by, Reason = reason });
        if (others.Length > 0)
        {
            journal.Post(new PurposesChanged(others, by ?? CallRecorder.Caller, "consent withdrawn; what rests on another ground remains"));
        }

        return await DisposeOfAsync(stopping, action, at, "withdrawn");
    }

    private async Task<string?> WithdrawAsync(DigitPress press)
    {
        if (_standing.Consent == ConsentStatus.Given)
        {
            return await WithdrawAsync(line.InCall.WithdrawKeys!, press.At, null, null) == true ? PromptNames.Withdrawn : null;
        }

        if (_standing.Objected || _standing.Consent != ConsentStatus.NotAsked || _standing.Purposes is null)
        {
            return null;
        }

        // Told of another ground: it cannot be withdrawn from, but objected to (GDPR art. 21).
        var obeyed = DialoguePolicy.PurposesWithoutConsent(line, objected: true).Count == 0;
        WithdrawalAction? action = obeyed && recorder.Ever ? line.InCall.OnWithdraw : null;
        var stopping = obeyed && recorder.Running ? recorder.StopAsync() : null;
        journal.Post(new CallerObjected(press.Digit, press.At, obeyed) { Action = action });
        if (!obeyed)
        {
            journal.Post(new PurposesChanged(
                [.. DialoguePolicy.PurposesWithoutConsent(line, objected: true).Select(purpose => purpose.Id)], CallRecorder.Caller, "objected; what does not give way to it remains"));
            return null;
        }

        return await DisposeOfAsync(stopping, line.InCall.OnWithdraw, press.At, "objected") ? PromptNames.Withdrawn : null;
    }

    private async Task<bool> DisposeOfAsync(Task<bool>? stopping, WithdrawalAction action, DateTimeOffset until, string reason)
    {
        // Where it is not seen to have stopped, the caller is not told so, and somebody is called: never told what is not so.
        var stopped = stopping is null || await stopping;
        var gone = action == WithdrawalAction.Erase && await recorder.EraseAsync(reason, CancellationToken.None);
        if (!gone && stopping is not null && stopped)
        {
            await recorder.KeepAsync(until, CancellationToken.None);
        }

        return stopped;
    }

    private async Task<string?> GiveAsync(DigitPress press, long keysReachedUs, CancellationToken cancel)
    {
        var purposes = DialoguePolicy.PurposesOf(line, line.AcceptKey);
        if (recorder.Running || (purposes.Count == 0 && line.Purposes.Count > 0))
        {
            return null;
        }

        // Who has only now been told what it is about agrees by staying, once he has heard it.
        var at = press.At;
        if (!_standing.NoticeHeard)
        {
            if (!await TellNoticeAsync(cancel))
            {
                return null;
            }

            at = services.Time.GetUtcNow();
        }

        CallLog.Decided(services.Log, _id, ConsentStatus.Given);
        var given = new ConsentGiven(null, at, 0, 0)
        {
            Mode = line.Mode,
            Purposes = line.Purposes.Count == 0 ? null : purposes,
            Keys = line.InCall.GiveKeys,
        };
        return await recorder.StartAsync(keysReachedUs, journal.CommitAsync(given), cancel) ? PromptNames.Accepted : null;
    }

    /// <summary>The short notice to both parties, for who has not heard the long one; what was not heard is no notice (promise 4).</summary>
    public async Task<bool> TellNoticeAsync(CancellationToken cancel)
    {
        const string Name = PromptNames.NoticeInCall;
        var notice = line.Notice;
        if (settings.Prompts.Find(line.Language, Name) is not { } prompt)
        {
            journal.Post(new NoticeFailed(notice.Id, notice.Version, Name, line.Language, null, 0, 0, $"there is no prompt {line.Language}/{Name}"));
            return false;
        }

        var length = (long)prompt.Length.TotalMilliseconds;
        try
        {
            var whisper = await call.WhisperAsync(prompt, toBoth: true, cancel);
            if (whisper.Heard != false)
            {
                journal.Post(new NoticePlayed(notice.Id, notice.Version, Name, line.Language, whisper.Sha256, length, length, false, whisper.StartedAt));
                return true;
            }

            journal.Post(new NoticeFailed(notice.Id, notice.Version, Name, line.Language, whisper.Sha256, length, 0, whisper.Detail ?? "it could not be heard"));
        }
        catch (PbxException exception)
        {
            journal.Post(new NoticeFailed(notice.Id, notice.Version, Name, line.Language, prompt.Sha256, length, 0, exception.Message));
        }

        return false;
    }

    private async Task<string?> PauseOrResumeAsync(CancellationToken cancel)
    {
        if (!recorder.Running)
        {
            return null;
        }

        if (!recorder.Pausers.Contains(CallRecorder.Caller))
        {
            return await recorder.PauseAsync(CallRecorder.Caller, null, cancel) ? PromptNames.Paused : null;
        }

        // Not said while somebody else still pauses it: it does not go on then.
        return await recorder.ResumeAsync(CallRecorder.Caller, CallRecorder.Caller, null, cancel) && recorder.Pausers.Count == 0 ? PromptNames.Resumed : null;
    }
}
