using IvrConsent.TestKit.Audio;
using IvrConsent.TestKit.Sip;

namespace IvrConsent.Bench.Withdrawals;

/// <summary>A call that was made: who called, when the end of his last key was sent, or why that was not reached.</summary>
internal sealed record MadeCall(int Number, string From, DateTimeOffset? LastKeyAt, string? Problem);

/// <summary>The voices, all multiples of 100 Hz: <see cref="ToneOnset"/> tells them apart by that.</summary>
internal static class Voices
{
    public static readonly Tone Caller = 1000;
    public static readonly Tone CallerAfterwards = 1300;
    public static readonly Tone Agent = 1700;
}

/// <summary>A phone that answers every call and talks.</summary>
internal sealed class AgentDesk : IAsyncDisposable
{
    private readonly SipPhone _phone = new();
    private readonly CancellationTokenSource _closing;
    private readonly Task _answering;

    public AgentDesk(CancellationToken cancel)
    {
        _closing = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        _answering = _phone.AcceptCallsAsync(new AnswerOptions { Voice = Voices.Agent }, ct: _closing.Token);
    }

    public int Port => _phone.Local.Port;

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        await _answering;
        await _phone.DisposeAsync();
        _closing.Dispose();
    }
}

/// <summary>Places the calls, some at the same time.</summary>
internal sealed class Bench(string sip, int agentPort)
{
    private const string Withdraw = "*9";

    /// <summary>How long the caller talks on behind the last key, at least: longer than anything that is still called stopping.</summary>
    public static readonly TimeSpan SaidAfterwards = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan _talk = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(20);

    /// <summary>Calls that are not measured: the worker's code is compiled, the prompts are in the PBX's cache.</summary>
    public async Task WarmUpAsync(CancellationToken cancel)
    {
        for (var i = 1; i <= 3; i++)
        {
            await CallOneAsync(-i, Withdraw, cancel);
        }
    }

    /// <summary>A call whose keys mean nothing, so that all that is said behind them is recorded: it shows what the measurement sees.</summary>
    public Task<MadeCall> CallWithoutWithdrawalAsync(CancellationToken cancel) => CallOneAsync(0, "*8", cancel);

    public async Task<IReadOnlyList<MadeCall>> CallAsync(int count, int atOnce, CancellationToken cancel)
    {
        var made = new MadeCall[count];
        await Parallel.ForEachAsync(Enumerable.Range(0, count), new ParallelOptions { MaxDegreeOfParallelism = atOnce, CancellationToken = cancel }, async (i, token) =>
        {
            made[i] = await CallOneAsync(i + 1, Withdraw, token);
        });
        return made;
    }

    private async Task<MadeCall> CallOneAsync(int number, string keys, CancellationToken cancel)
    {
        var from = number > 0 ? $"+4822{7000000 + number}" : $"+4822{6000000 - number}";
        DateTimeOffset? lastKeyAt = null;
        try
        {
            await using var phone = new SipPhone();
            await using var call = await phone.CallAsync(sip, $"102{agentPort}", new CallOptions { FromUser = from, Voice = Voices.Caller }, cancel);
            await call.SendDigitsAsync("1", ct: cancel);
            await call.WaitUntilHeardAsync(Voices.Agent.Frequency, _talk, _patience, ct: cancel);
            lastKeyAt = await call.SendDigitsThenToneAsync(keys, Voices.CallerAfterwards, cancel);

            await call.WaitUntilHeardAsync(Voices.Agent.Frequency, SaidAfterwards, _patience, since: call.Heard.Now, ct: cancel);
            await call.HangUpAsync(cancel);
            return new MadeCall(number, from, lastKeyAt, null);
        }
        catch (Exception exception) when (exception is SipCallFailedException or TimeoutException)
        {
            return new MadeCall(number, from, lastKeyAt, exception.Message);
        }
    }
}
