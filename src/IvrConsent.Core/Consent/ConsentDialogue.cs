using IvrConsent.Core.Calls;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Notices;

namespace IvrConsent.Core.Consent;

/// <summary>What the dialogue came to, with the facts that prove it.</summary>
/// <param name="Status">The decision.</param>
/// <param name="Facts">Notices played or failed, in order, and last the consent event itself.</param>
/// <param name="MayRecord">Whether there is a ground to record on: consent, or another one of which the caller was told.</param>
/// <param name="Silenced">Completes, never fails, when the prompt that the caller's key cut is known to be silent.</param>
internal sealed record DialogueResult(ConsentStatus Status, IReadOnlyList<CallEvent> Facts, bool MayRecord, Task Silenced);

/// <summary>Tells the caller and takes a key: plays what <see cref="DialoguePolicy"/> says until it has decided.</summary>
internal sealed class ConsentDialogue(ICall call, LineOptions line, IPromptCatalogue prompts, TimeProvider time, Action<string> step)
{
    /// <summary>What the dead man's switch leaves us beyond the longest regular course of a question (promise 2).</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(1);

    /// <summary>How long a prompt that sounds may take to fall silent: some milliseconds, on a busy PBX some ten.</summary>
    private static readonly TimeSpan StopLimit = TimeSpan.FromMilliseconds(500);

    private readonly List<CallEvent> _facts = [];
    private DialogueState _state;
    private TimeSpan? _heard;
    private Task _silenced = Task.CompletedTask;
    private readonly List<string> _granted = [];
    private DigitPress? _key;
    private DateTimeOffset? _heardAt;
    private string? _fault;

    /// <summary>
    /// Runs the dialogue to its decision. Throws <see cref="OperationCanceledException"/> when the call departs or
    /// <paramref name="cancel"/> says so; <see cref="Facts"/> then holds what had been heard.
    /// </summary>
    public async Task<DialogueResult> RunAsync(CancellationToken cancel)
    {
        var next = DialoguePolicy.First(line);
        while (next.Prompts is { } names)
        {
            _state = _state with { Asked = _state.Asked + 1 };
            await _silenced.WaitAsync(cancel);
            var answer = await AskAsync(names, cancel);
            (_state, next) = DialoguePolicy.Next(line, _state, answer);
        }

        var status = next.Status!.Value;
        if (line.OptOut)
        {
            return new DialogueResult(status, [.. _facts, .. OptOut(status)], MayRecord: false, _silenced);
        }

        if (next.Informed || next.Objected)
        {
            return new DialogueResult(status, _facts, Inform(next.Objected), _silenced);
        }

        _facts.Add(status switch
        {
            ConsentStatus.Given => Given(),
            ConsentStatus.Refused => new ConsentRefused(_key!.Value.Digit, _key.Value.At, _state.Asked, _state.WrongKeys),
            _ => NotObtained(status, status == ConsentStatus.NotAsked ? _fault ?? "the notice was not heard" : null),
        });
        return new DialogueResult(status, _facts, status == ConsentStatus.Given, _silenced);
    }

    /// <summary>
    /// On a line for opt-outs. What was said is not about recording, so whichever it is, nobody was asked about that: a no here must not
    /// count as a refusal of anything.
    /// </summary>
    private IEnumerable<CallEvent> OptOut(ConsentStatus status)
    {
        if (status == ConsentStatus.Given)
        {
            yield return new ConsentEntered(
                EntryStatus.OptedOut, [StandingConsentPolicy.AllPurposes], EntrySource.OptOutLine, line.Name, $"key {_key!.Value.Digit} in call {call.Arrival.Id}", _key.Value.At)
            {
                Notice = line.Notice.Id,
                NoticeVersion = line.Notice.Version,
                Language = line.Language,
            };
        }

        yield return status switch
        {
            ConsentStatus.Given => NotObtained(ConsentStatus.NotAsked, "the line takes opt-outs, and the caller opted out"),
            ConsentStatus.Refused => NotObtained(ConsentStatus.NotAsked, "the line takes opt-outs, and the caller did not opt out"),
            _ => NotObtained(status, status == ConsentStatus.NotAsked ? _fault ?? "the notice was not heard" : "the line takes opt-outs"),
        };
    }

    private ConsentGiven Given()
    {
        // All by the accept key; otherwise what was granted one by one, or, where staying is the act, all without any key.
        var all = _key is null || _key.Value.Digit == line.AcceptKey || line.Mode != ConsentMode.Granular;
        IReadOnlyList<string> purposes = all ? DialoguePolicy.PurposesOf(line, line.AcceptKey) : _granted;
        return new ConsentGiven(_key?.Digit, _key?.At ?? _heardAt ?? time.GetUtcNow(), _state.Asked, _state.WrongKeys)
        {
            Mode = line.Mode,
            Purposes = line.Purposes.Count == 0 ? null : purposes,
        };
    }

    /// <summary>Another ground than consent: what remains of it after an objection; answers whether anything does.</summary>
    private bool Inform(bool objected)
    {
        var purposes = DialoguePolicy.PurposesWithoutConsent(line, objected);
        if (objected)
        {
            _facts.Add(new CallerObjected(_key!.Value.Digit, _key.Value.At, Obeyed: purposes.Count == 0));
        }

        if (purposes.Count == 0)
        {
            return false;
        }

        _facts.Add(new CallerInformed([.. purposes.Select(purpose => purpose.Id)], [.. purposes.Select(purpose => purpose.Basis)]));
        return true;
    }

    /// <summary>The facts so far, for a dialogue that was broken off.</summary>
    public IReadOnlyList<CallEvent> Facts => _facts;

    /// <summary>The event for an end without yes or no.</summary>
    public ConsentNotObtained NotObtained(ConsentStatus status, string? reason) =>
        new(status, _state.Asked, _state.WrongKeys, reason);

    /// <summary>Plays the prompts one after another, then waits for a key; the first key that means something ends it.</summary>
    private async Task<Answer> AskAsync(IReadOnlyList<string> names, CancellationToken cancel)
    {
        var found = names.Select(name => prompts.Find(line.Language, name)).ToArray();
        var missing = Array.IndexOf(found, null);
        if (missing >= 0 && IsQuestion(names[missing]))
        {
            return Fault(names[missing], null, TimeSpan.Zero, $"there is no prompt {line.Language}/{names[missing]}");
        }

        call.HoldAtMost(found.Aggregate(DialoguePolicy.Timeout(line) + Grace, (sum, prompt) => sum + (prompt?.Length ?? TimeSpan.Zero)));
        foreach (var prompt in found)
        {
            if (prompt is not null && await PlayAsync(prompt, cancel) is { } answer)
            {
                return answer;
            }
        }

        step($"waiting {DialoguePolicy.Timeout(line).TotalSeconds:0.#} s for a key");
        return await CollectAsync(cancel);
    }

    /// <summary>What may be missing or fail without the question being put the worse for it.</summary>
    private static bool IsQuestion(string prompt) => prompt is not (PromptNames.WrongKey or PromptNames.FullNotice);

    /// <summary>Plays one prompt; the answer if a key or a fault came, null when it was heard to its end.</summary>
    private async Task<Answer?> PlayAsync(Prompt prompt, CancellationToken cancel)
    {
        var isQuestion = IsQuestion(prompt.Name);
        IPlayback playback;
        try
        {
            playback = await call.PlayAsync(prompt, cancel);
        }
        catch (PbxException exception)
        {
            return isQuestion ? Fault(prompt.Name, prompt, TimeSpan.Zero, exception.Message) : null;
        }

        try
        {
            return await ListenAsync(prompt, playback, isQuestion, cancel);
        }
        catch (OperationCanceledException) when (!playback.Ended.IsCompleted)
        {
            // The worker stops, or the call is gone: a call given back with a prompt still playing would wait for its end.
            await StopAsync(playback, CancellationToken.None);
            throw;
        }
    }

    /// <summary>While a prompt plays: the answer if a key or a fault came, null when it was heard to its end.</summary>
    private async Task<Answer?> ListenAsync(Prompt prompt, IPlayback playback, bool isQuestion, CancellationToken cancel)
    {
        var started = await playback.Started.WaitAsync(cancel);
        step($"plays {prompt.Language}/{prompt.Name}");
        while (true)
        {
            // A key waiting counts before the end of the playback does: it was pressed while the caller listened.
            while (call.Digits.TryRead(out var press))
            {
                var heard = started is { } start && press.At >= start ? Earlier(press.At - start, prompt.Length) : (TimeSpan?)null;
                if (DialoguePolicy.Classify(line, press.Digit, Told(prompt, heard), playing: !playback.Ended.IsCompleted) is { } answer)
                {
                    if (answer == Answer.Purpose)
                    {
                        // Who grants one purpose may want to hear of the next.
                        Grant(press);
                        continue;
                    }

                    // Not awaited here: the caller's answer is what matters now; the next prompt waits for it.
                    _silenced = StopAsync(playback, cancel);
                    if (answer is Answer.Accept && prompt.Name == line.Notice.Prompt && !_state.NoticeHeard
                        && await FindUnheardAsync(playback, cancel) is { } unheard)
                    {
                        return Fault(prompt.Name, prompt, TimeSpan.Zero, unheard);
                    }

                    Decide(press, answer);
                    Told(prompt, playback.Sha256, started, heard ?? TimeSpan.Zero, byKey: true);
                    return answer;
                }
            }

            if (playback.Ended.IsCompleted)
            {
                break;
            }

            await (await Task.WhenAny(playback.Ended, WaitForDigitAsync(cancel)));
        }

        var end = await playback.Ended;
        if (end.Result == PlaybackResult.CallGone)
        {
            // No fault of the notice: the token that says so is about to fire, if it has not yet.
            await Task.Delay(Timeout.InfiniteTimeSpan, time, cancel);
        }

        if (!HeardPolicy.HeardInFull(end, prompt.Length))
        {
            return isQuestion ? Fault(prompt.Name, prompt, end.Heard, Describe(end, prompt)) : null;
        }

        Told(prompt, playback.Sha256, end.StartedAt, end.Heard, byKey: false);
        return null;
    }

    /// <summary>
    /// Whether a notice that a yes has cut short was never heard, and why. A PBX may report a prompt as started before it has
    /// opened its file: while it still fetches it, or though there is none. Such a prompt ends as failed, or does not end when told
    /// to; one that sounds ends within milliseconds.
    /// </summary>
    private async Task<string?> FindUnheardAsync(IPlayback playback, CancellationToken cancel)
    {
        try
        {
            var end = await playback.Ended.WaitAsync(StopLimit, time, cancel);
            return end.Result == PlaybackResult.Failed ? "a key came, but the PBX could not play it" : null;
        }
        catch (TimeoutException)
        {
            return $"a key came, but the PBX did not stop it within {Milliseconds(StopLimit)} ms, so it may not have begun to play it";
        }
    }

    /// <summary>Keeps the key that decides; one that only asks again is not what the caller meant by yes or no.</summary>
    private void Decide(DigitPress press, Answer answer) => _key = answer is Answer.Accept or Answer.Decline ? press : _key;

    private void Grant(DigitPress press)
    {
        _key = press;
        _state = _state with { Granted = true };
        foreach (var purpose in DialoguePolicy.PurposesOf(line, press.Digit).Except(_granted).ToArray())
        {
            _granted.Add(purpose);
        }
    }

    /// <summary>Waits for a key after the prompts; silence when none comes in time.</summary>
    private async Task<Answer> CollectAsync(CancellationToken cancel)
    {
        using var timeout = new CancellationTokenSource(DialoguePolicy.Timeout(line), time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancel);
        try
        {
            while (true)
            {
                await WaitForDigitAsync(either.Token);
                while (call.Digits.TryRead(out var press))
                {
                    if (DialoguePolicy.Classify(line, press.Digit, _heard, playing: false) is { } answer)
                    {
                        if (answer == Answer.Purpose)
                        {
                            Grant(press);
                            timeout.CancelAfter(DialoguePolicy.Timeout(line));
                            call.HoldAtMost(DialoguePolicy.Timeout(line) + Grace);
                            continue;
                        }

                        Decide(press, answer);
                        return answer;
                    }
                }
            }
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested && !cancel.IsCancellationRequested)
        {
            return Answer.Silence;
        }
    }

    /// <summary>Returns when a digit can be read; the digits end when the call departs, and then its token is what wakes us.</summary>
    private async Task WaitForDigitAsync(CancellationToken cancel)
    {
        if (!await call.Digits.WaitToReadAsync(cancel))
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, time, cancel);
        }
    }

    private async Task StopAsync(IPlayback playback, CancellationToken cancel)
    {
        try
        {
            await playback.StopAsync(cancel);
        }
        catch (Exception exception) when (exception is PbxException or OperationCanceledException)
        {
            step($"could not stop the prompt: {exception.Message}");
        }
    }

    private Answer Fault(string name, Prompt? prompt, TimeSpan heard, string reason)
    {
        _fault = reason;
        step($"notice failed: {reason}");
        _facts.Add(new NoticeFailed(
            line.Notice.Id,
            line.Notice.Version,
            name,
            line.Language,
            prompt?.Sha256,
            Milliseconds(prompt?.Length ?? TimeSpan.Zero),
            Milliseconds(heard),
            reason));
        return Answer.Fault;
    }

    /// <summary>How much of the notice was heard in all when <paramref name="heard"/> of this prompt was; null before its first sample.</summary>
    private TimeSpan? Told(Prompt prompt, TimeSpan? heard) =>
        prompt.Name != line.Notice.Prompt ? _heard : heard is null || _heard > heard ? _heard : heard;

    private void Told(Prompt prompt, string sha256, DateTimeOffset? startedAt, TimeSpan heard, bool byKey)
    {
        _heard = Told(prompt, heard);
        _heardAt = startedAt + heard;
        _state = _state with { NoticeHeard = _state.NoticeHeard || (!byKey && prompt.Name == line.Notice.Prompt) };
        _facts.Add(new NoticePlayed(
            line.Notice.Id,
            line.Notice.Version,
            prompt.Name,
            prompt.Language,
            sha256,
            Milliseconds(prompt.Length),
            Milliseconds(heard),
            byKey,
            startedAt));
    }

    private static string Describe(PlaybackEnd end, Prompt prompt) => end switch
    {
        { StartedAt: null } => "the PBX did not start to play it",
        { Result: PlaybackResult.Failed } => $"the PBX broke off after {Milliseconds(end.Heard)} ms of {Milliseconds(prompt.Length)} ms",
        _ => $"only {Milliseconds(end.Heard)} ms of {Milliseconds(prompt.Length)} ms were played",
    };

    private static TimeSpan Earlier(TimeSpan one, TimeSpan other) => one < other ? one : other;

    private static long Milliseconds(TimeSpan span) => (long)span.TotalMilliseconds;
}
