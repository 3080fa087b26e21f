using System.Collections.Concurrent;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Recordings;
using IvrConsent.Core.Retention;
using IvrConsent.Core.Subjects;
using IvrConsent.Host.Tests.Cli;
using IvrConsent.Host.Workers;
using IvrConsent.Storage;
using IvrConsent.Storage.Database;
using IvrConsent.TestKit.Time;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace IvrConsent.Host.Tests.Workers;

/// <summary>The worker that sweeps, on a real database and a clock that the test moves.</summary>
public sealed class RetentionWorkerTests : IDisposable
{
    private const string Number = "+48600700821";
    private static readonly DateTimeOffset Start = new(2026, 3, 1, 10, 0, 0, TimeSpan.Zero);

    private readonly Installation _here = new();
    private readonly ManualTimeProvider _time = new(Start.AddDays(1));
    private readonly Remains _remains = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _here.Dispose();

    [Fact]
    public async Task A_withdrawal_is_carried_out_at_the_next_minute_and_not_at_the_next_hour()
    {
        using var host = await StartHostAsync();
        var recording = await KeepAsync(host.Services, Start.AddYears(100));
        using var worker = new RetentionWorker(host.Services.GetRequiredService<RetentionSweep>(), _time, NullLogger<RetentionWorker>.Instance);
        await worker.StartAsync(Cancel);

        await NextMinuteAsync(); // the first sweep
        Assert.Empty(_remains.Erased);
        await AppendAsync(host.Services, "2", _time.GetUtcNow(), new ConsentWithdrawn("*9", _time.GetUtcNow(), WithdrawalScope.Person, WithdrawalAction.Erase));
        await NextMinuteAsync();

        Assert.Equal([recording.Name], _remains.Erased);
        var told = (await host.Services.GetRequiredService<ILedger>().FindCallAsync(recording.Call, Cancel))!.Entries.Select(entry => entry.Event).OfType<RecordingErased>();
        Assert.Equal((recording.Name, RetentionSweep.Actor), Assert.Single(told) is var erased ? (erased.Recording, erased.Actor) : default);
        await worker.StopAsync(Cancel);
        await host.StopAsync(Cancel);
    }

    [Fact]
    public async Task A_sweep_that_could_not_be_made_is_made_at_the_next_minute_and_the_next_an_hour_later()
    {
        using var host = await StartHostAsync();
        var due = await KeepAsync(host.Services, Start.AddHours(1));
        using var worker = new RetentionWorker(host.Services.GetRequiredService<RetentionSweep>(), _time, NullLogger<RetentionWorker>.Instance);
        _remains.Trouble = new RecordingStoreException("The store is away.");
        await worker.StartAsync(Cancel);
        await NextMinuteAsync();
        Assert.Empty(_remains.Erased);

        _remains.Trouble = null;
        await NextMinuteAsync();
        Assert.Equal([due.Name], _remains.Erased);

        var later = await KeepAsync(host.Services, Start.AddHours(1), "3");
        for (var minute = 1; minute < 60; minute++)
        {
            await NextMinuteAsync();
        }

        Assert.Equal([due.Name], _remains.Erased);
        await NextMinuteAsync();
        Assert.Equal([due.Name, later.Name], _remains.Erased);
        await worker.StopAsync(Cancel);
        await host.StopAsync(Cancel);
    }

    private async Task<IHost> StartHostAsync()
    {
        var builder = new HostApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Services.AddStorage(new LedgerOptions
        {
            Connection = Path.Combine(_here.Folder, "ledger.db"), SpoolFolder = Path.Combine(_here.Folder, "spool"), KeyFolder = _here.Keys, CommitLimit = TimeSpan.FromSeconds(10),
        });
        builder.Services.AddRightsDesks((_, _) => null).AddSingleton<IRecordingRemains>(_remains);
        var host = builder.Build();
        await host.StartAsync(Cancel);
        return host;
    }

    private Task NextMinuteAsync() => _time.NextMinuteAsync(loops: 1);

    private static async Task<RetainedRecording> KeepAsync(IServiceProvider services, DateTimeOffset until, string channel = "1")
    {
        var call = await AppendAsync(services, channel, Start, new ConsentGiven('1', Start, 1, 0) { Purposes = ["quality"] });
        var subject = await services.GetRequiredService<ISubjects>().FindAsync(Number, Cancel);
        var recording = new RetainedRecording($"{call}-1", call, subject, "demo", "lab", Start, [new RetentionTerm("quality", LawfulBasis.Consent, until)], until);
        await services.GetRequiredService<IRetention>().KeepAsync(recording, Cancel);
        return recording;
    }

    private static async Task<CallId> AppendAsync(IServiceProvider services, string channel, DateTimeOffset at, CallEvent fact)
    {
        var row = new CallRow(CallId.FromChannel("lab", channel, at), "lab", channel, "demo", "100", Number, at);
        CallEvent[] facts = [new CallArrived("lab", channel, "demo", "tests"), fact, new CallEnded(ConsentStatus.Given, Termination.Completed, true, 1, 16, null)];
        var batch = new LedgerBatch(row, [.. facts.Select((one, index) => new LedgerEntry(Guid.CreateVersion7(at), row.Id, index + 1, at, one))]);
        Assert.Equal(AppendResult.Committed, await services.GetRequiredService<ILedger>().AppendAsync(batch));
        return row.Id;
    }

    private sealed class Remains : IRecordingRemains
    {
        public ConcurrentQueue<string> Erased { get; } = [];

        public Exception? Trouble { get; set; }

        public Task<bool> EraseAsync(RetainedRecording recording, CancellationToken cancel)
        {
            if (Trouble is { } trouble)
            {
                throw trouble;
            }

            Erased.Enqueue(recording.Name);
            return Task.FromResult(true);
        }
    }
}
