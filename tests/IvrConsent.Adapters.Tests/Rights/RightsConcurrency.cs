using System.Collections.Concurrent;
using IvrConsent.Adapters.Tests.Ledger;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Retention;
using Xunit;

namespace IvrConsent.Adapters.Tests.Rights;

public sealed class SqliteRightsConcurrencyTests() : RightsConcurrency(new SqliteTestDatabase());

public sealed class PostgresRightsConcurrencyTests() : RightsConcurrency(new PostgresTestDatabase());

/// <summary>
/// Sweeps, erasures, holds and new calls at once, each on connections of its own as in processes of their own (nothing is shared
/// but the database): a hold wins or loses, and there is nothing between.
/// </summary>
public abstract class RightsConcurrency(LedgerTestDatabase database) : IAsyncLifetime
{
    private const int Recordings = 60;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => await database.PrepareAsync();

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await database.DisposeAsync();
    }

    [Fact]
    public async Task Nothing_is_deleted_under_a_hold_and_nothing_waits_for_ever()
    {
        var remains = new FakeRemains();
        await using var sweeper = await RightsUnderTest.StartAsync(database, remains);
        await using var eraser = await RightsUnderTest.StartAsync(database, remains, "spool-2");
        await using var holder = await RightsUnderTest.StartAsync(database, remains, "spool-3");
        var recordings = new List<RetainedRecording>();
        for (var i = 0; i < Recordings; i++)
        {
            recordings.Add(await sweeper.KeepAsync($"+4860070{i % 4:D4}"));
        }

        // What each hold covered when it was in force: from then on it must not go.
        var protectedNames = new ConcurrentBag<string>();
        var sweeping = Task.Run(async () =>
        {
            for (var i = 0; i < 10; i++)
            {
                await sweeper.Sweep.RunAsync(Cancel);
            }
        }, Cancel);
        var erasing = Task.Run(async () =>
        {
            foreach (var recording in recordings.OrderByDescending(one => one.Name))
            {
                await eraser.Retention.DecideAsync([recording.Name], DeletionCause.ErasureRequested, "anna", TimeProvider.System.GetUtcNow(), Cancel);
                await eraser.Finisher.RunAsync(Cancel);
            }
        }, Cancel);
        var holding = Task.Run(async () =>
        {
            foreach (var recording in recordings.Where((_, i) => i % 3 == 0))
            {
                if (await holder.Holds.PlaceAsync(RightsUnderTest.Hold(new HoldScope(Call: recording.Call)), Cancel) > 0)
                {
                    protectedNames.Add(recording.Name);
                }
            }
        }, Cancel);
        var calling = Task.Run(async () =>
        {
            for (var i = 0; i < 30; i++)
            {
                var call = Make.Call() with { CallerNumber = $"+4860070{i % 4:D4}" };
                await holder.Ledger.AppendAsync(Make.First(call));
                await holder.Ledger.AppendAsync(Make.More(call, 2, Make.Ended()));
            }
        }, Cancel);
        await Task.WhenAll(sweeping, erasing, holding, calling);
        await sweeper.Sweep.RunAsync(Cancel);

        var keys = await sweeper.KeysAsync();
        Assert.Equal(protectedNames.Order(), keys);
        Assert.Equal(protectedNames.Order(), remains.Files.Keys.Order());
        var told = (await sweeper.ErasedAsync()).Select(erased => erased.Recording).ToList();
        Assert.Equal(recordings.Select(one => one.Name).Except(keys).Order(), told.Order()); // each once
        Assert.Empty(await sweeper.Retention.FindPendingAsync(null, 10, Cancel));
        Assert.Equal(2 * 30, (await sweeper.Ledger.ReadAsync()).Count(line => line.Call.Subject is not null && recordings.All(one => one.Call != line.Call.Id)));
    }
}
