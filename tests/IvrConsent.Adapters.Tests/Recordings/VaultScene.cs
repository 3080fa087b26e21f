using System.Security.Cryptography;
using Dapper;
using IvrConsent.Adapters.Tests.Ledger;
using IvrConsent.Adapters.Tests.Rights;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Recordings;
using IvrConsent.Core.Records;
using IvrConsent.Storage.Database;
using IvrConsent.Storage.Keys;
using IvrConsent.Storage.Recordings;
using IvrConsent.TestKit.Fakes;
using Xunit;

namespace IvrConsent.Adapters.Tests.Recordings;

/// <summary>A recording in the vault, and what was put into it.</summary>
internal sealed record KeptRecording(VaultItem Item, byte[] Sound)
{
    public string Name => Item.Recording;

    public CallId Call => Item.Call;

    public string Object => Item.Stored!.Name;
}

/// <summary>A vault on a folder, with calls that were recorded, as the worker leaves them.</summary>
internal sealed class VaultScene : IAsyncDisposable
{
    private readonly LedgerTestDatabase _test;
    private readonly LedgerDatabase _database;
    private int _calls;

    private VaultScene(LedgerTestDatabase test, RightsUnderTest rights)
    {
        _test = test;
        Rights = rights;
        _database = LedgerDatabase.Create(test.Options());
        Index = new VaultTable(_database);
        var keys = new KeyFolder(Path.Combine(test.Folder, "vault-keys"));
        keys.MakeMissing();
        Cipher = new AgeRecordingCipher(RecordingKeyWraps.Create(keys, KeyCommandOptions.None, TimeProvider.System));
        Store = OpenStore("objects");
        Listening = new ListeningDesk(Index, Store, Cipher, rights.Log);
        Quarantine = new QuarantineDesk(Index, rights.Retention, rights.Requests, rights.Ledger.Ledger, rights.Ledger.Reader, rights.Finisher, rights.Log);
        Reclassify = new ReclassifyDesk(rights.Retention, rights.Requests, rights.Ledger.Ledger, [Index], rights.Log);
    }

    public RightsUnderTest Rights { get; }

    public VaultTable Index { get; }

    public IRecordingCipher Cipher { get; }

    public IRecordingStore Store { get; }

    public ListeningDesk Listening { get; }

    public ReclassifyDesk Reclassify { get; }

    public QuarantineDesk Quarantine { get; }

    /// <summary>The line of the calls; its purposes may be changed before the first call.</summary>
    public RecordScene Line { get; } = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<VaultScene> StartAsync(LedgerTestDatabase database) => new(database, await RightsUnderTest.StartAsync(database));

    public string FolderOf(string store) => Path.Combine(_test.Folder, store);

    public IRecordingStore OpenStore(string name)
    {
        Directory.CreateDirectory(FolderOf(name), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return RecordingStores.OpenFolder(FolderOf(name));
    }

    /// <summary>A call of a moment of its own, recorded for purposes, that is over or goes on.</summary>
    public Task<CallId> CallAsync(string number = "+48600700801", bool over = true, params string[] purposes) => CallAsync(
        number,
        (name, start) =>
        [
            RecordScene.Heard(), new ConsentGiven('1', start.AddSeconds(9), 1, 0) { Mode = ConsentMode.Explicit, Purposes = purposes.Length == 0 ? ["quality"] : purposes },
            new RecordingStarted(name, "wav", start.AddSeconds(10)), .. over ? (CallEvent[])[new RecordingStopped(name, 20_000, 320_044), RecordScene.Ended] : [],
        ]);

    /// <summary>A call of a moment of its own, in which this happened to the recording of that name.</summary>
    public async Task<CallId> CallAsync(string number, Func<string, DateTimeOffset, CallEvent[]> happened)
    {
        var start = RecordScene.Start.AddMinutes(++_calls);
        var id = CallId.FromChannel("lab", $"v.{_calls}", start);
        var lines = Line.Call(start, $"v.{_calls}", null, happened(NameOf(id), start));
        await Rights.Ledger.AppendAsync(TermsEntries.Batch(Line.Written, Line.Line.Name, RecordScene.Start));
        Assert.Equal(AppendResult.Committed, await Rights.Ledger.AppendAsync(new LedgerBatch(lines[0].Call with { CallerNumber = number, Subject = null }, [.. lines.Select(line => line.Entry)])));
        return id;
    }

    /// <summary>A call whose recording is in the vault.</summary>
    public async Task<KeptRecording> KeepAsync(string number = "+48600700801", bool quarantined = false, int bytes = 200_000, params string[] purposes) =>
        await StoreAsync(await CallAsync(number, over: true, purposes), quarantined, bytes);

    /// <summary>Puts a call's recording into the vault.</summary>
    public async Task<KeptRecording> StoreAsync(CallId call, bool quarantined = false, int bytes = 200_000)
    {
        var claimed = await ClaimAsync(call);
        var sound = RandomNumberGenerator.GetBytes(bytes);
        var found = await Rights.Ledger.Ledger.FindCallAsync(call, Cancel);
        var decision = TakeInPolicy.Decide(claimed.Recording, call, claimed.Pbx, found, Line.Terms, RecordScene.Start);
        claimed = claimed with { Quarantined = quarantined || decision.Verdict == TakeInVerdict.Quarantine };
        using var seal = await Cipher.NewAsync(claimed.Recording, Cancel);
        var name = $"{claimed.Recording}.{claimed.Attempt}.age";
        await using var encrypted = seal.Encrypt(new MemoryStream(sound));
        var size = await Store.PutAsync(name, encrypted, Cancel);
        await using var back = (await Store.OpenAsync(name, Cancel))!;
        var stored = new StoredObject(name, size, Convert.ToHexStringLower(await SHA256.HashDataAsync(back, Cancel)), 20_000, false, RecordScene.Start);
        Assert.True(await Index.StoreAsync(claimed, stored, seal.WrappedKey.ToArray(), decision.Retained, Cancel));
        Assert.True(await Index.MoveAsync(claimed with { State = VaultState.Stored }, VaultState.Done, null, Cancel));
        return new KeptRecording(claimed with { State = VaultState.Done, Stored = stored }, sound);
    }

    /// <summary>A call's recording as one that is just being taken in.</summary>
    public async Task<VaultItem> ClaimAsync(CallId call)
    {
        await Index.EnterAsync([new VaultItem(NameOf(call), call, "lab", Guid.CreateVersion7(RecordScene.Start), VaultState.Waiting, 0)], null, RecordScene.Start, Cancel);
        return (await Index.ClaimAsync((await Index.FindAsync(NameOf(call), Cancel))!, RecordScene.Start.AddMinutes(1), Cancel))!;
    }

    public Task<VaultEntry> EntryAsync(KeptRecording recording) => Listening.GetAsync(recording.Name, Cancel);

    /// <summary>Decides that it goes, as an erasure does: its key is destroyed, its file is not deleted yet.</summary>
    public async Task EraseKeyAsync(KeptRecording recording) =>
        Assert.True(Assert.Single(await Rights.Retention.DecideAsync([recording.Name], Core.Retention.DeletionCause.ErasureRequested, "anna", RecordScene.Start.AddDays(1), Cancel)).Decision.Delete);

    /// <summary>The key's row goes and nobody decided it: a bad restore.</summary>
    public async Task LoseKeyAsync(KeptRecording recording)
    {
        await using var connection = await _test.OpenRawAsync();
        Assert.Equal(1, await connection.ExecuteAsync("DELETE FROM recording_keys WHERE recording = @Name", new { recording.Name }));
    }

    /// <summary>Changes one byte of a stored file.</summary>
    public void Flip(KeptRecording recording, int position, string store = "objects")
    {
        var file = Directory.EnumerateFiles(FolderOf(store), recording.Object, SearchOption.AllDirectories).Single();
        using var stream = File.Open(file, FileMode.Open);
        stream.Position = position < 0 ? stream.Length + position : position;
        var value = stream.ReadByte();
        stream.Position--;
        stream.WriteByte((byte)(value ^ 1));
    }

    public async Task<IReadOnlyList<RecordingPlayed>> LooksAsync(CallId call) => [.. (await Rights.LogAsync(call)).OfType<RecordingPlayed>()];

    public static async Task<byte[]> ReadAsync(Stream stream)
    {
        await using (stream)
        {
            using var all = new MemoryStream();
            await stream.CopyToAsync(all, Cancel);
            return all.ToArray();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _database.DisposeAsync();
        await Rights.DisposeAsync();
    }

    private static string NameOf(CallId call) => $"ivrc-{call}";
}
