using IvrConsent.Asterisk.Ari;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Recordings;

namespace IvrConsent.Asterisk.Calls;

/// <summary>
/// A recording with two channels: two recordings of the caller's channel, one of what the caller says and one of what the caller hears,
/// that get every order side by side and have obeyed it only when both have. Nothing is kept here, so it can be made anew over
/// those that are there. The join is <see cref="StereoRecordings"/>'.
/// </summary>
/// <param name="session">The attachment.</param>
/// <param name="name">The name of both together.</param>
/// <param name="halves">Both; or one, where of a found recording only one runs.</param>
internal sealed class AsteriskStereoRecording(AriSession session, string name, IReadOnlyList<AsteriskRecording> halves) : IRecording
{
    public string Name => name;

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
