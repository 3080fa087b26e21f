using System.Text;

namespace IvrConsent.Storage.Keys;

/// <summary>
/// What is wrapped: the recording's name as a comment, then its private key; two lines that <c>age -d -i</c> takes as they are. The name
/// inside what is authenticated is why two rows cannot be exchanged unnoticed.
/// </summary>
internal static class BoundSecret
{
    /// <summary>The most bytes that it can have.</summary>
    public const int MostBytes = 8 * 1024;

    private const int LongestName = 512;
    private const int LongestSecret = 4096;

    /// <summary>Both lines; to be zeroed when used.</summary>
    public static byte[] Bind(string recording, ReadOnlySpan<byte> secret)
    {
        var head = Head(recording);
        if (!IsSecret(secret))
        {
            throw new ArgumentException("A recording's private key is one line of ASCII.", nameof(secret));
        }

        var bound = new byte[head.Length + secret.Length + 1];
        head.CopyTo(bound, 0);
        secret.CopyTo(bound.AsSpan(head.Length));
        bound[^1] = (byte)'\n';
        return bound;
    }

    /// <summary>The private key, to be zeroed when used.</summary>
    /// <exception cref="KeyFolderException">It is another recording's, or none.</exception>
    public static byte[] Release(string recording, ReadOnlySpan<byte> bound)
    {
        var head = Head(recording);
        return bound.StartsWith(head) && bound.Length > head.Length && bound[^1] == '\n' && IsSecret(bound[head.Length..^1])
            ? bound[head.Length..^1].ToArray()
            : throw new KeyFolderException(
                $"What is stored as the key of recording {recording} is another one's, or no key: the table recording_keys was changed. Restore that row from a backup of the database.");
    }

    private static byte[] Head(string recording)
    {
        ArgumentException.ThrowIfNullOrEmpty(recording);
        return recording.Length <= LongestName && !recording.Any(char.IsControl)
            ? Encoding.UTF8.GetBytes($"# recording: {recording}\n")
            : throw new ArgumentException($"A recording's name has 1 to {LongestName} characters, and no control character.", nameof(recording));
    }

    private static bool IsSecret(ReadOnlySpan<byte> secret) =>
        secret.Length is > 0 and <= LongestSecret && !secret.ContainsAnyExceptInRange((byte)'!', (byte)'~');
}
