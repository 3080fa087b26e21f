using System.Text;

namespace IvrConsent.Host.Settings.Reading;

/// <summary>From the bytes of a file to text: size, encoding, and characters that YAML would stumble over silently.</summary>
internal static class SettingsText
{
    /// <summary>A line takes some 200 bytes, so this is thousands of lines; more is not a settings file.</summary>
    public const int LargestFile = 1024 * 1024;

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The text, or null after telling why not.</summary>
    public static string? Decode(string file, ReadOnlySpan<byte> bytes, ProblemList problems)
    {
        if (bytes.Length > LargestFile)
        {
            problems.Add(new(file), "", "the file is larger than 1 MB", "at most 1 MB", "Is this the settings file? Name the right one.");
            return null;
        }

        if (bytes.StartsWith(Encoding.UTF8.Preamble))
        {
            bytes = bytes[Encoding.UTF8.Preamble.Length..];
        }

        try
        {
            var text = Strict.GetString(bytes);
            return CharactersAreFine(file, text, problems) ? text : null;
        }
        catch (DecoderFallbackException wrong)
        {
            var before = Encoding.UTF8.GetString(bytes[..Math.Clamp(wrong.Index, 0, bytes.Length)]);
            var line = before.Count(character => character == '\n') + 1;
            var column = before.Length - (before.LastIndexOf('\n') + 1) + 1;
            problems.Add(
                new(file, line, column),
                "",
                "the file is not UTF-8 text",
                "UTF-8",
                $"Save it as UTF-8 in the editor, or convert it: iconv -f ISO-8859-1 -t UTF-8 {Path.GetFileName(file)} (UTF-16 if a Windows editor wrote it)");
            return null;
        }
    }

    private static bool CharactersAreFine(string file, string text, ProblemList problems)
    {
        var fine = true;
        var line = 1;
        var lineStart = 0;
        var indenting = true;
        for (var i = 0; i < text.Length; i++)
        {
            var character = text[i];
            if (character == '\n')
            {
                line++;
                lineStart = i + 1;
                indenting = true;
            }
            else if (character == '\t')
            {
                if (indenting && !OnlyBlankOrComment(text, i))
                {
                    problems.Add(new(file, line, i - lineStart + 1), "", "a tab is used to indent", "spaces", "Replace the tab by two spaces.");
                    fine = false;
                    indenting = false;
                }
            }
            else if (character is not '\r' and not '\u0085' && char.IsControl(character))
            {
                // YAML's parser takes a NUL for the end of the file: half the settings would be dropped without a word.
                problems.Add(
                    new(file, line, i - lineStart + 1),
                    "",
                    $"a control character (U+{(int)character:X4}) is in the file",
                    "text",
                    "Delete it; if there are many, the file was saved as UTF-16: save it as UTF-8.");
                return false;
            }
            else if (character != ' ')
            {
                indenting = false;
            }
        }

        return fine;
    }

    private static bool OnlyBlankOrComment(string text, int from)
    {
        while (from < text.Length && text[from] is ' ' or '\t' or '\r')
        {
            from++;
        }

        return from == text.Length || text[from] is '\n' or '#';
    }
}
