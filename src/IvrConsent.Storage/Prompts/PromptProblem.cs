namespace IvrConsent.Storage.Prompts;

/// <summary>How bad a <see cref="PromptProblem"/> is.</summary>
public enum PromptProblemSeverity
{
    /// <summary>Calls work, but somebody should look at it.</summary>
    Warning,

    /// <summary>A prompt cannot be played.</summary>
    Error,
}

/// <summary>Something wrong with a prompt, said so that an admin can put it right.</summary>
/// <param name="Severity">How bad it is.</param>
/// <param name="File">The file or folder it is about.</param>
/// <param name="What">What is wrong, with the figure measured where there is one.</param>
/// <param name="Remedy">What to do.</param>
public sealed record PromptProblem(PromptProblemSeverity Severity, string File, string What, string Remedy)
{
    internal static PromptProblem Error(string file, string what, string remedy) =>
        new(PromptProblemSeverity.Error, file, what, remedy);

    internal static PromptProblem Warning(string file, string what, string remedy) =>
        new(PromptProblemSeverity.Warning, file, what, remedy);

    /// <summary>One line: file, what, remedy.</summary>
    public override string ToString() => $"{File}: {What} {Remedy}";
}

/// <summary>A prompt folder could not be read or written; the message says what failed.</summary>
public class PromptException : Exception
{
    /// <inheritdoc/>
    public PromptException()
        : this("A prompt could not be worked on.", string.Empty)
    {
    }

    /// <inheritdoc/>
    public PromptException(string message)
        : this(message, string.Empty)
    {
    }

    /// <inheritdoc/>
    public PromptException(string message, Exception? innerException)
        : this(message, string.Empty, innerException)
    {
    }

    /// <summary>With what to do about it.</summary>
    public PromptException(string message, string remedy, Exception? innerException = null)
        : base(message, innerException) => Remedy = remedy;

    /// <summary>What to do about it; empty when nothing is known.</summary>
    public string Remedy { get; }
}
