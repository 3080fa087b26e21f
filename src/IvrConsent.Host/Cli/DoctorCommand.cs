using System.CommandLine;
using IvrConsent.Host.Doctor;
using IvrConsent.Host.Settings;

namespace IvrConsent.Host.Cli;

/// <summary><c>ivrconsent doctor</c>: tries a real installation out, and says for each thing that is wrong what to do.</summary>
internal static class DoctorCommand
{
    public static Command Create()
    {
        var config = CommandContext.ConfigOption();
        var json = CommandContext.JsonOption();
        var pbx = new Option<string?>("--pbx") { Description = "Look at this PBX only." };
        var command = new Command(
            "doctor",
            "Try the installation out: settings, database, and at each PBX a connection, the dialplan, a recording, every prompt. Disturbs neither calls nor a running worker, and takes under half a minute. "
            + "Exit codes: 0 ready for calls, 1 something fails, 2 the settings cannot be used, 3 no PBX answers.")
        { config, pbx, json };
        command.SetAction((parsed, cancel) => RunAsync(parsed.GetValue(config)!, parsed.GetValue(pbx), parsed.GetValue(json), TimeProvider.System, cancel));
        return command;
    }

    internal static async Task<int> RunAsync(string config, string? only, bool json, TimeProvider time, CancellationToken cancel)
    {
        var loaded = SettingsFile.Load(config, SettingsFile.ProcessEnvironment());
        if (loaded.Settings is not { } settings)
        {
            Write([.. HostChecks.Settings(config, loaded)], json);
            return ExitCodes.Usage;
        }

        var pbxes = settings.Pbxes.Where(pbx => only is null || pbx.Name == only).ToArray();
        if (pbxes.Length == 0)
        {
            Write([Finding.Failed(Checks.Settings, $"{config} has no pbx named {only}", $"Write --pbx with one of: {string.Join(", ", settings.Pbxes.Select(pbx => pbx.Name))}")], json);
            return ExitCodes.Usage;
        }

        try
        {
            var findings = await Checkup.RunAsync(config, loaded, pbxes, time, cancel);
            Write(findings, json);
            return Report.ExitCode(findings);
        }
        catch (OperationCanceledException)
        {
            await Console.Error.WriteLineAsync("Broken off.");
            return ExitCodes.Failed;
        }
    }

    private static void Write(IReadOnlyList<Finding> findings, bool json)
    {
        if (json)
        {
            CommandContext.WriteJson(findings);
        }
        else
        {
            Report.Write(Console.Out, findings);
        }
    }
}
