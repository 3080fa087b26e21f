using System.Text.Json;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Retention;
using IvrConsent.Core.Subjects;
using IvrConsent.Storage;
using IvrConsent.Storage.Database;
using IvrConsent.TestKit.Lab;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;
using Xunit;

namespace IvrConsent.Host.Tests.Cli;

/// <summary>Sweeps, erasures, exports and holds by processes of their own at the same time: none waits for ever, nothing goes under a hold.</summary>
[Collection(RealCalls.LabDatabase.OneAtATime)]
public sealed class RightsProcessesTests : IAsyncLifetime
{
    private const int People = 4;
    private const int Each = 40;
    private readonly Installation _here = new();
    private readonly string _schema = $"rights_test_{Guid.NewGuid():N}";
    private string? _postgres;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (_postgres is not null)
        {
            await ExecuteAsync($"DROP SCHEMA {_schema} CASCADE");
        }

        _here.Dispose();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Nothing_is_deleted_under_a_hold_and_no_process_fails(bool postgres)
    {
        if (postgres)
        {
            await UsePostgresAsync();
        }

        var recordings = await AddRecordingsAsync();
        var holds = recordings.Where((_, i) => i % 20 == 7).Select(recording => (recording.Name, Run: RunAsync("holds", "place", "--call", recording.Call.ToString(), "--reason", "claim", "--owner", "legal", "--json"))).ToArray();
        var others = Enumerable.Range(0, 2).Select(_ => RunAsync("retention", "sweep", "--yes"))
            .Concat(Enumerable.Range(0, 2).Select(n => RunAsync("subjects", "erase", NumberFile(n), "--yes")))
            .Append(RunAsync("subjects", "export", NumberFile(3), "-o", Path.Combine(_here.Folder, "answer.zip"), "--reason", "letter")).ToArray();
        foreach (var run in await Task.WhenAll(others))
        {
            // 1: another sweep ran; the export lacks recordings that cannot be opened here.
            Assert.True(run.ExitCode is 0 or 1, run.Error);
            Assert.DoesNotContain("SQLSTATE", run.Error, StringComparison.Ordinal);
        }

        var inTime = new List<string>();
        foreach (var (name, run) in holds)
        {
            Assert.True((await run).ExitCode == 0, (await run).Error);
            if (JsonDocument.Parse((await run).Output).RootElement.GetProperty("covered").GetInt32() > 0)
            {
                inTime.Add(name);
            }
        }

        // What a hold covered when it was placed is there; the rest goes at the latest now.
        Assert.Equal(0, (await RunAsync("retention", "sweep", "--yes")).ExitCode);
        var (kept, erasing) = await StateAsync();
        Assert.Equal(inTime.Order(StringComparer.Ordinal), kept.Order(StringComparer.Ordinal));
        Assert.Equal(recordings.Count - inTime.Count, erasing);
    }

    private Task<ProgramRun> RunAsync(params string[] arguments) => Ivrconsent.RunAsync([.. arguments, "-c", _here.Settings]);

    private static string Number(int person) => $"+4860070080{person}";

    private string NumberFile(int person)
    {
        var file = Path.Combine(_here.Folder, $"number-{person}");
        File.WriteAllText(file, Number(person));
        return file;
    }

    private LedgerOptions Options() => new()
    {
        Connection = _postgres ?? Path.Combine(_here.Folder, "ledger.db"), SpoolFolder = Path.Combine(_here.Folder, "spool"), KeyFolder = _here.Keys, CommitLimit = TimeSpan.FromSeconds(10),
    };

    private async Task UsePostgresAsync()
    {
        var found = LabEnvironment.Find()?.FindPostgres();
        Assert.SkipUnless(found is not null || LabEnvironment.Required, "No PostgreSQL: start it with tests/lab/lab up postgres.");
        _postgres = found;
        await ExecuteAsync($"CREATE SCHEMA {_schema}");
        _postgres = new NpgsqlConnectionStringBuilder(found) { SearchPath = _schema, Timeout = 60 }.ConnectionString;
        var settings = await File.ReadAllTextAsync(_here.Settings, Cancel);
        await File.WriteAllTextAsync(_here.Settings, settings.Replace("connection: ledger.db", $"connection: \"{_postgres}\"", StringComparison.Ordinal), Cancel);
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var source = NpgsqlDataSource.Create(_postgres!);
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(CancellationToken.None);
    }

    private async Task<List<RetainedRecording>> AddRecordingsAsync()
    {
        var builder = new HostApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Services.AddStorage(Options());
        using var host = builder.Build();
        await host.StartAsync(Cancel);
        var (ledger, subjects, retention) = (host.Services.GetRequiredService<ILedger>(), host.Services.GetRequiredService<ISubjects>(), host.Services.GetRequiredService<IRetention>());
        var recordings = new List<RetainedRecording>();
        for (var i = 0; i < People * Each; i++)
        {
            var at = new DateTimeOffset(2026, 3, 1, 10, 0, 0, TimeSpan.Zero).AddSeconds(i);
            var id = CallId.FromChannel("lab", $"{i}", at);
            var row = new CallRow(id, "lab", $"{i}", "demo", "100", Number(i % People), at);
            CallEvent[] facts = [new CallArrived("lab", $"{i}", "demo", "tests"), new CallEnded(ConsentStatus.Given, Termination.Completed, true, 1000, 16, null)];
            Assert.Equal(AppendResult.Committed, await ledger.AppendAsync(new LedgerBatch(row, [.. facts.Select((fact, n) => new LedgerEntry(Guid.CreateVersion7(at), id, n + 1, at, fact))])));
            var terms = RetentionPolicy.Terms([new PurposeOptions { Id = "quality", Retention = TimeSpan.FromDays(1) }], at);
            recordings.Add(new RetainedRecording($"{id}-1", id, await subjects.FindAsync(Number(i % People), Cancel), "demo", "lab", at, terms, RetentionPolicy.Until(terms)));
            await retention.KeepAsync(recordings[^1], Cancel);
        }

        await host.StopAsync(Cancel);
        return recordings;
    }

    private async Task<(List<string> Kept, int Erasing)> StateAsync()
    {
        await using var services = new ServiceCollection().AddLogging().AddStorage(Options()).BuildServiceProvider();
        var retention = services.GetRequiredService<IRetention>();
        var kept = (await retention.FindDueAsync(TimeProvider.System.GetUtcNow(), null, 1000, Cancel)).Select(one => one.Name).ToList();
        return (kept, (await retention.FindPendingAsync(null, 1000, Cancel)).Count);
    }
}
