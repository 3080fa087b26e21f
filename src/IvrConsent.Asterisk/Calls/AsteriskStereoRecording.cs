using IvrConsent.Asterisk.Ari;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Recordings;

namespace IvrConsent.Asterisk.Calls;

/// <summary>
/// A recording with two channels: two recordings of the caller's channel, one of what the caller says and one of what the caller hears,
/// that get every order side by side and have obeyed it only when both have. Nothing is kept here, so it can be made anew over
/// those that are there. The join is <see cref="StereoRecordings"/>'.
/// <para>
/// What keeps them together is that either is written by a clock of its own, 50 frames a second, with silence where the PBX has no frame
/// of its direction (lost packets, silence suppression, ringing) and, muted, in place of what is said in a pause: neither is shorter
/// for what its party did. So one moment lies at one place in both, give or take one frame of 20 ms. That frame comes of the clocks,
/// which do not tick at one instant: a frame that arrives, or an order that comes, between the two ticks falls on different ones.
/// It may come and go within a call, as a late frame is written one tick later, and all behind it, until the PBX empties its queue;
/// a PBX without time to spare is late by more, at most by that queue's 100 ms. No report tells on which frame a recorder began, so
/// it cannot be trimmed away. Where the PBX cannot be muted more than once (<see cref="AsteriskVersion.MutesAgain"/>), both are
/// paused instead: nothing is written then, and each pause may leave them one frame further apart.
/// </para>
/// </summary>
/// <param name="session">The attachment.</param>
/// <param name="name">The name of both together.</param>
/// <param name="halves">Both; or one, where of a found recording only one runs.</param>
internal sealed class AsteriskStereoRecording(AriSession session, string name, IReadOnlyList<AsteriskRecording> halves) : IRecording
{
    public string Name => name;

    public bool PauseIsSilence => halves[0].PauseIsSilence;

    public Task<RecordingEnd> Ended { get; } = EndedAsync(halves);

    /// <summary>Makes both ready, or neither.</summary>
    public async Task PrepareAsync(CancellationToken cancel)
    {
        await AllOrNoneAsync([.. halves.Select(half => half.PrepareAsync(cancel))]);
        _ = WatchAsync();
    }

    /// <summary>The later of both starts: from here on there is sound of both.</summary>
    public async Task<DateTimeOffset> StartAsync(CancellationToken cancel)
    {
        Task<DateTimeOffset>[] starts = [.. halves.Select(half => half.StartAsync(cancel))];
        await AllOrNoneAsync(starts);
        return (await Task.WhenAll(starts)).Max();
    }

    public Task StopAsync(CancellationToken cancel) => EndEachAsync(half => half.StopAsync(cancel));

    public Task PauseAsync(CancellationToken cancel) => EachAsync(half => half.PauseAsync(cancel));

    public async Task ResumeAsync(CancellationToken cancel)
    {
        try
        {
            await EachAsync(half => half.ResumeAsync(cancel));
        }
        catch (PbxException)
        {
            // To the call it is still paused: so it is for both.
            try
            {
                await PauseAsync(CancellationToken.None);
            }
            catch (PbxException again)
            {
                session.Log.RecordingTrouble(session.Options.Name, name, $"one half went on after a pause and the other did not: {again.Message}");
            }

            throw;
        }
    }

    public async Task DiscardAsync(CancellationToken cancel)
    {
        await EndEachAsync(half => half.DiscardAsync(cancel));

        // Of a found one whose other half had ended before, that one's file lies there.
        var (caller, other) = AriNames.Halves(name);
        foreach (var ended in ((string[])[caller, other]).Except(halves.Select(half => half.Name)))
        {
            var stored = AriRequests.DeleteStored(ended);
            (await session.SendAsync(stored, cancel)).EnsureOkOrAbsent(stored);
        }
    }

    // Waits for both, whatever becomes of one.
    private Task EachAsync(Func<AsteriskRecording, Task> act) => Task.WhenAll(halves.Select(act));

    // Whoever was told that both have ended sees it as well.
    private async Task EndEachAsync(Func<AsteriskRecording, Task> end)
    {
        await EachAsync(end);
        if (halves.All(half => half.Ended.IsCompleted))
        {
            await Ended;
        }
    }

    // One that fails undoes itself. One party alone is not what was asked for, so the other, where it succeeded, goes as well.
    private async Task AllOrNoneAsync(Task[] steps)
    {
        try
        {
            await Task.WhenAll(steps);
        }
        catch
        {
            await Task.WhenAll(halves.Where((_, i) => steps[i].IsCompletedSuccessfully).Select(half => half.DiscardAsync(CancellationToken.None)))
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw;
        }
    }

    private static async Task<RecordingEnd> EndedAsync(IReadOnlyList<AsteriskRecording> halves)
    {
        var ends = await Task.WhenAll(halves.Select(half => half.Ended));
        var failed = ends.FirstOrDefault(end => end.Failed);
        return new RecordingEnd(failed is not null, failed?.Cause, ends.Max(end => end.StartedAt), ends.Max(end => end.EndedAt));
    }

    /// <summary>Tells at once when one half ends and the other goes on: the length of the file would tell it only after the call.</summary>
    private async Task WatchAsync()
    {
        await Task.WhenAny(halves.Select(half => half.Ended));
        await ((Task)Ended).WaitAsync(session.Limits.RecordingReport, session.Time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!Ended.IsCompleted && halves.FirstOrDefault(half => half.Ended.IsCompleted) is { } ended)
        {
            session.Log.RecordingTrouble(session.Options.Name, ended.Name, "ended by itself while its other half goes on");
        }
    }
}
