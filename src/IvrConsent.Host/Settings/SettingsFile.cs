using System.Collections;
using System.Security.Cryptography;
using IvrConsent.Host.Settings.Reading;

namespace IvrConsent.Host.Settings;

/// <summary>Reads the settings file.</summary>
public static class SettingsFile
{
    /// <summary>Reads and checks the file and the environment; problems are all that there are, not only the first.</summary>
    /// <param name="path">The file.</param>
    /// <param name="environment">Environment variables; those that begin with <c>IVRCONSENT__</c> take the place of single values.</param>
    /// <param name="hostName">Name of the worker where the settings give none; null: this machine's.</param>
    public static SettingsResult Load(string path, IReadOnlyDictionary<string, string> environment, string? hostName = null)
    {
        var problems = new ProblemList();
        return ReadBytes(path, problems) is { } bytes
            ? Parse(path, bytes, environment, hostName)
            : new SettingsResult(null, problems.Problems, problems.Warnings);
    }

    /// <summary>The environment of this process.</summary>
    public static IReadOnlyDictionary<string, string> ProcessEnvironment() =>
        Environment.GetEnvironmentVariables()
            .Cast<DictionaryEntry>()
            .ToDictionary(variable => (string)variable.Key, variable => (string?)variable.Value ?? "");

    /// <summary>The same of bytes read already: the watcher loads the very bytes that it has seen at rest.</summary>
    internal static SettingsResult Parse(string path, ReadOnlySpan<byte> bytes, IReadOnlyDictionary<string, string> environment, string? hostName = null)
    {
        var problems = new ProblemList();
        HostSettings? settings = null;
        if (SettingsText.Decode(path, bytes, problems) is { } text && YamlTree.Parse(path, text, problems) is { } written)
        {
            var read = new TreeReader(problems).ReadRoot(EnvironmentOverrides.Apply(written, environment, problems));
            settings = new SettingsBinder(path, problems).Bind(read, hostName ?? Environment.MachineName);
        }

        return new SettingsResult(problems.Any ? null : settings, problems.Problems, problems.Warnings) { FileSha256 = Sha256(bytes) };
    }

    /// <summary>Names what a file holds.</summary>
    internal static string Sha256(ReadOnlySpan<byte> bytes) => Convert.ToHexString(SHA256.HashData(bytes));

    /// <summary>The file's bytes, one more than are allowed at most; null after telling why they cannot be read.</summary>
    internal static byte[]? ReadBytes(string path, ProblemList problems)
    {
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            const int Most = SettingsText.LargestFile + 1;
            var bytes = new byte[stream.CanSeek ? (int)Math.Min(stream.Length + 1, Most) : Most];
            return bytes[..stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false)];
        }
        catch (Exception wrong) when (wrong is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            var (what, remedy) = wrong switch
            {
                _ when Directory.Exists(path) => ("this is a folder", "Name the file in it, for example ivrconsent.yaml."),
                FileNotFoundException or DirectoryNotFoundException => ("the file does not exist", "Name the settings file, or start from the annotated sample config/ivrconsent.yaml."),
                UnauthorizedAccessException => ("the worker's user may not read the file", "Give it the right: chown or chmod the file."),
                _ => ("the file cannot be read", "Check the disk and the file's name."),
            };
            problems.Add(new SettingsPlace(path), "", what, "the settings file", remedy);
            return null;
        }
    }
}
