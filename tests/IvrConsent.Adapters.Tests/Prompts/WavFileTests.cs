using System.Buffers.Binary;
using IvrConsent.Storage.Prompts;
using Xunit;

namespace IvrConsent.Adapters.Tests.Prompts;

public sealed class WavFileTests
{
    private static byte[] Chunk(string id, byte[] body, uint? size = null)
    {
        var head = new byte[8];
        System.Text.Encoding.ASCII.GetBytes(id).CopyTo(head, 0);
        BinaryPrimitives.WriteUInt32LittleEndian(head.AsSpan(4), size ?? (uint)body.Length);
        return [.. head, .. body, .. new byte[body.Length % 2]];
    }

    private static byte[] Format(short tag = 1, int rate = 8000)
    {
        var body = new byte[16];
        BinaryPrimitives.WriteInt16LittleEndian(body, tag);
        BinaryPrimitives.WriteInt16LittleEndian(body.AsSpan(2), 1);
        BinaryPrimitives.WriteInt32LittleEndian(body.AsSpan(4), rate);
        BinaryPrimitives.WriteInt32LittleEndian(body.AsSpan(8), rate * 2);
        BinaryPrimitives.WriteInt16LittleEndian(body.AsSpan(12), 2);
        BinaryPrimitives.WriteInt16LittleEndian(body.AsSpan(14), 16);
        return body;
    }

    private static byte[] Riff(params byte[][] chunks)
    {
        byte[] body = [.. "WAVE"u8, .. chunks.SelectMany(c => c)];
        return Chunk("RIFF", body);
    }

    [Fact]
    public void Reads_what_it_wrote()
    {
        var wav = WavFile.Read(WavFile.Write([1, 2, -3], 16000), out _);

        Assert.NotNull(wav);
        Assert.Equal((1, 1, 16000, 16, 6, 44), (wav.Tag, wav.Channels, wav.Rate, wav.Bits, wav.DataLength, wav.DataOffset));
        Assert.Null(wav.AsteriskObstacle);
        Assert.False(wav.Truncated);
    }

    [Fact]
    public void Steps_over_junk_and_says_when_Asterisk_would_not()
    {
        var before = WavFile.Read(Riff(Chunk("JUNK", new byte[28]), Chunk("fmt ", Format()), Chunk("data", new byte[320])), out _);
        var odd = WavFile.Read(Riff(Chunk("fmt ", Format()), Chunk("LIST", new byte[7]), Chunk("data", new byte[320])), out _);
        var between = WavFile.Read(Riff(Chunk("fmt ", Format()), Chunk("LIST", new byte[26]), Chunk("data", new byte[320]), Chunk("id3 ", new byte[9])), out _);

        Assert.Equal(320, before?.DataLength);
        Assert.NotNull(before?.AsteriskObstacle);
        Assert.Equal(320, odd?.DataLength);
        Assert.NotNull(odd?.AsteriskObstacle);
        Assert.Equal(320, between?.DataLength);
        Assert.Null(between?.AsteriskObstacle);
    }

    [Fact]
    public void Reports_a_header_that_lies()
    {
        var more = WavFile.Read(Riff(Chunk("fmt ", Format()), Chunk("data", new byte[100], size: 5000)), out _);
        var unknown = WavFile.Read(Riff(Chunk("fmt ", Format()), Chunk("data", new byte[100], size: uint.MaxValue)), out _);

        Assert.True(more is { Truncated: true, DataLength: 100 });
        Assert.True(unknown is { Truncated: false, LengthUnknown: true, DataLength: 100 });
    }

    [Fact]
    public void Says_what_is_wrong_with_what_is_no_wav()
    {
        Assert.Null(WavFile.Read([], out var empty));
        Assert.Null(WavFile.Read("hello, this is a text"u8, out var text));
        Assert.Null(WavFile.Read(Riff(Chunk("data", new byte[4]), Chunk("fmt ", Format())), out var wrongOrder));
        Assert.Null(WavFile.Read(Riff(Chunk("fmt ", Format())), out var noData));
        Assert.Null(WavFile.Read(Riff(Chunk("fmt ", new byte[16]), Chunk("data", new byte[4])), out var zeroes));
        Assert.Null(WavFile.Read(Riff(Chunk("fmt ", [1, 0], size: uint.MaxValue)), out var cutFormat));

        Assert.All([empty, text, wrongOrder, noData, zeroes, cutFormat], p => Assert.NotEmpty(p));
    }

    [Fact]
    public void Survives_any_bytes()
    {
        var random = new Random(20260105);
        var good = Riff(Chunk("JUNK", new byte[6]), Chunk("fmt ", Format()), Chunk("data", new byte[64]));
        for (var round = 0; round < 50_000; round++)
        {
            var bad = good[..random.Next(good.Length + 1)];
            for (var change = random.Next(4); change > 0 && bad.Length > 0; change--)
            {
                bad[random.Next(bad.Length)] = (byte)random.Next(256);
            }

            var wav = WavFile.Read(bad, out var problem);
            Assert.True(wav is null ? problem.Length > 0 : wav.DataLength >= 0 && wav.DataOffset + wav.DataLength <= bad.Length);
        }
    }
}
