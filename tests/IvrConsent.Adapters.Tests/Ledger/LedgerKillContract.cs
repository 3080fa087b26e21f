using System.Diagnostics;
using System.Globalization;
using IvrConsent.Core.Ledger;
using IvrConsent.Storage.Database;
using Xunit;

namespace IvrConsent.Adapters.Tests.Ledger;

public sealed class SqliteKillTests() : LedgerKillContract(new SqliteTestDatabase());

public sealed class PostgresKillTests() : LedgerKillContract(new PostgresTestDatabase());

/// <summary>What was said to be committed or deferred is there after the process was killed.</summary>
public abstract class LedgerKillContract(LedgerTestDatabase database) : DatabaseContract(database)
{
    [Fact]
    public async Task Nothing_that_was_confirmed_is_missing_after_kill_9()
    {
        var confirmed = Path.Combine(Database.Folder, "confirmed");
        for (var round = 0; round < 3; round++)
        {
            using var child = LedgerKillChild.Start(Database.Connection, Database.Spool, confirmed);
            var before = Lines(confirmed).Count;
            await Wait.UntilAsync(() => Lines(confirmed).Count > before + 200, () => $"{Lines(confirmed).Count} confirmed", 60);
            if (round == 1)
            {
                // In the midst of a fault, some of it only in the spool.
                await Database.StopAsync();
                before = Lines(confirmed).Count;
                await Wait.UntilAsync(() => Lines(confirmed).Count > before + 50, () => $"{Lines(confirmed).Count} confirmed", 60);
            }

            child.Kill();
            await child.WaitForExitAsync(TestContext.Current.CancellationToken);
            if (round == 1)
            {
                await Database.ContinueAsync();
            }
        }

        await using var ledger = await LedgerUnderTest.StartAsync(Database.Options());
        await ledger.UntilAsync(h => h is { Available: true, Waiting: 0 }, 30);
        var stored = (await ledger.ReadAsync()).Select(l => l.Entry.EventId).ToList();
        Assert.Equal(stored.Count, stored.Distinct().Count());
        Assert.Empty(Lines(confirmed).Select(Guid.Parse).Except(stored));
    }

    private static List<string> Lines(string file)
    {
        if (!File.Exists(file))
        {
            return [];
        }

        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(stream);
        var text = reader.ReadToEnd();
        return [.. text[..(text.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries)];
    }
}

/// <summary>The process that is killed: this same program, asked for this one test.</summary>
public sealed class LedgerKillChild
{
    private const string Variable = "IVRCONSENT_TEST_KILL_CHILD";

    internal static Process Start(string connection, string spool, string confirmed) =>
        Start(typeof(LedgerKillChild), nameof(Append_until_killed), Variable, [connection, spool, confirmed, TestKeys.Folder]);

    /// <summary>Starts this program again for one explicit test, which is told what it needs by a variable.</summary>
    internal static Process Start(Type type, string method, string variable, string[] values)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        if (Path.GetFileNameWithoutExtension(start.FileName) == "dotnet")
        {
            start.ArgumentList.Add(typeof(LedgerKillChild).Assembly.Location);
        }

        foreach (var argument in (string[])["-explicit", "only", "-method", $"{type.FullName}.{method}"])
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment[variable] = string.Join('\n', values);

        // Its parent may have been started by another runner, whose server this process must not talk to.
        foreach (var name in start.Environment.Keys.Where(k => k.StartsWith("TESTINGPLATFORM", StringComparison.Ordinal)).ToList())
        {
            start.Environment.Remove(name);
        }

        var child = Process.Start(start)!;
        child.OutputDataReceived += (_, _) => { };
        child.ErrorDataReceived += (_, _) => { };
        child.BeginOutputReadLine();
        child.BeginErrorReadLine();
        return child;
    }

    [Fact(Explicit = true)]
    public async Task Append_until_killed()
    {
        if (Environment.GetEnvironmentVariable(Variable)?.Split('\n') is not [var connection, var spool, var confirmed, var keys])
        {
            Assert.Skip("Run by another test only.");
            return;
        }

        await using var ledger = await LedgerUnderTest.StartAsync(new LedgerOptions { Connection = connection, SpoolFolder = spool, KeyFolder = keys });
        var gate = new Lock();
        await Task.WhenAll(Enumerable.Range(0, 8).Select(async _ =>
        {
            while (true)
            {
                var batch = Make.First(Make.Call());
                if (await ledger.AppendAsync(batch) == AppendResult.Lost)
                {
                    continue;
                }

                lock (gate)
                {
                    File.AppendAllText(confirmed, string.Create(CultureInfo.InvariantCulture, $"{batch.Entries[0].EventId}\n"));
                }
            }
        }));
    }
}
