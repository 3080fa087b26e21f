using System.Diagnostics;
using System.Text;
using Dapper;
using IvrConsent.Core.Ledger;
using IvrConsent.TestKit.Audio;
using IvrConsent.TestKit.Lab;
using Microsoft.Data.Sqlite;
using Xunit;

namespace IvrConsent.Host.Tests.RealCalls;

/// <summary>A worker with a vault in a folder.</summary>
public sealed class VaultWorker : IAsyncLifetime
{
    private TestWorker? _worker;

    internal TestWorker Worker => _worker!;

    public async ValueTask InitializeAsync()
    {
        if (LabEnvironment.Find()?.FindPbx("22") is { } pbx)
        {
            _worker = await TestWorker.StartAsync(pbx, setup => setup with
            {
                Vault = "{ store: folder, folder: vault }",
                Purposes = "  quality: { retention_days: 30, texts: { en: quality } }\n",
                Lines = "  - { name: demo, purposes: [quality] }\n  - { name: \"2001\", purposes: [quality] }\n  - { name: \"2002\", purposes: [quality], recording: { channels: stereo } }\n",
            });
        }
    }

    public ValueTask DisposeAsync() => _worker?.DisposeAsync() ?? default;
}

/// <summary>Real recordings on their way into the vault and out of it.</summary>
public sealed class VaultTests(VaultWorker vault) : IClassFixture<VaultWorker>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private TestWorker Worker
    {
        get
        {
            RealLab.RequirePbx("22");
            return vault.Worker;
        }
    }

    [Fact]
    public async Task A_recorded_call_ends_up_encrypted_and_nowhere_else_and_the_stock_program_opens_it_with_the_key()
    {
        var (call, stored) = await RecordAsync();
        var file = Directory.GetFiles(Path.Combine(Worker.Folder, "vault"), stored.StoredAs, SearchOption.AllDirectories).Single();
        Assert.Equal(stored.Bytes, new FileInfo(file).Length);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));

        var wav = await OpenByAgeAsync(stored.Recording, file);
        var sound = WavFile.Read(wav);
        var tones = ToneAnalyzer.Analyze(sound.Mono(), sound.SampleRate, [TestCaller.EarlyVoice, LabTones.Caller, LabTones.Agent]);
        Assert.True(tones.DurationOf(LabTones.Agent) > TimeSpan.FromSeconds(0.5), $"{tones}");
        Assert.True(tones.DurationOf(TestCaller.EarlyVoice) == TimeSpan.Zero, $"{tones}");
        Assert.InRange(sound.Mono().Length * 1000L / sound.SampleRate, stored.LengthMs - 1, stored.LengthMs + 1);

        // Neither the samples nor the number lie about in clear.
        var bytes = await File.ReadAllBytesAsync(wav, Cancel);
        File.Delete(wav);
        var samples = Searchable(bytes.AsSpan(bytes.Length / 2));
        Assert.False(await HasAsync(Worker.Folder, samples), "samples lie about in clear in the worker's folder");
        await AssertNowhereAsync(Encoding.ASCII.GetBytes(call.Row.CallerNumber!));
    }

    [Fact]
    public async Task Of_a_line_in_stereo_the_two_halves_are_taken_in_as_one_with_the_caller_left_and_the_agent_right()
    {
        var (_, stored) = await RecordAsync("2002");
        Assert.EndsWith("-2ch", stored.Recording, StringComparison.Ordinal);
        var wav = await OpenByAgeAsync(stored.Recording, Directory.GetFiles(Path.Combine(Worker.Folder, "vault"), stored.StoredAs, SearchOption.AllDirectories).Single());
        var sound = WavFile.Read(wav);
        Directory.Delete(Path.GetDirectoryName(wav)!, recursive: true);
        Assert.Equal((2, true), (sound.Channels, sound.HeaderIsTrue));
        Assert.InRange(sound.Duration.TotalMilliseconds, stored.LengthMs - 1, stored.LengthMs + 1);
        foreach (var (channel, mine, theirs) in new[] { (0, LabTones.Caller, LabTones.Agent), (1, LabTones.Agent, LabTones.Caller) })
        {
            var tones = ToneAnalyzer.Analyze(sound.Channel(channel), sound.SampleRate, [TestCaller.EarlyVoice, mine, theirs]);
            Assert.True(tones.DurationOf(mine) > TimeSpan.FromSeconds(0.5), $"{tones}");
            Assert.False(tones.Contains(theirs) || tones.Contains(TestCaller.EarlyVoice), $"{tones}");
        }
    }

    [Fact]
    public async Task Erased_its_key_is_in_no_file_and_the_recording_in_no_place()
    {
        var (call, stored) = await RecordAsync();
        byte[] wrapped;
        await using (var database = new SqliteConnection($"Data Source={Worker.LedgerFile};Mode=ReadOnly;Pooling=false"))
        {
            wrapped = (await database.ExecuteScalarAsync<byte[]>("SELECT wrapped FROM recording_keys WHERE recording = @Recording", stored))!;

            // Its day has come: nobody waits 30 days.
            await using var writing = new SqliteConnection($"Data Source={Worker.LedgerFile};Pooling=false");
            await writing.ExecuteAsync(
                "UPDATE retention SET retain_until = '2020-01-01T00:00:00.000Z', terms = '[]' WHERE recording = @Recording", stored);
        }

        wrapped = Searchable(wrapped);
        Assert.True(await HasAsync(Worker.Folder, wrapped), "the search does not find what is there");
        Assert.Equal(0, await Worker.RunAsync("retention", "sweep", "--yes"));

        // The command decides and destroys the key; the worker, which reaches PBX and store, does the rest within seconds.
        var erased = (await Worker.Ledger.WaitForAllAsync(all => all.Any(one => one.Id == call.Id && one.Has<RecordingErased>()))).Single(one => one.Id == call.Id).Single<RecordingErased>();
        Assert.Equal((stored.Recording, "sweep"), (erased.Recording, erased.Actor));
        Assert.Empty(Directory.GetFiles(Path.Combine(Worker.Folder, "vault"), stored.Recording + "*", SearchOption.AllDirectories));
        await AssertNowhereAsync(wrapped);
    }

    /// <summary>A recorded call, over, and its recording in the vault.</summary>
    private async Task<(CallRecord Call, RecordingStored Stored)> RecordAsync(string number = "2001")
    {
        await using var caller = await Worker.CallAsync(number);
        await caller.HearsAsync("en/notice");
        await caller.AcceptAsync();
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
            await Task.Delay(50, Cancel);
        }

        return (call, call.Single<RecordingStored>());
    }

    /// <summary>As somebody would who has the key folder, the database and the stock program, and nothing of ours.</summary>
    private async Task<string> OpenByAgeAsync(string recording, string file)
    {
        Assert.SkipUnless(LabEnvironment.Required || File.Exists("/usr/bin/age"), "No age: install Debian's package age.");
        var folder = Directory.CreateTempSubdirectory("vault-test-").FullName;
        await using (var database = new SqliteConnection($"Data Source={Worker.LedgerFile};Mode=ReadOnly;Pooling=false"))
        {
            var wrapped = (await database.ExecuteScalarAsync<byte[]>("SELECT wrapped FROM recording_keys WHERE recording = @recording", new { recording }))!;
            await File.WriteAllBytesAsync(Path.Combine(folder, "wrapped"), wrapped, Cancel);
        }

        await RunAsync("age", "-d", "-i", Path.Combine(Worker.Keys, "recordings.key"), "-o", Path.Combine(folder, "key"), Path.Combine(folder, "wrapped"));
        await RunAsync("age", "-d", "-i", Path.Combine(folder, "key"), "-o", Path.Combine(folder, "call.wav"), file);
        return Path.Combine(folder, "call.wav");
    }

    private static async Task RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        await process.WaitForExitAsync(Cancel);
        Assert.Equal(0, process.ExitCode);
    }

    /// <summary>A stretch that grep can look for, which reads line by line: the longest without a line feed.</summary>
    private static byte[] Searchable(ReadOnlySpan<byte> bytes)
    {
        var best = ReadOnlySpan<byte>.Empty;
        for (int at = 0, from = 0; at <= bytes.Length; at++)
        {
            if (at == bytes.Length || bytes[at] == (byte)'\n')
            {
                best = at - from > best.Length ? bytes[from..at] : best;
                from = at + 1;
            }
        }

        Assert.True(best.Length >= 24, $"only {best.Length} bytes in a run");
        return best[..Math.Min(best.Length, 64)].ToArray();
    }

    /// <summary>In no file of the worker, of the PBX's recordings, or for temporary things.</summary>
    private async Task AssertNowhereAsync(params byte[][] secrets)
    {
        foreach (var secret in secrets)
        {
            foreach (var folder in (string[])[Worker.Folder, LabEnvironment.Find()!.FindPbx("22")!.Recordings, Path.GetTempPath()])
            {
                Assert.False(await HasAsync(folder, secret), $"{Convert.ToHexString(secret)} is in a file under {folder}");
            }
        }
    }

    /// <summary>Looked for by another process: one that closes SQLite's file lets go of all locks that it has on it.</summary>
    private static async Task<bool> HasAsync(string folder, byte[] bytes)
    {
        var pattern = string.Concat(bytes.Select(one => $"\\x{one:x2}"));
        var start = new ProcessStartInfo("grep") { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["LC_ALL"] = "C";
        foreach (var argument in (string[])["-rlaP", "--", pattern, folder])
        {
            start.ArgumentList.Add(argument);
        }

        using var grep = Process.Start(start)!;
        var errors = grep.StandardError.ReadToEndAsync(Cancel);
        var found = await grep.StandardOutput.ReadToEndAsync(Cancel);
        await errors;
        await grep.WaitForExitAsync(Cancel);
        return found.Length > 0;
    }
}
