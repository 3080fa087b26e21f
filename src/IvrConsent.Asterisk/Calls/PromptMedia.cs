using IvrConsent.Core.Notices;

namespace IvrConsent.Asterisk.Calls;

/// <summary>What the PBX is told to play for a prompt. The doctor plays by the same words as a call.</summary>
internal static class PromptMedia
{
    /// <summary>The media URI, and the SHA-256 of the file behind it.</summary>
    public static (string Media, string Sha256) Of(AsteriskOptions options, Prompt prompt)
    {
        var wide = options.PromptRate == 16000 && prompt.WidebandSha256 is not null;
        var sha256 = wide ? prompt.WidebandSha256! : prompt.Sha256;
        // From a folder Asterisk picks the file's format itself, so it wants no extension; from a web server it wants one.
        return options.PromptFolder is { } folder
            ? ($"sound:{folder.TrimEnd('/')}/{sha256}", sha256)
            : ($"sound:{options.PromptUrl!.AbsoluteUri.TrimEnd('/')}/prompts/{sha256}.{(wide ? "wav16" : "wav")}", sha256);
    }
}
