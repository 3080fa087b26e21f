using IvrConsent.Adapters.Tests.Ledger;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Recordings;
using IvrConsent.Core.Retention;
using Xunit;

namespace IvrConsent.Adapters.Tests.Vault;

public sealed class SqliteErasedMeanwhileTests() : ErasedMeanwhileContract(new SqliteTestDatabase());

public sealed class PostgresErasedMeanwhileTests() : ErasedMeanwhileContract(new PostgresTestDatabase());

/// <summary>A recording is wholly erased while another process is just taking it in: the ledger tells what happened in the order in which it did, and each once.</summary>
public abstract class ErasedMeanwhileContract(LedgerTestDatabase database) : DatabaseContract(database)
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task It_is_told_as_stored_before_it_is_told_as_erased(bool ground)
    {
        await using var vault = await VaultUnderTest.StartAsync(Database);
        var (call, name) = await vault.RecordAsync(consent: ground);
        var ledger = new LateLedger(vault.Ledger.Ledger, fact => fact is RecordingStored or RecordingQuarantined, () => EraseAsync(vault, call));

        await vault.Make(ledger).RunAsync(Cancel);

        Assert.Equal(1, ledger.Late);
        var lines = (await vault.Ledger.ReadAsync(new LedgerQuery(Call: call.Id))).OrderBy(line => line.Position).ToList();
        Assert.Equal([ground ? nameof(RecordingStored) : nameof(RecordingQuarantined), nameof(RecordingErased)], lines.TakeLast(2).Select(line => line.Entry.Event.GetType().Name));
        Assert.Equal(lines.Select(line => line.Entry.EventId), lines.OrderBy(line => line.Entry.CallSequence).Select(line => line.Entry.EventId));
        Assert.Single(lines, line => line.Entry.Event is RecordingStored or RecordingQuarantined);
        Assert.Single(lines, line => line.Entry.Event is RecordingErased);
        Assert.Equal(ground ? null : "it was started without a ground in the ledger", lines.Select(line => line.Entry.Event).OfType<RecordingQuarantined>().SingleOrDefault()?.Reason);
        await AssertGoneAsync(vault, call, name);
    }

    [Fact]
    public async Task What_cannot_be_told_as_stored_is_not_told_as_erased()
    {
        await using var vault = await VaultUnderTest.StartAsync(Database);
        var (call, name) = await vault.RecordAsync();
        var lost = new LosingLedger(vault.Ledger.Ledger);
        await vault.Make(lost).RunAsync(Cancel); // stored, and the ledger has not taken it
        Assert.Equal(VaultState.Stored, (await vault.Index.FindAsync(name, Cancel))!.State);
        await DecideAsync(vault, name);
        var remains = new VaultRemains(vault.Index, vault.Store, lost, TimeProvider.System);
        Assert.Equal(0, await new ErasureFinisher(vault.Retention, [remains], vault.Ledger.Ledger, TimeProvider.System).RunAsync(Cancel));
        Assert.Empty((await vault.EventsAsync(call)).OfType<RecordingErased>());

        Assert.Equal(1, await vault.WholeFinisher.RunAsync(Cancel));
        Assert.Equal([nameof(RecordingStored), nameof(RecordingErased)], (await vault.EventsAsync(call)).TakeLast(2).Select(fact => fact.GetType().Name));
        await AssertGoneAsync(vault, call, name);
    }

    [Fact]
    public async Task Erased_before_its_file_could_be_opened_it_is_not_told_as_lost()
    {
        await using var vault = await VaultUnderTest.StartAsync(Database);
        var (call, name) = await vault.RecordAsync();
        vault.Pbx.Reading = (_, _) =>
        {
            Task.Run(() => EraseAsync(vault, call), Cancel).GetAwaiter().GetResult();
            return null!;
        };

        await vault.TakeIn.RunAsync(Cancel);

        Assert.Single((await vault.EventsAsync(call)).OfType<RecordingErased>());
        Assert.Empty((await vault.EventsAsync(call)).OfType<RecordingFailed>());
        Assert.DoesNotContain(vault.Log.Lines, line => line.Text.Contains("ALERT", StringComparison.Ordinal));
        await AssertGoneAsync(vault, call, name);
    }

    [Fact]
    public async Task Taken_in_by_another_meanwhile_it_is_not_told_as_lost()
    {
        await using var vault = await VaultUnderTest.StartAsync(Database);
        var (call, name) = await vault.RecordAsync();
        vault.Pbx.Reading = (_, _) =>
        {
            // This one stood still until its claim was over, and another came to it.
            vault.Pbx.Reading = (_, stream) => stream;
            Task.Run(
                async () =>
                {
                    await vault.LetTimePassAsync();
                    Assert.Equal(1, await vault.TakeIn.RunAsync(Cancel));
                },
                Cancel).GetAwaiter().GetResult();
            return null!;
        };

        await vault.Make().RunAsync(Cancel);

        Assert.Equal(VaultState.Done, (await vault.Index.FindAsync(name, Cancel))!.State);
        Assert.Single((await vault.EventsAsync(call)).OfType<RecordingStored>());
        Assert.Empty((await vault.EventsAsync(call)).OfType<RecordingFailed>());
        Assert.DoesNotContain(vault.Log.Lines, line => line.Text.Contains("ALERT", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Withdrawn_and_erased_by_another_meanwhile_it_is_told_as_erased_once()
    {
        await using var vault = await VaultUnderTest.StartAsync(Database);
        var (call, name) = await vault.RecordAsync([new ConsentWithdrawn("*9", Make.Start, WithdrawalScope.Call, WithdrawalAction.Erase)]);
        vault.Pbx.Deleting = _ =>
        {
            vault.Pbx.Deleting = _ => Task.CompletedTask;
            return EraseAsync(vault, call);
        };

        await vault.TakeIn.RunAsync(Cancel);

        Assert.Equal("anna", Assert.Single((await vault.EventsAsync(call)).OfType<RecordingErased>()).Actor);
        await AssertGoneAsync(vault, call, name);
    }

    /// <summary>As a person's request would: what waits on the PBX is put under retention first.</summary>
    private static async Task EraseAsync(VaultUnderTest vault, CallRow call)
    {
        var name = "ivrc-" + call.Id;
        await vault.Retention.KeepAsync(new RetainedRecording(name, call.Id, null, call.Line, call.Pbx, call.ArrivedAt, [], null), Cancel);
        await DecideAsync(vault, name);
        Assert.Equal(1, await vault.WholeFinisher.RunAsync(Cancel));
    }

    private static async Task DecideAsync(VaultUnderTest vault, string name) =>
        Assert.True(Assert.Single(await vault.Retention.DecideAsync([name], DeletionCause.ErasureRequested, "anna", TimeProvider.System.GetUtcNow(), Cancel)).Decision.Delete);

    private static async Task AssertGoneAsync(VaultUnderTest vault, CallRow call, string name)
    {
        Assert.Empty(vault.Pbx.Stored);
        Assert.Empty(await vault.ObjectsAsync());
        Assert.Equal(0, await vault.KeysAsync());
        Assert.Null(await vault.Index.FindAsync(name, Cancel));
        Assert.Null(await vault.RetainedAsync(call));
        Assert.Empty(await vault.Retention.FindPendingAsync(null, 1, Cancel));
    }

    private class PassingLedger(ILedger ledger) : ILedger
    {
        public LedgerHealth Health => ledger.Health;

        public virtual ValueTask<AppendResult> AppendAsync(LedgerBatch batch) => ledger.AppendAsync(batch);

        public Task<IReadOnlyList<OpenCall>> FindOpenCallsAsync(string pbx, CancellationToken cancel) => ledger.FindOpenCallsAsync(pbx, cancel);

        public Task<OpenCall?> FindCallAsync(CallId id, CancellationToken cancel) => ledger.FindCallAsync(id, cancel);
    }

    /// <summary>The worker stands still just before it tells something: for that long something else is done.</summary>
    private sealed class LateLedger(ILedger ledger, Predicate<CallEvent> which, Func<Task> meanwhile) : PassingLedger(ledger)
    {
        public int Late { get; private set; }

        public override async ValueTask<AppendResult> AppendAsync(LedgerBatch batch)
        {
            if (which(batch.Entries[0].Event))
            {
                Late++;
                await meanwhile();
            }

            return await base.AppendAsync(batch);
        }
    }

    private sealed class LosingLedger(ILedger ledger) : PassingLedger(ledger)
    {
        public override ValueTask<AppendResult> AppendAsync(LedgerBatch batch) => ValueTask.FromResult(AppendResult.Lost);
    }
}
