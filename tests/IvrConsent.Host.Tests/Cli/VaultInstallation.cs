using System.Security.Cryptography;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Recordings;
using IvrConsent.Core.Records;
using IvrConsent.Core.Rights;
using IvrConsent.Storage;
using IvrConsent.Storage.Database;
using IvrConsent.Storage.Keys;
using IvrConsent.Storage.Recordings;
using IvrConsent.TestKit.Fakes;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace IvrConsent.Host.Tests.Cli;

/// <summary>A recording that is in the vault, its sound, and its object there.</summary>
internal sealed record InVault(CallId Call, string Name, byte[] Sound, string Object);

/// <summary>An installation with a vault in a folder, and recordings in it as the worker leaves them.</summary>
internal sealed class VaultInstallation : IDisposable
{
    private readonly string _settings;
    private int _calls;

    public VaultInstallation()
    {
        MakeFolder(Objects);
        _settings = File.ReadAllText(Here.Settings);
        Configure();
    }

    public Installation Here { get; } = new();

    /// <summary>The line of the calls, with its purposes.</summary>
    public RecordScene Line { get; } = new();

    public string Objects => Path.Combine(Here.Folder, "objects");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Writes the settings, with this under the vault and this section behind it.</summary>
    public void Configure(string vault = "store: folder, folder: objects", string more = "") =>
        File.WriteAllText(Here.Settings, $"{_settings}vault: {{ {vault} }}\n{more}\n");

    public static void MakeFolder(string path) => Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

    public Task<ProgramRun> RunAsync(params string[] arguments) => Ivrconsent.RunAsync([.. arguments, "-c", Here.Settings]);

    /// <summary>Puts a call into the ledger and its recording into the vault.</summary>
    public async Task<InVault> KeepAsync(string number = "+48600700801", string line = "demo", bool quarantined = false, params string[] purposes)
    {
        var (id, name) = await RecordAsync(number, line, purposes);
        return await StoreAsync(id, name, quarantined);
    }

    /// <summary>Puts a call into the ledger whose recording waits on the PBX.</summary>
    public async Task<(CallId Call, string Name)> RecordAsync(string number = "+48600700801", string line = "demo", params string[] purposes)
    {
        var start = RecordScene.Start.AddMinutes(++_calls);
        var id = CallId.FromChannel("lab", $"v.{_calls}", start);
        var name = $"ivrc-{id}";
        Line.Line = Line.Line with { Name = line };
        var lines = Line.Call(
            start,
            $"v.{_calls}",
            null,
            RecordScene.Heard(),
            new ConsentGiven('1', start.AddSeconds(9), 1, 0) { Mode = ConsentMode.Explicit, Purposes = purposes.Length == 0 ? ["quality"] : purposes },
            new RecordingStarted(name, "wav", start.AddSeconds(10)),
            new RecordingStopped(name, 20_000, 320_044),
            RecordScene.Ended);
        await Here.AppendAsync(TermsEntries.Batch(Line.Written, line, RecordScene.Start), new LedgerBatch(lines[0].Call with { CallerNumber = number }, [.. lines.Select(one => one.Entry)]));
        return (id, name);
    }

    /// <summary>Changes one byte of a stored file.</summary>
    public void Flip(InVault recording)
    {
        using var stream = File.Open(Directory.EnumerateFiles(Objects, recording.Object, SearchOption.AllDirectories).Single(), FileMode.Open);
        stream.Position = stream.Length / 2;
        var value = stream.ReadByte();
        stream.Position--;
        stream.WriteByte((byte)(value ^ 1));
    }

    public void Dispose() => Here.Dispose();

    /// <summary>The database and the vault, as a process of its own has them.</summary>
    public ServiceProvider Open() => new ServiceCollection().AddLogging()
        .AddStorage(new LedgerOptions { Connection = Path.Combine(Here.Folder, "ledger.db"), SpoolFolder = Path.Combine(Here.Folder, "spool"), KeyFolder = Here.Keys, CommitLimit = TimeSpan.FromSeconds(10) })
        .AddVault(_ => RecordingStores.OpenFolder(Objects), _ => RecordingKeyWraps.Create(new KeyFolder(Here.Keys), KeyCommandOptions.None, TimeProvider.System))
        .BuildServiceProvider();

    /// <summary>Enters a recording that waits on this PBX, as the worker does.</summary>
    public async Task EnterAsync(CallId id, string name, string pbx)
    {
        await using var services = Open();
        await EnterAsync(services.GetRequiredService<IVaultIndex>(), id, name, pbx);
    }

    private static Task EnterAsync(IVaultIndex index, CallId id, string name, string pbx) =>
        index.EnterAsync([new VaultItem(name, id, pbx, Guid.CreateVersion7(RecordScene.Start), VaultState.Waiting, 0)], null, RecordScene.Start, Cancel);

    private async Task<InVault> StoreAsync(CallId id, string name, bool quarantined)
    {
        await using var services = Open();
        var (index, store) = (services.GetRequiredService<IVaultIndex>(), services.GetRequiredService<IRecordingStore>());
        var call = await services.GetRequiredService<ILedger>().FindCallAsync(id, Cancel);
        var decision = TakeInPolicy.Decide(name, id, "lab", call, Line.Terms, RecordScene.Start);
        await EnterAsync(index, id, name, "lab");
        var item = (await index.ClaimAsync((await index.FindAsync(name, Cancel))!, RecordScene.Start.AddMinutes(1), Cancel))! with { Quarantined = quarantined };

        var sound = RandomNumberGenerator.GetBytes(150_000);
        using var seal = await services.GetRequiredService<IRecordingCipher>().NewAsync(name, Cancel);
        await using var encrypted = seal.Encrypt(new MemoryStream(sound));
        var bytes = await store.PutAsync($"{name}.1.age", encrypted, Cancel);
        await using var back = (await store.OpenAsync($"{name}.1.age", Cancel))!;
        var stored = new StoredObject($"{name}.1.age", bytes, Convert.ToHexStringLower(await SHA256.HashDataAsync(back, Cancel)), 20_000, false, RecordScene.Start);
        Assert.True(await index.StoreAsync(item, stored, seal.WrappedKey.ToArray(), decision.Retained, Cancel));
        Assert.True(await index.MoveAsync(item with { State = VaultState.Stored }, VaultState.Done, null, Cancel));
        return new InVault(id, name, sound, stored.Name);
    }
}
