using System.Diagnostics;
using IvrConsent.TestKit.Audio;
using IvrConsent.TestKit.Lab;
using IvrConsent.TestKit.Sip;
using Xunit;

namespace IvrConsent.Host.Tests.RealCalls;

/// <summary>
/// A caller who listens. Before the accept key the voice is <see cref="EarlyVoice"/>, from that key on
/// <see cref="LabTones.Caller"/>: so a recording shows by its tones whether anything of before the consent is in it.
/// </summary>
internal sealed class TestCaller : IAsyncDisposable
{
    /// <summary>The voice before the consent: never to be found in a recording. No prompt, no key and no other voice is near.</summary>
    public const double EarlyVoice = 1400;

    private readonly SipPhone _phone;
    private readonly HeardTones _heard;

    private TestCaller(LabPbx pbx, SipPhone phone, SipCall call, string number, string dialled)
    {
        (Pbx, _phone, Call, Number, Dialled) = (pbx, phone, call, number, dialled);
        LedgerNumber = number;
        _heard = new HeardTones(call.Heard);
    }

    public LabPbx Pbx { get; }

    public SipCall Call { get; }

    /// <summary>The number called from.</summary>
    public string Number { get; }

    /// <summary>That number as the ledger is to have it; null when it is withheld.</summary>
    public string? LedgerNumber { get; init; }

    /// <summary>The number called, as the dialplan passes it on.</summary>
    public string Dialled { get; private init; }

    public IReadOnlyList<string> HeardNames => _heard.Names();

    public static TestCaller Dial(LabPbx pbx, string application, string number, CallOptions? options)
    {
        var phone = new SipPhone();
        options ??= new CallOptions { FromUser = TestWorker.NewCaller() };
        var call = phone.Dial(pbx.Sip, number, options with
        {
            Voice = EarlyVoice,
            Headers = [.. options.Headers, ("X-Worker", application)],
        });
        // The lab passes these on without the port behind them.
        var dialled = number.Length > 4 && number[..3] is "102" or "103" or "104" or "112" ? number[..3] : number;
        return new TestCaller(pbx, phone, call, options.FromUser, dialled) { LedgerNumber = options.Anonymous ? null : options.FromUser };
    }

    /// <summary>Waits until a tone of the lab has been heard, for so long altogether (a busy machine drops a packet now and then).</summary>
    public async Task HearsAsync(string tone, TimeSpan? lasting = null, TimeSpan? within = null)
    {
        var patience = within ?? TimeSpan.FromSeconds(20);
        for (var started = Stopwatch.GetTimestamp(); LengthOf(tone) is var heard && (heard == TimeSpan.Zero || heard < (lasting ?? TimeSpan.Zero));)
        {
            if (Stopwatch.GetElapsedTime(started) > patience || Call.Ended.IsCompleted)
            {
                throw new TimeoutException($"{tone} was not heard within {patience}{(Call.Ended.IsCompleted ? $": the call ended, {await Call.Ended}" : "")}; {_heard}");
            }

            await Task.Delay(40, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Presses keys, with the voice as it is.</summary>
    public Task PressAsync(string keys) => Call.SendDigitsAsync(keys, ct: TestContext.Current.CancellationToken);

    /// <summary>Changes the voice and presses the accept key: what was said before it must not be recorded.</summary>
    public Task AcceptAsync(string key = "1")
    {
        Call.SetTone(LabTones.Caller);
        return PressAsync(key);
    }

    /// <summary>Listens to the agent for a second, so that there is a conversation.</summary>
    public Task TalksAsync() => HearsAsync("agent", TimeSpan.FromSeconds(1));

    public Task HangUpAsync() => Call.HangUpAsync(TestContext.Current.CancellationToken);

    /// <summary>How long after the answer a tone began.</summary>
    public TimeSpan Began(string tone)
    {
        var start = _heard.Heard().First(heard => heard.Name == tone).Start;
        return Call.Heard.StartedAt!.Value + start - Call.AnsweredAt!.Value;
    }

    public TimeSpan LengthOf(string tone) =>
        _heard.Heard().Where(heard => heard.Name == tone).Aggregate(TimeSpan.Zero, (sum, heard) => sum + heard.Duration);

    public async ValueTask DisposeAsync() => await _phone.DisposeAsync();

    public override string ToString() => $"{Number} to {Dialled}, {_heard}";
}
