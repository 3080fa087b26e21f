using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Subjects;

namespace IvrConsent.Host.Consents;

/// <summary>What is wrong with one field of what was handed in; the value itself is not repeated, it may be a number.</summary>
/// <param name="Field">The field.</param>
/// <param name="Why">What is wrong, and what is expected.</param>
internal sealed record FieldProblem(string Field, string Why);

/// <summary>
/// A statement of consent as people and programs hand it in, all as text: by the API, the command line, or a row of a CSV file. One set of checks for
/// the three.
/// </summary>
internal sealed partial record EntryInput
{
    /// <summary>The person's telephone number.</summary>
    public string? Number { get; init; }

    /// <summary>given, refused, withdrawn or opted-out.</summary>
    public string? Status { get; init; }

    /// <summary>To what, by id; <c>*</c> for an opt-out from everything, or a withdrawal of all.</summary>
    public IReadOnlyList<string>? Purposes { get; init; }

    /// <summary>staff-written or staff-spoken.</summary>
    public string? Source { get; init; }

    /// <summary>Where the proof lies, for example a document's number. No personal data.</summary>
    public string? Reference { get; init; }

    /// <summary>When it was said, with an offset to UTC.</summary>
    public string? GivenAt { get; init; }

    /// <summary>Until when it holds.</summary>
    public string? ExpiresAt { get; init; }

    /// <summary>Id of the notice that the person read or heard.</summary>
    public string? Notice { get; init; }

    /// <summary>The notice's version.</summary>
    public string? NoticeVersion { get; init; }

    /// <summary>The language it was given in, a BCP 47 tag.</summary>
    public string? Language { get; init; }

    /// <summary>The line it belongs to.</summary>
    public string? Line { get; init; }

    /// <summary>The entry, or null and what is wrong with which field, all at once.</summary>
    /// <param name="actor">Who hands it in.</param>
    /// <param name="source">By what way; null: as <see cref="Source"/> says.</param>
    /// <param name="now">The time.</param>
    /// <param name="isLine">Whether the settings have a line of a name.</param>
    /// <param name="problems">What is wrong; empty when nothing is.</param>
    /// <param name="needsNumber">Whether there must be a number: not in a correction.</param>
    /// <param name="purposes">The purposes that there are; null: any.</param>
    public ConsentEntered? Check(
        string actor, EntrySource? source, DateTimeOffset now, Func<string, bool> isLine, out IReadOnlyList<FieldProblem> problems, bool needsNumber = true, PurposeBook? purposes = null)
    {
        var found = new List<FieldProblem>();
        problems = found;
        if (needsNumber && PhoneNumber.Normalise(Number) is null)
        {
            found.Add(new("number", "a telephone number is expected, best in international form such as +48221234567"));
        }

        var status = Word<EntryStatus>(Status, "status", "given, refused, withdrawn or opted-out", found);
        var way = source ?? Way(found);
        CheckPurposes(status, purposes, found);
        Text(Reference, "reference", 200, required: true, found);
        var given = Time(GivenAt, "given_at", required: true, found);
        if (given is { } at && (at > now.AddMinutes(5) || at.Year < 1990))
        {
            found.Add(new("given_at", "a time from 1990 on and not in the future is expected"));
        }

        var expires = Time(ExpiresAt, "expires_at", required: false, found);
        if (expires is not null && (status is not (null or EntryStatus.Given) || expires <= given))
        {
            found.Add(new("expires_at", "only what is given expires, and after it was given"));
        }

        Text(Notice, "notice", 64, required: false, found);
        Text(NoticeVersion, "notice_version", 64, required: false, found);
        if (Filled(Language) is { } language && !LanguageTag().IsMatch(language))
        {
            found.Add(new("language", "a language tag such as en, pl or de-AT is expected"));
        }

        if (Filled(Line) is { } line && !isLine(line))
        {
            found.Add(new("line", "the settings have no line of this name"));
        }

        return found.Count > 0
            ? null
            : new ConsentEntered(status!.Value, [.. Purposes!.Distinct(StringComparer.Ordinal)], way!.Value, actor, Reference!.Trim(), given!.Value)
            {
                ExpiresAt = expires,
                Notice = Filled(Notice),
                NoticeVersion = Filled(NoticeVersion),
                Language = Filled(Language),
            };
    }

    /// <summary>The text without blanks around it; null where nothing is left.</summary>
    public static string? Filled(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();

    /// <summary>Adds a problem unless the text is one printable line of at most so many characters.</summary>
    public static void Text(string? text, string field, int most, bool required, List<FieldProblem> problems)
    {
        if (Filled(text) is not { } filled)
        {
            if (required)
            {
                problems.Add(new(field, $"the field is missing: 1 to {most} characters are expected"));
            }
        }
        else if (filled.Length > most || filled.Any(character => char.IsControl(character) || char.IsSurrogate(character) && !IsWhole(filled)))
        {
            problems.Add(new(field, $"1 to {most} characters without line ends or control characters are expected"));
        }
    }

    /// <summary>Adds a problem unless it is the id of a purpose.</summary>
    public static bool IsPurpose(string? purpose) => purpose is not null && PurposeId().IsMatch(purpose);

    private void CheckPurposes(EntryStatus? status, PurposeBook? known, List<FieldProblem> problems)
    {
        if (Purposes is not { Count: > 0 and <= 32 })
        {
            problems.Add(new("purposes", "1 to 32 purposes are expected, by the ids that the settings give them"));
        }
        else if (Purposes.Contains(StandingConsentPolicy.AllPurposes))
        {
            if (status is not (null or EntryStatus.OptedOut or EntryStatus.Withdrawn) || Purposes.Count > 1)
            {
                problems.Add(new("purposes", "* means everything, stands alone, and only in an opt-out or a withdrawal"));
            }
        }
        else if (!Purposes.All(IsPurpose))
        {
            problems.Add(new("purposes", "a purpose's id is 1 to 64 small letters, digits and hyphens"));
        }
        else if (known is not null)
        {
            problems.AddRange(Purposes.Select(known.WhyUnknown).OfType<string>().Distinct().Select(why => new FieldProblem("purposes", why)));
        }
    }

    private EntrySource? Way(List<FieldProblem> problems)
    {
        var way = Word<EntrySource>(Source, "source", "staff-written or staff-spoken", problems);
        if (way is not (null or EntrySource.StaffWritten or EntrySource.StaffSpoken))
        {
            problems.Add(new("source", "staff-written or staff-spoken is expected: other ways write their own entries"));
        }

        return way;
    }

    private static T? Word<T>(string? text, string field, string expected, List<FieldProblem> problems)
        where T : struct, Enum
    {
        foreach (var value in Enum.GetValues<T>())
        {
            if (typeof(T).GetField(value.ToString())!.GetCustomAttributes(typeof(JsonStringEnumMemberNameAttribute), false) is [JsonStringEnumMemberNameAttribute name] && name.Name == Filled(text))
            {
                return value;
            }
        }

        problems.Add(new(field, $"{expected} is expected"));
        return null;
    }

    /// <summary>ISO 8601 with an offset, in UTC and whole milliseconds. A date alone is its first moment, in UTC.</summary>
    private static DateTimeOffset? Time(string? text, string field, bool required, List<FieldProblem> problems)
    {
        if (Filled(text) is not { } filled)
        {
            if (required)
            {
                problems.Add(new(field, "the field is missing: a time such as 2026-03-01T12:00:00Z is expected"));
            }

            return null;
        }

        if (TimeShape().IsMatch(filled) && DateTimeOffset.TryParse(filled, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time))
        {
            return new DateTimeOffset(time.UtcTicks - (time.UtcTicks % TimeSpan.TicksPerMillisecond), TimeSpan.Zero);
        }

        problems.Add(new(field, "a time with its offset to UTC is expected, such as 2026-03-01T12:00:00Z or 2026-03-01T13:00:00+01:00, or a date"));
        return null;
    }

    private static bool IsWhole(string text)
    {
        foreach (var rune in text.EnumerateRunes())
        {
            if (rune == System.Text.Rune.ReplacementChar)
            {
                return false;
            }
        }

        return true;
    }

    [GeneratedRegex(@"^[0-9]{4}-[0-9]{2}-[0-9]{2}([Tt ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,7})?)?([Zz]|[+-][0-9]{2}:[0-9]{2}))?\z", RegexOptions.CultureInvariant)]
    private static partial Regex TimeShape();

    [GeneratedRegex(@"^[a-z0-9-]{1,64}\z", RegexOptions.CultureInvariant)]
    private static partial Regex PurposeId();

    [GeneratedRegex(@"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,4}\z", RegexOptions.CultureInvariant)]
    private static partial Regex LanguageTag();
}
