using System.Collections.Concurrent;
using System.Reflection;
using Dapper;
using IvrConsent.Adapters.Tests.Ledger;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Retention;
using IvrConsent.Core.Rights;
using IvrConsent.Core.Subjects;
using IvrConsent.Storage.Database;
using IvrConsent.Storage.Rights;
using Xunit;

namespace IvrConsent.Adapters.Tests.Rights;

/// <summary>A process of the product as far as rights go: its own connections to a database that others use as well.</summary>
internal sealed class RightsUnderTest : IAsyncDisposable
{
    private readonly LedgerTestDatabase _test;
    private readonly LedgerDatabase _database;

    private RightsUnderTest(LedgerTestDatabase test, LedgerOptions options, LedgerUnderTest ledger, FakeRemains remains)
    {
        _test = test;
        Ledger = ledger;
        _database = LedgerDatabase.Create(options);
        Holds = new HoldTable(_database);
        Retention = new RetentionTable(_database, Holds);
        Requests = new RequestTable(_database);
        Remains = remains;
        Finisher = new ErasureFinisher(Retention, [remains], ledger.Ledger, TimeProvider.System);
        Withdrawals = new WithdrawalSweep(Retention, ledger.Reader, ledger.Ledger, new WithdrawalActions(line => line == "keeps" ? WithdrawalAction.Keep : WithdrawalAction.Erase), TimeProvider.System);
        LedgerRetention = new LedgerRetentionTable(_database) { Slice = 3 }; // so that few rows are several
        Sweep = new RetentionSweep(Retention, Holds, Withdrawals, Finisher, Forgetting(null, TimeProvider.System), TimeProvider.System);
        Log = new RightsLog(ledger.Ledger, TimeProvider.System);
        HoldDesk = new HoldDesk(Holds, Log);
        Desk = new RequestDesk(Requests, Retention, new WaitingRecordings(ledger.Ledger, ledger.Reader, Retention, [], TimeProvider.System), Finisher, ledger.Ledger, Log);
    }

    public LedgerUnderTest Ledger { get; }

    public HoldTable Holds { get; }

    public RetentionTable Retention { get; }

    public LedgerRetentionTable LedgerRetention { get; }

    public RequestTable Requests { get; }

    public FakeRemains Remains { get; }

    public ErasureFinisher Finisher { get; }

    public WithdrawalSweep Withdrawals { get; }

    public RetentionSweep Sweep { get; }

    public RightsLog Log { get; }

    public HoldDesk HoldDesk { get; }

    public RequestDesk Desk { get; }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Several share one folder of remains and one database; each has a spool of its own, as each process has.</summary>
    public static Task<RightsUnderTest> StartAsync(LedgerTestDatabase database, FakeRemains? remains = null, string spool = "spool") =>
        StartAsync(database, database.Options(Path.Combine(database.Folder, spool)), remains);

    public static async Task<RightsUnderTest> StartAsync(LedgerTestDatabase database, LedgerOptions own, FakeRemains? remains = null) =>
        new(database, own, await LedgerUnderTest.StartAsync(own), remains ?? new FakeRemains());

    /// <summary>A call that ended and was recorded, with its key and its file, under retention.</summary>
    public async Task<RetainedRecording> KeepAsync(string number = "+48600700801", LawfulBasis basis = LawfulBasis.Consent, int days = 0, string line = "sales", DateTimeOffset? ended = null)
    {
        var call = Make.Call(line: line) with { CallerNumber = number };
        await Ledger.AppendAsync(new LedgerBatch(call, [Make.Entry(call, 1, new CallArrived(call.Pbx, call.Channel, line, "w1")), Make.Entry(call, 2, Make.Ended())]));
        var subject = await Ledger.Subjects.FindAsync(number, Cancel);
        var at = ended ?? Make.Start;
        var until = days == 0 ? at.AddDays(1) : TimeProvider.System.GetUtcNow().AddDays(days);
        var recording = new RetainedRecording($"{call.Id}-1", call.Id, subject, line, call.Pbx, at, [new RetentionTerm("p", basis, LedgerRows.Milliseconds(until))], LedgerRows.Milliseconds(until));
        await using (var connection = await _test.OpenRawAsync())
        {
            await connection.ExecuteAsync("INSERT INTO recording_keys (recording, wrapped) VALUES (@Name, @key)", new { recording.Name, key = Guid.NewGuid().ToByteArray() });
        }

        await Retention.KeepAsync(recording, Cancel);
        Remains.Files[recording.Name] = true;
        return recording;
    }

    /// <summary>The ledger's own retention; null: for ever.</summary>
    public LedgerRetention Forgetting(TimeSpan? keptFor, TimeProvider time) => new(LedgerRetention, Retention, new LedgerRetentionOptions(keptFor), Ledger.Ledger, time);

    public static LegalHold Hold(HoldScope scope) =>
        new(CallId.FromChannel("-", Guid.NewGuid().ToString("N"), Make.Start), scope, "claim", "legal", "anna", Make.Start);

    public async Task<IReadOnlyList<string>> KeysAsync()
    {
        await using var connection = await _test.OpenRawAsync();
        return (await connection.QueryAsync<string>("SELECT recording FROM recording_keys ORDER BY recording")).AsList();
    }

    public async Task<IReadOnlyList<RecordingErased>> ErasedAsync() =>
        [.. (await Ledger.ReadAsync(new LedgerQuery(EventType: nameof(RecordingErased)))).Select(line => (RecordingErased)line.Entry.Event)];

    /// <summary>The facts of a record or a call, in order.</summary>
    public async Task<IReadOnlyList<CallEvent>> LogAsync(CallId id) => [.. (await Ledger.Ledger.FindCallAsync(id, Cancel))!.Entries.Select(entry => entry.Event)];

    public async ValueTask DisposeAsync()
    {
        await _database.DisposeAsync();
        await Ledger.DisposeAsync();
    }
}

/// <summary>Retention that counts how often the database is scrubbed.</summary>
public class CountingRetention : DispatchProxy
{
    private IRetention _retention = null!;

    public int Scrubs { get; private set; }

    public static (IRetention Retention, CountingRetention Count) Wrap(IRetention retention)
    {
        var proxy = Create<IRetention, CountingRetention>();
        var count = (CountingRetention)(object)proxy;
        count._retention = retention;
        return (proxy, count);
    }

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        Scrubs += targetMethod!.Name == nameof(IRetention.ScrubAsync) ? 1 : 0;
        return targetMethod.Invoke(_retention, args);
    }
}

/// <summary>Files, as far as deleting them goes.</summary>
internal sealed class FakeRemains : IRecordingRemains
{
    public ConcurrentDictionary<string, bool> Files { get; } = [];

    /// <summary>What was to be deleted, each time.</summary>
    public ConcurrentQueue<string> Asked { get; } = [];

    /// <summary>Names that cannot be deleted now.</summary>
    public ConcurrentDictionary<string, bool> Stuck { get; } = [];

    public Task<bool> EraseAsync(RetainedRecording recording, CancellationToken cancel)
    {
        Asked.Enqueue(recording.Name);
        if (Stuck.ContainsKey(recording.Name))
        {
            return Task.FromResult(false);
        }

        Files.TryRemove(recording.Name, out _);
        return Task.FromResult(true);
    }
}
