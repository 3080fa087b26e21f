using System.Buffers.Binary;

namespace IvrConsent.Storage.Prompts;

/// <summary>
/// The header of a RIFF WAVE file, read without trusting a length in it: junk chunks are stepped over, and a data chunk that
/// promises more than the file holds is reported as it is.
/// </summary>
internal sealed record WavFile
{
    /// <summary>Format tag of uncompressed samples.</summary>
    public const int Pcm = 1;

    /// <summary>Length of the header that <see cref="Write"/> makes.</summary>
    public const int HeaderLength = 44;

    private const int Extensible = 0xFFFE;

    // What programs that write to a pipe put for a length they do not know: this much or anything above.
    private const uint UnknownLength = 0x7FFF_F000;

    /// <summary>What the samples are: <see cref="Pcm"/>, 3 float, 6 A-law, 7 µ-law; of an extensible header the format inside.</summary>
    public required int Tag { get; init; }

    public required int Channels { get; init; }

    public required int Rate { get; init; }

    public required int Bits { get; init; }

    public required int BlockAlign { get; init; }

    /// <summary>Where the samples begin.</summary>
    public required int DataOffset { get; init; }

    /// <summary>How many bytes of samples the file really holds.</summary>
    public required int DataLength { get; init; }

    /// <summary>How many bytes of samples its header promises.</summary>
    public required long PromisedLength { get; init; }

    /// <summary>
    /// Why Asterisk would not play it although it is a good WAVE file, or null. Its reader (format_wav) wants the format in
    /// the very first chunk, no extensible header, and forgets the pad byte of an odd chunk.
    /// </summary>
    public required string? AsteriskObstacle { get; init; }

    /// <summary>Whether the length was unknown to the program that wrote the header: no sign of a damaged file.</summary>
    public bool LengthUnknown => PromisedLength >= UnknownLength;

    /// <summary>Whether samples that the header promises are missing.</summary>
    public bool Truncated => !LengthUnknown && PromisedLength > DataLength;

    public TimeSpan Length => TimeSpan.FromSeconds((double)DataLength / BlockAlign / Rate);

    /// <summary>Reads the header, or returns null and says in <paramref name="problem"/> what is wrong with it.</summary>
    public static WavFile? Read(ReadOnlySpan<byte> file, out string problem)
    {
        problem = string.Empty;
        if (file.Length < 12 || !file[..4].SequenceEqual("RIFF"u8) || !file[8..12].SequenceEqual("WAVE"u8))
        {
            problem = file.IsEmpty ? "the file is empty." : "it is not a WAV file: it does not begin with RIFF and WAVE.";
            return null;
        }

        WavFile? format = null;
        var obstacle = default(string);
        long position = 12;
        while (position + 8 <= file.Length)
        {
            var id = file.Slice((int)position, 4);
            long size = BinaryPrimitives.ReadUInt32LittleEndian(file[((int)position + 4)..]);
            var body = (int)position + 8;
            if (id.SequenceEqual("fmt "u8))
            {
                obstacle ??= position == 12 ? null : "other data stands before its format";
                format = ReadFormat(file[body..], size, ref obstacle);
                if (format is null)
                {
                    problem = "its header is damaged: the format is missing or makes no sense.";
                    return null;
                }
            }
            else if (id.SequenceEqual("data"u8))
            {
                if (format is null)
                {
                    problem = "its header is damaged: samples come before their format.";
                    return null;
                }

                return format with
                {
                    DataOffset = body,
                    DataLength = (int)Math.Min(size, file.Length - body),
                    PromisedLength = size,
                    AsteriskObstacle = obstacle,
                };
            }
            else if (size % 2 != 0)
            {
                obstacle ??= "a chunk of odd length stands before its samples";
            }

            position = body + size + (size & 1);
        }

        problem = format is null ? "it holds no format and no samples." : "it holds no samples.";
        return null;
    }

    /// <summary>A complete file of 16-bit mono samples, with the plainest header there is.</summary>
    public static byte[] Write(ReadOnlySpan<short> samples, int rate)
    {
        var bytes = samples.Length * 2;
        var file = new byte[HeaderLength + bytes];
        var at = file.AsSpan();
        "RIFF"u8.CopyTo(at);
        BinaryPrimitives.WriteInt32LittleEndian(at[4..], HeaderLength - 8 + bytes);
        "WAVEfmt "u8.CopyTo(at[8..]);
        BinaryPrimitives.WriteInt32LittleEndian(at[16..], 16);
        BinaryPrimitives.WriteInt16LittleEndian(at[20..], Pcm);
        BinaryPrimitives.WriteInt16LittleEndian(at[22..], 1);
        BinaryPrimitives.WriteInt32LittleEndian(at[24..], rate);
        BinaryPrimitives.WriteInt32LittleEndian(at[28..], rate * 2);
        BinaryPrimitives.WriteInt16LittleEndian(at[32..], 2);
        BinaryPrimitives.WriteInt16LittleEndian(at[34..], 16);
        "data"u8.CopyTo(at[36..]);
        BinaryPrimitives.WriteInt32LittleEndian(at[40..], bytes);
        for (var i = 0; i < samples.Length; i++)
        {
            BinaryPrimitives.WriteInt16LittleEndian(at[(HeaderLength + (2 * i))..], samples[i]);
        }

        return file;
    }

    private static WavFile? ReadFormat(ReadOnlySpan<byte> body, long size, ref string? obstacle)
    {
        if (size < 16 || body.Length < 16)
        {
            return null;
        }

        int tag = BinaryPrimitives.ReadUInt16LittleEndian(body);
        if (tag == Extensible)
        {
            obstacle ??= "its header is of the extensible kind";
            tag = size >= 40 && body.Length >= 40 ? BinaryPrimitives.ReadUInt16LittleEndian(body[24..]) : tag;
        }

        if (size % 2 != 0)
        {
            obstacle ??= "a chunk of odd length stands before its samples";
        }

        var format = new WavFile
        {
            Tag = tag,
            Channels = BinaryPrimitives.ReadUInt16LittleEndian(body[2..]),
            Rate = BinaryPrimitives.ReadInt32LittleEndian(body[4..]),
            BlockAlign = BinaryPrimitives.ReadUInt16LittleEndian(body[12..]),
            Bits = BinaryPrimitives.ReadUInt16LittleEndian(body[14..]),
            DataOffset = 0,
            DataLength = 0,
            PromisedLength = 0,
            AsteriskObstacle = null,
        };
        return format.Channels > 0 && format.Rate > 0 && format.BlockAlign > 0 ? format : null;
    }
}
