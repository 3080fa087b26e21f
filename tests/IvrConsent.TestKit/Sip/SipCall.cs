using System.Diagnostics;
using IvrConsent.TestKit.Audio;

namespace IvrConsent.TestKit.Sip;

/// <summary>How far a call has come.</summary>
public enum SipCallState
{
    Calling,
    Ringing,
    Answered,
    Ended,
}

/// <summary>One call of a <see cref="SipPhone"/>, placed or received. Every wait has a limit and takes a token.</summary>
public sealed partial class SipCall : IAsyncDisposable
{
    /// <summary>Samples up to here are silence: a codec's idle noise.</summary>
    private const int Quiet = 200;

    private static readonly TimeSpan _requestPatience = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan _keyPress = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan _keyGap = TimeSpan.FromMilliseconds(60);
    private static readonly TimeSpan _pollEvery = TimeSpan.FromMilliseconds(40);

    /// <summary>The number of the far side as its From header (or, for a call placed, the number dialled) has it.</summary>
    public string FarNumber { get; }

    /// <summary>The far side's display name, for a call received.</summary>
    public string FarDisplay { get; } = "";

    public string CallId => _dialog.CallId;

    public SipCallState State
    {
        get
        {
            lock (_gate)
            {
                return _state;
            }
        }
    }

    /// <summary>When the call was placed, or came in.</summary>
    public DateTimeOffset StartedAt { get; } = TimeProvider.System.GetUtcNow();

    /// <summary>When the answer (200) was received, or sent.</summary>
    public DateTimeOffset? AnsweredAt { get; private set; }

    /// <summary>How long it took from the INVITE to the answer, by a clock that is never set.</summary>
    public TimeSpan? AnsweredAfter { get; private set; }

    /// <summary>All that was heard so far, also after the end.</summary>
    public HeardAudio Heard { get; } = new();

    /// <summary>The keys received as RTP events or by INFO, oldest first.</summary>
    public IReadOnlyList<ReceivedDigit> ReceivedDigits => _inbox.Snapshot();

    /// <summary>The codec agreed on, as this side sends it; null before there was an agreement.</summary>
    public VoiceCodec? Codec => _stream?.Codec;

    /// <summary>True while the far side has put us on hold (sendonly or inactive).</summary>
    public bool HeldByFarSide { get; private set; }

    /// <summary>Ends with the call, however that comes about.</summary>
    public Task<HangupReason> Ended => _ended.Task;

    /// <summary>The statuses received so far for a call placed, for example 100, 183, 200.</summary>
    public IReadOnlyList<int> Statuses
    {
        get
        {
            lock (_gate)
            {
                return [.. _statuses];
            }
        }
    }

    /// <summary>A header of the far side's INVITE, or of its 200 for a call placed; null if there is none.</summary>
    public string? Header(string name) => _farMessage?[name];

    /// <summary>Waits for the first 180 or 183 (or the answer itself).</summary>
    /// <exception cref="SipCallFailedException">Refused first.</exception>
    public Task WaitForRingingAsync(TimeSpan? within = null, CancellationToken ct = default) =>
        _rung.Task.WaitAsync(within ?? TimeSpan.FromSeconds(10), ct);

    /// <summary>Waits for the answer.</summary>
    /// <exception cref="SipCallFailedException">Refused, with the status.</exception>
    public Task WaitForAnswerAsync(TimeSpan? within = null, CancellationToken ct = default) =>
        _answered.Task.WaitAsync(within ?? TimeSpan.FromSeconds(30), ct);

    /// <summary>Waits for the end of the call, whoever brings it about.</summary>
    public Task<HangupReason> WaitForEndAsync(TimeSpan? within = null, CancellationToken ct = default) =>
        Ended.WaitAsync(within ?? TimeSpan.FromSeconds(10), ct);

    /// <summary>Changes the voice from now on; null is silence.</summary>
    public void SetTone(Tone? voice) => _stream?.SetVoice(voice);

    /// <summary>Changes the voices of several calls with one and the same beat: what is sent at one moment changes at one moment.</summary>
    public static void SetTones(params (SipCall Call, Tone? Voice)[] voices) => RtpClock.Shared.BetweenBeats(() =>
    {
        foreach (var (call, voice) in voices)
        {
            call.SetTone(voice);
        }
    });

    /// <summary>No packets of the voice from now on, as of a phone that suppresses silence or behind a line that loses them; or again some.</summary>
    public void InterruptVoice(bool interrupted) => _stream?.Interrupt(interrupted);

    /// <summary>Presses keys (0-9 * # A-D), one after the other, in the way the options chose. Returns when the last gap is over.</summary>
    public async Task SendDigitsAsync(string digits, TimeSpan? duration = null, TimeSpan? gap = null, CancellationToken ct = default)
    {
        var (press, pause) = (duration ?? _keyPress, gap ?? _keyGap);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(press, TimeSpan.FromSeconds(8));
        var stream = _stream ?? throw new InvalidOperationException("There is no sound stream yet: the call is not answered.");
        foreach (var key in digits)
        {
            _ = Dtmf.Frequencies(key);
            if (_options.Dtmf == DtmfMode.Info)
            {
                var body = $"Signal={key}\r\nDuration={press.TotalMilliseconds:0}\r\n";
                await InfoAsync("application/dtmf-relay", body, ct);
                await Task.Delay(press + pause, ct);
                continue;
            }

            var asEvent = _options.Dtmf == DtmfMode.Rfc4733;
            if (asEvent && !stream.CanSendEvents)
            {
                throw new InvalidOperationException("The far side did not agree to telephone-event.");
            }

            await stream.SendDigitAsync(key, asEvent, press, pause).WaitAsync(press + pause + _requestPatience, ct);
        }
    }

    /// <summary>
    /// Presses keys as RFC 4733 events and changes the voice with the last one's end: the first sound behind it is the new tone. Says
    /// when that end was sent.
    /// </summary>
    public async Task<DateTimeOffset> SendDigitsThenToneAsync(string digits, Tone voice, CancellationToken ct = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(digits);
        await SendDigitsAsync(digits[..^1], ct: ct);
        if (_stream is not { CanSendEvents: true } stream)
        {
            throw new InvalidOperationException("The far side did not agree to telephone-event.");
        }

        return await stream.SendDigitAsync(digits[^1], asEvent: true, _keyPress, _keyGap, voice).WaitAsync(_requestPatience, ct);
    }

    /// <summary>Sends a SIP INFO and waits for its answer.</summary>
    public async Task InfoAsync(string contentType, string body, CancellationToken ct = default) =>
        await RequestInDialogAsync(_dialog.Request("INFO").WithBody(contentType, body), ct);

    /// <summary>Waits until so many keys have been received in all, and gives them as text.</summary>
    public async Task<string> WaitForDigitsAsync(int count, TimeSpan? within = null, CancellationToken ct = default) => await PollAsync(
        () => ReceivedDigits.Count >= count ? string.Concat(ReceivedDigits.Select(d => d.Digit)) : null,
        within ?? TimeSpan.FromSeconds(10),
        () => $"{count} keys awaited, {ReceivedDigits.Count} received",
        ct);

    /// <summary>
    /// Waits until the tone has been heard without a break for the time given, and says where on the time line. Looks at
    /// everything from <paramref name="since"/> on (by default from the start; pass an earlier <see cref="HeardAudio.Length"/>).
    /// Tones nearer than 200 Hz that it must not be taken for go into <paramref name="among"/>.
    /// </summary>
    public async Task<ToneSegment> WaitUntilHeardAsync(
        double frequency, TimeSpan minDuration, TimeSpan? within = null, TimeSpan since = default, IEnumerable<double>? among = null, CancellationToken ct = default)
    {
        var from = since;
        double[] candidates = [.. (among ?? []).Append(frequency).Distinct()];
        return await PollAsync(
            () =>
            {
                var heard = ToneAnalyzer.Analyze(Heard.Snapshot(from), Heard.SampleRate, candidates);
                var found = heard.StretchesOf(frequency).FirstOrDefault(stretch => stretch.Duration >= minDuration);
                var offset = from;

                // What is behind us without a find needs no second look, apart from a stretch that may still be growing.
                var next = from + heard.Length - minDuration - TimeSpan.FromMilliseconds(200);
                from = next > from ? next : from;
                return found is null ? null : found with { Start = found.Start + offset, End = found.End + offset };
            },
            within ?? TimeSpan.FromSeconds(10),
            () => $"{frequency:0} Hz for {minDuration.TotalMilliseconds:0} ms was not heard from {since.TotalSeconds:F2} s on. {Heard.Tones(candidates)}",
            ct);
    }

    /// <summary>Waits until nothing (or, with a frequency, not that one) has been heard for the newest stretch of the time given.</summary>
    public async Task WaitUntilSilentAsync(
        TimeSpan duration, double? frequency = null, TimeSpan? within = null, CancellationToken ct = default)
    {
        var started = Stopwatch.GetTimestamp();
        await PollAsync(
            () => IsSilent(duration, frequency, Stopwatch.GetElapsedTime(started)) ? "silent" : null,
            within ?? TimeSpan.FromSeconds(10),
            () => $"Not silent for {duration.TotalMilliseconds:0} ms at {Heard.Now.TotalSeconds:F2} s.",
            ct,
            evenAfterEnd: true);
    }

    /// <summary>Ends the call: BYE, or CANCEL for one not yet answered, or a refusal (603) for one ringing here.</summary>
    public async Task HangUpAsync(CancellationToken ct = default)
    {
        switch (State)
        {
            case SipCallState.Ended:
                return;
            case SipCallState.Answered:
                await SayByeAsync(ct);
                break;
            default:
                if (_placed)
                {
                    await CancelAsync(ct);
                }
                else
                {
                    await RejectAsync(603, ct);
                }

                break;
        }
    }

    /// <summary>Puts the far side on hold (re-INVITE with sendonly) and falls silent.</summary>
    public Task HoldAsync(CancellationToken ct = default) => HoldAsync(MediaDirection.SendOnly, ct);

    /// <summary>Puts the far side on hold with another direction: inactive, or recvonly.</summary>
    public Task HoldAsync(MediaDirection direction, CancellationToken ct = default) => ReinviteAsync(direction, ct);

    /// <summary>Takes it back (re-INVITE with sendrecv).</summary>
    public Task ResumeAsync(CancellationToken ct = default) => ReinviteAsync(MediaDirection.SendRecv, ct);

    /// <summary>Answers a call ringing here; returns when the far side has acknowledged.</summary>
    public async Task AnswerAsync(AnswerOptions? options = null, CancellationToken ct = default) =>
        await AcceptAsync(options ?? new AnswerOptions(), ct);

    /// <summary>Refuses a call ringing here.</summary>
    public Task RejectAsync(int status = 486, CancellationToken ct = default) => RefuseAsync(status, new HangupReason(HangupBy.Us, status, null), ct);

    /// <summary>Hangs up if need be and frees the sound's socket; what was heard stays.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(2));
            await HangUpAsync(limit.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or TimeoutException or SipCallFailedException)
        {
            // The far side is gone already.
        }

        End(new HangupReason(HangupBy.Us, 0, "Closed."));
        await (_stream?.DisposeAsync() ?? ValueTask.CompletedTask);
    }

    public override string ToString() => $"{(_placed ? "call to" : "call from")} {FarNumber} ({State})";

    private bool IsSilent(TimeSpan duration, double? frequency, TimeSpan waited)
    {
        if (Heard.StartedAt is null)
        {
            return waited >= duration;
        }

        if (Heard.Now < duration)
        {
            return false;
        }

        var newest = Heard.Snapshot(Heard.Now - duration);
        return frequency is { } tone
            ? !ToneAnalyzer.Analyze(newest, Heard.SampleRate, tone).Contains(tone)
            : !newest.Any(sample => Math.Abs((int)sample) > Quiet);
    }

    private async Task<T> PollAsync<T>(Func<T?> look, TimeSpan within, Func<string> failed, CancellationToken ct, bool evenAfterEnd = false)
        where T : class
    {
        for (var started = Stopwatch.GetTimestamp(); ;)
        {
            var last = Stopwatch.GetElapsedTime(started) > within || (Ended.IsCompleted && !evenAfterEnd);
            if (look() is { } found)
            {
                return found;
            }

            if (last)
            {
                throw new TimeoutException($"{failed()} ({this}{(Ended.IsCompleted ? ": " + await Ended : "")})");
            }

            await Task.Delay(_pollEvery, ct);
        }
    }
}
