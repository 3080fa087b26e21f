namespace IvrConsent.TestKit.Audio;

/// <summary>A stretch of sound in which the same candidate frequencies are present.</summary>
public sealed record ToneSegment(TimeSpan Start, TimeSpan End, IReadOnlySet<double> Frequencies)
{
    public TimeSpan Duration => End - Start;

    public override string ToString() =>
        $"{Start.TotalSeconds:F2}-{End.TotalSeconds:F2} s: {string.Join(" + ", Frequencies.Order().Select(f => $"{f:0}"))} Hz";
}

/// <summary>
/// Says which of a few known tones are present when. The sound is looked at every 10 ms through a window of 20 ms; a tone
/// counts as present when it stands out from its own surroundings, is above a floor, and is not more than 30 dB below the
/// strongest candidate at that moment (a codec's own distortion lies lower). Gaps of up to 30 ms are bridged and blips of up
/// to 20 ms dropped, so edges are good to about 20 ms.
/// Candidates closer than 200 Hz need a longer window (100 ms for 40 Hz) and get it; edges are then good to half of it.
/// </summary>
public static class ToneAnalyzer
{
    /// <summary>The grid on which edges fall.</summary>
    public static readonly TimeSpan Slot = TimeSpan.FromMilliseconds(10);

    private const double Floor = 60;
    private const double BelowStrongest = 0.0316;
    private const double StandsOut = 2.5;
    private const int LeastSpacing = 10;
    private const int LongestGap = 3;
    private const int LongestBlip = 2;

    /// <summary>The stretches in which at least one of the frequencies is present, in order of time.</summary>
    public static IReadOnlyList<ToneSegment> Segments(ReadOnlySpan<short> pcm, int sampleRate, params ReadOnlySpan<double> frequencies) =>
        Analyze(pcm, sampleRate, frequencies).Segments;

    /// <summary>Looks through the whole sound once; ask the result as often as you like.</summary>
    public static ToneTimeline Analyze(ReadOnlySpan<short> pcm, int sampleRate, params ReadOnlySpan<double> frequencies)
    {
        var slotLength = sampleRate / 100;
        var windowLength = WindowSlots(frequencies) * slotLength;
        var window = Goertzel.HannWindow(windowLength);
        var beside = 2.5 * sampleRate / windowLength;
        var slots = pcm.Length / slotLength;
        var present = new bool[frequencies.Length][];
        for (var f = 0; f < frequencies.Length; f++)
        {
            present[f] = new bool[slots];
        }

        var frame = new short[windowLength];
        var amplitudes = new double[frequencies.Length];
        for (var slot = 0; slot < slots; slot++)
        {
            Centre(pcm, slot * slotLength + slotLength / 2 - windowLength / 2, frame);
            for (var f = 0; f < frequencies.Length; f++)
            {
                amplitudes[f] = Goertzel.Amplitude(frame, frequencies[f], sampleRate, window);
            }

            var threshold = Math.Max(Floor, amplitudes.Length == 0 ? 0 : amplitudes.Max() * BelowStrongest);
            for (var f = 0; f < frequencies.Length; f++)
            {
                present[f][slot] = amplitudes[f] >= threshold
                    && amplitudes[f] >= StandsOut * Goertzel.Amplitude(frame, frequencies[f] - beside, sampleRate, window)
                    && amplitudes[f] >= StandsOut * Goertzel.Amplitude(frame, frequencies[f] + beside, sampleRate, window);
            }
        }

        foreach (var row in present)
        {
            Smooth(row, value: false, LongestGap);
            Smooth(row, value: true, LongestBlip);
        }

        return new ToneTimeline(frequencies.ToArray(), present, slots * Slot);
    }

    /// <summary>A Hann window's main lobe is four times the reciprocal of its length: it must not reach the next candidate's centre.</summary>
    private static int WindowSlots(ReadOnlySpan<double> frequencies)
    {
        var ordered = frequencies.ToArray();
        Array.Sort(ordered);
        var closest = ordered.Zip(ordered.Skip(1), (low, high) => high - low).DefaultIfEmpty(200).Min();
        return closest >= LeastSpacing
            ? Math.Max(2, (int)Math.Ceiling(200 / closest) * 2)
            : throw new ArgumentException($"Candidates must be {LeastSpacing} Hz apart or more.", nameof(frequencies));
    }

    private static void Centre(ReadOnlySpan<short> pcm, int from, short[] frame)
    {
        Array.Clear(frame);
        var skip = Math.Max(0, -from);
        var length = Math.Min(frame.Length, pcm.Length - from) - skip;
        pcm.Slice(from + skip, length).CopyTo(frame.AsSpan(skip));
    }

    /// <summary>Turns runs of <paramref name="value"/> that are inside the sound and no longer than given into their opposite.</summary>
    private static void Smooth(bool[] row, bool value, int longest)
    {
        for (var start = 0; start < row.Length;)
        {
            var end = start;
            while (end < row.Length && row[end] == row[start])
            {
                end++;
            }

            var inside = start > 0 && end < row.Length;
            if (row[start] == value && end - start <= longest && (inside || value))
            {
                Array.Fill(row, !value, start, end - start);
            }

            start = end;
        }
    }
}

/// <summary>What <see cref="ToneAnalyzer"/> found. Times are positions in the sound.</summary>
public sealed class ToneTimeline
{
    private readonly double[] _frequencies;
    private readonly bool[][] _present;

    internal ToneTimeline(double[] frequencies, bool[][] present, TimeSpan length)
    {
        _frequencies = frequencies;
        _present = present;
        Length = length;
        Segments = FindSegments();
    }

    /// <summary>The length of the sound looked at.</summary>
    public TimeSpan Length { get; }

    /// <summary>The stretches in which at least one frequency is present, cut wherever one comes or goes.</summary>
    public IReadOnlyList<ToneSegment> Segments { get; }

    /// <summary>True if the frequency is present anywhere between the two times (by default: anywhere at all).</summary>
    public bool Contains(double frequency, TimeSpan? from = null, TimeSpan? to = null) => DurationOf(frequency, from, to) > TimeSpan.Zero;

    /// <summary>For how long altogether the frequency is present between the two times.</summary>
    public TimeSpan DurationOf(double frequency, TimeSpan? from = null, TimeSpan? to = null)
    {
        var row = Row(frequency);
        var first = (int)((from ?? TimeSpan.Zero) / ToneAnalyzer.Slot);
        var last = Math.Min(row.Length, to is null ? row.Length : (int)Math.Ceiling(to.Value / ToneAnalyzer.Slot));
        var slots = 0;
        for (var i = Math.Max(0, first); i < last; i++)
        {
            slots += row[i] ? 1 : 0;
        }

        return slots * ToneAnalyzer.Slot;
    }

    /// <summary>The unbroken stretches of one frequency, whatever else sounds at the same time.</summary>
    public IReadOnlyList<ToneSegment> StretchesOf(double frequency)
    {
        var row = Row(frequency);
        return Runs(row.Length, i => row[i] ? 1UL : 0UL, _ => new HashSet<double> { frequency });
    }

    /// <summary>The segments, one a line: what to print when an assertion fails.</summary>
    public override string ToString() =>
        $"{Length.TotalSeconds:F2} s of sound. " + (Segments.Count == 0 ? "No tone." : string.Join("; ", Segments));

    private bool[] Row(double frequency)
    {
        var index = Array.IndexOf(_frequencies, frequency);
        return index >= 0 ? _present[index] : throw new ArgumentException($"{frequency} Hz was not among the candidates.", nameof(frequency));
    }

    private List<ToneSegment> FindSegments() => Runs(
        _present.Length == 0 ? 0 : _present[0].Length,
        slot =>
        {
            var bits = 0UL;
            for (var f = 0; f < _present.Length; f++)
            {
                bits |= _present[f][slot] ? 1UL << f : 0;
            }

            return bits;
        },
        bits => _frequencies.Where((_, f) => (bits & (1UL << f)) != 0).ToHashSet());

    private static List<ToneSegment> Runs(int slots, Func<int, ulong> key, Func<ulong, HashSet<double>> set)
    {
        var runs = new List<ToneSegment>();
        for (var start = 0; start < slots;)
        {
            var bits = key(start);
            var end = start + 1;
            while (end < slots && key(end) == bits)
            {
                end++;
            }

            if (bits != 0)
            {
                runs.Add(new ToneSegment(start * ToneAnalyzer.Slot, end * ToneAnalyzer.Slot, set(bits)));
            }

            start = end;
        }

        return runs;
    }
}
