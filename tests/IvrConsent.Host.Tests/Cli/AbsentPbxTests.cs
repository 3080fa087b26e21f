using System.Text.Json;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Recordings;
using IvrConsent.Core.Retention;
using IvrConsent.Host.Cli;
using IvrConsent.Host.Doctor;
using IvrConsent.TestKit.Fakes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Xunit;

namespace IvrConsent.Host.Tests.Cli;

/// <summary>A PBX that was taken out of the settings, and recordings that it made.</summary>
public sealed class AbsentPbxTests : IDisposable
{
    private readonly VaultInstallation _vault = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _vault.Dispose();

    [Fact]
    public async Task What_waits_for_it_is_told_of_with_the_remedy()
    {
        await _vault.KeepAsync();
        var (here, hereName) = await _vault.RecordAsync();
        await _vault.EnterAsync(here, hereName, "lab");
        var settings = CommandContext.Load(_vault.Here.Settings)!;
        Task<IReadOnlyList<Finding>> FindAsync() => VaultChecks.ContentsAsync(settings.Vault, settings.Pbxes, CommandContext.LedgerOptions(settings), Cancel);
        Assert.Equal(Checks.Quarantine, Assert.Single(await FindAsync()).Check);
        var well = await _vault.RunAsync("vault", "status", "--json");
        Assert.Equal((0, 0), (well.ExitCode, Json(well).GetProperty("absent_pbxs").GetArrayLength()));

        var (there, thereName) = await _vault.RecordAsync();
        await _vault.EnterAsync(there, thereName, "old-pbx");
        var finding = (await FindAsync()).Single(one => one.Check == Checks.AbsentPbx);
        Assert.Equal(FindingStatus.Warning, finding.Status);
        Assert.Contains("old-pbx", finding.Found, StringComparison.Ordinal);
        Assert.Contains("Put it back", finding.Remedy, StringComparison.Ordinal);
        var told = await _vault.RunAsync("vault", "status", "--json");
        Assert.Equal(1, told.ExitCode);
        var absent = Assert.Single(Json(told).GetProperty("absent_pbxs").EnumerateArray());
        Assert.Equal(("old-pbx", 1, 0), (absent.GetProperty("pbx").GetString(), absent.GetProperty("waiting").GetInt32(), absent.GetProperty("erasing").GetInt32()));
        Assert.Contains("1 to be taken in: wait for the PBX old-pbx, which is not in these settings. Put it back", (await _vault.RunAsync("vault", "status")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_wholly_in_the_vault_can_be_erased_without_it_and_what_waits_on_it_cannot()
    {
        var done = await _vault.KeepAsync();
        var (call, waiting) = await _vault.RecordAsync();
        await _vault.EnterAsync(call, waiting, "lab");
        await using var services = _vault.Open();
        var (index, retention) = (services.GetRequiredService<IVaultIndex>(), services.GetRequiredService<IRetention>());
        await retention.KeepAsync(new RetainedRecording(waiting, call, null, "demo", "lab", RecordScene.Start, [], null), Cancel);
        var decided = await retention.DecideAsync([done.Name, waiting], DeletionCause.ErasureRequested, "anna", TimeProvider.System.GetUtcNow(), Cancel);
        Assert.All(decided, one => Assert.True(one.Decision.Delete));
        foreach (var service in services.GetServices<IHostedService>())
        {
            await service.StartAsync(Cancel);
        }

        var ledger = services.GetRequiredService<ILedger>();
        var (gone, store) = (new PbxRemains([new FakePbx(TimeProvider.System, "new-pbx")], [index]), new VaultRemains(index, services.GetRequiredService<IRecordingStore>(), ledger, TimeProvider.System));

        // The file went, and the worker died before it could say so: the next one has nothing but the database.
        Assert.True(await store.EraseAsync(decided.Single(one => one.Recording.Name == done.Name).Recording, Cancel));
        Assert.Equal(1, await new ErasureFinisher(retention, [gone, store], ledger, TimeProvider.System).RunAsync(Cancel));
        Assert.Single((await ledger.FindCallAsync(done.Call, Cancel))!.Entries, entry => entry.Event is RecordingErased);
        Assert.Equal(waiting, Assert.Single(await retention.FindPendingAsync(null, 10, Cancel)).Recording.Name);
        Assert.Equal([new PbxBacklog("lab", 0, 1)], await index.FindBacklogAsync(TimeProvider.System.GetUtcNow().AddMinutes(1), Cancel));

        // It is back.
        var lab = new FakePbx(TimeProvider.System, "lab");
        lab.Stored[waiting] = new StoredRecording(waiting, 16044, TimeSpan.FromSeconds(1));
        Assert.Equal(1, await new ErasureFinisher(retention, [new PbxRemains([lab], [index]), store], ledger, TimeProvider.System).RunAsync(Cancel));
        Assert.Empty(lab.Stored);
        Assert.Empty(await index.FindBacklogAsync(TimeProvider.System.GetUtcNow().AddMinutes(1), Cancel));
    }

    private static JsonElement Json(ProgramRun run) => JsonDocument.Parse(run.Output).RootElement;
}
