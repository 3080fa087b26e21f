using IvrConsent.TestKit.Audio;
using IvrConsent.TestKit.Sip;

namespace IvrConsent.TestKit.Lab;

/// <summary>One tone of the lab as it was heard, by its name: <c>en/notice</c>, <c>agent</c>.</summary>
public sealed record HeardTone(string Name, TimeSpan Start, TimeSpan End)
{
    public TimeSpan Duration => End - Start;

    public override string ToString() => $"{Name} {Start.TotalSeconds:F2}-{End.TotalSeconds:F2} s";
}

/// <summary>The tones of the lab (tests/lab/README.md).</summary>
public static class LabTones
{
    public const double Caller = 1000;
    public const double Agent = 1700;

    private static readonly string[] _names = ["goodbye", "accepted", "declined", "wrong-key", "notice", "reminder"];

    /// <summary>Frequencies by name.</summary>
    public static IReadOnlyDictionary<string, double> All { get; } =
        new (string Language, double First)[] { ("en", 440), ("pl", 1780), ("de", 2200), ("cs", 2440), ("it", 2680) }
            .SelectMany(language => _names.Select((name, n) => (Name: $"{language.Language}/{name}", Hertz: language.First + (40 * n))))
            .Concat(
            [
                ("full-notice", 1080.0), ("language", 1120.0), ("withdrawn", 1160.0), ("paused", 1260.0), ("resumed", 1300.0),
                ("notice-in-call", 1520.0), ("notice-announce", 1440.0), ("notice-inform", 1560.0), ("notice-granular", 1600.0),
                ("notice-opt-out", 2960.0), ("opted-out", 3000.0), ("number-hidden", 3040.0),
            ])
            .Concat([("caller", Caller), ("agent", Agent), ("declined", 2100), ("hold", 2900)])
            .ToDictionary(tone => tone.Item1, tone => tone.Item2);
}

/// <summary>
/// Which prompts and voices a call has heard, in order. Prompts of one language are 40 Hz apart, too near for
/// <see cref="ToneAnalyzer"/> and its windows of 20 ms: here the strongest tone of windows of 100 ms counts, so edges are good
/// to 50 ms and two tones at once are one. Looks at new sound only; not for use from several threads.
/// </summary>
public sealed class HeardTones(HeardAudio heard)
{
    private const int Windows = 20;
    private const double Quiet = 300;

    private static readonly KeyValuePair<string, double>[] _all = [.. LabTones.All];

    private readonly List<(string? Name, int Step)> _steps = [];

    /// <summary>What has been heard so far. A stretch of under 100 ms is the border between two, and is left out.</summary>
    public IReadOnlyList<HeardTone> Heard()
    {
        CatchUp();
        var tones = new List<HeardTone>();
        for (var start = 0; start < _steps.Count;)
        {
            var end = start;
            while (end < _steps.Count && _steps[end].Name == _steps[start].Name)
            {
                end++;
            }

            if (_steps[start].Name is { } name && end - start >= 2)
            {
                tones.Add(new HeardTone(name, Position(start), Position(end)));
            }

            start = end;
        }

        return tones;
    }

    /// <summary>The names alone, one for each stretch, and one for stretches of the same name that follow each other.</summary>
    public IReadOnlyList<string> Names()
    {
        var names = new List<string>();
        foreach (var tone in Heard())
        {
            if (names.Count == 0 || names[^1] != tone.Name)
            {
                names.Add(tone.Name);
            }
        }

        return names;
    }

    public override string ToString() => $"heard: {string.Join(", ", Heard())} ({heard.Length.TotalSeconds:F2} s in all)";

    private static TimeSpan Position(int step) => TimeSpan.FromSeconds((double)step / Windows);

    private void CatchUp()
    {
        var rate = heard.SampleRate;
        var hop = rate / Windows;
        var fresh = heard.Snapshot(Position(_steps.Count));
        for (var at = 0; at + (2 * hop) <= fresh.Length; at += hop)
        {
            _steps.Add((NameOf(fresh.AsSpan(at, 2 * hop), rate), _steps.Count));
        }
    }

    private static string? NameOf(ReadOnlySpan<short> sound, int rate)
    {
        var window = Goertzel.HannWindow(sound.Length);
        var (best, strongest) = (-1, Quiet);
        for (var i = 0; i < _all.Length; i++)
        {
            var amplitude = Goertzel.Amplitude(sound, _all[i].Value, rate, window);
            if (amplitude > strongest)
            {
                (best, strongest) = (i, amplitude);
            }
        }

        return best < 0 ? null : _all[best].Key;
    }
}
