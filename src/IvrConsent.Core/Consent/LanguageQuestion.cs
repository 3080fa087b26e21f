using IvrConsent.Core.Calls;
using IvrConsent.Core.Notices;

namespace IvrConsent.Core.Consent;

/// <summary>Asks which language to speak. Nothing depends on it: whatever goes wrong, the dialogue goes on in the line's language.</summary>
internal sealed class LanguageQuestion(ICall call, LineOptions line, IPromptCatalogue prompts, TimeProvider time, Action<string> step)
{
    /// <summary>What the dead man's switch leaves us beyond the longest regular course of the question (promise 2).</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(1);

    /// <summary>The key of <see cref="LanguageOptions.ByKey"/> that was pressed; null for none, or another.</summary>
    public async Task<char?> AskAsync(CancellationToken cancel)
    {
        if (prompts.Find(line.Language, PromptNames.Language) is not { } prompt)
        {
            step($"there is no prompt {line.Language}/{PromptNames.Language}: not asked");
            return null;
        }

        call.HoldAtMost(prompt.Length + line.FirstDigitTimeout + Grace);
        IPlayback playback;
        try
        {
            playback = await call.PlayAsync(prompt, cancel);
        }
        catch (PbxException exception)
        {
            step($"could not ask for the language: {exception.Message}");
            return null;
        }

        try
        {
            var started = await playback.Started.WaitAsync(cancel);
            step($"plays {prompt.Language}/{prompt.Name}");
            return await CollectAsync(playback, started, cancel);
        }
        finally
        {
            await StopAsync(playback, cancel);
        }
    }

    /// <summary>The first key decides; one typed before the question began is no answer to it.</summary>
    private async Task<char?> CollectAsync(IPlayback playback, DateTimeOffset? started, CancellationToken cancel)
    {
        using var timeout = new CancellationTokenSource();
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancel);
        using var timer = time.CreateTimer(_ => timeout.Cancel(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        var isOver = false;
        try
        {
            while (true)
            {
                while (call.Digits.TryRead(out var press))
                {
                    if (started is { } start && press.At >= start && (isOver || line.BargeIn))
                    {
                        return line.Languages.ByKey.ContainsKey(press.Digit) ? press.Digit : null;
                    }
                }

                var digit = WaitForDigitAsync(either.Token);
                if (!isOver && await Task.WhenAny(playback.Ended, digit) == playback.Ended)
                {
                    isOver = true;
                    timer.Change(line.FirstDigitTimeout, Timeout.InfiniteTimeSpan);
                }

                if (isOver || digit.IsCompleted)
                {
                    await digit;
                }
            }
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested && !cancel.IsCancellationRequested)
        {
            return null;
        }
    }

    /// <summary>Returns when a digit can be read; the digits end when the call departs, and then its token is what wakes us.</summary>
    private async Task WaitForDigitAsync(CancellationToken cancel)
    {
        if (!await call.Digits.WaitToReadAsync(cancel))
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, time, cancel);
        }
    }

    /// <summary>The next prompt must not sound over this one.</summary>
    private async Task StopAsync(IPlayback playback, CancellationToken cancel)
    {
        if (playback.Ended.IsCompleted)
        {
            return;
        }

        try
        {
            await playback.StopAsync(CancellationToken.None);
            await playback.Ended.WaitAsync(Grace, time, cancel);
        }
        catch (Exception exception) when (exception is PbxException or TimeoutException or OperationCanceledException)
        {
            step($"could not stop the prompt: {exception.Message}");
        }
    }
}
