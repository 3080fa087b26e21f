using IvrConsent.Core.Calls;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Ledger;
using IvrConsent.Storage;
using IvrConsent.Storage.Database;
using IvrConsent.Storage.Keys;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace IvrConsent.Host.Tests.Cli;

/// <summary>A folder with settings, prompts of the repository and a SQLite ledger, as an admin would have it.</summary>
internal sealed class Installation : IDisposable
{
    public Installation()
    {
        File.WriteAllText(Settings, $"""
            worker: {"{ name: tests }"}
            http: {"{ listen: 127.0.0.1:9 }"}
            database: {"{ connection: ledger.db, spool: spool }"}
            prompts: {"{ folder: " + Path.Combine(Repository, "prompts") + " }"}
            pbx:
              - name: lab
                url: http://127.0.0.1:8088
                password: "not-a-real-one"
            notices:
              recording: {"{ version: \"1\" }"}
            lines:
              - name: demo
                numbers: ["100"]
                language: en

            """);
        new KeyFolder(Keys).MakeMissing();
        File.SetUnixFileMode(Settings, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    public static string Repository { get; } = FindRepository();

    public string Folder { get; } = Directory.CreateTempSubdirectory("ivrconsent-cli-").FullName;

    public string Settings => Path.Combine(Folder, "ivrconsent.yaml");

    public string Keys => Path.Combine(Folder, "keys");

    /// <summary>Puts calls into the ledger through the ledger itself; answers with their ids.</summary>
    public async Task<IReadOnlyList<CallId>> AddCallsAsync(params string?[] callers)
    {
        var builder = new HostApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Services.AddStorage(new LedgerOptions { Connection = Path.Combine(Folder, "ledger.db"), SpoolFolder = Path.Combine(Folder, "spool"), KeyFolder = Keys, CommitLimit = TimeSpan.FromSeconds(10) });
        using var host = builder.Build();
        await host.StartAsync();
        var ledger = host.Services.GetRequiredService<ILedger>();
        var ids = new List<CallId>();
        foreach (var caller in callers)
        {
            var at = new DateTimeOffset(2026, 3, 1, 10, 0, ids.Count, 250, TimeSpan.Zero);
            var id = CallId.FromChannel("lab", $"{ids.Count}", at);
            CallEvent[] events =
            [
                new CallArrived("lab", "17.1", "demo", "tests"),
                new NoticePlayed("recording", "1", "notice", "en", new string('a', 64), 8000, 8000, false, at),
                new ConsentRefused('2', at.AddSeconds(9), 1, 0),
                new RecordingSuppressed(SuppressionReasons.Refused),
                new CallEnded(ConsentStatus.Refused, Termination.Completed, false, 20_000, 16, null),
            ];
            var entries = events.Select((fact, index) => new LedgerEntry(Guid.CreateVersion7(at), id, index + 1, at.AddSeconds(index), fact)).ToArray();
            var result = await ledger.AppendAsync(new LedgerBatch(new CallRow(id, "lab", "17.1", "demo", "100", caller, at), entries));
            Xunit.Assert.Equal(AppendResult.Committed, result);
            ids.Add(id);
        }

        await host.StopAsync();
        return ids;
    }

    /// <summary>Puts batches into the ledger through the ledger itself.</summary>
    public Task AppendAsync(params LedgerBatch[] batches) => AppendAsync("spool", batches);

    /// <summary>The same beside a running worker, which has its own spool folder.</summary>
    public async Task AppendAsync(string spool, params LedgerBatch[] batches)
    {
        var builder = new HostApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Services.AddStorage(new LedgerOptions { Connection = Path.Combine(Folder, "ledger.db"), SpoolFolder = Path.Combine(Folder, spool), KeyFolder = Keys, CommitLimit = TimeSpan.FromSeconds(10) });
        using var host = builder.Build();
        await host.StartAsync();
        foreach (var batch in batches)
        {
            Xunit.Assert.Equal(AppendResult.Committed, await host.Services.GetRequiredService<ILedger>().AppendAsync(batch));
        }

        await host.StopAsync();
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    private static string FindRepository()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "IvrConsent.sln")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException("These tests run from a checkout of the repository.");
        }

        return folder.FullName;
    }
}
