using IvrConsent.Core.Consent;
using IvrConsent.Core.Ledger;

namespace IvrConsent.Core.Calls;

/// <summary>What staff may ask of a running call.</summary>
internal enum StaffAction
{
    Pause,
    Resume,
    Start,
    Stop,
    Withdraw,
    Reclassify,
}

/// <summary>A request of staff, by the HTTP API or by the dialplan.</summary>
/// <param name="Action">What.</param>
/// <param name="Actor">Who, as the ledger has it.</param>
/// <param name="Reason">Why.</param>
/// <param name="Purposes">For <see cref="StaffAction.Reclassify"/>.</param>
internal sealed record StaffRequest(StaffAction Action, string Actor, string Reason, IReadOnlyList<string> Purposes)
{
    /// <summary>Where the answer goes.</summary>
    public TaskCompletionSource<ControlResult> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}

/// <summary>
/// What staff may ask for while the call goes on: through the dialplan's variables or <see cref="ICallControl"/>. None of it goes against
/// what the caller has said. The caller, an agent who must not be recorded, and staff pause independently: it records when nobody does.
/// </summary>
internal sealed class StaffRequests(CallServices services, ICallSettings settings, ICall call, LineOptions line, InCall inCall, CallRecorder recorder, CallJournal journal)
{
    /// <summary>What the ledger calls the dialplan.</summary>
    public const string Dialplan = "dialplan";

    private const int MostPurposes = 32;

    private readonly CallId _id = call.Arrival.Id;
    private readonly CallStanding _standing = journal.Standing;

    /// <summary>Does what a variable of the dialplan says, as far as it may.</summary>
    public async Task ObeyAsync(CallSignal signal, CancellationToken cancel)
    {
        const string Why = "set by the dialplan";
        if (signal.Variable == CallVariables.Agent)
        {
            var agent = signal.Value.Trim();
            await ReceiveAgentAsync(agent, cancel);
            if (agent.Length > 0)
            {
                // Only now is he joined to the caller: not a word of one who must not be recorded comes before the pause.
                await call.SetVariablesAsync([new(CallVariables.AgentKnown, "yes")], cancel);
            }

            return;
        }

        StaffRequest? request = (signal.Variable, signal.Value.Trim().ToLowerInvariant()) switch
        {
            (_, "") => null,
            (CallVariables.Purposes, _) => new(StaffAction.Reclassify, Dialplan, Why, signal.Value.Split([',', ':'], MostPurposes + 1, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)),
            (CallVariables.Record, "start") => new(StaffAction.Start, Dialplan, Why, []),
            (CallVariables.Record, "pause") => new(StaffAction.Pause, Dialplan, Why, []),
            (CallVariables.Record, "resume") => new(StaffAction.Resume, Dialplan, Why, []),
            (CallVariables.Record, "stop") => new(StaffAction.Stop, Dialplan, Why, []),
            (CallVariables.Record, _) => Unknown(),
            _ => null,
        };
        if (request is not null)
        {
            await ObeyAsync(request, cancel);
        }
    }

    /// <summary>Does what is asked for, as far as it may be done, and says so.</summary>
    public async Task<ControlResult> ObeyAsync(StaffRequest request, CancellationToken cancel)
    {
        var result = request.Action switch
        {
            StaffAction.Pause => await PauseAsync(request, cancel),
            StaffAction.Resume => await ResumeAsync(request, cancel),
            StaffAction.Start => await StartAsync(request, cancel),
            StaffAction.Stop => await StopAsync(request),
            StaffAction.Withdraw => await WithdrawAsync(request),
            _ => Reclassify(request),
        };
        if (result.Outcome == ControlOutcome.Done)
        {
            CallLog.Step(services.Log, _id, $"{request.Action} ordered by {request.Actor}: {result.Detail}");
        }
        else
        {
            CallLog.NotObeyed(services.Log, _id, request.Action.ToString(), request.Actor, result.Detail);
        }

        return result;
    }

    private StaffRequest? Unknown()
    {
        CallLog.NotObeyed(services.Log, _id, CallVariables.Record, Dialplan, "it says neither start, pause, resume nor stop");
        return null;
    }

    private async Task ReceiveAgentAsync(string name, CancellationToken cancel)
    {
        var forbids = AgentPolicy.WhoForbids(settings.Agents, name) is { } who ? CallRecorder.AgentPrefix + who : null;
        var before = recorder.Agent;
        if (forbids == before)
        {
            return;
        }

        recorder.Agent = forbids;
        if (forbids is not null && recorder.Running && !await recorder.PauseAsync(forbids, null, cancel))
        {
            CallLog.NotObeyed(services.Log, _id, "the pause for an agent", Dialplan, "the PBX has confirmed neither the pause nor the end of the recording");
        }

        if (before is not null && recorder.Running)
        {
            await recorder.ResumeAsync(before, before, null, cancel);
        }

        if (forbids is null && _standing is { WaitsForAgent: true, MayRecord: true } && !recorder.Running)
        {
            await recorder.StartAsync(services.Time.GetTimestamp(), Task.FromResult(AppendResult.Committed), cancel);
        }
    }

    private async Task<ControlResult> PauseAsync(StaffRequest request, CancellationToken cancel)
    {
        if (!recorder.Running)
        {
            return NotAllowed("nothing is being recorded");
        }

        if (Staff is not null)
        {
            return Done("it was paused by staff already");
        }

        return await recorder.PauseAsync(NameOf(request.Actor), request.Reason, cancel)
            ? Done(recorder.Running ? "the PBX has confirmed the pause" : "it could not be paused, so it was ended; what was recorded is kept")
            : Failed("the PBX has confirmed neither the pause nor the end of the recording");
    }

    private async Task<ControlResult> ResumeAsync(StaffRequest request, CancellationToken cancel)
    {
        if (!recorder.Running || Staff is not { } pauser)
        {
            return NotAllowed(recorder.Running ? "staff have not paused it" : "nothing is being recorded");
        }

        if (!await recorder.ResumeAsync(pauser, request.Actor, request.Reason, cancel))
        {
            return Failed("the PBX did not let it go on; it stays paused");
        }

        return Done(recorder.Pausers.Count == 0 ? "it goes on" : $"it stays paused by {string.Join(", ", recorder.Pausers)}");
    }

    private async Task<ControlResult> StartAsync(StaffRequest request, CancellationToken cancel)
    {
        var asked = services.Time.GetTimestamp();
        if (line.NeverRecorded)
        {
            return NotAllowed("the line is never recorded");
        }

        if (recorder.Running)
        {
            return Done(recorder.Pausers.Count == 0 ? "it is being recorded already" : $"it is paused by {string.Join(", ", recorder.Pausers)}");
        }

        if (_standing.MayRecord)
        {
            return await StartedAsync(asked, Task.FromResult(AppendResult.Committed), cancel);
        }

        if (line.Mode != ConsentMode.AskInCall || _standing.Objected || _standing.Consent is ConsentStatus.Withdrawn or ConsentStatus.Refused)
        {
            return NotAllowed($"there is no ground to record on: consent {_standing.Consent}; only the caller can give it");
        }

        if (!await inCall.TellNoticeAsync(cancel))
        {
            return Failed("the short notice could not be heard");
        }

        var purposes = DialoguePolicy.PurposesOf(line, line.AcceptKey);
        var others = DialoguePolicy.PurposesWithoutConsent(line, objected: false);
        CallEvent ground = purposes.Count == 0 && others.Count > 0
            ? new CallerInformed([.. others.Select(purpose => purpose.Id)], [.. others.Select(purpose => purpose.Basis)])
            : new ConsentGiven(null, services.Time.GetUtcNow(), 0, 0) { Mode = line.Mode, Purposes = line.Purposes.Count == 0 ? null : purposes, By = request.Actor };
        return await StartedAsync(asked, journal.CommitAsync(ground), cancel);
    }

    private async Task<ControlResult> StartedAsync(long asked, Task<AppendResult> commit, CancellationToken cancel)
    {
        if (await recorder.StartAsync(asked, commit, cancel))
        {
            return Done("the PBX has confirmed that it records");
        }

        return recorder.Agent is null ? Failed("it did not start: see the call's entries") : NotAllowed($"{recorder.Agent} must not be recorded; it starts when he leaves");
    }

    private async Task<ControlResult> StopAsync(StaffRequest request)
    {
        if (!recorder.Running)
        {
            return NotAllowed("nothing is being recorded");
        }

        return await recorder.StopAndKeepAsync(request.Actor, request.Reason)
            ? Done("the PBX has confirmed that it stopped; what was recorded is kept")
            : Failed("the PBX has not confirmed that it stopped");
    }

    private async Task<ControlResult> WithdrawAsync(StaffRequest request) =>
        await inCall.WithdrawAsync(string.Empty, services.Time.GetUtcNow(), request.Actor, request.Reason) switch
        {
            true => Done("withdrawn; the recording has stopped"),
            false => Failed("withdrawn, but the PBX has not confirmed that the recording stopped"),
            null => NotAllowed("there is no consent to withdraw"),
        };

    private ControlResult Reclassify(StaffRequest request)
    {
        if (!recorder.Ever)
        {
            return NotAllowed("nothing was recorded in this call");
        }

        string[] wanted = [.. request.Purposes.Distinct(StringComparer.Ordinal)];
        if (ReclassificationPolicy.Refusal(line.Purposes, [.. _standing.Granted], _standing.Objected, wanted) is { } refusal)
        {
            return NotAllowed(refusal);
        }

        if (_standing.Purposes is { } now && now.Order(StringComparer.Ordinal).SequenceEqual(wanted.Order(StringComparer.Ordinal)))
        {
            return Done("it was recorded for these already");
        }

        journal.Post(new PurposesChanged(wanted, request.Actor, request.Reason));
        return Done($"recorded for {string.Join(", ", wanted)} from now on");
    }

    /// <summary>The one of staff who paused it; any of them may let it go on.</summary>
    private string? Staff => recorder.Pausers.FirstOrDefault(by => by != CallRecorder.Caller && !by.StartsWith(CallRecorder.AgentPrefix, StringComparison.Ordinal));

    /// <summary>Nobody of staff can pass for the caller or for an agent's wish.</summary>
    private static string NameOf(string actor) =>
        actor == CallRecorder.Caller || actor.StartsWith(CallRecorder.AgentPrefix, StringComparison.Ordinal) ? "staff " + actor : actor;

    private static ControlResult Done(string detail) => new(ControlOutcome.Done, detail);

    private static ControlResult NotAllowed(string detail) => new(ControlOutcome.NotAllowed, detail);

    private static ControlResult Failed(string detail) => new(ControlOutcome.Failed, detail);
}
