using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace IvrConsent.Core.Access;

/// <summary>What an API key opens.</summary>
public static class ApiScopes
{
    /// <summary>Read a call's events, with the number masked.</summary>
    public const string CallsRead = "calls.read";

    /// <summary>Pause, resume, start, stop, reclassify.</summary>
    public const string CallsControl = "calls.control";

    /// <summary>Read how a person stands.</summary>
    public const string ConsentsRead = "consents.read";

    /// <summary>Enter consents and corrections.</summary>
    public const string ConsentsWrite = "consents.write";

    /// <summary>Ask whether a number may be called.</summary>
    public const string OutboundCheck = "outbound.check";

    /// <summary>Hand in text messages, and have one sent that asks for consent.</summary>
    public const string Sms = "sms";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> All { get; } = [CallsRead, CallsControl, ConsentsRead, ConsentsWrite, OutboundCheck, Sms];
}

/// <summary>An API key, without its secret: that is nowhere.</summary>
/// <param name="Name">Its name, which is the actor in the ledger and therefore never given twice.</param>
/// <param name="Scopes">What it opens (<see cref="ApiScopes"/>).</param>
/// <param name="CreatedAt">Since when.</param>
/// <param name="ExpiresAt">Until when.</param>
/// <param name="RevokedAt">When it was revoked; null: it was not.</param>
public sealed record ApiKey(string Name, IReadOnlyList<string> Scopes, DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt, DateTimeOffset? RevokedAt)
{
    /// <summary>Whether it opens anything at <paramref name="now"/>.</summary>
    public bool Holds(DateTimeOffset now) => RevokedAt is null && now < ExpiresAt;
}

/// <summary>
/// The secrets of API keys: 256 random bits behind a prefix by which a scanner for leaked secrets finds them. As they are random and long, a plain SHA-256
/// is enough to store: there is nothing to guess, so nothing to slow down.
/// </summary>
public static class ApiKeySecret
{
    /// <summary>What every key begins with.</summary>
    public const string Prefix = "ivrc_";

    private const int Length = 43;

    /// <summary>A new secret.</summary>
    public static string New() => Prefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));

    /// <summary>Its hash as it is stored; null for what cannot be a secret of ours.</summary>
    public static string? HashOf(string? secret) =>
        secret is not null
        && secret.Length == Prefix.Length + Length
        && secret.StartsWith(Prefix, StringComparison.Ordinal)
        && secret.AsSpan(Prefix.Length).IndexOfAnyExcept(Base64UrlCharacters) < 0
            ? Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(secret)))
            : null;

    private static readonly System.Buffers.SearchValues<char> Base64UrlCharacters =
        System.Buffers.SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");
}

/// <summary>The API keys. Safe for concurrent use. Throws the storage's own exception when the database is away.</summary>
public interface IApiKeys
{
    /// <summary>Adds a key by the hash of its secret; false when the name was given before.</summary>
    Task<bool> AddAsync(ApiKey key, string secretHash, CancellationToken cancel);

    /// <summary>The key of a secret's hash, also one that expired or was revoked; null when there is none.</summary>
    Task<ApiKey?> FindAsync(string secretHash, CancellationToken cancel);

    /// <summary>All keys, oldest first.</summary>
    Task<IReadOnlyList<ApiKey>> ListAsync(CancellationToken cancel);

    /// <summary>Revokes a key, for good; false when there is none of the name. One that is revoked already keeps its date.</summary>
    Task<bool> RevokeAsync(string name, DateTimeOffset at, CancellationToken cancel);
}
