using System.Diagnostics;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Subjects;
using IvrConsent.Storage;
using IvrConsent.Storage.Database;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace IvrConsent.Host.Tests.RealCalls;

/// <summary>One call as the ledger has it.</summary>
internal sealed record CallRecord(CallRow Row, IReadOnlyList<LedgerEntry> Entries)
{
    public CallId Id => Row.Id;

    public IReadOnlyList<CallEvent> Events => [.. Entries.Select(entry => entry.Event)];

    public CallEnded End => Single<CallEnded>();

    /// <summary>Whether its end is there, and all before it: what the database could not take at once follows from the local file.</summary>
    public bool IsComplete => Has<CallEnded>() && Entries[^1].CallSequence == Entries.Count;

    public T Single<T>()
        where T : CallEvent
    {
        var found = All<T>();
        Assert.True(found.Count == 1, $"{found.Count} {typeof(T).Name} in {this}");
        return found[0];
    }

    public IReadOnlyList<T> All<T>()
        where T : CallEvent => [.. Events.OfType<T>()];

    public bool Has<T>()
        where T : CallEvent => Events.OfType<T>().Any();

    /// <summary>What holds for every call that has ended, whatever happened to it.</summary>
    public CallRecord AssertSound()
    {
        Assert.Equal(Enumerable.Range(1, Entries.Count), Entries.Select(entry => entry.CallSequence));
        Assert.Equal(Entries.Count, Entries.Select(entry => entry.EventId).Distinct().Count());
        Assert.Equal(Entries.Select(entry => entry.At).Order(), Entries.Select(entry => entry.At));
        Assert.IsType<CallArrived>(Events[0]);
        Single<CallArrived>();
        // What becomes of the recording afterwards is the vault's.
        Assert.IsType<CallEnded>(Events.Last(fact => fact is not (RecordingStored or RecordingErased or RecordingPlayed)));
        Single<CallEnded>();

        // One answer to the question; what the caller says later in the call is another.
        var said = Events.Where(fact => fact is ConsentGiven or ConsentReused or ConsentRefused or ConsentNotObtained or ConsentWithdrawn or CallerInformed).ToArray();
        Assert.Single(said, fact => fact is not (ConsentWithdrawn or ConsentGiven { Keys: not null } or ConsentGiven { By: not null }));
        Assert.Equal(End.Consent, said[^1] switch
        {
            ConsentGiven => ConsentStatus.Given,
            ConsentReused reused => reused.Status,
            ConsentRefused => ConsentStatus.Refused,
            ConsentWithdrawn => ConsentStatus.Withdrawn,
            CallerInformed => ConsentStatus.NotAsked,
            _ => ((ConsentNotObtained)said[^1]).Status,
        });
        Assert.Equal(End.Recorded, Has<RecordingStarted>());
        Assert.True(End.Recorded || Has<RecordingSuppressed>(), $"neither recorded nor suppressed: {this}");
        if (End.Recorded)
        {
            var ground = Events.ToList().FindIndex(fact => fact is ConsentGiven or CallerInformed or ConsentReused { Status: ConsentStatus.Given });
            Assert.True(ground >= 0 && ground < IndexOf<RecordingStarted>(), $"recorded before there was a ground: {this}");
        }

        return this;
    }

    public int IndexOf<T>()
        where T : CallEvent => Events.ToList().FindIndex(fact => fact is T);

    public override string ToString() =>
        $"call {Id} of {Row.CallerNumber ?? "withheld"} to {Row.CalledNumber}, line {Row.Line ?? "unknown"}\n"
        + string.Join('\n', Entries.Select(entry => $"  {entry.CallSequence} {entry.At:HH:mm:ss.fff} {LedgerJson.Write(entry.Event)}"));
}

/// <summary>Reads a worker's ledger from outside, as <c>ivrconsent events</c> does.</summary>
internal sealed class WorkerLedger(string connection, string spool, string keys) : IAsyncDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddLogging()
        .AddStorage(new LedgerOptions { Connection = connection, SpoolFolder = spool, KeyFolder = keys }).BuildServiceProvider();

    /// <summary>All calls, in order of their first entry.</summary>
    public async Task<IReadOnlyList<CallRecord>> ReadAsync()
    {
        var calls = new Dictionary<CallId, (CallRow Row, List<LedgerEntry> Entries)>();
        await foreach (var line in _services.GetRequiredService<ILedgerReader>().ReadAsync(new LedgerQuery(), TestContext.Current.CancellationToken))
        {
            if (!calls.TryGetValue(line.Call.Id, out var call))
            {
                calls[line.Call.Id] = call = (line.Call, []);
            }

            call.Entries.Add(line.Entry);
        }

        return [.. calls.Values.Select(call => new CallRecord(call.Row, [.. call.Entries.OrderBy(entry => entry.CallSequence)]))];
    }

    /// <summary>Whether the owner of a number may be called, as <c>POST /api/v1/outbound/check</c> decides it.</summary>
    public async Task<OutboundAnswer> MayBeCalledAsync(string number, string purpose)
    {
        var cancel = TestContext.Current.CancellationToken;
        var subject = await _services.GetRequiredService<ISubjects>().FindAsync(number, cancel);
        var standing = subject is null ? null : await new ConsentHistory(_services.GetRequiredService<ILedgerReader>(), _ => null).FindAsync(subject.Value, cancel);
        return OutboundPolicy.Decide(purpose, LawfulBasis.LegitimateInterests, standing, TimeProvider.System.GetUtcNow());
    }

    /// <summary>Waits for the end of the one call that <paramref name="caller"/> made, and checks what holds for every call.</summary>
    public async Task<CallRecord> EndOfAsync(TestCaller caller, TimeSpan? within = null) =>
        (await WaitForAsync(caller, call => call.IsComplete, within)).AssertSound();

    /// <summary>Waits until the whole ledger is so.</summary>
    public async Task<IReadOnlyList<CallRecord>> WaitForAllAsync(Func<IReadOnlyList<CallRecord>, bool> isSo, TimeSpan? within = null)
    {
        var patience = within ?? TimeSpan.FromSeconds(20);
        for (var started = Stopwatch.GetTimestamp(); ;)
        {
            var calls = await ReadAsync();
            if (isSo(calls))
            {
                return calls;
            }

            if (Stopwatch.GetElapsedTime(started) > patience)
            {
                throw new TimeoutException($"the ledger has not got what was awaited within {patience}: {string.Join('\n', calls)}");
            }

            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Waits until the call of that caller is so.</summary>
    public async Task<CallRecord> WaitForAsync(TestCaller caller, Func<CallRecord, bool> isSo, TimeSpan? within = null)
    {
        var patience = within ?? TimeSpan.FromSeconds(20);
        for (var started = Stopwatch.GetTimestamp(); ;)
        {
            CallRecord? found = null;
            string? problem = null;
            try
            {
                found = (await ReadAsync()).SingleOrDefault(call => call.Row.CallerNumber == caller.LedgerNumber && call.Row.CalledNumber == caller.Dialled);
            }
            catch (LedgerUnavailableException unavailable)
            {
                problem = unavailable.Message;
            }

            if (found is not null && isSo(found))
            {
                return found;
            }

            if (Stopwatch.GetElapsedTime(started) > patience)
            {
                throw new TimeoutException($"the ledger has not got what was awaited within {patience}: {found?.ToString() ?? problem ?? "no call of that number"}");
            }

            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }

    public ValueTask DisposeAsync() => _services.DisposeAsync();
}
