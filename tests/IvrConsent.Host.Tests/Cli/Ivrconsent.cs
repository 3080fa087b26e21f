using System.Diagnostics;

namespace IvrConsent.Host.Tests.Cli;

/// <summary>What one run of the program printed, and its exit code.</summary>
internal sealed record ProgramRun(int ExitCode, string Output, string Error);

/// <summary>Runs the program as a user does: as a process of its own.</summary>
internal static class Ivrconsent
{
    public static string Dll { get; } = Path.Combine(AppContext.BaseDirectory, "ivrconsent.dll");

    public static Task<ProgramRun> RunAsync(params string[] arguments) => RunWithInputAsync(null, arguments);

    /// <summary>The same, with a text on its standard input; null: the input is what this process has.</summary>
    public static async Task<ProgramRun> RunWithInputAsync(string? input, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Dll, .. arguments]) { RedirectStandardInput = input is not null, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment.Remove("IVRCONSENT_CONFIG");
        using var process = Process.Start(start)!;
        if (input is not null)
        {
            await process.StandardInput.WriteAsync(input);
            process.StandardInput.Close();
        }

        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var output = process.StandardOutput.ReadToEndAsync(limit.Token);
        var error = process.StandardError.ReadToEndAsync(limit.Token);
        await process.WaitForExitAsync(limit.Token);
        return new ProgramRun(process.ExitCode, await output, await error);
    }
}
