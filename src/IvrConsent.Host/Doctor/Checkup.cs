using IvrConsent.Host.Cli;
using IvrConsent.Host.Settings;
using IvrConsent.Storage.Prompts;

namespace IvrConsent.Host.Doctor;

/// <summary>The whole of <c>ivrconsent doctor</c>, without the command line.</summary>
internal static class Checkup
{
    /// <summary>All findings: of this machine, then of each PBX.</summary>
    /// <param name="file">The settings file.</param>
    /// <param name="loaded">What it gave; with settings.</param>
    /// <param name="pbxes">The PBXs to look at.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancel">Ends it.</param>
    public static async Task<IReadOnlyList<Finding>> RunAsync(string file, SettingsResult loaded, IReadOnlyList<PbxSettings> pbxes, TimeProvider time, CancellationToken cancel)
    {
        var settings = loaded.Settings!;
        var storage = StorageChecks.RunAsync(settings, CommandContext.LedgerOptions(settings), file, cancel);
        var vault = VaultChecks.RunAsync(settings.Vault, pbxes, file, time, cancel);
        var sox = HostChecks.SoxAsync("sox", cancel);
        var catalogue = PromptCatalogue.Load(settings.PromptsFolder);
        var needed = HostChecks.Needed(settings, catalogue);
        var worker = await WorkerCheck.RunAsync(settings.Http.Listen, file, cancel);

        var http = pbxes.Any(pbx => pbx.Prompts == PromptDelivery.Http);
        await using var server = http && !worker.Running ? await PromptServer.StartAsync(settings.Http.Listen, catalogue, cancel) : null;
        var notServed = http && worker.Running
            ? await WorkerCheck.FindNotServedAsync(settings.Http.Listen, needed.SelectMany(prompt => Files(prompt, catalogue)), cancel)
            : [];
        var context = new CheckupContext(file, settings, catalogue, needed, worker, server, notServed, time);
        var ofPbxes = await Task.WhenAll(pbxes.Select(pbx => PbxCheckup.RunAsync(pbx, context, cancel)));
        var container = Environment.GetEnvironmentVariable("DOTNET_RUNNING_IN_CONTAINER") is not null;
        return
        [
            .. HostChecks.Settings(file, loaded),
            HostChecks.User(Environment.UserName, container),
            .. HostChecks.Prompts(settings, catalogue),
            KeyChecks.Judge(settings),
            .. await storage,
            .. await vault,

            // Behind the check of the database: that one closes SQLite's file, which would drop the locks of this one.
            .. await VaultChecks.ContentsAsync(settings.Vault, settings.Pbxes, CommandContext.LedgerOptions(settings), cancel),
            worker.Finding,
            await sox,
            .. ofPbxes.SelectMany(findings => findings),
        ];
    }

    private static IEnumerable<(string Name, PromptAudio Audio)> Files(NeededPrompt prompt, PromptCatalogue catalogue) =>
        new[] { prompt.Prompt.Sha256, prompt.Prompt.WidebandSha256 }
            .OfType<string>()
            .Select(sha256 => catalogue.TryGetAudio(sha256, out var audio) ? audio : null)
            .OfType<PromptAudio>()
            .Select(audio => (prompt.Name, audio));
}
