using IvrConsent.Asterisk;
using IvrConsent.Asterisk.Probing;
using IvrConsent.Core.Calls;
using IvrConsent.Host.Settings;
using IvrConsent.Host.Workers;
using IvrConsent.Storage.Prompts;

namespace IvrConsent.Host.Doctor;

/// <summary>What a checkup of a PBX needs to know of the worker's side.</summary>
/// <param name="File">The settings file.</param>
/// <param name="Settings">The settings.</param>
/// <param name="Catalogue">The prompts on disk.</param>
/// <param name="Needed">The prompts that lines play.</param>
/// <param name="Worker">The worker here.</param>
/// <param name="Server">Serves prompts in its place; null when it runs, or when that was not possible.</param>
/// <param name="NotServed">Prompts that the running worker does not serve.</param>
/// <param name="Time">The clock.</param>
internal sealed record CheckupContext(
    string File,
    HostSettings Settings,
    PromptCatalogue Catalogue,
    IReadOnlyList<NeededPrompt> Needed,
    WorkerCheck Worker,
    PromptServer? Server,
    IReadOnlyList<string> NotServed,
    TimeProvider Time);

/// <summary>Looks at one PBX, from the first connection to a prompt that plays. No check's failure keeps others from being made.</summary>
internal sealed class PbxCheckup : IDisposable
{
    /// <summary>The whole of it, whatever hangs.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(22);

    private const int AtOnce = 8;
    private static readonly string[] TrialsNeed = ["res_ari_bridges.so", "res_ari_recordings.so"];
    private readonly PbxSettings _pbx;
    private readonly CheckupContext _context;
    private readonly AsteriskOptions _options;
    private readonly AsteriskProbe _probe;
    private readonly PbxFindings _judge;
    private readonly List<Finding> _findings = [];
    private readonly CancellationToken _cancel;

    private PbxCheckup(PbxSettings pbx, CheckupContext context, CancellationToken cancel)
    {
        _pbx = pbx;
        _context = context;
        _options = WorkerHost.ToAsterisk(pbx);
        _probe = new AsteriskProbe(_options, context.Time);
        _judge = new PbxFindings(context.File, pbx);
        _cancel = cancel;
    }

    /// <summary>All findings, in the order in which they were made. Throws only when cancelled from outside.</summary>
    public static async Task<IReadOnlyList<Finding>> RunAsync(PbxSettings pbx, CheckupContext context, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(Limit);
        using var checkup = new PbxCheckup(pbx, context, limit.Token);
        await checkup.RunAsync();
        cancel.ThrowIfCancellationRequested();
        return [.. checkup._findings.Select(finding => finding with { Pbx = pbx.Name })];
    }

    public void Dispose() => _probe.Dispose();

    private async Task RunAsync()
    {
        var reach = await _probe.ReachAsync(_cancel);
        _findings.Add(_judge.Reach(reach));
        if (reach.Stage != AsteriskReachStage.Answers)
        {
            return;
        }

        var mayChange = true;
        await GuardAsync(Checks.Rights, async () => _judge.Rights(mayChange = await _probe.MayChangeAsync(_cancel)));
        string[] modules = [];
        await GuardAsync(Checks.Version, async () =>
        {
            modules = [.. (await _probe.ModulesAsync(_cancel)).Where(module => module.Running).Select(module => module.Name)];
            return _judge.Version(await _probe.VersionAsync(_cancel), modules);
        });
        await GuardAsync(Checks.Modules, async () => _judge.Modules(await _probe.VersionAsync(_cancel), modules));
        await GuardAsync(Checks.Clock, async () => PbxFindings.Clock(await _probe.ClockAsync(_cancel)));
        await GuardAsync(Checks.Application, () => ApplicationAsync(modules));
        if (!mayChange)
        {
            _findings.Add(Finding.Skipped(Checks.Attach, "dialplan, limits, recording and prompts are not tried with a user that may only read"));
            return;
        }

        AsteriskRehearsal rehearsal;
        try
        {
            rehearsal = await AsteriskRehearsal.OpenAsync(_options, _context.Time, _cancel);
        }
        catch (Exception e) when (e is PbxException or OperationCanceledException)
        {
            _findings.Add(PbxFindings.NotAttached(e is PbxException ? e.Message : "no answer in time"));
            return;
        }

        await using (rehearsal)
        {
            _findings.Add(PbxFindings.Attached(rehearsal.Transport));
            await RehearseAsync(rehearsal, modules);
        }
    }

    private async Task RehearseAsync(AsteriskRehearsal rehearsal, string[] modules)
    {
        await GuardAsync(Checks.Dialplan, () => DialplanAsync(rehearsal, modules));
        await GuardAsync(Checks.WriteTimeout, async () =>
        {
            var readable = modules.Contains("func_config.so");
            var value = await _probe.AriSettingAsync("websocket_write_timeout", _cancel)
                ?? (readable ? await rehearsal.FunctionAsync("AST_CONFIG(ari.conf,general,websocket_write_timeout)", _cancel) : null);
            return PbxFindings.WriteTimeout(value, readable || value is not null);
        });
        await GuardAsync(Checks.SessionLimit, async () =>
        {
            var readable = modules.Contains("func_config.so");
            return PbxFindings.SessionLimit(readable ? await rehearsal.FunctionAsync("AST_CONFIG(http.conf,general,sessionlimit)", _cancel) : null, readable);
        });
        await GuardAsync(Checks.Numbers, async () =>
        {
            var readable = modules.Contains("func_config.so");
            async Task<string?> SettingAsync(string file, string name) => readable ? await rehearsal.FunctionAsync($"AST_CONFIG({file},general,{name})", _cancel) : null;
            return PbxFindings.Numbers(await _probe.LogsAsync(_cancel), modules, new PbxRecords(
                await SettingAsync("cdr.conf", "enable"), await SettingAsync("cel.conf", "enable"), await SettingAsync("logger.conf", "queue_log"), readable));
        });

        await TryAudioAsync(rehearsal, modules);
    }

    private async Task TryAudioAsync(AsteriskRehearsal rehearsal, string[] modules)
    {
        // Without these two nothing could be tried, or what was tried could not be taken away again.
        if (TrialsNeed.FirstOrDefault(module => !modules.Contains(module)) is { } lacking)
        {
            _findings.Add(Finding.Skipped(Checks.Playing, $"prompts and recording are not tried: {lacking} is not loaded", "See modules above."));
            return;
        }

        using var folder = _pbx.PromptsFolder is null ? null : FolderPrompts.Prepare(_options, _context.Needed, _context.Catalogue, _context.Worker.Running);
        bool? fetches = null;
        if (folder is not null)
        {
            _findings.Add(folder.Finding);
        }
        else
        {
            await GuardAsync(Checks.Fetching, async () =>
            {
                fetches = await FetchesAsync(rehearsal);
                var serving = _context.Worker.Running ? PromptServing.Worker : _context.Server is null ? PromptServing.Nobody : PromptServing.Here;
                return Judge().Fetching(serving, fetches, _context.NotServed);
            });
        }

        string? Media(NeededPrompt prompt) => folder is null ? AsteriskProbe.MediaOf(_options, prompt.Prompt).Media : folder.MediaOf(prompt);
        IReadOnlyList<PromptTrial> trials = [];
        await GuardAsync(Checks.Playing, async () =>
        {
            trials = await PlayAllAsync(rehearsal, Media);
            return Judge().Playing(trials, fetches, _findings.Find(finding => finding.Check is Checks.Folder or Checks.Fetching));
        });
        await GuardAsync(Checks.Recording, async () =>
        {
            // With a prompt that is known to play, so that there is something to record.
            var media = trials.FirstOrDefault(trial => trial.Trial is { Worked: true }) is { } playing ? Media(playing.Prompt) : null;
            var results = new SortedDictionary<string, AsteriskTrial>(StringComparer.Ordinal);
            foreach (var format in _context.Settings.Lines.Select(line => line.Options.RecordingFormat).Distinct())
            {
                results[format] = await rehearsal.RecordAsync(format, media, _cancel);
            }

            return PbxFindings.Recording(results);
        });
    }

    private async Task<Finding> ApplicationAsync(string[] modules)
    {
        var listed = await _probe.ApplicationsAsync(_cancel);
        var prefix = await _probe.GlobalAsync("IVRCONSENT_APP", _cancel);
        var broadcast = modules.Contains("app_stasis_broadcast.so") && await _probe.GlobalAsync("IVRCONSENT_BROADCAST", _cancel) != "no";
        var attached = _context.Worker.Answer?.Parts.FirstOrDefault(part => part.Name == $"pbx {_pbx.Name}")?.Ok;
        return _judge.Application(listed, _context.Worker.Running ? attached ?? false : null, prefix, broadcast);
    }

    private async Task<Finding> DialplanAsync(AsteriskRehearsal rehearsal, string[] modules)
    {
        if (!modules.Contains("func_dialplan.so"))
        {
            return PbxFindings.Dialplan(null, []);
        }

        async Task<bool> HasAsync(string place) => await rehearsal.FunctionAsync(DialplanSample.Question(place), _cancel) == "1";
        if (!await HasAsync(DialplanSample.Entry))
        {
            return PbxFindings.Dialplan(false, []);
        }

        var differs = new List<string>();
        foreach (var (place, expected) in DialplanSample.Present.Select(place => (place, true)).Concat(DialplanSample.Absent.Select(place => (place, false))))
        {
            if (await HasAsync(place) != expected)
            {
                differs.Add(place);
            }
        }

        return PbxFindings.Dialplan(true, differs);
    }

    // Asked to play a file that nobody has, it must ask us for it; one that we have may lie in its cache. Only seen where we serve.
    private async Task<bool?> FetchesAsync(AsteriskRehearsal rehearsal)
    {
        if (_context.Server is not { } server)
        {
            return null;
        }

        var nobodyHas = PromptDownload.FileName($"{Guid.NewGuid():N}{Guid.NewGuid():N}", wideband: false);
        await rehearsal.PlayAsync($"sound:{_pbx.PromptsUrl!.AbsoluteUri.TrimEnd('/')}/prompts/{nobodyHas}", TimeSpan.FromSeconds(1), _cancel);
        return server.WasAsked(nobodyHas);
    }

    private async Task<IReadOnlyList<PromptTrial>> PlayAllAsync(AsteriskRehearsal rehearsal, Func<NeededPrompt, string?> media)
    {
        var trials = _context.Needed.Select(prompt => new PromptTrial(prompt, null)).ToArray();
        if (trials.Length == 0)
        {
            return trials;
        }

        // The first alone: where the PBX waits for files that do not come, each takes seconds, and one tells as much as all.
        await TryAsync(0, _cancel);
        if (trials[0].Trial is not { Result: AsteriskTrialResult.Hung })
        {
            await Parallel.ForAsync(1, trials.Length, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = _cancel }, async (i, cancel) => await TryAsync(i, cancel));
        }

        return trials;

        async Task TryAsync(int i, CancellationToken cancel)
        {
            var prompt = trials[i].Prompt;
            trials[i] = new PromptTrial(prompt, media(prompt) is { } uri
                ? await rehearsal.PlayAsync(uri, prompt.Prompt.Length, cancel)
                : new AsteriskTrial(AsteriskTrialResult.Failed, "the file is not there"));
        }
    }

    private PromptFindings Judge() => new(_context.File, _pbx, _context.Settings.Http.Listen.ToString());

    /// <summary>Whatever goes wrong in a check becomes its finding.</summary>
    private async Task GuardAsync(string check, Func<Task<Finding>> run)
    {
        try
        {
            _findings.Add(await run());
        }
        catch (PbxException e)
        {
            _findings.Add(Finding.Failed(check, e.Message, "Look at the PBX's log (/var/log/asterisk) and its load, and try again."));
        }
        catch (OperationCanceledException)
        {
            _findings.Add(Finding.Failed(check, $"not done within {Limit.TotalSeconds:0} s of this PBX's checks", "Look at the PBX's load and the network, and try again."));
        }
        catch (Exception e) when (e is IOException or System.Text.Json.JsonException or InvalidOperationException)
        {
            _findings.Add(Finding.Failed(check, $"the check itself failed: {e.GetType().Name}: {e.Message}", "Please report it, with the versions of IvrConsent and Asterisk."));
        }
    }
}
