using IvrConsent.Asterisk;
using IvrConsent.Storage.Prompts;

namespace IvrConsent.Host.Doctor;

/// <summary>
/// Prompts in a folder that the PBX reads. What the worker has laid there is played as it is. What is not there yet is laid there
/// under names of its own and taken away again: files left behind could belong to another user than the worker's.
/// </summary>
internal sealed class FolderPrompts : IDisposable
{
    private readonly List<string> _laid = [];
    private readonly Dictionary<string, string> _media = new(StringComparer.Ordinal);
    private string? _made;

    private FolderPrompts(Finding finding) => Finding = finding;

    /// <summary>What was found in the folder.</summary>
    public Finding Finding { get; private set; }

    /// <summary>What to play for a prompt; null when it is not there.</summary>
    public string? MediaOf(NeededPrompt prompt) => _media.GetValueOrDefault(prompt.Name);

    public static FolderPrompts Prepare(AsteriskOptions pbx, IReadOnlyList<NeededPrompt> needed, PromptCatalogue catalogue, bool workerRuns)
    {
        var prompts = new FolderPrompts(Finding.Ok(Checks.Folder, ""));
        var folder = pbx.PromptFolder!.TrimEnd('/');
        var (missing, damaged) = (new List<string>(), new List<string>());
        try
        {
            foreach (var prompt in needed)
            {
                var (media, sha256) = AsteriskProbe.MediaOf(pbx, prompt.Prompt);
                if (!catalogue.TryGetAudio(sha256, out var audio))
                {
                    continue;
                }

                var path = Path.Combine(folder, audio.FileName);
                prompts._media[prompt.Name] = media;
                if (File.Exists(path))
                {
                    if (!File.ReadAllBytes(path).AsSpan().SequenceEqual(audio.Content.Span))
                    {
                        damaged.Add(path);
                    }
                }
                else
                {
                    missing.Add(prompt.Name);
                    if (!workerRuns)
                    {
                        prompts.Lay(folder, prompt.Name, audio);
                    }
                }
            }

            prompts.Finding = Judge(folder, needed.Count, missing.Count, damaged, workerRuns);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            prompts.Finding = Finding.Failed(Checks.Folder, $"{folder} cannot be written or read: {e.Message}", $"Make it, owned by the worker's user and readable by the PBX's: install -d -o ivrconsent -m 755 {folder}");
        }

        return prompts;
    }

    internal static Finding Judge(string folder, int needed, int missing, IReadOnlyList<string> damaged, bool workerRuns) =>
        damaged.Count > 0 ? Finding.Failed(Checks.Folder, $"{string.Join(", ", damaged)}: not what its name says, so damaged or written by somebody else", $"Delete {(damaged.Count == 1 ? "it" : "them")} and restart the worker, which lays the prompts there anew: rm {string.Join(' ', damaged)}")
        : missing > 0 && workerRuns ? Finding.Failed(Checks.Folder, $"{missing} of {needed} prompts are not in {folder}, although the worker runs", "See the worker's log for the shared folder, and whether it runs with these settings; a restart lays them there.")
        : missing > 0 ? Finding.Ok(Checks.Folder, $"{folder} can be written; {missing} prompts were laid there for this check and taken away (the worker does so at its start)")
        : Finding.Ok(Checks.Folder, $"{folder} holds all {needed} prompts");

    public void Dispose()
    {
        try
        {
            _laid.ForEach(File.Delete);
            if (_made is not null)
            {
                Directory.Delete(_made);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Their names say whose they are.
        }
    }

    private void Lay(string folder, string name, PromptAudio audio)
    {
        if (!Directory.Exists(folder))
        {
            Directory.CreateDirectory(folder);
            _made = folder;
        }

        var trial = $"ivrconsent-doctor-{Guid.NewGuid():N}";
        var path = Path.Combine(folder, trial + (audio.Wideband ? ".wav16" : ".wav"));
        _laid.Add(path);
        File.WriteAllBytes(path, audio.Content.Span);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        _media[name] = $"sound:{folder}/{trial}";
    }
}
