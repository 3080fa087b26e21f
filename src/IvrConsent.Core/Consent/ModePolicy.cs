using IvrConsent.Core.Notices;

namespace IvrConsent.Core.Consent;

/// <summary>What follows from a mode alone.</summary>
public static class ModePolicy
{
    /// <summary>Whether the notice puts a question, so that silence and wrong keys are answered.</summary>
    public static bool PutsQuestion(ConsentMode mode) => mode is ConsentMode.Explicit or ConsentMode.Granular;

    /// <summary>The prompt that speaks the notice where the settings name none.</summary>
    public static string NoticePrompt(ConsentMode mode) => mode switch
    {
        ConsentMode.Granular => PromptNames.NoticeGranular,
        ConsentMode.Announce => PromptNames.NoticeAnnounce,
        ConsentMode.Inform => PromptNames.NoticeInform,
        ConsentMode.AskInCall => PromptNames.NoticeInCall,
        _ => PromptNames.Notice,
    };
}
