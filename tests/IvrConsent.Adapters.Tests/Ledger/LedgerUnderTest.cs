using System.Collections.Concurrent;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Recordings;
using IvrConsent.Core.Rights;
using IvrConsent.Core.Subjects;
using IvrConsent.Storage.Database;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace IvrConsent.Adapters.Tests.Ledger;

/// <summary>A ledger as the host makes it, with its log kept.</summary>
internal sealed class LedgerUnderTest : IAsyncDisposable
{
    private readonly LedgerDatabase _database;

    private LedgerUnderTest(LedgerOptions options, ISpoolFolder? folder, TestLog<DatabaseLedger>? log)
    {
        _database = LedgerDatabase.Create(options);
        Log = log ?? new();
        var migrator = new LedgerMigrator(_database, TimeProvider.System, NullLogger<LedgerMigrator>.Instance);
        Ledger = new DatabaseLedger(
            options, _database, migrator, folder ?? new SpoolFolder(options.SpoolFolder), TimeProvider.System, Log);
        Reader = new LedgerReader(_database);
        Subjects = new DatabaseSubjects(_database, TimeProvider.System);
    }

    public DatabaseLedger Ledger { get; }

    public LedgerReader Reader { get; }

    public DatabaseSubjects Subjects { get; }

    public TestLog<DatabaseLedger> Log { get; }

    public static async Task<LedgerUnderTest> StartAsync(
        LedgerOptions options, ISpoolFolder? folder = null, TestLog<DatabaseLedger>? log = null)
    {
        var ledger = new LedgerUnderTest(options, folder, log);
        try
        {
            await ledger.Ledger.StartAsync(TestContext.Current.CancellationToken);
            return ledger;
        }
        catch
        {
            await ledger.DisposeAsync();
            throw;
        }
    }

    public Task<AppendResult> AppendAsync(LedgerBatch batch) => Ledger.AppendAsync(batch).AsTask();

    public async Task<List<LedgerLine>> ReadAsync(LedgerQuery? query = null)
    {
        var lines = new List<LedgerLine>();
        await foreach (var line in Reader.ReadAsync(query ?? new(), TestContext.Current.CancellationToken))
        {
            lines.Add(line);
        }

        return lines;
    }

    public Task UntilAsync(Func<LedgerHealth, bool> condition, int seconds = 10) =>
        Wait.UntilAsync(() => condition(Ledger.Health), () => Ledger.Health.ToString(), seconds);

    public async ValueTask DisposeAsync()
    {
        await Ledger.DisposeAsync();
        await _database.DisposeAsync();
    }
}

internal static class Wait
{
    public static async Task UntilAsync(Func<bool> condition, Func<string> state, int seconds = 10)
    {
        var end = DateTime.UtcNow.AddSeconds(seconds);
        while (!condition())
        {
            Assert.True(DateTime.UtcNow < end, $"Not within {seconds} s: {state()}");
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }
    }
}

/// <summary>Keeps what is logged.</summary>
internal sealed class TestLog<T> : ILogger<T>
{
    public ConcurrentQueue<(LogLevel Level, string Text)> Lines { get; } = [];

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        Lines.Enqueue((logLevel, $"{formatter(state, exception)} {exception}"));
}

/// <summary>Calls and entries for tests.</summary>
internal static class Make
{
    private static int _number;

    public static readonly DateTimeOffset Start = new(2026, 3, 29, 0, 59, 59, 123, TimeSpan.Zero);

    public static CallRow Call(string pbx = "pbx1", string? line = "sales", DateTimeOffset? at = null)
    {
        var n = Interlocked.Increment(ref _number);
        var channel = $"{Environment.ProcessId}.{n}";
        var arrived = at ?? Start.AddMilliseconds(n);
        return new(CallId.FromChannel(pbx, channel, arrived), pbx, channel, line, "+48221234501", "+48600700801", arrived);
    }

    public static LedgerEntry Entry(CallRow call, int sequence, CallEvent? fact = null, DateTimeOffset? at = null) =>
        new(Guid.CreateVersion7(), call.Id, sequence, at ?? call.ArrivedAt.AddMilliseconds(sequence), fact ?? Resumed(sequence.ToString()));

    public static LedgerBatch First(CallRow call) => new(call, [Entry(call, 1, new CallArrived(call.Pbx, call.Channel, call.Line, "w1"))]);

    public static LedgerBatch More(CallRow call, int sequence, CallEvent? fact = null) => new(null, [Entry(call, sequence, fact)]);

    /// <summary>The row as it was handed in: without the subject that the ledger found for it.</summary>
    public static CallRow Plain(CallRow row) => row with { Subject = null };

    /// <summary>The entry with its fact as it is stored: facts hold lists, which are no values.</summary>
    public static (Guid, CallId, int, DateTimeOffset, string) Plain(LedgerEntry entry) =>
        (entry.EventId, entry.CallId, entry.CallSequence, entry.At, LedgerJson.Write(entry.Event));

    public static CallEnded Ended(string? detail = null) =>
        new(ConsentStatus.Given, Termination.Completed, true, 61234, 16, detail);

    public static CallResumed Resumed(string reason) => new("w1", reason);

    /// <summary>One of every type.</summary>
    public static CallEvent[] Everything =>
    [
        new CallArrived("pbx1", "PJSIP/trunk-00000001", "sales", "w1"),
        new CallResumed("w2", "restarted"),
        new NoticePlayed("std", "3", "notice", "pl-PL", new string('a', 64), 7200, 7200, false, Start),
        new NoticeFailed("std", "3", "notice", "pl-PL", null, 7200, 1200, "the file is missing"),
        new ConsentGiven('1', Start, 1, 0),
        new ConsentRefused('2', Start.AddHours(1), 2, 3),
        new ConsentNotObtained(ConsentStatus.NoResponse, 2, 0, null),
        new ConsentWithdrawn("*9", Start, WithdrawalScope.Call, WithdrawalAction.Erase),
        new CallerInformed(["contract"], [LawfulBasis.Contract]),
        new CallerObjected('2', Start, false),
        new LanguageChosen("de", '2'),
        new ConfirmationPlayed("withdrawn", false, "no frames"),
        new PurposesChanged(["contract"], "api:crm", "concluded"),
        new RecordingPaused("rec", "caller"),
        new RecordingResumed("rec", "caller", 5000),
        new RecordingStarted("rec", "wav", Start),
        new RecordingSuppressed(SuppressionReasons.Refused),
        new RecordingStopped("rec", 61000, 976044),
        new RecordingFailed("rec", RecordingFailures.Truncated, "short by a second", 61000, 60000),
        new RecordingStored("rec", "rec.1.age", 160245, new string('a', 64), 10000, Start.AddDays(30)) { Silent = true },
        new RecordingQuarantined("rec", "the ledger does not know its call"),
        new QuarantineApproved("rec", QuarantineStep.Release, ["contract"], "ben"),
        new RecordingReleased("rec", ["contract"], Start.AddDays(1000), "anna", "the ledger's entries came late"),
        new RecordingPlayed("rec", "anna", "complaint 12", Copied: true),
        new RecordingErased("rec", "no consent"),
        new JurisdictionApplied(ConsentMode.Explicit, ConsentMode.Announce, ["PL", "DE"], ["DE"], null, ["the caller's number is from DE"]),
        new CallContinued("from-trunk", "s"),
        new ConsentReused(Guid.Parse("01890000000070008000000000000001"), ConsentStatus.Given, ["quality"], Start, Start.AddDays(30), "asked before"),
        new ConsentEntered(EntryStatus.Given, ["quality"], EntrySource.StaffWritten, "api:crm", "letter 7", Start) { ExpiresAt = Start.AddDays(365) },
        new ConsentRequested(["quality"], EntrySource.Sms, "api:crm", "question 4", "en", new string('c', 64)),
        new ReceiptSent(Guid.Parse("01890000000070008000000000000003"), EntrySource.Sms, "1234567890"),
        new ReceiptNotSent(Guid.Parse("01890000000070008000000000000003"), EntrySource.Sms, "The gateway answered with status 500."),
        new EntryCorrected(Guid.Parse("01890000000070008000000000000002"), "api:crm", "entered twice", null),
        new ConsentUsed(null, "marketing", "api:dialler", false, "unknown"),
        new StatementAdded(new Guid(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11), "it was my sister who pressed the key", "anna", new string('0', 32)) { Reason = "letter 5" },
        new RequestRectified(new Guid(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11), true, "anna"),
        new NumbersForgotten(3, 7, Start, "sweep"),
        new HoldPlaced(new SubjectId(new Guid(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)), null, "sales", Start, null, "claim", "legal", "anna", Start.AddYears(1)),
        new HoldReleased("anna", "settled"),
        new RequestOpened(RequestKind.Erasure, new string('a', 32), Start, Start.AddMonths(1), "anna"),
        new RequestExtended(Start.AddMonths(3), "anna", "many calls"),
        new RequestApproved("ben"),
        new RequestClosed(RequestState.Answered, "anna", "letter"),
        new PersonErased(3, 1, false, "anna", new string('a', 64)),
        new PersonExported(3, 9, "anna", "request", new string('a', 64)),
        new RecordingRestricted("rec", true, "anna", new string('a', 32)),
        new NumberRevealed("anna", "call back"),
        new NumberSearched("anna", "asked by letter"),
        new ExportRequested("recording rec", "complaint 7", "anna"),
        new ExportApproved("ben"),
        Ended(),
        new TermsInForce(new string('b', 64), "sales", "{\"line\":\"sales\"}"),
    ];
}
