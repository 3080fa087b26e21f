using System.Runtime.InteropServices;
using System.Security.Cryptography;
using IvrConsent.TestKit.Audio;
using Xunit;

namespace IvrConsent.Adapters.Tests.Sip;

public sealed class CodecTests
{
    [Theory]
    [InlineData(0, 0xFF)]
    [InlineData(-1, 0x7F)]
    [InlineData(32767, 0x80)]
    [InlineData(-32768, 0x00)]
    [InlineData(1000, 0xCE)]
    [InlineData(-1000, 0x4E)]
    public void MuLaw_encodes_known_values(short sample, byte code) => Assert.Equal(code, G711.EncodeMuLaw(sample));

    [Theory]
    [InlineData(0xFF, 0)]
    [InlineData(0x7F, 0)]
    [InlineData(0x80, 32124)]
    [InlineData(0x00, -32124)]
    [InlineData(0xFE, 8)]
    [InlineData(0xEF, 132)]
    [InlineData(0x9F, 8316)]
    [InlineData(0x10, -15996)]
    public void MuLaw_decodes_known_values(byte code, short sample) => Assert.Equal(sample, G711.DecodeMuLaw(code));

    [Theory]
    [InlineData(0, 0xD5)]
    [InlineData(-1, 0x55)]
    [InlineData(32767, 0xAA)]
    [InlineData(-32768, 0x2A)]
    [InlineData(1000, 0xFA)]
    public void ALaw_encodes_known_values(short sample, byte code) => Assert.Equal(code, G711.EncodeALaw(sample));

    [Theory]
    [InlineData(0xD5, 8)]
    [InlineData(0x55, -8)]
    [InlineData(0xAA, 32256)]
    [InlineData(0x2A, -32256)]
    [InlineData(0x85, 4224)]
    [InlineData(0x33, -11520)]
    public void ALaw_decodes_known_values(byte code, short sample) => Assert.Equal(sample, G711.DecodeALaw(code));

    /// <summary>The whole tables in one number each, computed from SoX's decoding of the codes 0 to 255.</summary>
    [Fact]
    public void G711_tables_are_those_of_SoX()
    {
        Assert.Equal(98107392, Enumerable.Range(0, 256).Sum(code => (code + 1) * G711.DecodeMuLaw((byte)code)));
        Assert.Equal(100139008, Enumerable.Range(0, 256).Sum(code => (code + 1) * G711.DecodeALaw((byte)code)));
    }

    [Fact]
    public void Every_G711_code_survives_decoding_and_encoding()
    {
        for (var code = 0; code <= 255; code++)
        {
            Assert.Equal(code, G711.EncodeALaw(G711.DecodeALaw((byte)code)));

            // µ-law has two zeros; the negative one cannot come back from PCM.
            if (code != 0x7F)
            {
                Assert.Equal(code, G711.EncodeMuLaw(G711.DecodeMuLaw((byte)code)));
            }
        }
    }

    [Theory]
    [InlineData(VoiceCodec.Pcmu, 0.5, 35)]
    [InlineData(VoiceCodec.Pcmu, 0.01, 30)]
    [InlineData(VoiceCodec.Pcma, 0.5, 35)]
    [InlineData(VoiceCodec.Pcma, 0.01, 28)]
    public void A_tone_passes_G711_with_its_usual_noise(VoiceCodec codec, double amplitude, double decibels)
    {
        var pcm = new Tone(1020, amplitude).Samples(TimeSpan.FromSeconds(1), 8000);

        var heard = codec.NewDecoder()(codec.NewEncoder()(pcm));

        Assert.InRange(SignalToNoise(pcm, heard, 0), decibels, 60);
    }

    [Theory]
    [InlineData(400, 0.5, 30)]
    [InlineData(1000, 0.25, 28)]
    [InlineData(1000, 0.01, 25)]
    [InlineData(3000, 0.25, 25)]
    [InlineData(6000, 0.25, 10)]
    public void A_tone_passes_G722(double frequency, double amplitude, double decibels)
    {
        var pcm = new Tone(frequency, amplitude).Samples(TimeSpan.FromSeconds(1), 16000);

        var codes = VoiceCodec.G722.NewEncoder()(pcm);
        var heard = VoiceCodec.G722.NewDecoder()(codes);

        Assert.Equal(pcm.Length / 2, codes.Length);
        Assert.InRange(SignalToNoise(pcm, heard, 22), decibels, 80);
    }

    [Fact]
    public void G722_in_frames_is_the_same_as_in_one_piece()
    {
        var pcm = Tone.Mix(TimeSpan.FromSeconds(1), 16000, 700.0, new Tone(5000, 0.1));
        var whole = new G722Encoder().Encode(pcm);

        var encoder = new G722Encoder();
        var decoder = new G722Decoder();
        var frames = pcm.Chunk(320).Select(frame => encoder.Encode(frame)).ToList();

        Assert.Equal(whole, frames.SelectMany(frame => frame));
        Assert.Equal(new G722Decoder().Decode(whole), frames.SelectMany(frame => decoder.Decode(frame)));
    }

    /// <summary>
    /// Quiet noise, full-scale noise, a full-scale square wave and both together. Compared with what Asterisk 22's own codec made
    /// of the same samples and codes (<c>file convert</c>): the codes agree bit by bit, and so does the sound, but for four
    /// samples beyond full scale, which wrap around there and are limited here, as the recommendation has it.
    /// </summary>
    [Fact]
    public void G722_agrees_with_that_of_Asterisk()
    {
        var pcm = new short[6400];
        var seed = 1u;
        for (var i = 0; i < pcm.Length; i++)
        {
            seed = unchecked(seed * 1103515245 + 12345);
            var noise = (int)(seed >> 16) - 32768;
            pcm[i] = (short)((i / 1600) switch
            {
                0 => noise / 64,
                1 => noise,
                2 => i / 8 % 2 == 0 ? 12000 : -12000,
                _ => noise / 4 + (i / 20 % 2 == 0 ? 6000 : -6000),
            });
        }

        var codes = new G722Encoder().Encode(pcm);
        var heard = new G722Decoder().Decode(codes);

        Assert.Equal("601660AF1D6D1A8BFF3234B9C4C874475A328936143624EF9F8794498AC536B7", Convert.ToHexString(SHA256.HashData(codes)));
        Assert.Equal("0621AA6581B64A4E1C736D9C2EE6EF54AF7B37FE9C11A011E90ED060AD47374B", Convert.ToHexString(SHA256.HashData(MemoryMarshal.AsBytes(heard.AsSpan()))));
    }

    [Fact]
    public void G722_silence_stays_silent()
    {
        var heard = new G722Decoder().Decode(new G722Encoder().Encode(new short[16000]));

        Assert.All(heard, sample => Assert.InRange(sample, -8, 8));
    }

    /// <summary>In dB, after the codec has settled, the codec's delay taken out.</summary>
    private static double SignalToNoise(short[] sent, short[] heard, int delay)
    {
        double signal = 0, noise = 0;
        for (var i = 2000; i < sent.Length - delay; i++)
        {
            signal += (double)sent[i] * sent[i];
            noise += Math.Pow(sent[i] - heard[i + delay], 2);
        }

        return 10 * Math.Log10(signal / Math.Max(noise, 1e-9));
    }
}
