using System.Globalization;
using IvrConsent.Asterisk.Ari;

namespace IvrConsent.Asterisk.Calls;

/// <summary>
/// The dead man's switch of one call: TIMEOUT(absolute), at which our sample dialplan takes the call back. A deadline ordered while
/// a prompt plays is held back by the PBX until the prompt ends and runs from there (16.28, 22.10; on 22.10 its answer, too). So
/// none is sent then: the one before the prompt lasts for the prompt, and a later order waits here until nothing plays.
/// </summary>
/// <param name="session">The way to the PBX.</param>
/// <param name="channel">The call's channel.</param>
/// <param name="exists">Whether the dialplan has such a switch; without it a deadline would end the call.</param>
internal sealed class CallDeadline(AriSession session, string channel, bool exists)
{
    private readonly Lock _gate = new();
    private TimeSpan? _limit;
    private bool _waits;
    private int _playing;
    private long _sentAt;
    private TimeSpan _sentFor;
    private Task _settled = Task.CompletedTask;

    /// <summary>Completes, never fails, when all that was sent so far is carried out: nothing may overtake it.</summary>
    public Task Settled
    {
        get
        {
            lock (_gate)
            {
                return _settled;
            }
        }
    }

    public void Order(TimeSpan limit)
    {
        lock (_gate)
        {
            _limit = exists ? limit : null;
            _waits = exists && _playing > 0;
            if (exists && !_waits)
            {
                Send(limit);
            }
        }
    }

    /// <summary>A prompt of that length is about to be ordered.</summary>
    public void OnPrompt(TimeSpan length)
    {
        lock (_gate)
        {
            var left = _sentFor - session.Time.GetElapsedTime(_sentAt);
            if (_playing++ == 0 && _limit is { } limit && left < length + session.Limits.HeldBeyondPrompt)
            {
                Send(length + limit);
            }
        }
    }

    /// <summary>A prompt ended, or was never taken.</summary>
    /// <param name="left">Whether the call is not ours any more.</param>
    public void OnPromptEnded(bool left)
    {
        lock (_gate)
        {
            if (--_playing == 0 && _waits)
            {
                _waits = false;
                if (!left)
                {
                    Send(_limit!.Value);
                }
            }
        }
    }

    private void Send(TimeSpan limit)
    {
        (_sentAt, _sentFor) = (session.Time.GetTimestamp(), limit);
        // One after another, as requests over HTTP may overtake each other: the last order must win.
        _settled = SendAsync(_settled, limit);
    }

    private async Task SendAsync(Task before, TimeSpan limit)
    {
        await before;
        var seconds = Math.Max(0.1, limit.TotalSeconds).ToString("0.###", CultureInfo.InvariantCulture);
        await session.PostAsync(AriRequests.SetVariable(channel, "TIMEOUT(absolute)", seconds));
    }
}
