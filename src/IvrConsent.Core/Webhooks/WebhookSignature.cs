using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace IvrConsent.Core.Webhooks;

/// <summary>
/// Signs messages as Standard Webhooks say: HMAC-SHA-256 over id, time and body, so that a receiver knows who sent it, that nothing
/// was changed, and that it is not an old one sent again.
/// </summary>
public static class WebhookSignature
{
    /// <summary>The header with the message's id: the same in every attempt, so that twice is seen.</summary>
    public const string IdHeader = "webhook-id";

    /// <summary>The header with the time of the attempt, in seconds since 1970.</summary>
    public const string TimestampHeader = "webhook-timestamp";

    /// <summary>The header with the signature.</summary>
    public const string SignatureHeader = "webhook-signature";

    /// <summary>What a secret begins with.</summary>
    public const string SecretPrefix = "whsec_";

    /// <summary>The key of a written secret: the prefix and 24 to 64 bytes in base64; null when it is none.</summary>
    public static byte[]? ReadSecret(string written)
    {
        ArgumentNullException.ThrowIfNull(written);
        var key = new byte[128];
        return written.StartsWith(SecretPrefix, StringComparison.Ordinal)
            && Convert.TryFromBase64String(written[SecretPrefix.Length..], key, out var length) && length is >= 24 and <= 64
            ? key[..length]
            : null;
    }

    /// <summary>The value of the signature's header.</summary>
    public static string Sign(ReadOnlySpan<byte> key, string id, DateTimeOffset now, string body)
    {
        var text = string.Create(CultureInfo.InvariantCulture, $"{id}.{now.ToUnixTimeSeconds()}.{body}");
        return $"v1,{Convert.ToBase64String(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(text)))}";
    }
}
