using IvrConsent.Core.Calls;
using IvrConsent.Core.Notices;

namespace IvrConsent.Core.Consent;

/// <summary>Which prompts a line needs: a missing one is found at the desk, not by a caller.</summary>
public static class PromptPolicy
{
    /// <summary>The prompts that a line may play in one of its languages, each once.</summary>
    public static IReadOnlyList<string> Needed(LineOptions line, string language)
    {
        List<string> needed = [];
        if (line.Mode != ConsentMode.Never && language == line.Language && line.Languages.ByKey.Count > 0)
        {
            needed.Add(PromptNames.Language);
        }

        if (line.OptOut)
        {
            needed.AddRange([line.Notice.Prompt, PromptNames.OptedOut, PromptNames.NumberHidden]);
        }
        else if (line.Mode != ConsentMode.Never)
        {
            AddBeforeTheCall(line, needed);
            if (line.Mode is ConsentMode.Announce or ConsentMode.Inform && line.Override is null && JurisdictionPolicy.Fallback(line) == ConsentMode.Explicit)
            {
                // A caller from where the line's mode is not allowed is asked by key.
                AddBeforeTheCall(line with { Mode = ConsentMode.Explicit, Notice = line.Notice with { Prompt = PromptNames.Notice } }, needed);
            }

            AddInTheCall(line, needed);
        }

        if (new[] { line.OnAccept, line.OnDecline, line.OnNoAnswer, line.OnWrongKeys }.Any(after => after.Kind == AfterwardsKind.HangUp))
        {
            needed.Add(PromptNames.Goodbye);
        }

        return [.. needed.Distinct(StringComparer.Ordinal)];
    }

    private static void AddBeforeTheCall(LineOptions line, List<string> needed)
    {
        needed.Add(line.Notice.Prompt);
        if (line.Mode == ConsentMode.AskInCall)
        {
            return;
        }

        if (line.Repeats > 0)
        {
            needed.Add(PromptNames.WrongKey);
        }

        // Who has heard the long information is asked in few words again.
        if (ModePolicy.PutsQuestion(line.Mode) && (line.Repeats > 0 || line.InfoKey is not null))
        {
            needed.Add(PromptNames.Reminder);
        }

        if (line.Confirm)
        {
            needed.AddRange([PromptNames.Accepted, PromptNames.Declined]);
        }

        if (line.InfoKey is not null)
        {
            needed.Add(PromptNames.FullNotice);
        }
    }

    private static void AddInTheCall(LineOptions line, List<string> needed)
    {
        if (line.InCall.WithdrawKeys is not null)
        {
            needed.Add(PromptNames.Withdrawn);
        }

        if (line.InCall.GiveKeys is not null || line.Mode == ConsentMode.AskInCall)
        {
            needed.AddRange([PromptNames.NoticeInCall, PromptNames.Accepted]);
        }

        if (line.InCall.PauseKeys is not null)
        {
            needed.AddRange([PromptNames.Paused, PromptNames.Resumed]);
        }
    }
}
