using IvrConsent.Core.Ledger;

namespace IvrConsent.Core.Calls;

/// <summary>
/// Tells the caller, and only him, what became of his keys while the call goes on. A whisper rides on the sound that goes to him: with
/// none it is played to nobody, so it is repeated until it was heard.
/// </summary>
internal sealed class CallWhispers(CallServices services, ICallSettings settings, ICall call, string language, CallJournal journal)
{
    /// <summary>A whisper that nobody could hear is repeated after so long, when there may be sound again to carry it.</summary>
    private static readonly TimeSpan RepeatAfter = TimeSpan.FromSeconds(3);

    /// <summary>So often; a caller who is on hold without music for longer is told no more.</summary>
    private const int Tries = 10;

    private CancellationTokenSource? _current;
    private Task _told = Task.CompletedTask;

    /// <summary>Begins to tell; comes back at once, and ends what is still being told.</summary>
    public async Task TellAsync(string name)
    {
        await SilenceAsync();
        _current = CancellationTokenSource.CreateLinkedTokenSource(call.Gone);
        _told = RepeatAsync(name, _current.Token);
    }

    /// <summary>Ends what is still being told; for the end of the call.</summary>
    public async Task SilenceAsync()
    {
        if (_current is not null)
        {
            _current.Cancel();
            await _told;
            _current.Dispose();
            _current = null;
        }
    }

    private async Task RepeatAsync(string name, CancellationToken cancel)
    {
        if (settings.Prompts.Find(language, name) is not { } prompt)
        {
            CallLog.Step(services.Log, call.Arrival.Id, $"there is no prompt {language}/{name}: skipped");
            return;
        }

        string? detail = null;
        try
        {
            for (var attempt = 1; attempt <= Tries; attempt++)
            {
                var whisper = await call.WhisperAsync(prompt, toBoth: false, cancel);
                if (whisper.Heard != false)
                {
                    CallLog.Step(services.Log, call.Arrival.Id, $"whispered {language}/{name}");
                    journal.Post(new ConfirmationPlayed(name, whisper.Heard, whisper.Detail));
                    return;
                }

                detail = whisper.Detail;
                CallLog.Step(services.Log, call.Arrival.Id, $"{language}/{name} could not be heard: {detail}");
                await Task.Delay(RepeatAfter, services.Time, cancel);
            }
        }
        catch (PbxException exception)
        {
            detail = exception.Message;
        }
        catch (OperationCanceledException)
        {
            detail ??= "the call ended, or the caller asked for something else, before it was over";
        }

        journal.Post(new ConfirmationPlayed(name, false, detail));
    }
}
