using System.Reflection;
using Dapper;
using IvrConsent.Adapters.Tests.Ledger;
using IvrConsent.Adapters.Tests.Recordings;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Records;
using IvrConsent.Core.Recordings;
using IvrConsent.Core.Retention;
using IvrConsent.Storage.Database;
using IvrConsent.Storage.Keys;
using IvrConsent.Storage.Recordings;
using IvrConsent.Storage.Rights;
using IvrConsent.TestKit.Fakes;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace IvrConsent.Adapters.Tests.Vault;

/// <summary>A vault as the host makes it, on a real database and a real folder, beside a PBX in memory; each port can be made to fail.</summary>
internal sealed class VaultUnderTest : IAsyncDisposable
{
    private readonly LedgerTestDatabase? _test;
    private readonly LedgerDatabase _database;

    private VaultUnderTest(LedgerTestDatabase? test, string folder, LedgerOptions options, LedgerUnderTest ledger)
    {
        _test = test;
        Ledger = ledger;
        StoreFolder = Path.Combine(folder, "vault");
        _database = LedgerDatabase.Create(options);
        Directory.CreateDirectory(StoreFolder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Store = new FolderRecordingStore(StoreFolder);
        Index = new VaultTable(_database);
        Cipher = new AgeRecordingCipher(new AgeKeyWrap(new KeyFolder(options.KeyFolder)));
        Holds = new HoldTable(_database);
        Retention = new RetentionTable(_database, Holds);
        LedgerRetention = new LedgerRetention(new LedgerRetentionTable(_database), Retention, new LedgerRetentionOptions(), ledger.Ledger, TimeProvider.System);
        Audio = new VaultAudio(Index, Store, Cipher);
        TakeIn = Make();
        Reconciler = new VaultReconciler(Index, Store, ledger.Ledger, [Pbx], TakeIn, new TakeInOptions { TakeUnknown = true }, TimeProvider.System, ReconcilerLog);
        Finisher = new ErasureFinisher(Retention, [Remains], ledger.Ledger, TimeProvider.System);
        WholeFinisher = new ErasureFinisher(Retention, [Remains, new PbxCopy(Pbx)], ledger.Ledger, TimeProvider.System);
    }

    public LedgerUnderTest Ledger { get; }

    public LedgerDatabase Database => _database;

    public FakePbx Pbx { get; } = new(TimeProvider.System, "pbx1");

    public string StoreFolder { get; }

    private LedgerTestDatabase Test => _test ?? throw new InvalidOperationException("This one runs in another process.");

    public IRecordingStore Store { get; }

    public IVaultIndex Index { get; }

    public IRecordingCipher Cipher { get; }

    public HoldTable Holds { get; }

    public RetentionTable Retention { get; }

    public LedgerRetention LedgerRetention { get; }

    public VaultAudio Audio { get; }

    public TakeIn TakeIn { get; }

    public VaultReconciler Reconciler { get; }

    /// <summary>What lies in the store.</summary>
    public VaultRemains Remains => new(Index, Store, Ledger.Ledger, TimeProvider.System);

    /// <summary>Reaches the store only.</summary>
    public ErasureFinisher Finisher { get; }

    /// <summary>Reaches the store and the PBX, as the worker's does.</summary>
    public ErasureFinisher WholeFinisher { get; }

    public TestLog<TakeIn> Log { get; } = new();

    public TestLog<VaultReconciler> ReconcilerLog { get; } = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<VaultUnderTest> StartAsync(LedgerTestDatabase database) =>
        new(database, database.Folder, database.Options(), await LedgerUnderTest.StartAsync(database.Options()));

    /// <summary>The same in another process, on a database that a test made ready.</summary>
    public static async Task<VaultUnderTest> StartAsync(string folder, LedgerOptions options) => new(null, folder, options, await LedgerUnderTest.StartAsync(options));

    /// <summary>The same vault again, with ports that fail as told.</summary>
    public TakeIn Make(Faults? faults = null)
    {
        T Of<T>(T port)
            where T : class => faults is null ? port : FaultProxy.Wrap(port, faults);
        var options = new TakeInOptions { AtOnce = 1, RetryBase = TimeSpan.FromMinutes(1) };
        return new TakeIn(Of(Index), Of(Store), Cipher, Of<ILedger>(Ledger.Ledger), [Of<IPbx>(Pbx)], options, TimeProvider.System, Log);
    }

    /// <summary>The same vault again, beside another ledger or with holds.</summary>
    public TakeIn Make(ILedger ledger, IHolds? holds = null) =>
        new(Index, Store, Cipher, ledger, [Pbx], new TakeInOptions { AtOnce = 1, RetryBase = TimeSpan.FromMinutes(1) }, TimeProvider.System, Log, holds);

    /// <summary>As if the time had passed for which a recording is put off, or is somebody else's.</summary>
    public async Task LetTimePassAsync()
    {
        await using var connection = await Test.OpenRawAsync();
        await connection.ExecuteAsync("UPDATE vault SET try_at = '2020-01-01T00:00:00.000Z'");
    }

    /// <summary>A call that was led on terms with one purpose of 30 days, recorded, and over; its recording lies on the PBX.</summary>
    public async Task<(CallRow Call, string Recording)> RecordAsync(IEnumerable<CallEvent>? between = null, bool consent = true, bool ended = true, long bytes = 200_044, DateTimeOffset? arrived = null)
    {
        var terms = WrittenTerms.Write(new Terms
        {
            Line = "sales", Mode = ConsentMode.Explicit, Notice = "std", NoticeVersion = "1",
            Purposes = [new TermsPurpose("quality", LawfulBasis.Consent, 30, [], null), new TermsPurpose("contract", LawfulBasis.Contract, 1000, [], null)],
        });
        await Ledger.AppendAsync(TermsEntries.Batch(terms, "sales", Adapters.Tests.Ledger.Make.Start));
        var call = Adapters.Tests.Ledger.Make.Call(at: arrived);
        var name = "ivrc-" + call.Id;
        List<CallEvent> events =
        [
            new CallArrived(call.Pbx, call.Channel, call.Line, "w1") { Terms = terms.Sha256 },
            consent ? new ConsentGiven('1', call.ArrivedAt, 1, 0) { Purposes = ["quality"] } : new ConsentRefused('2', call.ArrivedAt, 1, 0),
            new RecordingStarted(name, "wav", call.ArrivedAt),
            .. between ?? [],
            new RecordingStopped(name, 12500, bytes),
        ];
        if (ended)
        {
            events.Add(Adapters.Tests.Ledger.Make.Ended());
        }

        var result = await Ledger.AppendAsync(new LedgerBatch(call, [.. events.Select((fact, i) => Adapters.Tests.Ledger.Make.Entry(call, i + 1, fact))]));
        Assert.Equal(AppendResult.Committed, result);
        Pbx.Stored[name] = new StoredRecording(name, bytes, TimeSpan.FromMilliseconds(12500));
        return (call, name);
    }

    public async Task<IReadOnlyList<CallEvent>> EventsAsync(CallRow call) =>
        [.. (await Ledger.Ledger.FindCallAsync(call.Id, Cancel))!.Entries.Select(entry => entry.Event)];

    public async Task<IReadOnlyList<string>> ObjectsAsync()
    {
        var names = new List<string>();
        await foreach (var (name, _) in Store.ListAsync(Cancel))
        {
            names.Add(name);
        }

        return names;
    }

    public async Task<RetainedRecording?> RetainedAsync(CallRow call) => (await Retention.FindAsync(null, call.Id, null, 10, Cancel)).SingleOrDefault();

    /// <summary>The recording as it can be heard; null when it cannot.</summary>
    public async Task<byte[]?> HearAsync(CallRow call) =>
        await RetainedAsync(call) is { } retained && await Audio.OpenWavAsync(retained, Cancel) is { } wav ? await VaultScene.ReadAsync(wav) : null;

    public async Task<long> KeysAsync()
    {
        await using var connection = await Test.OpenRawAsync();
        return await connection.ExecuteScalarAsync<long>("SELECT count(*) FROM recording_keys");
    }

    public async ValueTask DisposeAsync()
    {
        await _database.DisposeAsync();
        await Ledger.DisposeAsync();
    }
}

/// <summary>The copy on the PBX in memory.</summary>
internal sealed class PbxCopy(FakePbx pbx) : IRecordingRemains
{
    public async Task<bool> EraseAsync(RetainedRecording recording, CancellationToken cancel)
    {
        await pbx.DeleteStoredRecordingAsync(recording.Name, cancel);
        return await pbx.FindStoredRecordingAsync(recording.Name, cancel) is null;
    }
}

/// <summary>Lets one call of a port fail: the so-many-th of all that are counted.</summary>
public sealed class Faults(int at, bool afterwards, Func<Exception> error)
{
    private int _calls;

    /// <summary>Calls so far.</summary>
    public int Calls => _calls;

    public bool Next() => Interlocked.Increment(ref _calls) == at;

    public bool Afterwards => afterwards;

    public Exception Error() => error();
}

/// <summary>The process dies here: nothing catches it.</summary>
internal sealed class CrashException : Exception;

/// <summary>Any port, with faults: before the call, or when it has done what it was asked for.</summary>
public class FaultProxy : DispatchProxy
{
    private object _port = null!;
    private Faults _faults = null!;

    public static T Wrap<T>(T port, Faults faults)
        where T : class
    {
        var proxy = Create<T, FaultProxy>();
        var inner = (FaultProxy)(object)proxy;
        (inner._port, inner._faults) = (port, faults);
        return proxy;
    }

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        var counts = typeof(Task).IsAssignableFrom(targetMethod!.ReturnType) || targetMethod.ReturnType == typeof(ValueTask<AppendResult>);
        var fails = counts && _faults.Next();
        if (fails && !_faults.Afterwards)
        {
            throw _faults.Error();
        }

        var result = targetMethod.Invoke(_port, args);
        if (fails)
        {
            var task = result as Task ?? ((ValueTask<AppendResult>)result!).AsTask();
            task.GetAwaiter().GetResult();
            throw _faults.Error();
        }

        return result;
    }
}
