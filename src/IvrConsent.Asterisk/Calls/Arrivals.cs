using IvrConsent.Core.Calls;

namespace IvrConsent.Asterisk.Calls;

/// <summary>How the dialplan gave us the call, by the third argument of Stasis that our sample (config/asterisk/ivrconsent.conf) passes.</summary>
internal enum HandOver
{
    /// <summary>A dialplan of the admin's own, with nothing that takes a call back: a deadline would end the call.</summary>
    Plain,

    /// <summary>Our sample with <c>deadline</c>: TIMEOUT(absolute) takes the call back, and CONSENT_CONTINUE says where it goes on.</summary>
    WithDeadline,

    /// <summary>Our sample with <c>none</c>: func_timeout is not there.</summary>
    WithoutDeadline,
}

/// <summary>Makes a <see cref="CallArrival"/> of what the PBX tells. Numbers come from the far end and are hostile.</summary>
internal static class Arrivals
{
    /// <summary>No number has more than 15 digits (E.164); SIP users and prefixes make it longer.</summary>
    private const int LongestText = 128;

    /// <param name="options">The PBX.</param>
    /// <param name="channel">Id of the caller's channel.</param>
    /// <param name="createdAt">When that channel came to be.</param>
    /// <param name="line">First argument of Stasis in the dialplan: the line, or empty.</param>
    /// <param name="called">Second argument: the dialled number, or empty.</param>
    /// <param name="extension">The dialplan's extension, taken for the dialled number where there is no second argument.</param>
    /// <param name="caller">The caller's number.</param>
    /// <param name="arrivedAt">When the call reached us.</param>
    public static CallArrival Make(
        AsteriskOptions options,
        string channel,
        DateTimeOffset createdAt,
        string? line,
        string? called,
        string? extension,
        string? caller,
        DateTimeOffset arrivedAt)
    {
        var number = Clean(called);
        return new CallArrival(
            CallId.FromChannel(options.Name, channel, createdAt),
            options.Name,
            channel,
            Clean(line) is { Length: > 0 } name ? name : null,
            number.Length > 0 ? number : Clean(extension),
            IsWithheld(Clean(caller), out var from) ? null : from,
            arrivedAt);
    }

    /// <summary>What the third argument says.</summary>
    public static HandOver HandOverOf(string? argument) => argument switch
    {
        "deadline" => HandOver.WithDeadline,
        "none" => HandOver.WithoutDeadline,
        _ => HandOver.Plain,
    };

    /// <summary>
    /// The arguments again from the application's data in the channel: Stasis has <c>app,line,number,deadline</c>, StasisBroadcast
    /// <c>timeout,filter,line:number:deadline</c>. Null when the channel is in neither.
    /// </summary>
    public static string[]? ArgumentsOf(string? application, string? data) => (application, data) switch
    {
        ("Stasis", { } text) => text.Split(',')[1..],
        ("StasisBroadcast", { } text) => text.Split(',', 3) is [_, _, var args] ? args.Split(':') : [],
        _ => null,
    };

    private static bool IsWithheld(string caller, out string from)
    {
        from = caller;
        return caller.Length == 0
            || caller.Equals("anonymous", StringComparison.OrdinalIgnoreCase)
            || caller.Equals("unknown", StringComparison.OrdinalIgnoreCase)
            || caller.Equals("restricted", StringComparison.OrdinalIgnoreCase)
            || caller.Equals("unavailable", StringComparison.OrdinalIgnoreCase)
            || caller.Equals("private", StringComparison.OrdinalIgnoreCase);
    }

    private static string Clean(string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return string.Empty;
        }

        var needed = text.Length > LongestText;
        foreach (var c in text)
        {
            needed |= IsUnwanted(c);
        }

        if (!needed)
        {
            return text.Trim();
        }

        Span<char> clean = stackalloc char[LongestText];
        var length = 0;
        foreach (var c in text)
        {
            if (!IsUnwanted(c))
            {
                clean[length++] = c;
                if (length == LongestText)
                {
                    break;
                }
            }
        }

        return clean[..length].Trim().ToString();
    }

    // Halves of surrogate pairs would make text that no database takes; no number has any.
    private static bool IsUnwanted(char c) => char.IsControl(c) || char.IsSurrogate(c);
}
