using IvrConsent.Adapters.Tests.Ledger;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Rights;
using IvrConsent.TestKit.Time;
using Xunit;

namespace IvrConsent.Adapters.Tests.Rights;

public sealed class SqliteExportTests() : ExportContract(new SqliteTestDatabase());

public sealed class PostgresExportTests() : ExportContract(new PostgresTestDatabase());

/// <summary>Four eyes before sound and whole numbers leave, on every database.</summary>
public abstract class ExportContract(LedgerTestDatabase database) : DatabaseContract(database)
{
    private const string What = "recording rec";
    private const string Why = "complaint 7";

    private readonly ManualTimeProvider _time = new(Make.Start);

    [Fact]
    public async Task It_waits_until_another_agrees_and_is_then_given_to_who_asked_for_that_and_why()
    {
        await using var rights = await RightsUnderTest.StartAsync(Database);
        var desk = Desk(rights);
        var order = await WaitsAsync(desk, What, Why, "anna");
        Assert.Equal(order.Id, (await WaitsAsync(desk, What, Why, "anna")).Id); // asked twice, it waits once
        Assert.Single(await desk.ListAsync(Cancel));

        Assert.Contains("somebody else", await RefusedAsync(() => desk.ApproveAsync(order.Id, "anna", Cancel)), StringComparison.Ordinal);
        await WaitsAsync(desk, What, Why, "anna");
        Assert.Equal(new ExportRequested(What, Why, "anna"), (await desk.ApproveAsync(order.Id, "ben", Cancel)).Asked);
        Assert.Contains("approved it before", await RefusedAsync(() => desk.ApproveAsync(order.Id, "ben", Cancel)), StringComparison.Ordinal);

        await desk.RequireApprovalAsync(What, Why, "anna", Cancel);
        foreach (var (what, why, actor) in ((string, string, string)[])[("recording other", Why, "anna"), (What, "curiosity", "anna"), (What, Why, "ben"), (What, Why, "carl")])
        {
            Assert.NotEqual(order.Id, (await WaitsAsync(desk, what, why, actor)).Id);
        }

        Assert.Equal([nameof(ExportRequested), nameof(ExportApproved)], (await rights.LogAsync(order.Id)).Select(fact => fact.GetType().Name));
    }

    [Fact]
    public async Task An_order_ends_approved_or_not()
    {
        await using var rights = await RightsUnderTest.StartAsync(Database);
        var desk = Desk(rights);
        var (approved, waiting) = (await WaitsAsync(desk, What, Why, "anna"), await WaitsAsync(desk, "recording other", Why, "anna"));
        await desk.ApproveAsync(approved.Id, "ben", Cancel);
        _time.Advance(ExportDesk.Lifetime);
        await desk.RequireApprovalAsync(What, Why, "anna", Cancel);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Contains("72 hours", await RefusedAsync(() => desk.ApproveAsync(waiting.Id, "ben", Cancel)), StringComparison.Ordinal);
        Assert.NotEqual(approved.Id, (await WaitsAsync(desk, What, Why, "anna")).Id);
        Assert.Contains("no export", await RefusedAsync(() => desk.ApproveAsync(rights.Log.NewId(), "ben", Cancel)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Several_processes_at_once_let_nobody_pass_alone()
    {
        await using var one = await RightsUnderTest.StartAsync(Database);
        await using var two = await RightsUnderTest.StartAsync(Database, spool: "spool-2");
        ExportDesk[] desks = [Desk(one), Desk(two)];
        var asked = await Task.WhenAll(Enumerable.Range(0, 8).Select(n => RefusedAsync(() => desks[n % 2].RequireApprovalAsync(What, Why, "anna", Cancel))));
        Assert.All(asked, why => Assert.Contains("nobody has approved", why, StringComparison.Ordinal));
        var orders = await desks[1].ListAsync(Cancel);
        var alone = await Task.WhenAll(orders.Select((order, n) => RefusedAsync(() => desks[n % 2].ApproveAsync(order.Id, "anna", Cancel))));
        Assert.Equal(orders.Count, alone.Length);
        await RefusedAsync(() => desks[0].RequireApprovalAsync(What, Why, "anna", Cancel));

        // Approved in one process, given in another.
        await desks[1].ApproveAsync(orders[0].Id, "ben", Cancel);
        await Task.WhenAll(desks.Select(desk => desk.RequireApprovalAsync(What, Why, "anna", Cancel)));
    }

    private static async Task<string> RefusedAsync(Func<Task> step) => (await Assert.ThrowsAsync<RightsRefusedException>(step)).Message;

    /// <summary>It is refused, and the refusal names the order that it waits as.</summary>
    private static async Task<ExportOrder> WaitsAsync(ExportDesk desk, string what, string reason, string actor)
    {
        var why = await RefusedAsync(() => desk.RequireApprovalAsync(what, reason, actor, Cancel));
        Assert.Contains("nobody has approved", why, StringComparison.Ordinal);
        return Assert.Single(await desk.ListAsync(Cancel), order => why.Contains($"exports approve {order.Id}", StringComparison.Ordinal) && order.Asked == new ExportRequested(what, reason, actor));
    }

    private ExportDesk Desk(RightsUnderTest rights) => new(rights.Ledger.Ledger, rights.Ledger.Reader, new RightsLog(rights.Ledger.Ledger, _time));
}
