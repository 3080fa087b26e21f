namespace IvrConsent.Core.Subjects;

/// <summary>
/// The one mapping between phone numbers and subjects. Numbers are compared in their normalised form
/// (<see cref="PhoneNumber"/>), found by a keyed hash, and kept encrypted; without the key neither tells the number. Safe for
/// concurrent use. Throws the storage's own exception when the database is away.
/// </summary>
public interface ISubjects
{
    /// <summary>The subject of a number; null when there is none, or the number is none.</summary>
    Task<SubjectId?> FindAsync(string number, CancellationToken cancel);

    /// <summary>The subject of a number, made if there is none; null when the number is withheld or none.</summary>
    Task<SubjectId?> FindOrAddAsync(string? number, CancellationToken cancel);

    /// <summary>The number of a subject; null when the mapping was deleted. Whoever calls this has an event to write: looking is a fact.</summary>
    Task<string?> RevealAsync(SubjectId subject, CancellationToken cancel);

    /// <summary>Deletes the mapping: the events stay, and nobody can tell any more whose they are. False when there was none.</summary>
    Task<bool> DeleteAsync(SubjectId subject, CancellationToken cancel);
}

/// <summary>What makes two ways of writing one number alike.</summary>
public static class PhoneNumber
{
    /// <summary>The most that is kept of what calls itself a number.</summary>
    public const int MaxLength = 64;

    /// <summary>
    /// Spaces, dots, hyphens, slashes and brackets gone, a leading <c>00</c> written <c>+</c>; null where no digit or letter is left,
    /// or more than <see cref="MaxLength"/> are. What is no number (a SIP name) is a subject all the same: compared in small letters.
    /// </summary>
    public static string? Normalise(string? number)
    {
        if (number is null || number.Length > 4 * MaxLength)
        {
            return null;
        }

        var kept = new string([.. number.Where(character => !char.IsWhiteSpace(character) && !char.IsControl(character) && character is not ('.' or '-' or '/' or '(' or ')'))]);
        if (kept.StartsWith("00", StringComparison.Ordinal))
        {
            kept = "+" + kept[2..];
        }

        return kept.Length is 0 or > MaxLength || !kept.Any(char.IsLetterOrDigit) ? null : kept.ToLowerInvariant();
    }

    /// <summary>
    /// Whether it is a telephone number: digits, perhaps a plus before them. A withheld number is not, whichever word (anonymous,
    /// restricted, unavailable) the network puts in its place: all who withhold theirs would share it.
    /// </summary>
    public static bool CanBeCalled(string? number) =>
        Normalise(number) is { } normal && normal.TrimStart('+') is { Length: >= 3 } digits && normal.Length - digits.Length <= 1 && digits.All(char.IsAsciiDigit);
}
