using System.Globalization;

namespace IvrConsent.Host.Rights;

/// <summary>Dates and times as a person writes them, by language. All are UTC: the texts say so beside them.</summary>
internal static class PersonTime
{
    // Names of months in English only: the others write numbers, and the program needs no data of cultures (InvariantGlobalization).
    private static readonly Dictionary<string, string> Days = new(StringComparer.OrdinalIgnoreCase)
    {
        ["en"] = "d MMM yyyy",
        ["de"] = "dd.MM.yyyy",
        ["pl"] = "dd.MM.yyyy",
        ["cs"] = "d. M. yyyy",
        ["it"] = "dd'/'MM'/'yyyy",
    };

    /// <summary>The day.</summary>
    public static string Day(DateTimeOffset time, string language) => Write(time, Days[language]);

    /// <summary>The time of the day, to the second.</summary>
    public static string Clock(DateTimeOffset time) => Write(time, "HH:mm:ss");

    /// <summary>The day and the time of the day.</summary>
    public static string Time(DateTimeOffset time, string language) => $"{Day(time, language)} {Clock(time)}";

    private static string Write(DateTimeOffset time, string format) => time.UtcDateTime.ToString(format, CultureInfo.InvariantCulture);
}
