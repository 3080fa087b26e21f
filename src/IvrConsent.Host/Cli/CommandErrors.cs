using IvrConsent.Core.Recordings;
using IvrConsent.Core.Rights;
using IvrConsent.Host.Consents;
using IvrConsent.Storage.Database;
using IvrConsent.Storage.Keys;
using IvrConsent.Storage.Proof;

namespace IvrConsent.Host.Cli;

/// <summary>A command line or an input that cannot be used, found out while the command runs.</summary>
internal sealed class CommandUsageException(string message) : Exception(message);

/// <summary>What commands say, and how they end, when something goes wrong that is no mistake of the program.</summary>
internal static class CommandErrors
{
    /// <summary>Said behind what is wrong with a file that an export writes.</summary>
    public const string ExportNeverOverwrites = "an export never overwrites a file";

    /// <summary>Runs a command; what is expected to go wrong becomes a line on standard error and an exit code.</summary>
    /// <param name="run">The command.</param>
    /// <param name="ofFiles">Said behind what is wrong with a file.</param>
    public static async Task<int> GuardAsync(Func<Task<int>> run, string? ofFiles = null)
    {
        try
        {
            return await run();
        }
        catch (Exception exception) when (CodeOf(exception) is not null)
        {
            await Console.Error.WriteLineAsync(ofFiles is not null && IsOfFiles(exception) ? $"{exception.Message} ({ofFiles})" : exception.Message);
            return CodeOf(exception)!.Value;
        }
    }

    /// <summary>The exit code; null for what nobody expects, which is told with its stack.</summary>
    private static int? CodeOf(Exception exception) => exception switch
    {
        CommandUsageException or KeyFolderException => ExitCodes.Usage,
        LedgerUnavailableException or LedgerMigrationException or SpoolFolderException or RightsUntoldException or RecordingStoreException => ExitCodes.Unavailable,
        RightsRefusedException or LedgerProofException or ImportFileException => ExitCodes.Failed,
        _ => IsOfFiles(exception) ? ExitCodes.Failed : null,
    };

    private static bool IsOfFiles(Exception exception) =>
        exception is (IOException and not (KeyFolderException or LedgerUnavailableException or SpoolFolderException)) or UnauthorizedAccessException;
}
