using System.Text.RegularExpressions;

namespace IvrConsent.Storage.Prompts;

/// <summary>Which names are languages and prompts, and where a path really leads.</summary>
internal static partial class PromptPath
{
    /// <summary>Where the import keeps what it replaced, by SHA-256; folders that begin with a dot are no languages.</summary>
    public const string HistoryFolder = ".history";

    /// <summary>The list, as sha256sum(1) writes it, of files that a synthesiser spoke.</summary>
    public const string PlaceholderList = "placeholders.sha256";

    private const int MaxLinks = 40;

    /// <summary>Whether it is shaped like a BCP 47 tag, which also keeps separators, dots and blanks out of paths.</summary>
    public static bool IsLanguage(string text) => text.Length <= 35 && Language().IsMatch(text);

    /// <summary>Whether it can be a prompt's name: lower-case letters, digits, hyphens, 1 to 64.</summary>
    public static bool IsName(string text) => Name().IsMatch(text);

    /// <summary>
    /// The path without a symbolic link anywhere in it; null when links run in a circle. Links are followed one by one because
    /// one that stays in the folder by its text can lead out of it through another.
    /// </summary>
    public static string? Resolve(string path)
    {
        var full = Path.GetFullPath(path);
        var root = Path.GetPathRoot(full)!;
        var pending = new Stack<string>();
        Push(pending, full[root.Length..]);
        var current = root;
        var links = 0;
        while (pending.TryPop(out var part))
        {
            if (part == "..")
            {
                current = Path.GetDirectoryName(current) ?? root;
                continue;
            }

            var next = Path.Combine(current, part);
            if (new FileInfo(next).LinkTarget is not { } target)
            {
                current = next;
                continue;
            }

            if (++links > MaxLinks)
            {
                return null;
            }

            if (Path.IsPathRooted(target))
            {
                current = root;
                target = target[Path.GetPathRoot(target)!.Length..];
            }

            Push(pending, target);
        }

        return current;
    }

    /// <summary>Whether a resolved path lies below a resolved folder.</summary>
    public static bool IsBelow(string path, string folder) =>
        path.StartsWith(folder.TrimEnd(Path.DirectorySeparatorChar) + Path.DirectorySeparatorChar, StringComparison.Ordinal);

    private static void Push(Stack<string> pending, string path)
    {
        var parts = path.Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries);
        for (var i = parts.Length - 1; i >= 0; i--)
        {
            if (parts[i] != ".")
            {
                pending.Push(parts[i]);
            }
        }
    }

    [GeneratedRegex(@"\A[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*\z", RegexOptions.CultureInvariant)]
    private static partial Regex Language();

    [GeneratedRegex(@"\A[a-z0-9][a-z0-9-]{0,63}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Name();
}
