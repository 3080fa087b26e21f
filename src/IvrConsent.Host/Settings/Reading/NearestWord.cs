namespace IvrConsent.Host.Settings.Reading;

/// <summary>"Did you mean": the known word that a mistyped one is nearest to.</summary>
internal static class NearestWord
{
    /// <summary>The nearest word, or null when none is near enough to be worth saying.</summary>
    public static string? Find(string written, IEnumerable<string> known)
    {
        if (written.Length is 0 or > 128)
        {
            return null;
        }

        // Hyphens, case and missing underscores are the commonest slips, so they cost nothing.
        var simple = Simplify(written);
        var best = known
            .Select(word => (Word: word, Distance: Distance(simple, Simplify(word))))
            .OrderBy(candidate => candidate.Distance)
            .FirstOrDefault((Word: null!, Distance: int.MaxValue));
        return best.Distance <= Math.Max(1, simple.Length / 3) ? best.Word : null;
    }

    private static string Simplify(string word) =>
        new([.. word.Where(char.IsLetterOrDigit).Select(char.ToLowerInvariant)]);

    /// <summary>Edits (a letter more, less, other, or two swapped) from one word to the other.</summary>
    private static int Distance(string left, string right)
    {
        var rows = new int[left.Length + 1, right.Length + 1];
        for (var i = 0; i <= left.Length; i++)
        {
            rows[i, 0] = i;
        }

        for (var j = 0; j <= right.Length; j++)
        {
            rows[0, j] = j;
        }

        for (var i = 1; i <= left.Length; i++)
        {
            for (var j = 1; j <= right.Length; j++)
            {
                var other = left[i - 1] == right[j - 1] ? 0 : 1;
                rows[i, j] = Math.Min(Math.Min(rows[i - 1, j] + 1, rows[i, j - 1] + 1), rows[i - 1, j - 1] + other);
                if (i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1])
                {
                    rows[i, j] = Math.Min(rows[i, j], rows[i - 2, j - 2] + 1);
                }
            }
        }

        return rows[left.Length, right.Length];
    }
}
