using IvrConsent.Adapters.Tests.Ledger;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Records;
using IvrConsent.Core.Webhooks;
using IvrConsent.Storage.Database;
using IvrConsent.Storage.Webhooks;
using IvrConsent.TestKit.Fakes;
using Xunit;

namespace IvrConsent.Adapters.Tests.Webhooks;

public sealed class SqliteWebhookTests() : WebhookStoreContract(new SqliteTestDatabase());

public sealed class PostgresWebhookTests() : WebhookStoreContract(new PostgresTestDatabase());

/// <summary>What webhooks need of a database, and the lookup of records.</summary>
public abstract class WebhookStoreContract(LedgerTestDatabase database) : DatabaseContract(database)
{
    private static readonly DateTimeOffset Now = Make.Start.AddHours(1);

    private readonly List<LedgerDatabase> _opened = [];

    public override async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        foreach (var opened in _opened)
        {
            await opened.DisposeAsync();
        }

        await base.DisposeAsync();
    }

    [Fact]
    public async Task A_new_webhook_begins_at_the_ledger_s_end_and_goes_on_where_it_was()
    {
        await using var ledger = await LedgerUnderTest.StartAsync(Database.Options());
        var before = Make.Call();
        await ledger.AppendAsync(Make.First(before));
        var store = Store();
        await using (var session = await store.TryTakeAsync("crm", Cancel))
        {
            Assert.Equal(1, session!.Position);
            Assert.Empty(await session.ReadNextAsync(10, Cancel));
            await ledger.AppendAsync(Make.More(before, 2));
            await ledger.AppendAsync(Make.More(before, 3));
            var next = await session.ReadNextAsync(10, Cancel);
            Assert.Equal([2L, 3], next.Select(line => line.Position));
            Assert.Equal(before, Make.Plain(next[0].Call));
            Assert.Equal(next[1], (await session.ReadNextAsync(10, Cancel))[1]);
            Assert.Single(await session.ReadNextAsync(1, Cancel));
            Assert.Equal(3, (await session.ReadCallAsync(before.Id, Cancel)).Count);
            Assert.Equal(next[1], await session.ReadAsync(3, Cancel));
            Assert.Null(await session.ReadAsync(99, Cancel));
            await session.AdvanceAsync(2, [], Cancel);
        }

        Assert.Equal(new WebhookProgress("crm", 2, 1, 0, 0), Assert.Single(await store.ReadProgressAsync(Cancel)));
        await using var again = await Store().TryTakeAsync("crm", Cancel);
        Assert.Equal(2, again!.Position);
    }

    [Fact]
    public async Task One_at_a_time_has_a_webhook()
    {
        await using var ledger = await LedgerUnderTest.StartAsync(Database.Options());
        var first = await Store().TryTakeAsync("crm", Cancel);
        Assert.Null(await Store().TryTakeAsync("crm", Cancel));
        await using var other = await Store().TryTakeAsync("archive", Cancel);
        Assert.NotNull(other);

        await first!.DisposeAsync();
        for (var i = 0; i < 50; i++)
        {
            // At once: a server that has yet to notice a closed connection would still hold it.
            await using var next = await Store().TryTakeAsync("crm", Cancel);
            Assert.NotNull(next);
        }
    }

    [Fact]
    public async Task What_was_not_taken_waits_dies_and_is_replayed()
    {
        await using var ledger = await LedgerUnderTest.StartAsync(Database.Options());
        var store = Store();
        await using var session = await store.TryTakeAsync("crm", Cancel);
        var call = Make.Call();
        await ledger.AppendAsync(Make.First(call));
        await ledger.AppendAsync(Make.More(call, 2));
        var lines = await session!.ReadNextAsync(10, Cancel);
        WebhookDelivery[] kept = [.. lines.Select(line => new WebhookDelivery("crm", line.Position, line.Entry.EventId, call.Id, 1, Now, "status 500"))];
        await session.AdvanceAsync(2, kept, Cancel);

        Assert.Equal(kept, await session.ReadWaitingAsync(Cancel));
        var later = kept[0] with { Attempts = 2, NextAt = Now.AddMinutes(1), Error = null };
        await session.SettleAsync(later, delivered: false, Cancel);
        await session.SettleAsync(kept[1], delivered: true, Cancel);
        Assert.Equal(later, Assert.Single(await session.ReadWaitingAsync(Cancel)));

        var dead = later with { Attempts = 11, NextAt = null, Error = "status 410" };
        await session.SettleAsync(dead, delivered: false, Cancel);
        Assert.Empty(await session.ReadWaitingAsync(Cancel));
        Assert.Equal(dead, Assert.Single(await store.ReadDeadAsync(null, 10, Cancel)));
        Assert.Equal(dead, Assert.Single(await store.ReadDeadAsync("crm", 10, Cancel)));
        Assert.Empty(await store.ReadDeadAsync("archive", 10, Cancel));
        Assert.Equal(new WebhookProgress("crm", 2, 0, 0, 1), Assert.Single(await store.ReadProgressAsync(Cancel)));

        Assert.Equal(0, await store.ReplayAsync("archive", null, Now, Cancel));
        Assert.Equal(0, await store.ReplayAsync("crm", Guid.NewGuid(), Now, Cancel));
        Assert.Equal(1, await store.ReplayAsync("crm", dead.EventId, Now, Cancel));
        Assert.Equal(dead with { Attempts = 0, NextAt = Now }, Assert.Single(await session.ReadWaitingAsync(Cancel)));
        Assert.Equal(0, await store.ReplayAsync("crm", null, Now, Cancel));
    }

    [Fact]
    public async Task A_lost_database_ends_the_right_to_a_webhook()
    {
        await using var ledger = await LedgerUnderTest.StartAsync(Database.Options());
        await using var session = await Store().TryTakeAsync("crm", Cancel);
        await Database.StopAsync();
        try
        {
            await Assert.ThrowsAsync<LedgerUnavailableException>(() => Store().TryTakeAsync("archive", Cancel));
        }
        finally
        {
            await Database.ContinueAsync();
        }
    }

    [Fact]
    public async Task Terms_written_by_two_workers_stand_once()
    {
        await using var ledger = await LedgerUnderTest.StartAsync(Database.Options());
        var terms = new RecordScene().Written;
        Assert.Equal(AppendResult.Committed, await ledger.AppendAsync(TermsEntries.Batch(terms, "demo", Now)));
        Assert.Equal(AppendResult.Committed, await ledger.AppendAsync(TermsEntries.Batch(terms, "demo", Now.AddDays(1))));

        var line = Assert.Single(await ledger.ReadAsync(new LedgerQuery(Call: TermsEntries.RowOf(terms.Sha256))));
        Assert.Equal(terms.Json, ((TermsInForce)line.Entry.Event).Json);
        Assert.Equal(Now, line.Call.ArrivedAt);
    }

    [Fact]
    public async Task Records_are_found_by_event_and_by_position()
    {
        await using var ledger = await LedgerUnderTest.StartAsync(Database.Options());
        var call = Make.Call();
        await ledger.AppendAsync(Make.First(call));
        var line = Assert.Single(await ledger.ReadAsync());
        var lookup = new RecordLookup(Open());

        Assert.Equal(call.Id, await lookup.FindCallOfEventAsync(line.Entry.EventId, Cancel));
        Assert.Null(await lookup.FindCallOfEventAsync(Guid.NewGuid(), Cancel));
        Assert.Equal((call.Id, line.Entry.EventId), await lookup.FindEventAtAsync(1, Cancel));
        Assert.Null(await lookup.FindEventAtAsync(2, Cancel));
    }

    private DatabaseWebhooks Store() => new(Open());

    /// <summary>A handle of its own, as another process would have.</summary>
    private LedgerDatabase Open()
    {
        _opened.Add(LedgerDatabase.Create(Database.Options()));
        return _opened[^1];
    }
}
