using System.Security.Cryptography;
using IvrConsent.Core.Recordings;
using IvrConsent.TestKit.Time;
using Xunit;

namespace IvrConsent.Core.Tests.Recordings;

public sealed class MeasuredStreamTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_source_that_stands_still_is_given_up_and_writes_no_more()
    {
        var time = new ManualTimeProvider(DateTimeOffset.UnixEpoch);
        var source = new StuckStream();
        await using var stream = new MeasuredStream(source, hashed: false, TimeSpan.FromSeconds(30), time);
        var reading = stream.ReadAsync(new byte[16], Cancel).AsTask();
        time.Advance(TimeSpan.FromSeconds(29));
        Assert.False(reading.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Contains("nothing came for 30 s", (await Assert.ThrowsAsync<IOException>(() => reading)).Message, StringComparison.Ordinal);
        Assert.True(source.Ended, "the reading goes on, into a buffer that was given back");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(45)]
    [InlineData(3_000_001)]
    public async Task What_is_read_is_counted_hashed_and_listened_to(int bytes)
    {
        var content = new byte[bytes];
        content.AsSpan(Math.Min(44, bytes)).Fill(1);
        await using var stream = new MeasuredStream(new MemoryStream(content), hashed: true, TimeSpan.FromSeconds(30), TimeProvider.System);
        await stream.CopyToAsync(Stream.Null, Cancel);
        Assert.Equal((bytes, Convert.ToHexStringLower(SHA256.HashData(content)), bytes <= 44), ((int)stream.Bytes, stream.Sha256, stream.Silent));
    }

    private sealed class StuckStream : ForwardStream
    {
        public bool Ended { get; private set; }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            try
            {
                await Task.Delay(Timeout.Infinite, cancellationToken);
                return 0;
            }
            finally
            {
                Ended = true;
            }
        }
    }
}
