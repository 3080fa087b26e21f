using System.Text;

namespace IvrConsent.Host.Settings.Reading;

/// <summary>A secret kept in a file of its own. The file's name is not shown in messages: people write the password itself there.</summary>
internal static class SecretFile
{
    private const int LargestFile = 16 * 1024;

    /// <summary>The secret, or null after telling why not.</summary>
    public static Secret? Read(string folder, WrittenValue written, ProblemList problems)
    {
        var path = Path.Combine(folder, (string)written.Value!);
        try
        {
            if (Directory.Exists(path))
            {
                problems.Add(written.Place, written.Path, "a folder has this name", "a file", "Name the file in it.");
                return null;
            }

            var bytes = ReadUpTo(path, LargestFile + 1);
            if (bytes.Length > LargestFile)
            {
                problems.Add(written.Place, written.Path, "the file is too large for a secret", "at most 16 KB", "Name the right file.");
                return null;
            }

            WarnIfAnyoneCanRead(path, written.Place, written.Path, problems);
            return FromText(new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes), written, problems);
        }
        catch (DecoderFallbackException)
        {
            problems.Add(written.Place, written.Path, "the file is not UTF-8 text", "the secret as the only line of the file", "Save it as UTF-8.");
        }
        catch (UnauthorizedAccessException)
        {
            problems.Add(written.Place, written.Path, "the worker's user may not read the file", null, "Give it the file: chown <worker's user> FILE && chmod 600 FILE");
        }
        catch (Exception wrong) when (wrong is IOException or ArgumentException)
        {
            problems.Add(
                written.Place,
                written.Path,
                wrong is FileNotFoundException or DirectoryNotFoundException ? "the file does not exist" : "the file cannot be read",
                "a file with the secret as its only line",
                $"Create it readable by the worker's user only (chmod 600); a relative name starts at {folder}");
        }

        return null;
    }

    /// <summary>A warning when the file is readable by every user of the machine.</summary>
    public static void WarnIfAnyoneCanRead(string path, SettingsPlace place, string key, ProblemList problems)
    {
        if (!OperatingSystem.IsWindows() && File.GetUnixFileMode(path).HasFlag(UnixFileMode.OtherRead))
        {
            problems.Warn(place, key, "every user of this machine can read the file that holds the secret", null, "Run: chmod o-rwx on that file; the worker's user needs to read it.");
        }
    }

    private static Secret? FromText(string text, WrittenValue written, ProblemList problems)
    {
        text = text.TrimStart('\uFEFF').TrimEnd('\r', '\n');
        if (text.Length == 0)
        {
            problems.Add(written.Place, written.Path, "the file is empty", "the secret as the only line of the file", "Write the secret into the file.");
            return null;
        }

        if (text.Any(char.IsControl))
        {
            problems.Add(written.Place, written.Path, "the file holds more than one line, or control characters", "the secret as the only line of the file", "Leave only the secret in it.");
            return null;
        }

        return new Secret(text);
    }

    // Not File.ReadAllBytes: the name may lead to a device without end.
    private static byte[] ReadUpTo(string path, int limit)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var bytes = new byte[limit];
        return bytes[..stream.ReadAtLeast(bytes, limit, throwOnEndOfStream: false)];
    }
}
