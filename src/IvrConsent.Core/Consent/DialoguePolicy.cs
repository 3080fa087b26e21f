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

    /// <summary>The key that asks for the long information.</summary>
    Info,

    /// <summary>A key that grants one purpose; the caller may press more.</summary>
    Purpose,

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
/// <param name="Granted">At least one purpose was granted by its own key.</param>
/// <param name="InfoHeard">The long information was asked for before.</param>
public readonly record struct DialogueState(int Asked, int WrongKeys, bool NoticeHeard, bool Granted = false, bool InfoHeard = false);

/// <summary>The next step: put the question with these prompts, or end with this status.</summary>
/// <param name="Prompts">Names of prompts to play one after another; null when decided.</param>
/// <param name="Status">The decision; null while asking.</param>
public readonly record struct DialogueStep(IReadOnlyList<string>? Prompts, ConsentStatus? Status)
{
    /// <summary>The caller was told of another ground than consent, and did not object: it may be recorded without one.</summary>
    public bool Informed { get; init; }

    /// <summary>The caller objected (GDPR art. 21).</summary>
    public bool Objected { get; init; }
}

/// <summary>
/// The whole decision as pure functions: any sequence of keys, silences and faults ends after at most
/// 1 + <see cref="LineOptions.Repeats"/> questions with one status.
/// </summary>
public static class DialoguePolicy
{
    /// <summary>After a notice that puts no question, so long the caller may still say no. More would only be silence on every call.</summary>
    private static readonly TimeSpan PauseWithoutQuestion = TimeSpan.FromSeconds(2);

    /// <summary>The first step: the notice.</summary>
    public static DialogueStep First(LineOptions line) => new([line.Notice.Prompt], null);

    /// <summary>How long to wait for a key once the prompts are over.</summary>
    public static TimeSpan Timeout(LineOptions line) =>
        ModePolicy.PutsQuestion(line.Mode) || line.FirstDigitTimeout < PauseWithoutQuestion ? line.FirstDigitTimeout : PauseWithoutQuestion;

    /// <summary>The purposes that a key grants: the one it belongs to, or all that rest on consent.</summary>
    public static IReadOnlyList<string> PurposesOf(LineOptions line, char? key) =>
        [.. line.Purposes.Where(purpose => purpose.Basis == LawfulBasis.Consent && (line.Mode != ConsentMode.Granular || key == line.AcceptKey || purpose.Key == key)).Select(purpose => purpose.Id)];

    /// <summary>What may be recorded for on another ground than consent; after an objection without what must give way to it (GDPR art. 21(1)).</summary>
    public static IReadOnlyList<PurposeOptions> PurposesWithoutConsent(LineOptions line, bool objected) =>
        [.. line.Purposes.Where(purpose => purpose.Basis != LawfulBasis.Consent && !(objected && purpose.Basis is (LawfulBasis.LegitimateInterests or LawfulBasis.PublicTask)))];

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

        if (digit == line.InfoKey)
        {
            return Answer.Info;
        }

        if (digit == line.RepeatKey)
        {
            return Answer.Repeat;
        }

        if (digit == line.AcceptKey && line.Mode != ConsentMode.Inform)
        {
            return heard >= line.MinimumHeard ? Answer.Accept : null;
        }

        if (line.Mode == ConsentMode.Granular && line.Purposes.Any(purpose => purpose.Key == digit))
        {
            return heard >= line.MinimumHeard ? Answer.Purpose : null;
        }

        // Where there is no question, no key is a wrong answer to it.
        return ModePolicy.PutsQuestion(line.Mode) ? Answer.WrongKey : null;
    }

    /// <summary>The step after an answer. <paramref name="state"/> already counts the question that was answered.</summary>
    public static (DialogueState State, DialogueStep Step) Next(LineOptions line, DialogueState state, Answer answer)
    {
        switch (answer)
        {
            case Answer.Accept:
            case Answer.Silence when state.Granted:
                return (state, new(null, ConsentStatus.Given));
            case Answer.Decline when line.Mode == ConsentMode.Inform:
                return (state, new(null, ConsentStatus.NotAsked) { Objected = true });
            case Answer.Decline:
                return (state, new(null, ConsentStatus.Refused));
            case Answer.Silence when line.Mode == ConsentMode.Announce && state.NoticeHeard:
                return (state, new(null, ConsentStatus.Given));
            case Answer.Silence when line.Mode == ConsentMode.Inform && state.NoticeHeard:
                return (state, new(null, ConsentStatus.NotAsked) { Informed = true });
            case Answer.Info when !state.InfoHeard:
                // Asking what it is about costs the caller none of the questions; asking again counts as any repeat.
                state = state with { InfoHeard = true, Asked = state.Asked - 1 };
                break;
            case Answer.Fault when !state.NoticeHeard:
                return (state, new(null, ConsentStatus.NotAsked));
            case Answer.WrongKey:
                state = state with { WrongKeys = state.WrongKeys + 1 };
                break;
        }

        if (answer == Answer.Fault || state.Asked > line.Repeats)
        {
            // Without a question there is nothing to answer: a notice that was asked for again and again and not heard was none.
            var status = !ModePolicy.PutsQuestion(line.Mode) ? ConsentStatus.NotAsked : state.WrongKeys > 0 ? ConsentStatus.InvalidInput : ConsentStatus.NoResponse;
            return (state, new(null, status));
        }

        if (answer == Answer.Info)
        {
            return (state, new([PromptNames.FullNotice, state.NoticeHeard && ModePolicy.PutsQuestion(line.Mode) ? PromptNames.Reminder : line.Notice.Prompt], null));
        }

        if (line.OptOut)
        {
            // The short forms of the question are about recording.
            return (state, new([line.Notice.Prompt], null));
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
