using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace IvrConsent.Storage.Prompts;

/// <summary>One WAV file as it is served and proved: the bytes whose SHA-256 the ledger has.</summary>
/// <param name="Sha256">SHA-256 of <paramref name="Content"/>, 64 lower-case hexadecimal digits.</param>
/// <param name="Wideband">Whether it is the 16 kHz file.</param>
/// <param name="Content">The whole file with its header.</param>
public sealed record PromptAudio(string Sha256, bool Wideband, ReadOnlyMemory<byte> Content)
{
    /// <summary>Its name in a URL and in a shared folder: <c>SHA256.wav</c> or <c>SHA256.wav16</c>.</summary>
    public string FileName => PromptDownload.FileName(Sha256, Wideband);
}

/// <summary>
/// How <c>GET /prompts/SHA256.wav</c> and <c>.wav16</c> answer. A name is the hash of its content, so an answer never becomes
/// wrong, and a PBX that has it need not ask again: asking costs the caller a round trip of silence.
/// </summary>
public static class PromptDownload
{
    /// <summary>
    /// The <c>Cache-Control</c> of an answer. Neither <c>no-cache</c> nor <c>must-revalidate</c> may be in it: Asterisk's
    /// media cache would then ask before each playback.
    /// </summary>
    public const string CacheControl = "public, max-age=31536000, immutable";

    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdef");

    /// <summary>The <c>ETag</c> of an answer: the hash itself, in quotes.</summary>
    public static string ETag(string sha256) => $"\"{sha256}\"";

    /// <summary>
    /// The <c>Content-Type</c> of an answer. The 16 kHz file has no audio type on purpose: where Asterisk goes by the type it
    /// takes <c>audio/wav</c> for 8 kHz; of an unknown type it goes by the end of the URL, which is right.
    /// </summary>
    public static string ContentType(bool wideband) => wideband ? "application/octet-stream" : "audio/wav";

    /// <summary>The name of a file in a URL or a shared folder.</summary>
    public static string FileName(string sha256, bool wideband) => sha256 + (wideband ? ".wav16" : ".wav");

    /// <summary>Takes such a name apart. False for anything else, so whatever stands in a URL never reaches a path.</summary>
    public static bool TryParse(string? fileName, [NotNullWhen(true)] out string? sha256, out bool wideband)
    {
        sha256 = null;
        wideband = fileName?.EndsWith(".wav16", StringComparison.Ordinal) == true;
        if (fileName is null || fileName.Length < 64 || fileName[64..] is not (".wav" or ".wav16")
            || fileName.AsSpan(0, 64).ContainsAnyExcept(HexDigits))
        {
            return false;
        }

        sha256 = fileName[..64];
        return true;
    }
}
