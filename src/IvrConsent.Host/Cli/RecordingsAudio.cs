using System.CommandLine;
using System.ComponentModel;
using System.Diagnostics;
using System.Security.Cryptography;
using IvrConsent.Core.Access;
using IvrConsent.Core.Recordings;

namespace IvrConsent.Host.Cli;

/// <summary><c>ivrconsent recordings play</c> and <c>export</c>: the ways by which sound leaves the vault one by one.</summary>
internal static class RecordingsAudio
{
    /// <summary>The player of SoX, which is there where prompts are imported.</summary>
    private const string Player = "play";

    private const string StandardOutput = "-";

    public static Command CreatePlay()
    {
        var output = new Option<string?>("--out", "-o") { Description = "Write the WAV there in place of playing it, as export does: a new file, readable by its owner only; - is standard output." };
        return Create("play", "Listen to a recording. The look is put on record before a sample is heard.", output, json: null);
    }

    public static Command CreateExport()
    {
        var output = new Option<string?>("--out", "-o") { Description = "The WAV to write: a new file, readable by its owner only; - is standard output.", Required = true };
        return Create("export", "Write a recording as WAV. That it was taken away is put on record before.", output, CommandContext.JsonOption());
    }

    private static Command Create(string name, string description, Option<string?> output, Option<bool>? json)
    {
        var config = CommandContext.ConfigOption();
        var recording = new Argument<string>("recording") { Description = "Its name, as `recordings list` shows it." };
        var reason = CommandContext.ReasonOption();
        var quarantined = new Option<bool>("--quarantined") { Description = "Also one for which the ledger has no ground, or which is kept for no purpose any more; for the data protection officer only." };
        var command = new Command(name, $"{description} Not for recordings that are restricted (GDPR 18). Exit code 1 where it is not what was stored.") { recording, reason, output, quarantined, config };
        if (json is not null)
        {
            command.Add(json);
        }

        command.SetAction((parsed, cancel) => RightsContext.RunOnVaultAsync(parsed.GetValue(config)!, Act.Listen, ofLines: true, async context =>
        {
            var desk = context.Get<ListeningDesk>();
            var entry = await desk.GetAsync(parsed.GetValue(recording)!, cancel);
            context.Require(Act.Listen, entry.Line);
            if (parsed.GetValue(quarantined))
            {
                // Who handles persons' requests on all lines: the data protection officer.
                context.Require(Act.HandleRequests, null);
            }

            var target = parsed.GetValue(output);
            if (target is null && !CanPlay())
            {
                await Console.Error.WriteLineAsync($"There is no program \"{Player}\" here (Debian: apt install sox). Nothing was played; write it with --out FILE, or --out - | a player of your own.");
                return ExitCodes.Failed;
            }

            if (target is not null and not StandardOutput && CommandContext.WhyNoNewFile(target) is { } why)
            {
                await Console.Error.WriteLineAsync($"{why} Nothing was given out.");
                return ExitCodes.Failed;
            }

            if (target is not null)
            {
                await context.RequireExportApprovalAsync($"recording {entry.Item.Recording}{(parsed.GetValue(quarantined) ? ", although it is quarantined or kept for no purpose" : "")}", parsed.GetValue(reason)!, cancel);
            }

            await using var wav = await desk.OpenAsync(entry, context.Actor, parsed.GetValue(reason)!, target is not null, parsed.GetValue(quarantined), cancel);
            return await (target switch
            {
                null => PlayAsync(wav, cancel),
                StandardOutput => PipeAsync(wav, cancel),
                _ => WriteAsync(wav, target, entry, json is not null && parsed.GetValue(json), cancel),
            });
        }));
        return command;
    }

    /// <summary>A file that is not whole is none: it is removed.</summary>
    private static async Task<int> WriteAsync(Stream wav, string file, VaultEntry entry, bool json, CancellationToken cancel)
    {
        await using var stream = new FileStream(file, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite });
        try
        {
            await wav.CopyToAsync(stream, cancel);
            await stream.FlushAsync(cancel);
            stream.Position = 0;
            var sha256 = Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, cancel));
            if (json)
            {
                CommandContext.WriteJson(new { entry.Item.Recording, File = file, Bytes = stream.Length, Sha256 = sha256 });
            }
            else
            {
                Console.Out.WriteLine($"{file}: {stream.Length} bytes, SHA-256 {sha256}");
            }

            return ExitCodes.Ok;
        }
        catch (Exception error)
        {
            File.Delete(file);
            if (error is not RecordingDamagedException)
            {
                throw;
            }

            return await DamagedAsync(error, $"{file} was removed.");
        }
    }

    private static async Task<int> PipeAsync(Stream wav, CancellationToken cancel)
    {
        try
        {
            await using var output = Console.OpenStandardOutput();
            await wav.CopyToAsync(output, cancel);
            return ExitCodes.Ok;
        }
        catch (RecordingDamagedException error)
        {
            return await DamagedAsync(error, "What was written ends there.");
        }
    }

    private static async Task<int> PlayAsync(Stream wav, CancellationToken cancel)
    {
        using var player = Process.Start(new ProcessStartInfo(Player, ["-q", "-t", "wav", "-"]) { RedirectStandardInput = true })!;
        try
        {
            await using (var input = player.StandardInput.BaseStream)
            {
                await GiveAsync(wav, input, cancel);
            }

            await player.WaitForExitAsync(cancel);
            if (player.ExitCode == 0)
            {
                return ExitCodes.Ok;
            }

            await Console.Error.WriteLineAsync($"\"{Player}\" could not play it (exit code {player.ExitCode}); what it says stands above. Where there is no sound device: --out FILE, or --out - | a player elsewhere.");
            return ExitCodes.Failed;
        }
        catch (RecordingDamagedException error)
        {
            return await DamagedAsync(error, "What was heard ends there.");
        }
        finally
        {
            if (!player.HasExited)
            {
                player.Kill();
            }
        }
    }

    /// <summary>Gives the player all, or as much as it takes: where it has ended, its exit code says how.</summary>
    private static async Task GiveAsync(Stream wav, Stream player, CancellationToken cancel)
    {
        var piece = new byte[64 * 1024];
        for (int read; (read = await wav.ReadAsync(piece, cancel)) > 0;)
        {
            try
            {
                await player.WriteAsync(piece.AsMemory(0, read), cancel);
            }
            catch (IOException)
            {
                return;
            }
        }
    }

    private static async Task<int> DamagedAsync(Exception error, string then)
    {
        await Console.Error.WriteLineAsync($"The recording is not what was stored: {error.Message} {then} Restore the object from a backup of the store; vault verify looks at all of them.");
        return ExitCodes.Failed;
    }

    private static bool CanPlay()
    {
        try
        {
            using var asked = Process.Start(new ProcessStartInfo(Player, ["--version"]) { RedirectStandardOutput = true, RedirectStandardError = true });
            asked?.WaitForExit();
            return asked?.ExitCode == 0;
        }
        catch (Win32Exception)
        {
            return false;
        }
    }
}
