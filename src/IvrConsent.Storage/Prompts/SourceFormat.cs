namespace IvrConsent.Storage.Prompts;

/// <summary>Which kind of sound file something is, told by its first bytes: an ending is only what somebody called it.</summary>
internal static class SourceFormat
{
    /// <summary>SoX's name of the format (<c>wav</c>, <c>flac</c>, <c>ogg</c>, <c>mp3</c>), or null and why not.</summary>
    public static string? Detect(ReadOnlySpan<byte> file, out string problem)
    {
        problem = string.Empty;
        if (file.Length >= 12 && file[..4].SequenceEqual("RIFF"u8) && file[8..12].SequenceEqual("WAVE"u8))
        {
            return "wav";
        }

        if (file.StartsWith("fLaC"u8))
        {
            return "flac";
        }

        if (file.StartsWith("OggS"u8))
        {
            // The codec names itself in the first page, right behind its header of 27 bytes and a segment or so.
            var page = file[..Math.Min(file.Length, 128)];
            if (page.IndexOf("\u0001vorbis"u8) >= 0)
            {
                return "ogg";
            }

            problem = page.IndexOf("OpusHead"u8) >= 0 ? "it is Opus in an Ogg file." : "it is an Ogg file without Vorbis sound.";
            return null;
        }

        if (file.StartsWith("ID3"u8) || IsMp3Frame(file))
        {
            return "mp3";
        }

        problem = file.IsEmpty ? "it is empty."
            : file.Length >= 8 && file[4..8].SequenceEqual("ftyp"u8) ? "it is an MP4 or M4A file."
            : file.StartsWith("FORM"u8) ? "it is an AIFF file."
            : file.StartsWith("RF64"u8) || file.StartsWith("BW64"u8) ? "it is a WAV file of the kind for more than 4 GB."
            : "its content is neither WAV, MP3, FLAC nor Ogg Vorbis, whatever its name says.";
        return null;
    }

    // Eleven set bits, layer III, and neither the rate nor the bit rate one of the forbidden values.
    private static bool IsMp3Frame(ReadOnlySpan<byte> file) =>
        file.Length >= 4 && file[0] == 0xFF && (file[1] & 0xE6) == 0xE2 && (file[1] & 0x18) != 0x08
        && (file[2] & 0xF0) is not (0xF0 or 0x00) && (file[2] & 0x0C) != 0x0C;
}
