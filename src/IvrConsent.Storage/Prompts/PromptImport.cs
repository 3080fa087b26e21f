using IvrConsent.Core.Notices;

namespace IvrConsent.Storage.Prompts;

/// <summary>How recordings are brought to the form that a PBX plays.</summary>
public sealed record PromptImportOptions
{
    /// <summary>The longest prompt, silence at its ends not counted. Default 60 s.</summary>
    public TimeSpan MaxLength { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>The shortest prompt. Default 0.3 s: below that it is a click, or a cut that went wrong.</summary>
    public TimeSpan MinLength { get; init; } = TimeSpan.FromSeconds(0.3);

    /// <summary>
    /// The level that every prompt is brought to while somebody speaks, in dBFS as ITU-T P.56 counts. Default -20: some 6 dB
    /// above the -26 that telephony plans for talkers, because a notice must be understood in a car and at once, and as loud
    /// as speech can be made without flattening it: its peaks are 15 to 18 dB above its level.
    /// </summary>
    public double TargetLevel { get; init; } = -20;

    /// <summary>The highest peak, in dBFS. Default -3: room for what codecs and resampling in the PBX add to a peak.</summary>
    public double PeakLimit { get; init; } = -3;

    /// <summary>Below this level a recording is silent, in dBFS. Default -50.</summary>
    public double SilentBelow { get; init; } = -50;

    /// <summary>The share of samples on cut-off tops from which a recording is clipped. Default 0.001, that is 0.1 %.</summary>
    public double MaxClippedShare { get; init; } = 0.001;

    /// <summary>What is left of the silence at both ends. Default 50 ms.</summary>
    public TimeSpan KeepSilence { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>The largest file taken. Default 50 MB.</summary>
    public long MaxInputBytes { get; init; } = 50_000_000;

    /// <summary>How long one run of SoX may take. Default 30 s.</summary>
    public TimeSpan TimeLimit { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The SoX program. Default <c>sox</c>, found by PATH.</summary>
    public string Sox { get; init; } = "sox";
}

/// <summary>A recording to be imported.</summary>
/// <param name="Language">BCP 47 tag: the folder it goes to.</param>
/// <param name="Name">The prompt's name.</param>
/// <param name="SourceFile">The recording: WAV, MP3, FLAC or Ogg Vorbis of any rate, mono or stereo.</param>
/// <param name="Text">The words spoken in it; null leaves the text that is there.</param>
public sealed record PromptImportRequest(string Language, string Name, string SourceFile, string? Text = null);

/// <summary>What a recording measures.</summary>
/// <param name="Format">SoX's name of the file format.</param>
/// <param name="Rate">Samples a second.</param>
/// <param name="Channels">1 mono, 2 stereo.</param>
/// <param name="Length">How long it plays.</param>
/// <param name="Level">The level while somebody speaks, in dBFS.</param>
/// <param name="Peak">The highest peak, in dBFS.</param>
/// <param name="ClippedShare">The share of samples on cut-off tops, 0 to 1.</param>
public sealed record AudioFigures(string Format, int Rate, int Channels, TimeSpan Length, double Level, double Peak, double ClippedShare);

/// <summary>What an import did.</summary>
/// <param name="Prompt">The prompt as it is now.</param>
/// <param name="File">Its 8 kHz file; the 16 kHz file is beside it.</param>
/// <param name="Before">What was delivered.</param>
/// <param name="After">What is played, of the 8 kHz file.</param>
/// <param name="TrimmedStart">Silence taken away in front.</param>
/// <param name="TrimmedEnd">Silence taken away at the end.</param>
/// <param name="ReplacedSha256">The hash of the 8 kHz file that was replaced and is kept in <c>.history</c>; null when there was none, or the same.</param>
/// <param name="Warnings">What somebody should look at.</param>
public sealed record PromptImportResult(
    Prompt Prompt,
    string File,
    AudioFigures Before,
    AudioFigures After,
    TimeSpan TrimmedStart,
    TimeSpan TrimmedEnd,
    string? ReplacedSha256,
    IReadOnlyList<PromptProblem> Warnings);

/// <summary>Why a recording was not imported.</summary>
public enum PromptRefusal
{
    /// <summary>The language or the prompt's name is none.</summary>
    BadName,

    /// <summary>The words given are none.</summary>
    BadText,

    /// <summary>The file is missing or may not be read.</summary>
    NotReadable,

    /// <summary>The file is larger than allowed.</summary>
    TooLarge,

    /// <summary>The content is no sound of a known format.</summary>
    NotAudio,

    /// <summary>Sound, but of a format, rate or number of channels that is not taken.</summary>
    Unsupported,

    /// <summary>Part of the file is missing or damaged.</summary>
    Damaged,

    /// <summary>Nothing can be heard in it.</summary>
    Silent,

    /// <summary>The two channels cancel each other when mixed into one.</summary>
    ChannelsCancel,

    /// <summary>It was recorded too loud and its tops are cut off.</summary>
    Clipped,

    /// <summary>Too short to be speech.</summary>
    TooShort,

    /// <summary>Longer than allowed.</summary>
    TooLong,

    /// <summary>SoX, or its part for this format, is not installed.</summary>
    SoxMissing,

    /// <summary>SoX did not finish in time.</summary>
    TimedOut,

    /// <summary>The prompt folder cannot be written.</summary>
    NotWritable,
}

/// <summary>A recording was not imported; the prompt that was there is untouched.</summary>
public sealed class PromptRefusedException : PromptException
{
    /// <inheritdoc/>
    public PromptRefusedException()
    {
    }

    /// <inheritdoc/>
    public PromptRefusedException(string message)
        : base(message)
    {
    }

    /// <inheritdoc/>
    public PromptRefusedException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }

    internal PromptRefusedException(PromptRefusal reason, string message, string remedy, Exception? innerException = null)
        : base(message, remedy, innerException) => Reason = reason;

    /// <summary>Why.</summary>
    public PromptRefusal Reason { get; }
}
