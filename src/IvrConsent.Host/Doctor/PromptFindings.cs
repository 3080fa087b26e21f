using IvrConsent.Asterisk.Probing;
using IvrConsent.Core.Notices;
using IvrConsent.Host.Settings;

namespace IvrConsent.Host.Doctor;

/// <summary>A prompt that some line plays.</summary>
/// <param name="Name">As an admin knows it: <c>pl/notice</c>.</param>
/// <param name="Prompt">The prompt.</param>
internal sealed record NeededPrompt(string Name, Prompt Prompt);

/// <summary>What became of playing a prompt; the trial is null when it was not tried.</summary>
internal sealed record PromptTrial(NeededPrompt Prompt, AsteriskTrial? Trial);

/// <summary>Who serves prompts over HTTP while the check runs.</summary>
internal enum PromptServing
{
    /// <summary>This command itself: the PBX's requests can be seen.</summary>
    Here,

    /// <summary>The running worker.</summary>
    Worker,

    /// <summary>Nobody: the address is taken or is not ours.</summary>
    Nobody,
}

/// <summary>Judges what was seen of prompts and says what to do; knows neither network nor disk.</summary>
internal sealed class PromptFindings(string file, PbxSettings pbx, string listen)
{
    private string Setting => $"pbx {pbx.Name} in {file}";

    private string ReachRemedy =>
        $"Write for {Setting}: prompts_url: http://ADDRESS:PORT, as the PBX reaches this machine, and listen under http so that the worker listens there (now {listen}; a 127.0.0.1 is reached from the same machine only); open the port in the firewall. Try on the PBX: curl -i {pbx.PromptsUrl?.AbsoluteUri.TrimEnd('/')}/readyz";

    /// <param name="serving">Who serves.</param>
    /// <param name="asked">Whether the PBX was seen to ask; null when it cannot be seen.</param>
    /// <param name="notServed">Prompts that the running worker does not serve as they are on disk.</param>
    public Finding Fetching(PromptServing serving, bool? asked, IReadOnlyCollection<string> notServed) => (serving, asked) switch
    {
        (PromptServing.Nobody, _) => Finding.Failed(
            Checks.Fetching,
            $"no worker runs, and prompts cannot be served at {listen} in its place",
            $"Write listen under http in {file} with an address of this machine and a port that nothing else has: ss -ltnp"),
        (PromptServing.Worker, _) when notServed.Count > 0 => Finding.Failed(
            Checks.Fetching,
            $"the running worker does not serve {List(notServed)} as they are in the prompts' folder",
            "Run ivrconsent check-config: the worker keeps what was in force before a change that it refused. Else restart the worker."),
        (PromptServing.Worker, _) => Finding.Ok(Checks.Fetching, $"the running worker serves all prompts at {listen}; the PBX is told {pbx.PromptsUrl}, and may play from its cache"),
        (_, false) => Finding.Failed(Checks.Fetching, $"the PBX does not reach {pbx.PromptsUrl}: asked to fetch a file there, it did not ask at {listen}", ReachRemedy),
        _ => Finding.Ok(Checks.Fetching, $"the PBX fetches from {pbx.PromptsUrl} (served by this command in place of the worker)"),
    };

    /// <param name="trials">What became of each.</param>
    /// <param name="fetches">Whether the PBX was seen to reach us; null when that cannot be seen, or prompts come from a folder.</param>
    /// <param name="delivery">What was found of the way the files take to the PBX; null when it was not looked at.</param>
    public Finding Playing(IReadOnlyCollection<PromptTrial> trials, bool? fetches, Finding? delivery)
    {
        var bad = trials.Where(trial => trial.Trial is { Worked: false }).ToArray();
        if (trials.Count == 0)
        {
            return Finding.Skipped(Checks.Playing, "there are no prompts to play");
        }

        if (bad.Length == 0 && trials.All(trial => trial.Trial is not null))
        {
            var languages = trials.Select(trial => trial.Prompt.Prompt.Language).Distinct().Order(StringComparer.Ordinal);
            return Finding.Ok(Checks.Playing, $"all {trials.Count} prompts play ({string.Join(", ", languages)})");
        }

        if (bad.Length == 0)
        {
            return Finding.Skipped(Checks.Playing, "prompts were not tried");
        }

        var untried = trials.Count(trial => trial.Trial is null);
        var found = string.Join("; ", bad.GroupBy(trial => trial.Trial!.Detail).Select(group => $"{List([.. group.Select(trial => trial.Prompt.Name)])}: {group.Key}"))
            + (untried > 0 ? $"; {untried} more not tried" : "");
        return Finding.Failed(Checks.Playing, found, Remedy(bad.Any(trial => trial.Trial!.Result == AsteriskTrialResult.Refused), bad.Length == trials.Count, fetches, delivery));
    }

    private string Remedy(bool refused, bool all, bool? fetches, Finding? delivery) =>
        refused ? "See modules above: bridges need bridge_simple.so or bridge_softmix.so and res_ari_bridges.so for this trial."
        : delivery?.Status == FindingStatus.Failed ? $"First mend `{delivery.Check}` above."
        : pbx.Prompts == PromptDelivery.Folder
            ? $"Let the PBX read {pbx.PromptsFolder} under that same name (a shared or mounted folder), and its user the files: sudo -u asterisk ls -l {pbx.PromptsFolder}. Then see modules above (format_wav.so)."
        : fetches == true ? $"The PBX reaches us, and cannot play what it gets: see modules above (format_wav.so, res_http_media_cache.so), room in its /tmp, and /var/log/asterisk.{Wideband()}"
        : all ? ReachRemedy
        : $"Others play, so look at these files: ivrconsent prompts check; and at the PBX's log in /var/log/asterisk.{Wideband()}";

    private string Wideband() => pbx.PromptRate == 16000 ? $" Or write prompt_rate: 8000 for {Setting}." : "";

    private static string List(IReadOnlyCollection<string> names) =>
        names.Count <= 6 ? string.Join(", ", names) : $"{string.Join(", ", names.Take(5))} and {names.Count - 5} more";
}
