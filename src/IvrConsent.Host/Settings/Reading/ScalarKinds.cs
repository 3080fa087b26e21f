using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace IvrConsent.Host.Settings.Reading;

/// <summary>Free text with a pattern; a number without quotes is taken as its characters.</summary>
internal sealed class TextKind(string pattern, string expected, string example) : ScalarKind
{
    private readonly Regex regex = new(pattern, RegexOptions.CultureInvariant | RegexOptions.NonBacktracking);

    public string Pattern => pattern;

    public override string Expected => expected;

    public override string Example => example;

    public override object? Read(string text, out string wrong)
    {
        wrong = "does not fit";
        return regex.IsMatch(text) ? text : null;
    }

    public override JsonObject ToSchema() => new()
    {
        ["type"] = new JsonArray("string", "number"),
        ["pattern"] = pattern,
    };
}

/// <summary>One of several words, or of several numbers.</summary>
internal sealed class ChoiceKind(params string[] choices) : ScalarKind
{
    public IReadOnlyList<string> Choices => choices;

    public override string Expected => choices.Length == 1 ? choices[0] : $"{string.Join(", ", choices[..^1])} or {choices[^1]}";

    public override string Example => choices[0];

    public override string Range => string.Join(" | ", choices);

    public override object? Read(string text, out string wrong)
    {
        wrong = "is not one of the choices";
        if (System.Array.Find(choices, choice => choice == text) is { } exact)
        {
            return exact;
        }

        if (NearestWord.Find(text, choices) is { } nearest)
        {
            wrong = $"is not one of the choices (did you mean {nearest}?)";
        }

        return null;
    }

    public override JsonObject ToSchema() =>
        Numbers
            ? new() { ["enum"] = new JsonArray([.. choices.Select(choice => (JsonNode)int.Parse(choice, CultureInfo.InvariantCulture))]) }
            : new() { ["type"] = "string", ["enum"] = Array(choices) };

    public override JsonNode DefaultForSchema(string text) => Numbers ? int.Parse(text, CultureInfo.InvariantCulture) : text;

    private bool Numbers => choices.All(choice => int.TryParse(choice, NumberStyles.None, CultureInfo.InvariantCulture, out _));
}

/// <summary>Yes or no, as YAML 1.2 writes it.</summary>
internal sealed class BoolKind : ScalarKind
{
    public override string Expected => "true or false";

    public override string Example => "true";

    public override string Range => "true | false";

    public override object? Read(string text, out string wrong)
    {
        wrong = text.ToUpperInvariant() switch
        {
            "YES" or "ON" or "Y" or "1" => "is not yes in YAML 1.2 (did you mean true?)",
            "NO" or "OFF" or "N" or "0" => "is not no in YAML 1.2 (did you mean false?)",
            _ => "is neither true nor false",
        };
        return text switch
        {
            "true" or "True" or "TRUE" => true,
            "false" or "False" or "FALSE" => false,
            _ => null,
        };
    }

    public override JsonObject ToSchema() => new() { ["type"] = "boolean" };

    public override JsonNode DefaultForSchema(string text) => text == "true";
}

/// <summary>A whole number within limits.</summary>
internal sealed class IntKind(int min, int max) : ScalarKind
{
    public override string Expected => string.Create(CultureInfo.InvariantCulture, $"a whole number from {min} to {max}");

    public override string Example => min.ToString(CultureInfo.InvariantCulture);

    public override string Range => string.Create(CultureInfo.InvariantCulture, $"{min} to {max}");

    public override object? Read(string text, out string wrong)
    {
        if (!int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value))
        {
            wrong = "is not a whole number";
            return null;
        }

        wrong = "is out of range";
        return value >= min && value <= max ? value : null;
    }

    public override JsonObject ToSchema() => new() { ["type"] = "integer", ["minimum"] = min, ["maximum"] = max };

    public override JsonNode DefaultForSchema(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}

/// <summary>A number of days; perhaps none.</summary>
internal sealed class DaysKind : ScalarKind
{
    /// <summary>The word for no days.</summary>
    public const string None = "none";

    private const int Most = 3650;

    public override string Expected => string.Create(CultureInfo.InvariantCulture, $"a whole number from 1 to {Most}, or {None}");

    public override string Example => "90";

    public override string Range => string.Create(CultureInfo.InvariantCulture, $"1 to {Most} | {None}");

    /// <summary>A time; none of it for none.</summary>
    public override object? Read(string text, out string wrong)
    {
        wrong = "";
        if (text == None)
        {
            return TimeSpan.Zero;
        }

        var isNumber = int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var days);
        wrong = isNumber ? "is out of range" : "is not a whole number";
        return isNumber && days is >= 1 and <= Most ? TimeSpan.FromDays(days) : null;
    }

    public override JsonObject ToSchema() => new()
    {
        ["type"] = new JsonArray("string", "integer"),
        ["pattern"] = "^([1-9][0-9]{0,3}|none)$",
        ["minimum"] = 1,
        ["maximum"] = Most,
    };
}

/// <summary>A time with its unit.</summary>
internal sealed partial class DurationKind(string min, string max) : ScalarKind
{
    private const string Pattern = "^[0-9]{1,9}(ms|s|m|h)$";

    private readonly long minMilliseconds = Milliseconds(min)!.Value;
    private readonly long maxMilliseconds = Milliseconds(max)!.Value;

    public override string Expected => $"a time from {min} to {max} (a whole number with ms, s, m or h)";

    public override string Example => min;

    public override string Range => $"{min} to {max}";

    public override object? Read(string text, out string wrong)
    {
        if (Milliseconds(text) is not { } milliseconds)
        {
            wrong = text.Length > 0 && text.All(char.IsAsciiDigit) ? "has no unit" : "is not a time";
            return null;
        }

        wrong = "is out of range";
        return milliseconds >= minMilliseconds && milliseconds <= maxMilliseconds ? TimeSpan.FromMilliseconds(milliseconds) : null;
    }

    public override JsonObject ToSchema() => new() { ["type"] = "string", ["pattern"] = Pattern };

    private static long? Milliseconds(string text)
    {
        if (!Shape().IsMatch(text))
        {
            return null;
        }

        var unit = text.AsSpan().TrimStart("0123456789");
        return long.Parse(text.AsSpan(0, text.Length - unit.Length), CultureInfo.InvariantCulture) * unit switch
        {
            "ms" => 1,
            "s" => 1000,
            "m" => 60_000,
            _ => 3_600_000,
        };
    }

    [GeneratedRegex(Pattern)]
    private static partial Regex Shape();
}

/// <summary>A telephone key; perhaps none.</summary>
internal sealed class DigitKeyKind(bool noneAllowed) : ScalarKind
{
    /// <summary>The word for no key.</summary>
    public const string None = "none";

    public override string Expected => noneAllowed ? "one of 0-9, *, #, A-D, or none" : "one of 0-9, *, #, A-D";

    public override string Example => "\"1\"";

    public override string Range => noneAllowed ? "0-9 * # A-D | none" : "0-9 * # A-D";

    /// <summary>A text of one character; an empty one for none.</summary>
    public override object? Read(string text, out string wrong)
    {
        if (noneAllowed && text == None)
        {
            wrong = "";
            return "";
        }

        wrong = text is "a" or "b" or "c" or "d" ? $"is not a key (did you mean \"{text.ToUpperInvariant()}\"?)" : "is not a key";
        return text.Length == 1 && (char.IsAsciiDigit(text[0]) || text[0] is '*' or '#' or (>= 'A' and <= 'D')) ? text : null;
    }

    public override JsonObject ToSchema() => new()
    {
        ["type"] = new JsonArray("string", "integer"),
        ["pattern"] = noneAllowed ? "^([0-9*#A-D]|none)$" : "^[0-9*#A-D]$",
        ["minimum"] = 0,
        ["maximum"] = 9,
    };
}

/// <summary>Up to four telephone keys pressed one after another; perhaps none.</summary>
internal sealed class KeySequenceKind(string example) : ScalarKind
{
    public override string Expected => "1 to 4 keys out of 0-9, *, #, A-D, or none";

    public override string Example => $"\"{example}\"";

    public override string Range => "1 to 4 of 0-9 * # A-D | none";

    /// <summary>The keys; an empty text for none.</summary>
    public override object? Read(string text, out string wrong)
    {
        wrong = text.Length > 4 ? "has more than 4 keys" : "is no sequence of keys";
        return text == DigitKeyKind.None ? ""
            : text.Length is >= 1 and <= 4 && text.All(key => char.IsAsciiDigit(key) || key is '*' or '#' or (>= 'A' and <= 'D')) ? text : null;
    }

    public override JsonObject ToSchema() => new()
    {
        ["type"] = new JsonArray("string", "integer"),
        ["pattern"] = "^([0-9*#A-D]{1,4}|none)$",
        ["minimum"] = 0,
        ["maximum"] = 9999,
    };
}

/// <summary>An address of an HTTP server. Credentials in it are refused: addresses are logged.</summary>
internal sealed class UrlKind(string example) : ScalarKind
{
    public override string Expected => "an address beginning with http:// or https://, without user, password, ? and #";

    public override string Example => example;

    public override object? Read(string text, out string wrong)
    {
        wrong = "is not an address";
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Host.Length == 0 || uri.Scheme is not ("http" or "https"))
        {
            return null;
        }

        if (uri.UserInfo.Length > 0)
        {
            wrong = "holds a user or password";
            return null;
        }

        return uri.Query.Length == 0 && uri.Fragment.Length == 0 ? uri : null;
    }

    public override JsonObject ToSchema() => new() { ["type"] = "string", ["pattern"] = "^https?://[^@?#\\s]+$" };
}

/// <summary>Address and port to listen on.</summary>
internal sealed class ListenKind : ScalarKind
{
    public override string Expected => "an IP address (or localhost), a colon and a port from 1 to 65535";

    public override string Example => "127.0.0.1:8090";

    public override object? Read(string text, out string wrong)
    {
        wrong = "is not an address with a port";
        var colon = text.LastIndexOf(':');
        if (colon < 0 || !ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port) || port == 0)
        {
            return null;
        }

        var host = text[..colon];
        if (host == "localhost")
        {
            return new IPEndPoint(IPAddress.Loopback, port);
        }

        var bare = host is ['[', .., ']'] ? host[1..^1] : host;
        var wellFormed = IPAddress.TryParse(bare, out var address)
            && (address.AddressFamily == AddressFamily.InterNetworkV6 ? bare.Length < host.Length : address.ToString() == host);
        return wellFormed ? new IPEndPoint(address!, port) : null;
    }

    public override JsonObject ToSchema() => new() { ["type"] = "string", ["pattern"] = "^.+:[0-9]{1,5}$" };
}

/// <summary>A file or folder of this machine, or of the PBX (then absolute).</summary>
internal sealed class PathKind(bool absolute, string example) : ScalarKind
{
    public override string Expected => absolute ? "an absolute path" : "a path (a relative one starts at the folder of the settings file)";

    public override string Example => example;

    public override object? Read(string text, out string wrong)
    {
        wrong = text.StartsWith('~') ? "begins with ~, which only a shell knows" : "is not an absolute path";
        return !text.StartsWith('~') && (!absolute || text.StartsWith('/')) ? text : null;
    }

    public override JsonObject ToSchema() => new() { ["type"] = "string", ["pattern"] = absolute ? "^/" : "^[^~]" };
}

/// <summary>A password or connection string.</summary>
internal sealed class SecretKind(string expected, string example) : ScalarKind
{
    public override bool IsSecret => true;

    public override string Expected => expected;

    public override string Example => example;

    public override object? Read(string text, out string wrong)
    {
        wrong = "";
        return new Secret(text);
    }

    public override JsonObject ToSchema() => new() { ["type"] = new JsonArray("string", "number"), ["minLength"] = 1 };
}
