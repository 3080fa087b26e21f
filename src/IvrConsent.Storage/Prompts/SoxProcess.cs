using System.ComponentModel;
using System.Diagnostics;

namespace IvrConsent.Storage.Prompts;

/// <summary>
/// Runs SoX in a scratch folder. SoX gives file names a meaning of their own (<c>|command</c>, <c>-n</c>, an ending), so only
/// names that we chose ever reach it; arguments go as a list and never through a shell.
/// </summary>
internal sealed class SoxProcess(string program, string folder, TimeSpan limit)
{
    private const string Install = "Install it: apt-get install sox libsox-fmt-mp3";

    // More than SoX ever has to say; a damaged file can make it complain about every frame.
    private const int MaxOutput = 64 * 1024;

    /// <summary>What SoX printed. Fails with <see cref="PromptRefusedException"/> when SoX does.</summary>
    public async Task<string> RunAsync(CancellationToken cancel, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };

        // Options from the environment of whoever runs us would change what is done here.
        start.Environment.Remove("SOX_OPTS");
        using var process = new Process { StartInfo = start };
        try
        {
            process.Start();
        }
        catch (Win32Exception e)
        {
            throw new PromptRefusedException(PromptRefusal.SoxMissing, $"SoX cannot be started as '{program}': {e.Message}", Install, e);
        }

        process.StandardInput.Close();
        using var timer = new CancellationTokenSource(limit);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, timer.Token);
        try
        {
            var output = ReadAsync(process.StandardOutput, either.Token);
            var errors = ReadAsync(process.StandardError, either.Token);
            await Task.WhenAll(output, errors, process.WaitForExitAsync(either.Token));
            return process.ExitCode == 0 ? await output : throw Failed(await errors);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new PromptRefusedException(
                PromptRefusal.TimedOut,
                $"SoX was still busy after {limit.TotalSeconds:0} s and was stopped.",
                "Export the recording anew, as WAV; or try again when the machine has less to do.");
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);

                // The scratch folder is removed next: nothing may write there any more.
                process.WaitForExit(TimeSpan.FromSeconds(5));
            }
        }
    }

    private static PromptRefusedException Failed(string errors)
    {
        if (errors.Contains("no handler for", StringComparison.Ordinal))
        {
            return new PromptRefusedException(PromptRefusal.SoxMissing, $"SoX does not know this format: {Last(errors)}", Install);
        }

        return new PromptRefusedException(PromptRefusal.Damaged, $"SoX cannot decode it: {Last(errors)}", "Export the recording anew, as WAV.");
    }

    private static string Last(string errors) =>
        errors.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).LastOrDefault() ?? "it said nothing.";

    private static async Task<string> ReadAsync(StreamReader reader, CancellationToken cancel)
    {
        var kept = new char[MaxOutput];
        var used = 0;
        var rest = new char[4096];
        while (true)
        {
            // Read to the end even when there is no room: a full pipe would stop SoX.
            var target = used < kept.Length ? kept.AsMemory(used) : rest;
            var read = await reader.ReadAsync(target, cancel);
            if (read == 0)
            {
                return new string(kept, 0, used);
            }

            used += used < kept.Length ? read : 0;
        }
    }
}
