using IvrConsent.Core.Recordings;
using Xunit;

namespace IvrConsent.Core.Tests.Recordings;

/// <summary>Pieces worked on beside their making: all, in order, through the same few pieces of memory, and with their error told.</summary>
public sealed class PieceWorkerTests
{
    private const int PieceBytes = 16;
    private const int Pieces = 3;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(Pieces)]
    [InlineData(100)]
    public async Task All_is_worked_on_in_its_order(int count)
    {
        var got = new List<byte>();
        await using var worker = new PieceWorker(PieceBytes, Pieces, piece => got.AddRange(piece));
        for (var i = 0; i < count; i++)
        {
            var piece = await worker.TakeAsync(Cancel);
            Assert.Equal(PieceBytes, piece.Length);
            piece.Span.Fill((byte)i);
            worker.Add(i % (PieceBytes + 1));
        }

        await worker.EndAsync();
        Assert.Equal(Enumerable.Range(0, count).SelectMany(i => Enumerable.Repeat((byte)i, i % (PieceBytes + 1))), got);
    }

    [Fact]
    public async Task Only_so_many_wait()
    {
        using var go = new SemaphoreSlim(0);
        await using var worker = new PieceWorker(PieceBytes, Pieces, _ => go.Wait(TimeSpan.FromSeconds(20), Cancel));
        for (var i = 0; i < Pieces; i++)
        {
            await worker.TakeAsync(Cancel);
            worker.Add(1);
        }

        var next = worker.TakeAsync(Cancel).AsTask();
        Assert.False(next.IsCompleted);
        using var had = new CancellationTokenSource();
        go.Release();
        await next.WaitAsync(TimeSpan.FromSeconds(20), Cancel);

        // The same until it was added.
        Assert.Equal(await next, await worker.TakeAsync(Cancel));
        worker.Add(1);
        var given = worker.TakeAsync(had.Token).AsTask();
        await had.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => given);
        go.Release(Pieces + 1);
        await worker.EndAsync();
    }

    [Fact]
    public async Task The_first_error_is_told_to_whoever_adds_more_and_to_whoever_waits_for_the_end()
    {
        var done = 0;
        await using var worker = new PieceWorker(PieceBytes, Pieces, _ => throw new IOException($"no room ({++done})"));
        await worker.TakeAsync(Cancel);
        worker.Add(1);
        var told = await Assert.ThrowsAsync<IOException>(async () =>
        {
            while (true)
            {
                await worker.TakeAsync(Cancel);
                worker.Add(1);
            }
        });
        Assert.Equal("no room (1)", told.Message);
        Assert.Same(told, await Assert.ThrowsAsync<IOException>(worker.EndAsync));
        Assert.Equal(1, done);
    }

    [Fact]
    public async Task Given_up_it_waits_for_what_is_being_done_and_does_no_more()
    {
        using var begun = new SemaphoreSlim(0);
        using var go = new SemaphoreSlim(0);
        var done = 0;
        var worker = new PieceWorker(PieceBytes, Pieces, _ =>
        {
            begun.Release();
            go.Wait(TimeSpan.FromSeconds(20), Cancel);
            done++;
        });
        for (var i = 0; i < Pieces; i++)
        {
            await worker.TakeAsync(Cancel);
            worker.Add(1);
        }

        await begun.WaitAsync(TimeSpan.FromSeconds(20), Cancel);
        var giving = worker.DisposeAsync().AsTask();
        Assert.False(giving.IsCompleted);
        go.Release();
        await giving.WaitAsync(TimeSpan.FromSeconds(20), Cancel);
        Assert.Equal(1, done);
    }
}
