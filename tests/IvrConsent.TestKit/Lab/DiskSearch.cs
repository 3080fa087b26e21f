using System.Diagnostics;
using System.Text;
using System.Text.Json;

namespace IvrConsent.TestKit.Lab;

/// <summary>
/// Looks for bytes in every file of this machine that is changed from a moment on, by tests/lab/search-disks: whose text says what is
/// searched, and what not. A process of its own, because one that closes SQLite's file lets go of all locks that it has on it.
/// </summary>
public sealed class DiskSearch
{
    private const int ShortestRun = 16;

    private readonly DateTimeOffset _since;
    private readonly Dictionary<string, byte[]> _needles = new(StringComparer.Ordinal);

    /// <summary>Searches what is changed from now on.</summary>
    public DiskSearch()
        : this(TimeProvider.System.GetUtcNow() - TimeSpan.FromSeconds(1))
    {
        // A file's time is that of the system's last tick, a little behind the clock.
    }

    /// <summary>Searches what is changed from then on.</summary>
    public DiskSearch(DateTimeOffset since) => _since = since;

    /// <summary>Looks for bytes as they are, in hexadecimal, and in base64, wherever in it they begin.</summary>
    public DiskSearch For(string name, ReadOnlySpan<byte> secret)
    {
        _needles[name] = secret.ToArray();
        _needles[$"{name}, hexadecimal"] = Encoding.ASCII.GetBytes(Convert.ToHexStringLower(secret));
        _needles[$"{name}, hexadecimal in capitals"] = Encoding.ASCII.GetBytes(Convert.ToHexString(secret));
        for (var before = 0; before < 3; before++)
        {
            _needles[$"{name}, base64 {before}"] = Base64(secret, before);
        }

        return this;
    }

    /// <summary>Looks for a text likewise, and for its characters of two bytes.</summary>
    public DiskSearch For(string name, string secret)
    {
        _needles[$"{name}, UTF-16"] = Encoding.Unicode.GetBytes(secret);
        return For(name, Encoding.ASCII.GetBytes(secret));
    }

    /// <summary>Searches.</summary>
    public async Task<DiskFinds> RunAsync(CancellationToken cancel)
    {
        var repository = LabEnvironment.Repository ?? throw new InvalidOperationException("no repository around the tests");
        using var process = Process.Start(new ProcessStartInfo("python3", [Path.Combine(repository, "tests", "lab", "search-disks")])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var answer = process.StandardOutput.ReadToEndAsync(cancel);
        var errors = process.StandardError.ReadToEndAsync(cancel);
        var needles = _needles.ToDictionary(needle => needle.Key, needle => Convert.ToHexStringLower(needle.Value));
        await JsonSerializer.SerializeAsync(
            process.StandardInput.BaseStream, new { since = (_since - DateTimeOffset.UnixEpoch).TotalSeconds, needles }, JsonSerializerOptions.Default, cancel);
        process.StandardInput.Close();
        await process.WaitForExitAsync(cancel);
        return process.ExitCode == 0
            ? JsonSerializer.Deserialize<DiskFinds>(await answer, JsonSerializerOptions.Web)!
            : throw new InvalidOperationException($"search-disks ended with {process.ExitCode}: {await errors}");
    }

    /// <summary>What is always the same of the base64 of bytes that stand behind so many others (of three).</summary>
    private static byte[] Base64(ReadOnlySpan<byte> secret, int before)
    {
        var text = Convert.ToBase64String([.. new byte[before], .. secret])[(before == 0 ? 0 : before + 1)..(8 * (before + secret.Length) / 6)];

        // Letters and digits are the same in base64url, and in JSON that escapes the plus sign.
        var run = text.Split('+', '/').MaxBy(part => part.Length)!;
        return Encoding.ASCII.GetBytes(run.Length >= Math.Min(ShortestRun, text.Length) ? run : text);
    }
}

/// <summary>What a search found.</summary>
/// <param name="Found">Files with something in them.</param>
/// <param name="Unread">Files and folders that could not be read.</param>
/// <param name="Files">How many files were read.</param>
/// <param name="Bytes">Of how many bytes.</param>
public sealed record DiskFinds(IReadOnlyList<DiskFind> Found, IReadOnlyList<UnreadFile> Unread, long Files, long Bytes)
{
    /// <summary>The names of all needles found in files whose path is so.</summary>
    public IReadOnlyList<string> In(Func<string, bool> path) => [.. Found.Where(find => path(find.Path)).SelectMany(find => find.Needles).Distinct().Order(StringComparer.Ordinal)];
}

/// <summary>A file with something in it.</summary>
/// <param name="Path">Where; in the mounts of another process beginning with /proc/PID/root.</param>
/// <param name="Needles">Names of what is in it.</param>
public sealed record DiskFind(string Path, IReadOnlyList<string> Needles)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Path}: {string.Join("; ", Needles)}";
}

/// <summary>A file or folder that could not be read.</summary>
/// <param name="Path">Where.</param>
/// <param name="Why">Why.</param>
public sealed record UnreadFile(string Path, string Why);
