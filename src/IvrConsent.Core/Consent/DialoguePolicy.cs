using IvrConsent.Core.Calls;
using IvrConsent.Core.Notices;

namespace IvrConsent.Core.Consent;

/// <summary>What one putting of the question brought.</summary>
public enum Answer
{
    /// <summary>The accept key, pressed after the notice had begun and been heard long enough.</summary>
    Accept,

    /// <summary>The decline key.</summary>
    Decline,

    /// <summary>The key that asks for the notice again.</summary>
    Repeat,

    /// <summary>A key that means nothing on this line.</summary>
    WrongKey,

    /// <summary>No key in time.</summary>
    Silence,

    /// <summary>What was to be heard could not be, or was cut by something else than the caller's key.</summary>
    Fault,
}

/// <summary>What the dialogue remembers between one putting of the question and the next.</summary>
/// <param name="Asked">How often the question was put.</param>
/// <param name="WrongKeys">How many keys came that mean nothing.</param>
/// <param name="NoticeHeard">The notice was heard to its end at least once.</param>
public readonly record struct DialogueState(int Asked, int WrongKeys, bool NoticeHeard);

/// <summary>The next step: put the question with these prompts, or end with this status.</summary>
/// <param name="Prompts">Names of prompts to play one after another; null when decided.</param>
/// <param name="Status">The decision; null while asking.</param>
public readonly record struct DialogueStep(IReadOnlyList<string>? Prompts, ConsentStatus? Status);

/// <summary>
/// The whole decision as pure functions: any sequence of keys, silences and faults ends after at most
/// 1 + <see cref="LineOptions.Repeats"/> questions with one status.
/// </summary>
public static class DialoguePolicy
{
    /// <summary>The first step: the notice.</summary>
    public static DialogueStep First(LineOptions line) => new([line.Notice.Prompt], null);

    /// <summary>
    /// What a key means, or null when it is to be ignored: before the notice began (typed ahead, so it cannot be an answer to
    /// what was not yet said), while a prompt plays on a line without barge-in, or an accept key before
    /// <see cref="LineOptions.MinimumHeard"/> of the notice.
    /// </summary>
    /// <param name="line">The line.</param>
    /// <param name="digit">The key.</param>
    /// <param name="heard">How much of the notice the caller has heard by then; null when it has not begun.</param>
    /// <param name="playing">Whether a prompt was still playing.</param>
    public static Answer? Classify(LineOptions line, char digit, TimeSpan? heard, bool playing)
    {
        if (heard is null || (playing && !line.BargeIn))
        {
            return null;
        }

        if (digit == line.DeclineKey)
        {
            return Answer.Decline;
        }

        if (digit == line.AcceptKey)
        {
            return heard >= line.MinimumHeard ? Answer.Accept : null;
        }

        return digit == line.RepeatKey ? Answer.Repeat : Answer.WrongKey;
    }

    /// <summary>The step after an answer. <paramref name="state"/> already counts the question that was answered.</summary>
    public static (DialogueState State, DialogueStep Step) Next(LineOptions line, DialogueState state, Answer answer)
    {
        switch (answer)
        {
            case Answer.Accept:
                return (state, new(null, ConsentStatus.Given));
            case Answer.Decline:
                return (state, new(null, ConsentStatus.Refused));
            case Answer.Fault when !state.NoticeHeard:
                return (state, new(null, ConsentStatus.NotAsked));
            case Answer.WrongKey:
                state = state with { WrongKeys = state.WrongKeys + 1 };
                break;
        }

        if (answer == Answer.Fault || state.Asked > line.Repeats)
        {
            return (state, new(null, state.WrongKeys > 0 ? ConsentStatus.InvalidInput : ConsentStatus.NoResponse));
        }

        // Who pressed a key early has not heard what it is about: then the notice comes again. Who has heard it is asked again in
        // few words; the wrong-key prompt puts the question itself.
        return (state, new((answer, state.NoticeHeard) switch
        {
            (Answer.Repeat, _) or (_, false) when answer != Answer.WrongKey => [line.Notice.Prompt],
            (Answer.WrongKey, false) => [PromptNames.WrongKey, line.Notice.Prompt],
            (Answer.WrongKey, true) => [PromptNames.WrongKey],
            _ => [PromptNames.Reminder],
        }, null));
    }
}
