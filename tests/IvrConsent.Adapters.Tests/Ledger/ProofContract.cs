using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json;
using Dapper;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Ledger.Proof;
using IvrConsent.Storage.Database;
using IvrConsent.Storage.Keys;
using IvrConsent.Storage.Proof;
using Xunit;

namespace IvrConsent.Adapters.Tests.Ledger;

public sealed class SqliteProofTests() : ProofContract(new SqliteTestDatabase());

public sealed class PostgresProofTests() : ProofContract(new PostgresTestDatabase());

/// <summary>The ledger as proof: what is done to it behind its back is found, on every database, and others can check what it proves.</summary>
public abstract class ProofContract(LedgerTestDatabase database) : DatabaseContract(database)
{
    private static string PublicKey { get; } = Path.Combine(TestKeys.Folder, "seal.pub.pem");

    [Fact]
    public async Task A_leaf_is_what_the_documentation_says_whatever_is_in_it()
    {
        await using var ledger = await LedgerUnderTest.StartAsync(Database.Options());
        var call = Make.Call();
        CallEvent[] facts = [.. Make.Everything, Make.Resumed("zażółć 漢字 🙂 \"\\ \n\r\t"), Make.Resumed(new string('x', 10_000))];
        var entries = facts.Select((fact, i) => Make.Entry(call, i + 1, fact)).ToList();
        await ledger.AppendAsync(new(call, entries));
        await using var data = LedgerDatabase.Create(Database.Options());
        await using var connection = await data.OpenReaderAsync(Cancel);
        var texts = (await connection.QueryAsync<string>($"SELECT {data.LeafText} FROM events e ORDER BY position")).ToList();
        Assert.Equal(entries.Select(entry => LedgerLeaf.Text(entry.EventId, entry.CallId.Value, entry.CallSequence, entry.At, entry.Event.GetType().Name, LedgerJson.Write(entry.Event))), texts);
        Assert.Equal(texts.SelectMany(text => LedgerLeaf.Hash(text)), await LeafReader.ReadAsync(data, connection, 0, texts.Count, Cancel));
    }

    [Fact]
    public async Task What_was_sealed_is_proved_to_others_event_by_event_and_as_a_whole()
    {
        await FillAsync(5);
        await using var proof = new LedgerProof(Database.Options());
        Assert.Equal(5, await proof.SealAsync(Cancel));
        Assert.Equal(0, await proof.SealAsync(Cancel));
        var first = (await proof.ReadCheckpointAsync(Cancel))!;
        var ids = await FillAsync(8);
        await Assert.ThrowsAsync<LedgerProofException>(() => proof.ProveAsync(ids[^1], Cancel)); // not sealed yet
        await proof.SealAsync(Cancel);
        await Assert.ThrowsAsync<LedgerProofException>(() => proof.ProveAsync(Guid.NewGuid(), Cancel));

        var verdict = await proof.VerifyAsync(null, first, Cancel);
        Assert.Equal((13, 13, 2, null), (verdict.Events, verdict.Sealed, verdict.Checkpoints, verdict.Fault));
        using var key = LedgerProof.ReadPublicKey(await File.ReadAllTextAsync(PublicKey, Cancel));
        var file = Path.Combine(Database.Folder, "proof.json");
        foreach (var id in ids.Append(ids[0]))
        {
            var bundle = await proof.ProveAsync(id, Cancel);
            Assert.Null(bundle.FindFault(key));
            await File.WriteAllTextAsync(file, JsonSerializer.Serialize(bundle, ProofJson.Default.LedgerProofBundle), Cancel);
            Assert.Equal((0, true), await PythonAsync(file));
            foreach (var wrong in (LedgerProofBundle[])[
                bundle with { Leaf = bundle.Leaf.Replace("\"type\"", "\"Type\"", StringComparison.Ordinal) },
                bundle with { Index = bundle.Index - 1 },
                bundle with { Inclusion = [.. bundle.Inclusion.Reverse()] },
                bundle with { Checkpoint = first }])
            {
                Assert.NotNull(wrong.FindFault(key));
            }
        }

        var tampered = await proof.ProveAsync(ids[3], Cancel);
        await File.WriteAllTextAsync(file, JsonSerializer.Serialize(tampered with { Leaf = tampered.Leaf + " " }, ProofJson.Default.LedgerProofBundle), Cancel);
        Assert.Equal((1, false), await PythonAsync(file));

        var growth = await proof.ProveGrowthAsync(first, Cancel);
        Assert.Null(growth.FindFault(key));
        await File.WriteAllTextAsync(file, JsonSerializer.Serialize(growth, ProofJson.Default.LedgerConsistencyBundle), Cancel);
        Assert.Equal((0, true), await PythonAsync(file));
        Assert.NotNull((growth with { New = first }).FindFault(key));
        await File.WriteAllTextAsync(file, JsonSerializer.Serialize(growth with { Consistency = [.. growth.Consistency.Skip(1)] }, ProofJson.Default.LedgerConsistencyBundle), Cancel);
        Assert.Equal((1, false), await PythonAsync(file));
    }

    [Fact]
    public async Task The_independent_verifier_knows_the_published_vectors() => Assert.Equal(0, (await RunPythonAsync("--self-test")).ExitCode);

    [Theory]
    [InlineData("UPDATE events SET body = replace(body, 'w1', 'w2') WHERE position = 7", "changed", 7)]
    [InlineData("UPDATE events SET at = (SELECT at FROM events WHERE position = 1) WHERE position = 20", "changed", 20)]
    [InlineData("DELETE FROM events WHERE position = 5", "missing", 5)]
    [InlineData("DELETE FROM events WHERE position = 1", "missing", 1)]
    [InlineData("DELETE FROM events WHERE position = 5; UPDATE events SET position = -position WHERE position > 5; UPDATE events SET position = -position - 1 WHERE position < 0", "changed", 5)]
    [InlineData("UPDATE events SET position = -1 WHERE position = 12; UPDATE events SET position = 12 WHERE position = 13; UPDATE events SET position = 13 WHERE position = -1", "changed", 12)]
    [InlineData("UPDATE events SET position = -1 WHERE position = 3", "changed", -1)]
    [InlineData("DELETE FROM events WHERE position > 17", "truncated", 18)]
    [InlineData("UPDATE checkpoints SET root = (SELECT root FROM checkpoints WHERE size = 10), note = (SELECT note FROM checkpoints WHERE size = 10) WHERE size = 20", "checkpoint", 20)]
    [InlineData("DELETE FROM checkpoints WHERE size = 10", "checkpoint", 1)]
    [InlineData("UPDATE events SET body = replace(body, 'w1', 'w2') WHERE position = 7; UPDATE checkpoints SET leaves = (SELECT leaves FROM checkpoints WHERE size = 20) WHERE size = 10", "changed", 1)]
    public async Task Whoever_tampers_with_it_is_found(string sql, string kind, long position)
    {
        await FillAsync(10);
        await using var proof = new LedgerProof(Database.Options());
        await proof.SealAsync(Cancel);
        await FillAsync(10);
        await proof.SealAsync(Cancel);
        await FillAsync(1);
        Assert.Null((await proof.VerifyAsync(null, null, Cancel)).Fault);

        await TamperAsync(sql);
        var fault = (await proof.VerifyAsync(null, null, Cancel)).Fault!;
        Assert.Equal((kind, position), (fault.Kind, fault.Position));
    }

    [Fact]
    public async Task A_ledger_that_was_written_anew_and_sealed_anew_is_found_by_what_is_kept_elsewhere()
    {
        await FillAsync(10);
        await using var proof = new LedgerProof(Database.Options());
        await proof.SealAsync(Cancel);
        var kept = (await proof.ReadCheckpointAsync(Cancel))!;

        // By somebody who has the key as well.
        await TamperAsync("UPDATE events SET body = replace(body, 'w1', 'w2') WHERE position = 7; DELETE FROM checkpoints");
        await proof.SealAsync(Cancel);
        Assert.Null((await proof.VerifyAsync(null, null, Cancel)).Fault);
        Assert.Equal("outside-checkpoint", (await proof.VerifyAsync(null, kept, Cancel)).Fault!.Kind);
        await Assert.ThrowsAsync<LedgerProofException>(() => proof.ProveGrowthAsync(kept, Cancel));

        // By somebody who has not, but another.
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        Assert.Equal("checkpoint", (await proof.VerifyAsync(other.ExportSubjectPublicKeyInfoPem(), null, Cancel)).Fault!.Kind);

        // The end cut off together with its checkpoints.
        await FillAsync(5);
        await proof.SealAsync(Cancel);
        kept = (await proof.ReadCheckpointAsync(Cancel))!;
        await TamperAsync("DELETE FROM events WHERE position > 10; DELETE FROM checkpoints WHERE size > 10");
        Assert.Null((await proof.VerifyAsync(null, null, Cancel)).Fault);
        Assert.Equal(("truncated", 11L), (await proof.VerifyAsync(null, kept, Cancel)).Fault is { } cut ? (cut.Kind, cut.Position) : default);
    }

    [Fact]
    public async Task Checkpoints_cannot_be_changed_deleted_or_replaced()
    {
        await FillAsync(3);
        await using var proof = new LedgerProof(Database.Options());
        await proof.SealAsync(Cancel);
        await using var connection = await Database.OpenRawAsync();
        foreach (var attack in (string[])[
            "UPDATE checkpoints SET note = ''", "DELETE FROM checkpoints",
            "INSERT INTO checkpoints SELECT size - 1, root, note, leaves, frontier, sealed_at FROM checkpoints",
            Database is SqliteTestDatabase ? "REPLACE INTO checkpoints SELECT * FROM checkpoints" : "TRUNCATE checkpoints"])
        {
            await Assert.ThrowsAnyAsync<System.Data.Common.DbException>(() => connection.ExecuteAsync(attack));
        }

        Assert.Null((await proof.VerifyAsync(null, null, Cancel)).Fault);
    }

    [Fact]
    public async Task Many_seal_and_check_while_calls_go_on()
    {
        await using var ledger = await LedgerUnderTest.StartAsync(Database.Options());
        using var done = new CancellationTokenSource();
        var sealers = Enumerable.Range(0, 3).Select(_ => Task.Run(
            async () =>
            {
                await using var proof = new LedgerProof(Database.Options());
                while (!done.IsCancellationRequested)
                {
                    await proof.SealAsync(Cancel);
                    Assert.Null((await proof.VerifyAsync(null, null, Cancel)).Fault);
                }
            },
            Cancel)).ToList();
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Task.Run(
            async () =>
            {
                for (var i = 0; i < 10; i++)
                {
                    Assert.Equal(AppendResult.Committed, await ledger.AppendAsync(Make.First(Make.Call())));
                }
            },
            Cancel)));
        await done.CancelAsync();
        await Task.WhenAll(sealers);
        await using var last = new LedgerProof(Database.Options());
        await last.SealAsync(Cancel);
        var verdict = await last.VerifyAsync(null, null, Cancel);
        Assert.Equal((200, 200, null), (verdict.Events, verdict.Sealed, verdict.Fault));
    }

    [Fact]
    public async Task The_last_checkpoint_covers_the_last_event_when_a_worker_stops()
    {
        await using var data = LedgerDatabase.Create(Database.Options());
        using var sealer = new LedgerSealer(data, new KeyFolder(TestKeys.Folder), TimeProvider.System, new TestLog<LedgerSealer>());
        await sealer.StartAsync(Cancel);
        await FillAsync(3);
        await sealer.StopAsync(Cancel);
        await using var proof = new LedgerProof(Database.Options());
        Assert.Equal(3, Checkpoint.Parse((await proof.ReadCheckpointAsync(Cancel))!).Checkpoint.Size);
    }

    [Fact]
    public async Task A_large_ledger_is_sealed_in_pieces_and_the_one_event_found()
    {
        await FillAsync(1);
        await Database.MultiplyAsync(100_000);

        await using var proof = new LedgerProof(Database.Options());
        Assert.Equal(100_000, await proof.SealAsync(Cancel));
        var verdict = await proof.VerifyAsync(null, null, Cancel);
        Assert.Equal((100_000, 100_000, 2, null), (verdict.Events, verdict.Sealed, verdict.Checkpoints, verdict.Fault));
        Assert.Equal(77_776, (await proof.ProveAsync(new Guid("00000000-0000-0000-0000-000000012fd1"), Cancel)).Index);

        await TamperAsync("UPDATE events SET body = replace(body, 'w1', 'w2') WHERE position = 77777");
        Assert.Equal((77_777, true), (await proof.VerifyAsync(null, null, Cancel)).Fault is { } fault ? (fault.Position, fault.Exact) : default);
    }

    /// <summary>Appends so many events, each of a call of its own.</summary>
    private async Task<List<Guid>> FillAsync(int count)
    {
        await using var ledger = await LedgerUnderTest.StartAsync(Database.Options());
        var ids = new List<Guid>();
        for (var i = 0; i < count; i++)
        {
            var batch = Make.First(Make.Call());
            Assert.Equal(AppendResult.Committed, await ledger.AppendAsync(batch));
            ids.Add(batch.Entries[0].EventId);
        }

        return ids;
    }

    /// <summary>As the owner of the database can: past the triggers that keep it append-only.</summary>
    private async Task TamperAsync(string sql)
    {
        await using var connection = await Database.OpenRawAsync();
        if (Database is SqliteTestDatabase)
        {
            foreach (var trigger in (await connection.QueryAsync<string>("SELECT name FROM sqlite_schema WHERE type = 'trigger'")).ToList())
            {
                await connection.ExecuteAsync($"DROP TRIGGER {trigger}");
            }
        }
        else
        {
            await connection.ExecuteAsync("ALTER TABLE events DISABLE TRIGGER USER; ALTER TABLE checkpoints DISABLE TRIGGER USER");
        }

        await connection.ExecuteAsync(sql);
    }

    private static async Task<(int ExitCode, bool Holds)> PythonAsync(string file)
    {
        var (code, output) = await RunPythonAsync(file, "--public-key", PublicKey);
        return (code, output.StartsWith("it holds", StringComparison.Ordinal));
    }

    private static async Task<(int ExitCode, string Output)> RunPythonAsync(params string[] arguments)
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "IvrConsent.sln")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException("These tests run from a checkout of the repository.");
        }

        using var process = Process.Start(new ProcessStartInfo("python3", [Path.Combine(folder.FullName, "tests/proof/verify_proof.py"), .. arguments]) { RedirectStandardOutput = true })!;
        var output = await process.StandardOutput.ReadToEndAsync(Cancel);
        await process.WaitForExitAsync(Cancel);
        return (process.ExitCode, output);
    }
}
