namespace IvrConsent.Asterisk;

/// <summary>What a version of Asterisk can do. A version that cannot be read can do nothing beyond the oldest.</summary>
internal readonly record struct AsteriskVersion(int Major, int Minor)
{
    /// <summary>REST over the event WebSocket.</summary>
    public bool HasRestOverSocket => AtLeast((20, 14), (21, 9), (22, 4));

    /// <summary>POST channels/ID/variables: many variables in one request ("since" in the PBX's own rest-api/channels.json).</summary>
    public bool HasManyVariables => AtLeast((20, 20), (22, 10), (23, 4));

    /// <summary>
    /// A recording can be muted more than once. Before, the second order and all later ones were answered as obeyed and did nothing (Asterisk's
    /// issue #322, mended in 18.21, 20.6 and 21.1; seen on 16.28): what was said in that pause would be in the file.
    /// </summary>
    public bool MutesAgain => AtLeast((18, 21), (20, 6), (21, 1));

    /// <summary>Reads <c>22.10.1</c>, <c>16.28.0~dfsg-0+deb11u9</c>, <c>certified/20.7-cert3</c>; anything else is 0.0.</summary>
    public static AsteriskVersion Parse(string? text)
    {
        var start = text.AsSpan().IndexOfAnyInRange('0', '9');
        if (start < 0 || text!.StartsWith("GIT", StringComparison.OrdinalIgnoreCase))
        {
            return default;
        }

        var rest = text.AsSpan(start);
        var major = Number(ref rest);
        if (rest.IsEmpty || rest[0] != '.')
        {
            return new AsteriskVersion(major, 0);
        }

        rest = rest[1..];
        return new AsteriskVersion(major, Number(ref rest));
    }

    private static int Number(ref ReadOnlySpan<char> text)
    {
        var length = text.IndexOfAnyExceptInRange('0', '9');
        length = length < 0 ? text.Length : length;
        _ = int.TryParse(text[..length], System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var number);
        text = text[length..];
        return number;
    }

    // Features come to several living branches at once: each branch has its own first minor; a newer branch has it from the start,
    // a branch in between that is not named never got it.
    private bool AtLeast(params ReadOnlySpan<(int Major, int Minor)> firsts)
    {
        foreach (var (major, minor) in firsts)
        {
            if (Major == major)
            {
                return Minor >= minor;
            }
        }

        return Major > firsts[^1].Major;
    }
}
