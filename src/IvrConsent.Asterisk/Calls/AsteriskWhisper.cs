using System.Text.Json;
using IvrConsent.Asterisk.Ari;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Notices;

namespace IvrConsent.Asterisk.Calls;

/// <summary>
/// A prompt played into a conversation, from a snoop channel that hears nothing. It is mixed into the frames that the PBX sends to
/// the caller (and, to both, into those that it gets from the caller): while there are none, it is played to nobody, and the PBX
/// reports it as done all the same. So the packets of the caller's RTP are counted before and after. Measured by the tones that
/// phones heard: with the agent talking, heard (16.28, 22.10); with an agent who sends nothing and in Wait(), no packets and not
/// heard (both); over music in the dialplan, heard (both); over the music of a call on hold, heard
/// on 16.28, on 22.10 in some calls and in others not, though the packets pass: there it is not known.
/// <para>
/// After a blind transfer by REFER 22.10 mixes nothing into what it sends to the caller in about half of the calls: no whisper,
/// however often it is repeated, and neither do recordings get that side (Asterisk's issue #507); the bridge, the packets and the
/// playback look the same in either half. What comes from the other party is not affected. So after such a transfer the caller is
/// told there: the prompt is mixed into the other party's sound, on its way to him. With no other party (the dialplan plays to him,
/// or he waits) the prompt goes the usual way, and it is not known whether he heard it.
/// </para>
/// </summary>
internal sealed class AsteriskWhisper(AriSession session, CallRegistry registry, string id, string channel, bool toBoth)
{
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The channel that it is played on.</summary>
    public string Channel => id;

    public void OnReady() => _ready.TrySetResult();

    public void OnChannelGone()
    {
        _ready.TrySetException(new PbxException("the channel for the whisper ended at once"));
        _ = _ready.Task.Exception;
    }

    public async Task<Whisper> PlayAsync(Prompt prompt, string playbackId, CancellationToken cancel)
    {
        var (media, sha256) = PromptMedia.Of(session.Options, prompt);
        var playback = new AsteriskPlayback(session, registry, static _ => { }, playbackId, sha256, prompt.Length);
        registry.Add(this);
        registry.Add(playback);
        try
        {
            var way = await FindWayAsync(cancel);
            var snoop = AriRequests.Whisper(way.Channel, id, session.Options.Application, toBoth ? "both" : way.ByOther ? "in" : "out");
            (await session.SendAsync(snoop, cancel)).EnsureOk(snoop);
            await ReadyAsync(cancel);
            var wasOnHold = await IsOnHoldAsync(cancel);
            var before = await CountAsync(way, cancel);
            var play = AriRequests.Play(id, playbackId, media);
            (await session.SendAsync(play, cancel)).EnsureOk(play);
            var end = await EndAsync(playback, prompt.Length, cancel);
            var whisper = Judge(prompt.Length, sha256, end, before, await CountAsync(way, cancel));
            return whisper.Heard != true ? whisper
                : wasOnHold || await IsOnHoldAsync(cancel)
                    ? whisper with { Heard = null, Detail = "the caller was on hold, and this Asterisk mixes a whisper into that music in some calls only" }
                : way is { Transferred: true, ByOther: false }
                    ? whisper with { Heard = null, Detail = "the call was transferred to where no other party is, and this Asterisk then mixes a whisper into the sound to the caller in some calls only" }
                : whisper;
        }
        finally
        {
            playback.Abandon();
            registry.Remove(this);
            // With the channel ends what it may still play.
            _ = session.PostAsync(AriRequests.HangUp(id));
        }
    }

    private async Task ReadyAsync(CancellationToken cancel)
    {
        try
        {
            await _ready.Task.WaitAsync(session.Options.RequestTimeout, session.Time, cancel);
        }
        catch (TimeoutException e)
        {
            throw new PbxException($"the channel for a whisper did not come within {session.Options.RequestTimeout.TotalMilliseconds:0} ms", e);
        }
    }

    private async Task<PlaybackEnd?> EndAsync(AsteriskPlayback playback, TimeSpan length, CancellationToken cancel)
    {
        try
        {
            return await playback.Ended.WaitAsync(length + session.Limits.WhisperBeyondPrompt, session.Time, cancel);
        }
        catch (TimeoutException)
        {
            return null;
        }
    }

    private Whisper Judge(TimeSpan length, string sha256, PlaybackEnd? end, Packets? before, Packets? after)
    {
        if (end is not { Result: PlaybackResult.Completed })
        {
            return new Whisper(false, sha256, end?.StartedAt, end is null ? "its end was not reported" : "the PBX could not play it");
        }

        if (end.Heard < length * Enough)
        {
            return new Whisper(false, sha256, end.StartedAt, $"only {end.Heard.TotalMilliseconds:0} of {length.TotalMilliseconds:0} ms were played");
        }

        var (heard, detail) = HeardIn(length, after?.ToCaller - before?.ToCaller, "to the caller");
        if (toBoth && heard != false)
        {
            var (other, why) = HeardIn(length, after?.FromCaller - before?.FromCaller, "from the caller, on which it goes to the other party");
            (heard, detail) = other == false ? (other, why) : (heard is null || other is null ? null : true, detail ?? why);
        }

        return new Whisper(heard, sha256, end.StartedAt, detail);
    }

    private const double Enough = 0.9;

    /// <summary>
    /// What the packets that passed while a prompt was played say. Sound travels in packets of 20 ms nearly everywhere; of 60 ms at
    /// the most. Less than the latter give: not heard, or with holes. In between there is no telling.
    /// </summary>
    public static (bool? Heard, string? Detail) HeardIn(TimeSpan length, long? packets, string where)
    {
        var usual = length.TotalMilliseconds / 20;
        return packets switch
        {
            null => (null, "the PBX has no count of packets for this channel"),
            var some when some >= usual * Enough => (true, null),
            var some when some < usual / 3 * Enough => (false, $"{some} packets passed {where} while it was played, about {usual:0} were to be expected: no sound went there that it could be mixed into"),
            var some => (null, $"{some} packets passed {where} while it was played, about {usual:0} were to be expected"),
        };
    }

    // Asterisk sets both on the channel that stays: that it was transferred by REFER, and the name of the channel it talks with now.
    private async Task<Way> FindWayAsync(CancellationToken cancel)
    {
        if (!Loses || await ValueAsync("SIPTRANSFER", cancel) != "yes")
        {
            return new Way(channel, Transferred: false, ByOther: false);
        }

        return await ValueAsync("BRIDGEPEER", cancel) is { Length: > 0 } other && !other.Contains(',', StringComparison.Ordinal)
            ? new Way(other, Transferred: true, ByOther: true)
            : new Way(channel, Transferred: true, ByOther: false);
    }

    // Versions between 16 and 22 were not measured and are taken for the latter.
    private bool Loses => session.Version.Major > 16;

    private async Task<bool> IsOnHoldAsync(CancellationToken cancel) => Loses && await ValueAsync("CHANNEL(onhold)", cancel) == "1";

    private async Task<string?> ValueAsync(string variable, CancellationToken cancel)
    {
        try
        {
            var response = await session.SendAsync(AriRequests.GetVariable(channel, variable), cancel);
            return response is { Ok: true, Body: { } body } ? JsonSerializer.Deserialize(body, AriJson.Default.AriVariable)?.Value : null;
        }
        catch (Exception e) when (e is PbxException or JsonException)
        {
            session.Log.BestEffortFailed(session.Options.Name, e.Message);
            return null;
        }
    }

    // Counting is no reason to fail: without it, it is not known whether the whisper was heard, and that is what is said.
    private async Task<Packets?> CountAsync(Way way, CancellationToken cancel)
    {
        try
        {
            var response = await session.SendAsync(AriRequests.RtpStatistics(way.Channel), cancel);
            return response is { Ok: true, Body: { } body } && JsonSerializer.Deserialize(body, AriJson.Default.AriRtpStatistics) is { } count
                ? way.ByOther ? new Packets(ToCaller: count.Rxcount, FromCaller: count.Txcount) : new Packets(count.Txcount, count.Rxcount)
                : null;
        }
        catch (Exception e) when (e is PbxException or JsonException)
        {
            session.Log.BestEffortFailed(session.Options.Name, e.Message);
            return null;
        }
    }

    /// <summary>Where a prompt is mixed in: into the caller's own channel, or into that of the party that he talks with.</summary>
    private sealed record Way(string Channel, bool Transferred, bool ByOther);

    /// <summary>Packets since the channel's beginning; null where the PBX does not tell.</summary>
    private sealed record Packets(long? ToCaller, long? FromCaller);
}
