using System.Diagnostics;
using System.IO.Compression;
using IvrConsent.Core.Ledger;
using Xunit;

namespace IvrConsent.Host.Tests.RealCalls;

/// <summary>What a person asks for while a recording of him waits on the PBX, because the vault's store is away.</summary>
public sealed class WaitingTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("22")]
    [InlineData("16")]
    public async Task Access_names_it_and_erasure_deletes_it_from_the_PBX_for_good(string version)
    {
        var pbx = RealLab.RequirePbx(version);
        await using var worker = await TestWorker.StartAsync(pbx, setup => setup with
        {
            Vault = "{ store: folder, folder: vault }",
            Purposes = "  quality: { retention_days: 30, texts: { en: quality } }\n",
            Lines = "  - { name: demo, purposes: [quality] }\n  - { name: \"2001\", purposes: [quality] }\n",
        });
        var (vault, away) = (Path.Combine(worker.Folder, "vault"), Path.Combine(worker.Folder, "vault.away"));
        Directory.Move(vault, away);
        await using var caller = await worker.CallAsync("2001");
        await caller.HearsAsync("en/notice");
        await caller.AcceptAsync();
        await caller.TalksAsync();
        await caller.HangUpAsync();
        var call = await worker.Ledger.EndOfAsync(caller);
        var name = call.Single<RecordingStarted>().Recording;
        await worker.Process.WaitForLogAsync($"{name}: not taken in at attempt");
        Assert.NotEmpty(Directory.GetFiles(pbx.Recordings, name + "*"));

        var (number, zip) = (Path.Combine(worker.Folder, "number"), Path.Combine(worker.Folder, "answer.zip"));
        await File.WriteAllTextAsync(number, caller.Number + "\n", Cancel);
        Assert.Equal(1, await worker.RunAsync("subjects", "export", number, "-o", zip, "--reason", "letter"));
        await using (var archive = await ZipFile.OpenReadAsync(zip, Cancel))
        {
            using var index = new StreamReader(await archive.GetEntry("index.html")!.OpenAsync(Cancel));
            Assert.Contains($"<code>{name}</code>: The recording has been waiting in the telephone system since", await index.ReadToEndAsync(Cancel), StringComparison.Ordinal);
        }

        // The command reaches no PBX; the worker does within seconds what it can. That it is gone is not said before the store was looked at.
        Assert.Equal(0, await worker.RunAsync("subjects", "erase", number, "--yes"));
        for (var started = Stopwatch.GetTimestamp(); Directory.GetFiles(pbx.Recordings, name + "*").Length > 0; await Task.Delay(50, Cancel))
        {
            Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(20), "the PBX still has it");
        }

        Assert.False((await worker.Ledger.ReadAsync()).Single(one => one.Id == call.Id).Has<RecordingErased>());
        Directory.Move(away, vault);
        var erased = (await worker.Ledger.WaitForAllAsync(all => all.Any(one => one.Id == call.Id && one.Has<RecordingErased>()))).Single(one => one.Id == call.Id);
        Assert.Equal(name, erased.Single<RecordingErased>().Recording);
        Assert.Null(erased.Row.CallerNumber);

        // The vault takes in what comes next.
        await using var next = await worker.CallAsync("2001");
        await next.HearsAsync("en/notice");
        await next.AcceptAsync();
        await next.TalksAsync();
        await next.HangUpAsync();
        await worker.Ledger.WaitForAsync(next, one => one.Has<RecordingStored>());
        Assert.Empty(Directory.GetFiles(vault, name + "*", SearchOption.AllDirectories));
        var told = (await worker.Ledger.ReadAsync()).Single(one => one.Id == call.Id);
        Assert.False(told.Has<RecordingStored>() || told.Has<RecordingFailed>(), $"{told}");
    }
}
