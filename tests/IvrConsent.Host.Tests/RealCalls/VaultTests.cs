using Dapper;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Ledger;
using IvrConsent.TestKit.Audio;
using IvrConsent.TestKit.Lab;
using Microsoft.Data.Sqlite;
using Xunit;

namespace IvrConsent.Host.Tests.RealCalls;

/// <summary>Real recordings on their way into the vault and out of it.</summary>
public sealed class VaultTests(VaultWorker vault) : IClassFixture<VaultWorker>
{
    private VaultWorker Vault
    {
        get
        {
            RealLab.RequirePbx("22");
            return vault;
        }
    }

    [Fact]
    public async Task A_recorded_call_ends_up_encrypted_and_the_stock_program_opens_it_with_the_key()
    {
        var (_, stored) = await Vault.RecordAsync();
        var file = Vault.FileOf(stored);
        Assert.Equal(stored.Bytes, new FileInfo(file).Length);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));

        var sound = WavFile.Read(await OpenByAgeAsync(stored));
        var tones = sound.Tones(TestCaller.EarlyVoice, LabTones.Caller, LabTones.Agent);
        Assert.True(tones.DurationOf(LabTones.Agent) > TimeSpan.FromSeconds(0.5), $"{tones}");
        Assert.True(tones.DurationOf(TestCaller.EarlyVoice) == TimeSpan.Zero, $"{tones}");
        Assert.InRange(sound.Mono().Length * 1000L / sound.SampleRate, stored.LengthMs - 1, stored.LengthMs + 1);
    }

    [Fact]
    public async Task Of_a_line_in_stereo_the_two_halves_are_taken_in_as_one_with_the_caller_left_and_the_agent_right()
    {
        var (_, stored) = await Vault.RecordAsync("2002");
        Assert.EndsWith("-2ch", stored.Recording, StringComparison.Ordinal);
        var sound = WavFile.Read(await OpenByAgeAsync(stored));
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
    public async Task What_a_caller_withdraws_under_a_legal_hold_stops_there_and_is_kept_until_the_hold_is_released()
    {
        Assert.Equal(0, await Vault.Worker.RunAsync("holds", "place", "--line", "2001", "--reason", "the lawsuit", "--owner", "legal"));
        await using var caller = await Vault.Worker.CallAsync("2001");
        await caller.HearsAsync("en/notice");
        await caller.AcceptAsync();
        await caller.TalksAsync();
        await caller.PressAsync("*9");
        await caller.HearsAsync("withdrawn");
        await caller.HangUpAsync();
        var call = await Vault.Worker.Ledger.WaitForAsync(caller, one => one.Has<RecordingStored>());

        Assert.Equal(WithdrawalAction.Erase, call.Single<ConsentWithdrawn>().Action);
        Assert.Equal(RecordingFailures.NotErased, call.Single<RecordingFailed>().Reason);
        Assert.Contains("the lawsuit", call.Single<RecordingFailed>().Detail, StringComparison.Ordinal);
        Assert.False(call.Has<RecordingErased>(), $"{call}");
        var stored = call.Single<RecordingStored>();
        Assert.Equal(call.Single<RecordingStopped>().Recording, stored.Recording);
        var tones = WavFile.Read(await OpenByAgeAsync(stored)).Tones(LabTones.Caller, LabTones.Agent);
        Assert.True(tones.DurationOf(LabTones.Agent) > TimeSpan.FromSeconds(0.5), $"{tones}");

        await using (var database = new SqliteConnection($"Data Source={Vault.Worker.LedgerFile};Mode=ReadOnly;Pooling=false"))
        {
            var hold = await database.QuerySingleAsync<string>("SELECT hold_id FROM holds");
            Assert.Equal(0, await Vault.Worker.RunAsync("retention", "sweep", "--yes"));
            Assert.True(File.Exists(Vault.FileOf(stored)));
            Assert.Equal(0, await Vault.Worker.RunAsync("holds", "release", hold, "--reason", "settled", "--yes"));
        }

        // The command destroys the key; the file is the worker's to delete, within seconds.
        await Vault.Worker.RunAsync("retention", "sweep", "--yes");
        var all = await Vault.Worker.Ledger.WaitForAllAsync(calls => calls.Any(one => one.Id == call.Id && one.Has<RecordingErased>()));
        Assert.Equal(stored.Recording, all.Single(one => one.Id == call.Id).Single<RecordingErased>().Recording);
        Assert.Empty(Directory.GetFiles(Path.Combine(Vault.Worker.Folder, "vault"), stored.StoredAs, SearchOption.AllDirectories));
    }

    private async Task<byte[]> OpenByAgeAsync(RecordingStored stored)
    {
        await using var database = new SqliteConnection($"Data Source={Vault.Worker.LedgerFile};Mode=ReadOnly;Pooling=false");
        return await Vault.OpenByAgeAsync(stored, (await database.ExecuteScalarAsync<byte[]>("SELECT wrapped FROM recording_keys WHERE recording = @Recording", stored))!);
    }
}
