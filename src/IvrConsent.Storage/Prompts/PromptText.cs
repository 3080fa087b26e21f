using System.Text;

namespace IvrConsent.Storage.Prompts;

/// <summary>The spoken words of a prompt, kept beside it in UTF-8.</summary>
public static class PromptText
{
    /// <summary>Far more than fits into a minute; anything larger is the wrong file.</summary>
    public const int MaxBytes = 16 * 1024;

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Reads the words from a file, for <see cref="PromptImportRequest.Text"/>.</summary>
    /// <exception cref="PromptException">It cannot be read, or is no text.</exception>
    public static string ReadFile(string path)
    {
        try
        {
            var file = new FileInfo(path);
            if (file.Length > MaxBytes)
            {
                throw new PromptException($"{path} is {file.Length} bytes long.", $"A prompt's text has at most {MaxBytes} bytes.");
            }

            var text = Parse(File.ReadAllBytes(path), out var problem);
            return text ?? throw new PromptException($"{path}: {problem}", "Save the spoken words as plain text in UTF-8.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new PromptException($"{path} cannot be read: {e.Message}", "Check the path and who may read it.", e);
        }
    }

    internal static string? Parse(ReadOnlySpan<byte> content, out string problem)
    {
        try
        {
            return Parse(Strict.GetString(content), out problem);
        }
        catch (ArgumentException)
        {
            problem = "the text is not UTF-8.";
            return null;
        }
    }

    internal static string? Parse(string content, out string problem)
    {
        var text = content.TrimStart('\uFEFF').Trim();
        problem = text.Length == 0 ? "the text is empty."
            : Strict.GetByteCount(text) > MaxBytes ? $"the text is longer than {MaxBytes} bytes."
            : text.Any(c => char.IsControl(c) && c is not ('\n' or '\r' or '\t')) ? "it holds control characters: it is no text."
            : string.Empty;
        return problem.Length == 0 ? text : null;
    }
}
