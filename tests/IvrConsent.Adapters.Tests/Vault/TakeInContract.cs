using System.Security.Cryptography;
using System.Text;
using IvrConsent.Adapters.Tests.Ledger;
using IvrConsent.Adapters.Tests.Recordings;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Recordings;
using IvrConsent.Core.Retention;
using IvrConsent.TestKit.Fakes;
using Xunit;

namespace IvrConsent.Adapters.Tests.Vault;

public sealed class SqliteTakeInTests() : TakeInContract(new SqliteTestDatabase());

public sealed class PostgresTakeInTests() : TakeInContract(new PostgresTestDatabase());

/// <summary>Taking recordings in, on every database.</summary>
public abstract class TakeInContract(LedgerTestDatabase database) : DatabaseContract(database)
{
    [Fact]
    public async Task A_recording_goes_into_the_vault_when_its_call_is_over_and_then_leaves_the_PBX()
    {
        await using var vault = await VaultUnderTest.StartAsync(Database);
        var (call, name) = await vault.RecordAsync();
        var plain = FakePbx.Wav(vault.Pbx.Stored[name]);

        Assert.Equal(1, await vault.TakeIn.RunAsync(Cancel));
        await AssertKeptAsync(vault, call, name, plain);
        Assert.Equal(0, await vault.TakeIn.RunAsync(Cancel));
        Assert.Equal(new VaultCounts(0, 0, 1, 0, 0), await vault.Index.CountAsync(Cancel));

        var retained = (await vault.RetainedAsync(call))!;
        Assert.Equal(("quality", LawfulBasis.Consent), (Assert.Single(retained.Terms).Purpose, retained.Terms[0].Basis));
        Assert.Equal(retained.EndedAt.AddDays(30), retained.RetainUntil);
        Assert.Equal((call.Line, call.Pbx), (retained.Line, retained.Pbx));
        Assert.NotNull(retained.Subject);
    }

    [Fact]
    public async Task Nothing_is_taken_of_a_call_that_goes_on()
    {
        await using var vault = await VaultUnderTest.StartAsync(Database);
        var (call, name) = await vault.RecordAsync(ended: false);
        Assert.Equal(0, await vault.TakeIn.RunAsync(Cancel));
        Assert.Equal(0, (await vault.Reconciler.RunAsync(Cancel)).Entered);
        Assert.True(vault.Pbx.Stored.ContainsKey(name));

        await vault.Ledger.AppendAsync(Make.More(call, 10, Make.Ended()));
        Assert.Equal(1, await vault.TakeIn.RunAsync(Cancel));
        Assert.Empty(vault.Pbx.Stored);
    }

    [Fact]
    public async Task Reclassified_in_the_call_it_is_kept_for_what_it_was_in_the_end()
    {
        await using var vault = await VaultUnderTest.StartAsync(Database);
        var (call, _) = await vault.RecordAsync([new PurposesChanged(["quality", "contract"], "agent", "concluded")]);
        await vault.TakeIn.RunAsync(Cancel);
        var retained = (await vault.RetainedAsync(call))!;
        Assert.Equal(["quality", "contract"], retained.Terms.Select(term => term.Purpose));
        Assert.Equal(retained.EndedAt.AddDays(1000), retained.RetainUntil);
    }

    [Fact]
    public async Task What_has_no_ground_is_locked_away_and_told_of()
    {
        await using var vault = await VaultUnderTest.StartAsync(Database);
        var (refused, _) = await vault.RecordAsync(consent: false);
        await vault.TakeIn.RunAsync(Cancel);
        Assert.Single((await vault.EventsAsync(refused)).OfType<RecordingQuarantined>());
        Assert.Empty((await vault.EventsAsync(refused)).OfType<RecordingStored>());
        Assert.Null(await vault.HearAsync(refused));
        Assert.Empty((await vault.RetainedAsync(refused))!.Terms);
        Assert.InRange((await vault.RetainedAsync(refused))!.RetainUntil!.Value - TimeProvider.System.GetUtcNow(), TimeSpan.FromDays(29), TimeSpan.FromDays(30));
        Assert.Empty(vault.Pbx.Stored);
        Assert.Contains(vault.Log.Lines, line => line.Text.Contains("ALERT", StringComparison.Ordinal));

        // Nobody knows its call.
        var stranger = CallId.FromChannel("pbx1", "stranger", Make.Start);
        vault.Pbx.Stored["ivrc-" + stranger] = new StoredRecording("ivrc-" + stranger, 16044, TimeSpan.FromSeconds(1));
        var careful = new VaultReconciler(vault.Index, vault.Store, vault.Ledger.Ledger, [vault.Pbx], vault.TakeIn, new TakeInOptions(), TimeProvider.System, vault.ReconcilerLog);
        Assert.Equal(new ReconcileReport(0, 0, 1), await careful.RunAsync(Cancel));
        Assert.Contains(vault.ReconcilerLog.Lines, line => line.Text.Contains("ALERT pbx1 has 1 recordings", StringComparison.Ordinal));
        Assert.Equal(1, (await vault.Reconciler.RunAsync(Cancel)).Entered);
        await vault.TakeIn.RunAsync(Cancel);
        Assert.Equal(2, (await vault.Index.CountAsync(Cancel)).Quarantined);
        Assert.Empty(vault.Pbx.Stored);
        Assert.Contains((await vault.Ledger.Ledger.FindCallAsync(stranger, Cancel))!.Entries, entry => entry.Event is RecordingQuarantined);
        Assert.Equal(0, (await vault.Reconciler.RunAsync(Cancel)).Entered);
    }

    [Fact]
    public async Task What_was_withdrawn_is_not_kept_because_the_PBX_still_has_it()
    {
        await using var vault = await VaultUnderTest.StartAsync(Database);
        var (call, name) = await vault.RecordAsync([new ConsentWithdrawn("*9", Make.Start, WithdrawalScope.Call, WithdrawalAction.Erase)]);
        await vault.TakeIn.RunAsync(Cancel);
        Assert.Empty(vault.Pbx.Stored);
        Assert.Empty(await vault.ObjectsAsync());
        Assert.Equal(0, await vault.KeysAsync());
        Assert.Equal((name, TakeIn.Actor), (Assert.Single((await vault.EventsAsync(call)).OfType<RecordingErased>()).Recording, (await vault.EventsAsync(call)).OfType<RecordingErased>().Single().Actor));
        Assert.Null(await vault.Index.FindAsync(name, Cancel));

        // It comes back, out of a backup of the PBX.
        vault.Pbx.Stored[name] = new StoredRecording(name, 16044, TimeSpan.FromSeconds(1));
        await vault.Reconciler.RunAsync(Cancel);
        await vault.TakeIn.RunAsync(Cancel);
        Assert.Empty(vault.Pbx.Stored);
        Assert.Single((await vault.EventsAsync(call)).OfType<RecordingErased>());
    }

    [Fact]
    public async Task What_the_PBX_has_lost_is_told_once()
    {
        await using var vault = await VaultUnderTest.StartAsync(Database);
        var (call, name) = await vault.RecordAsync();
        var back = vault.Pbx.Stored[name];
        vault.Pbx.Stored.Clear();
        await vault.TakeIn.RunAsync(Cancel);
        await vault.LetTimePassAsync();
        await vault.TakeIn.RunAsync(Cancel);
        Assert.Equal(RecordingFailures.Lost, Assert.Single((await vault.EventsAsync(call)).OfType<RecordingFailed>()).Reason);
        Assert.Equal(1, (await vault.Index.CountAsync(Cancel)).Missing);

        // Found again, it is taken in after all.
        vault.Pbx.Stored[name] = back;
        Assert.Equal(1, (await vault.Reconciler.RunAsync(Cancel)).Entered);
        await vault.TakeIn.RunAsync(Cancel);
        await AssertKeptAsync(vault, call, name, FakePbx.Wav(back));
    }

    [Fact]
    public async Task An_erased_recording_is_gone_from_the_store_and_nobody_can_open_a_copy()
    {
        await using var vault = await VaultUnderTest.StartAsync(Database);
        var (call, name) = await vault.RecordAsync();
        await vault.TakeIn.RunAsync(Cancel);
        var backup = await File.ReadAllBytesAsync(Directory.GetFiles(vault.StoreFolder, "*.age", SearchOption.AllDirectories).Single(), Cancel);

        var decided = await vault.Retention.DecideAsync([name], DeletionCause.ErasureRequested, "anna", TimeProvider.System.GetUtcNow(), Cancel);
        Assert.True(Assert.Single(decided).Decision.Delete);
        Assert.Null(await vault.HearAsync(call));
        Assert.Equal(1, await vault.Finisher.RunAsync(Cancel));
        Assert.Empty(await vault.ObjectsAsync());
        Assert.Equal(0, await vault.KeysAsync());
        Assert.Null(await vault.Index.FindAsync(name, Cancel));
        Assert.Single((await vault.EventsAsync(call)).OfType<RecordingErased>());

        // The backup comes back: of no use to anybody, and left for a person to decide about.
        await vault.Store.PutAsync($"{name}.1.age", new MemoryStream(backup), Cancel);
        Assert.Equal(new ReconcileReport(0, 0, 0), await vault.Reconciler.RunAsync(Cancel));
        Assert.Contains(vault.ReconcilerLog.Lines, line => line.Text.Contains("belong to no recording", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_is_being_erased_is_not_kept_anew_from_a_copy_that_the_PBX_still_has()
    {
        await using var vault = await VaultUnderTest.StartAsync(Database);
        var (_, name) = await vault.RecordAsync();
        vault.Pbx.Undeletable.Add(name);
        await vault.TakeIn.RunAsync(Cancel);
        Assert.Equal(VaultState.Stored, (await vault.Index.FindAsync(name, Cancel))!.State);

        // The key is destroyed and the object deleted; the PBX is not done yet, so nothing is on record.
        await vault.Retention.DecideAsync([name], DeletionCause.ErasureRequested, "anna", TimeProvider.System.GetUtcNow(), Cancel);
        Assert.True(await vault.Remains.EraseAsync((await vault.Retention.FindPendingAsync(null, 1, Cancel)).Single().Recording, Cancel));
        vault.Pbx.Undeletable.Clear();
        Assert.True(vault.Pbx.Stored.ContainsKey(name));
        Assert.Equal(new VaultCounts(0, 1, 0, 0, 0), await vault.Index.CountAsync(Cancel)); // its place is known until the erasure is finished
        await vault.Reconciler.RunAsync(Cancel);
        await vault.LetTimePassAsync();
        Assert.Equal(0, await vault.TakeIn.RunAsync(Cancel));
        Assert.Equal(0, await vault.KeysAsync());
        Assert.Empty(await vault.ObjectsAsync());
        Assert.Equal(1, await vault.WholeFinisher.RunAsync(Cancel));
        Assert.Empty(vault.Pbx.Stored);
        Assert.Null(await vault.Index.FindAsync(name, Cancel));
    }

    [Fact]
    public async Task The_PBXs_file_is_closed_before_it_is_deleted()
    {
        // What is open stays on its disk, deleted or not.
        await using var vault = await VaultUnderTest.StartAsync(Database);
        var (_, name) = await vault.RecordAsync();
        MemoryStream? opened = null;
        vault.Pbx.Reading = (_, stream) => opened = (MemoryStream)stream;
        var closed = new List<bool>();
        vault.Pbx.Deleting = deleted =>
        {
            closed.Add(deleted == name && opened is { CanRead: false });
            return Task.CompletedTask;
        };

        Assert.Equal(1, await vault.TakeIn.RunAsync(Cancel));
        Assert.Equal([true], closed);
    }

    [Fact]
    public async Task A_copy_that_came_back_to_the_PBX_goes_only_while_the_store_has_its_own()
    {
        await using var vault = await VaultUnderTest.StartAsync(Database);
        var (_, name) = await vault.RecordAsync();
        var back = vault.Pbx.Stored[name];
        await vault.TakeIn.RunAsync(Cancel);
        vault.Pbx.Stored[name] = back;
        await vault.Reconciler.RunAsync(Cancel);
        Assert.Empty(vault.Pbx.Stored);

        vault.Pbx.Stored[name] = back;
        File.Delete(Directory.GetFiles(vault.StoreFolder, "*.age", SearchOption.AllDirectories).Single());
        Assert.Equal(1, (await vault.Reconciler.RunAsync(Cancel)).Alerts);
        Assert.True(vault.Pbx.Stored.ContainsKey(name), "the last copy was deleted");
    }

    [Fact]
    public async Task Every_flipped_byte_of_the_stored_file_is_found_and_nothing_behind_it_is_played()
    {
        await using var vault = await VaultUnderTest.StartAsync(Database);
        var (call, name) = await vault.RecordAsync(bytes: 70_044);
        var plain = FakePbx.Wav(vault.Pbx.Stored[name]);
        await vault.TakeIn.RunAsync(Cancel);
        var file = Directory.GetFiles(vault.StoreFolder, "*.age", SearchOption.AllDirectories).Single();
        var whole = await File.ReadAllBytesAsync(file, Cancel);
        for (var at = 0; at < whole.Length; at += at < 300 ? 1 : 977)
        {
            whole[at] ^= 1;
            await File.WriteAllBytesAsync(file, whole, Cancel);
            await Assert.ThrowsAnyAsync<RecordingDamagedException>(() => vault.HearAsync(call));
            whole[at] ^= 1;
        }

        await File.WriteAllBytesAsync(file, whole, Cancel);
        Assert.Equal(plain, await vault.HearAsync(call));
        await File.WriteAllBytesAsync(file, whole[..^1], Cancel);
        await Assert.ThrowsAnyAsync<RecordingDamagedException>(() => vault.HearAsync(call));
        Assert.Equal(1, (await vault.Reconciler.RunAsync(Cancel)).Alerts);
        File.Delete(file);
        Assert.Null(await vault.HearAsync(call));
        Assert.Equal(1, (await vault.Reconciler.RunAsync(Cancel)).Alerts);
    }

    [Fact]
    public async Task A_file_that_breaks_off_while_it_is_read_is_not_stored_as_if_it_were_whole()
    {
        await using var vault = await VaultUnderTest.StartAsync(Database);
        var (call, name) = await vault.RecordAsync();
        var plain = FakePbx.Wav(vault.Pbx.Stored[name]);
        vault.Pbx.Reading = (_, _) => new MemoryStream(plain[..100_000]);
        Assert.Equal(0, await vault.TakeIn.RunAsync(Cancel));
        Assert.True(vault.Pbx.Stored.ContainsKey(name));
        Assert.Empty((await vault.EventsAsync(call)).OfType<RecordingStored>());
        Assert.Contains("gave 100000", (await vault.Index.FindAsync(name, Cancel))!.Detail, StringComparison.Ordinal);

        vault.Pbx.Reading = (_, stream) => stream;
        Assert.Equal(0, await vault.TakeIn.RunAsync(Cancel));
        await vault.LetTimePassAsync();
        Assert.Equal(1, await vault.TakeIn.RunAsync(Cancel));
        await AssertKeptAsync(vault, call, name, plain);

        // What the first attempt left behind.
        Assert.Equal(2, (await vault.ObjectsAsync()).Count);
        Assert.Equal(1, (await vault.Reconciler.RunAsync(Cancel)).Removed);
        await AssertKeptAsync(vault, call, name, plain);
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public async Task Interrupted_anywhere_it_is_whole_in_one_of_the_two_places_and_goes_on(bool afterwards, bool crash)
    {
        await using var vault = await VaultUnderTest.StartAsync(Database);
        for (var at = 1; ; at++)
        {
            var faults = new Faults(at, afterwards, () => crash ? new CrashException() : new IOException("fault"));
            var (call, name) = await vault.RecordAsync(bytes: 20_044);
            var plain = FakePbx.Wav(vault.Pbx.Stored[name]);
            try
            {
                await vault.Make(faults).RunAsync(Cancel);
            }
            catch (Exception error) when (error is CrashException or IOException)
            {
            }

            var passed = faults.Calls < at;
            Assert.True(vault.Pbx.Stored.ContainsKey(name) || (await vault.HearAsync(call))?.SequenceEqual(plain) == true, $"lost at call {at}");
            for (var again = 0; again < 3; again++)
            {
                await vault.LetTimePassAsync();
                await vault.TakeIn.RunAsync(Cancel);
            }

            await AssertKeptAsync(vault, call, name, plain);
            if (passed)
            {
                Assert.True(at > 10, $"only {at} calls");
                break;
            }
        }

        await vault.Reconciler.RunAsync(Cancel);
        Assert.Equal((await vault.Index.CountAsync(Cancel)).Done, (await vault.ObjectsAsync()).Count);
    }

    [Fact]
    public async Task Two_workers_at_it_take_it_in_once()
    {
        await using var vault = await VaultUnderTest.StartAsync(Database);
        var calls = new List<(CallRow Call, string Recording)>();
        for (var i = 0; i < 8; i++)
        {
            calls.Add(await vault.RecordAsync(bytes: 20_044));
        }

        var one = vault.Make();
        var other = vault.Make();
        await Task.WhenAll(one.RunAsync(Cancel), other.RunAsync(Cancel));
        foreach (var (call, name) in calls)
        {
            await AssertKeptAsync(vault, call, name, null);
        }

        Assert.Equal(8, (await vault.ObjectsAsync()).Count);
    }

    private static async Task AssertKeptAsync(VaultUnderTest vault, CallRow call, string name, byte[]? plain)
    {
        Assert.False(vault.Pbx.Stored.ContainsKey(name));
        var item = (await vault.Index.FindAsync(name, Cancel))!;
        Assert.Equal((VaultState.Done, false), (item.State, item.Quarantined));
        var told = Assert.Single((await vault.EventsAsync(call)).OfType<RecordingStored>());
        var stored = await VaultScene.ReadAsync((await vault.Store.OpenAsync(item.Stored!.Name, Cancel))!);
        Assert.Equal((item.Stored.Name, stored.Length, Convert.ToHexStringLower(SHA256.HashData(stored)), 12500L), (told.StoredAs, told.Bytes, told.Sha256, told.LengthMs));
        Assert.StartsWith("age-encryption.org/v1", Encoding.ASCII.GetString(stored, 0, 30), StringComparison.Ordinal);
        var heard = await vault.HearAsync(call);
        Assert.NotNull(heard);
        if (plain is not null)
        {
            Assert.Equal(plain, heard);
            Assert.Equal(-1, stored.AsSpan().IndexOf(plain.AsSpan(200, 64)));
        }
    }
}
