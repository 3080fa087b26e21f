using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace IvrConsent.TestKit.Audio;

/// <summary>
/// A WAV file of 16-bit PCM as found on disk, also one cut short or with sizes in its header that are not true:
/// <see cref="HeaderDataBytes"/> is what the header claims, <see cref="DataBytes"/> what there was.
/// </summary>
public sealed class WavFile
{
    private WavFile(int sampleRate, int channels, short[] samples)
    {
        SampleRate = sampleRate;
        Channels = channels;
        Samples = samples;
    }

    public int SampleRate { get; }

    public int Channels { get; }

    /// <summary>All samples, the channels interleaved.</summary>
    public IReadOnlyList<short> Samples { get; }

    /// <summary>The size the data chunk's header claims.</summary>
    public long HeaderDataBytes { get; private init; }

    /// <summary>The bytes that follow that header and belong to it (all the rest, if it claims more than there is, or nothing).</summary>
    public long DataBytes { get; private init; }

    /// <summary>The size the RIFF header claims for all that follows its first eight bytes.</summary>
    public long HeaderRiffBytes { get; private init; }

    /// <summary>The length of the file.</summary>
    public long FileBytes { get; private init; }

    /// <summary>True if both sizes in the header are those of the file.</summary>
    public bool HeaderIsTrue => HeaderDataBytes == DataBytes && HeaderRiffBytes == FileBytes - 8;

    /// <summary>The length of what was really there.</summary>
    public TimeSpan Duration => TimeSpan.FromSeconds((double)Samples.Count / Channels / SampleRate);

    /// <summary>One channel's samples: 0 is left.</summary>
    public short[] Channel(int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Channels);
        return [.. Samples.Where((_, i) => i % Channels == index)];
    }

    /// <summary>All channels averaged into one.</summary>
    public short[] Mono() =>
        Channels == 1 ? [.. Samples] : [.. Samples.Chunk(Channels).Select(frame => (short)frame.Average(sample => (int)sample))];

    /// <summary>Which of the tones are in it when, all channels together.</summary>
    public ToneTimeline Tones(params ReadOnlySpan<double> frequencies) => ToneAnalyzer.Analyze(Mono(), SampleRate, frequencies);

    public static WavFile Read(string path) => Read(File.ReadAllBytes(path));

    /// <summary>Reads 16-bit PCM. Throws <see cref="InvalidDataException"/> where there is no RIFF, no format or no data chunk.</summary>
    public static WavFile Read(ReadOnlySpan<byte> file)
    {
        if (file.Length < 12 || !file[..4].SequenceEqual("RIFF"u8) || !file[8..12].SequenceEqual("WAVE"u8))
        {
            throw new InvalidDataException($"Not a WAV file: {file.Length} bytes, no RIFF/WAVE at the start.");
        }

        ReadOnlySpan<byte> format = default;
        for (var at = 12; at + 8 <= file.Length;)
        {
            var name = file.Slice(at, 4);
            var claimed = BinaryPrimitives.ReadUInt32LittleEndian(file[(at + 4)..]);
            var rest = file[(at + 8)..];
            var body = rest[..(int)Math.Min(claimed, rest.Length)];
            if (name.SequenceEqual("fmt "u8))
            {
                format = body;
            }
            else if (name.SequenceEqual("data"u8))
            {
                // A writer that never came to its end leaves 0 (or less than there is, with no chunk behind it).
                var data = claimed < rest.Length && !LooksLikeChunk(rest[(int)(claimed + (claimed & 1))..]) ? rest : body;
                return Parse(format, data, claimed, file);
            }

            at += 8 + (int)Math.Min(claimed + (claimed & 1), int.MaxValue / 2);
        }

        throw new InvalidDataException($"A WAV file of {file.Length} bytes without a data chunk.");
    }

    public static void Write(string path, ReadOnlySpan<short> samples, int sampleRate, int channels = 1)
    {
        using var file = File.Create(path);
        Write(file, samples, sampleRate, channels);
    }

    /// <summary>Writes interleaved samples; <paramref name="claimedDataBytes"/> puts an untrue size into the header.</summary>
    public static void Write(Stream stream, ReadOnlySpan<short> samples, int sampleRate, int channels = 1, uint? claimedDataBytes = null)
    {
        var dataBytes = claimedDataBytes ?? (uint)(samples.Length * 2);
        using var writer = new BinaryWriter(stream, Encoding.ASCII, leaveOpen: true);
        writer.Write("RIFF"u8);
        writer.Write(unchecked(dataBytes + 36));
        writer.Write("WAVEfmt "u8);
        writer.Write(16);
        writer.Write((short)1);
        writer.Write((short)channels);
        writer.Write(sampleRate);
        writer.Write(sampleRate * channels * 2);
        writer.Write((short)(channels * 2));
        writer.Write((short)16);
        writer.Write("data"u8);
        writer.Write(dataBytes);
        writer.Write(MemoryMarshal.AsBytes(samples));
    }

    private static bool LooksLikeChunk(ReadOnlySpan<byte> bytes) =>
        bytes.Length >= 8 && bytes[..4].IndexOfAnyExceptInRange((byte)' ', (byte)'~') < 0
        && BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]) <= bytes.Length - 8;

    private static WavFile Parse(ReadOnlySpan<byte> format, ReadOnlySpan<byte> data, uint claimed, ReadOnlySpan<byte> file)
    {
        if (format.Length < 16)
        {
            throw new InvalidDataException("A WAV file without a format before its data.");
        }

        var tag = BinaryPrimitives.ReadUInt16LittleEndian(format);
        var channels = BinaryPrimitives.ReadUInt16LittleEndian(format[2..]);
        var bits = BinaryPrimitives.ReadUInt16LittleEndian(format[14..]);
        if (tag is not (1 or 0xFFFE) || bits != 16 || channels is 0 or > 8)
        {
            throw new InvalidDataException($"Not 16-bit PCM: format {tag}, {bits} bits, {channels} channels.");
        }

        var samples = MemoryMarshal.Cast<byte, short>(data[..(data.Length / (2 * channels) * 2 * channels)]).ToArray();
        return new WavFile(BinaryPrimitives.ReadInt32LittleEndian(format[4..]), channels, samples)
        {
            HeaderDataBytes = claimed,
            DataBytes = data.Length,
            HeaderRiffBytes = BinaryPrimitives.ReadUInt32LittleEndian(file[4..]),
            FileBytes = file.Length,
        };
    }
}
