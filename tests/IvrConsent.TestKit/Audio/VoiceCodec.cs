namespace IvrConsent.TestKit.Audio;

/// <summary>A voice codec the test phone can speak.</summary>
public enum VoiceCodec
{
    /// <summary>G.711 µ-law, 8 kHz, RTP payload type 0.</summary>
    Pcmu,

    /// <summary>G.711 A-law, 8 kHz, RTP payload type 8.</summary>
    Pcma,

    /// <summary>G.722 at 64 kbit/s, 16 kHz, RTP payload type 9 (with a timestamp clock of 8 kHz, RFC 3551 4.5.2).</summary>
    G722,
}

/// <summary>The fixed facts of each <see cref="VoiceCodec"/>.</summary>
public static class VoiceCodecs
{
    /// <summary>Samples of PCM per second.</summary>
    public static int SampleRate(this VoiceCodec codec) => codec == VoiceCodec.G722 ? 16000 : 8000;

    /// <summary>The static RTP payload type (RFC 3551).</summary>
    public static int PayloadType(this VoiceCodec codec) => codec switch
    {
        VoiceCodec.Pcmu => 0,
        VoiceCodec.Pcma => 8,
        _ => 9,
    };

    /// <summary>The encoding name as SDP writes it.</summary>
    public static string SdpName(this VoiceCodec codec) => codec switch
    {
        VoiceCodec.Pcmu => "PCMU",
        VoiceCodec.Pcma => "PCMA",
        _ => "G722",
    };

    /// <summary>A new encoder; it keeps state from frame to frame, so one per stream.</summary>
    public static Func<ReadOnlySpan<short>, byte[]> NewEncoder(this VoiceCodec codec) => codec switch
    {
        VoiceCodec.Pcmu => G711.EncodeMuLaw,
        VoiceCodec.Pcma => G711.EncodeALaw,
        _ => new G722Encoder().Encode,
    };

    /// <summary>A new decoder; it keeps state from frame to frame, so one per stream.</summary>
    public static Func<ReadOnlySpan<byte>, short[]> NewDecoder(this VoiceCodec codec) => codec switch
    {
        VoiceCodec.Pcmu => G711.DecodeMuLaw,
        VoiceCodec.Pcma => G711.DecodeALaw,
        _ => new G722Decoder().Decode,
    };
}
