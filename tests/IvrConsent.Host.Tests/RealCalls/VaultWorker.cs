using System.Diagnostics;
using IvrConsent.Core.Ledger;
using IvrConsent.TestKit.Audio;
using IvrConsent.TestKit.Lab;
using Xunit;

namespace IvrConsent.Host.Tests.RealCalls;

/// <summary>A worker with a vault in a folder.</summary>
public class VaultWorker : IAsyncLifetime
{
    private TestWorker? _worker;

    internal TestWorker Worker => _worker!;

    public virtual ValueTask InitializeAsync() => StartAsync(setup => setup);

    public virtual ValueTask DisposeAsync() => _worker?.DisposeAsync() ?? default;

    /// <summary>The recording's file in the vault.</summary>
    internal string FileOf(RecordingStored stored) => Directory.GetFiles(Path.Combine(Worker.Folder, "vault"), stored.StoredAs, SearchOption.AllDirectories).Single();

    /// <summary>A recorded call, over, and its recording in the vault and no longer on the PBX.</summary>
    internal async Task<(CallRecord Call, RecordingStored Stored)> RecordAsync(string number = "2001", Tone? voice = null)
    {
        await using var caller = await Worker.CallAsync(number);
        await caller.HearsAsync("en/notice");
        await caller.AcceptAsync();
        if (voice is not null)
        {
            caller.Call.SetTone(voice);
        }

        await caller.TalksAsync();
        await caller.HangUpAsync();
        CallRecord call;
        try
        {
            call = await Worker.Ledger.WaitForAsync(caller, one => one.Has<RecordingStored>());
        }
        catch (TimeoutException late)
        {
            throw new TimeoutException($"{late.Message}\n{Worker.Process.LogText}", late);
        }

        call.AssertSound();
        var name = call.Single<RecordingStored>().Recording;

        // The ledger is told before the PBX's copy goes.
        for (var started = Stopwatch.GetTimestamp(); Directory.GetFiles(caller.Pbx.Recordings, name + "*").Length > 0;)
        {
            Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(10), "the PBX still has it");
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }

        return (call, call.Single<RecordingStored>());
    }

    /// <summary>
    /// The recording's sound, as somebody would open it who has the key folder, the database and the stock program, and nothing of ours. Through pipes: the test itself leaves
    /// nothing on a disk.
    /// </summary>
    internal async Task<byte[]> OpenByAgeAsync(RecordingStored stored, byte[] wrapped) => await AgeAsync(await OpenKeyAsync(wrapped), "-d", "-i", "-", FileOf(stored));

    /// <summary>The recording's private key, likewise.</summary>
    internal Task<byte[]> OpenKeyAsync(byte[] wrapped) => AgeAsync(wrapped, "-d", "-i", Path.Combine(Worker.Keys, "recordings.key"));

    private static async Task<byte[]> AgeAsync(byte[] input, params string[] arguments)
    {
        Assert.SkipUnless(LabEnvironment.Required || File.Exists("/usr/bin/age"), "No age: install Debian's package age.");
        var cancel = TestContext.Current.CancellationToken;
        using var age = Process.Start(new ProcessStartInfo("age", arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true })!;
        using var output = new MemoryStream();
        var copying = age.StandardOutput.BaseStream.CopyToAsync(output, cancel);
        var errors = age.StandardError.ReadToEndAsync(cancel);
        await age.StandardInput.BaseStream.WriteAsync(input, cancel);
        age.StandardInput.Close();
        await copying;
        await age.WaitForExitAsync(cancel);
        return age.ExitCode == 0 ? output.ToArray() : throw new InvalidOperationException($"age ended with {age.ExitCode}: {await errors}");
    }

    private protected async ValueTask StartAsync(Func<WorkerSetup, WorkerSetup> change)
    {
        if (LabEnvironment.Find()?.FindPbx("22") is { } pbx)
        {
            _worker = await TestWorker.StartAsync(pbx, setup => change(setup with
            {
                Vault = "{ store: folder, folder: vault }",
                Purposes = "  quality: { retention_days: 30, texts: { en: quality } }\n",
                Lines = "  - { name: demo, purposes: [quality] }\n  - { name: \"2001\", purposes: [quality] }\n  - { name: \"2002\", purposes: [quality], recording: { channels: stereo } }\n",
            }));
        }
    }
}
