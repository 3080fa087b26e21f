namespace IvrConsent.Storage.Recordings;

/// <summary>A bucket of a server that speaks S3, and how to use it.</summary>
public sealed record S3StoreOptions
{
    /// <summary>Address of the server, <c>https</c> or <c>http</c>, without bucket, path and credentials. Certificates are checked against those that the machine trusts.</summary>
    public required Uri Endpoint { get; init; }

    /// <summary>Region that requests are signed for. Servers of one's own mostly take <c>us-east-1</c>.</summary>
    public string Region { get; init; } = "us-east-1";

    /// <summary>The bucket; it must be there.</summary>
    public required string Bucket { get; init; }

    /// <summary>What every object's key begins with, as <c>recordings/</c>; a slash is added where there is none at its end. Empty: nothing.</summary>
    public string Prefix { get; init; } = "";

    /// <summary>Whether the bucket is written in the path (<c>https://server/bucket/key</c>), not in the server's name (<c>https://bucket.server/key</c>).</summary>
    public bool PathStyle { get; init; } = true;

    /// <summary>Access key: the name of the account.</summary>
    public required string AccessKey { get; init; }

    /// <summary>Secret key, which requests are signed with; never sent, never shown.</summary>
    public required string SecretKey { get; init; }

    /// <summary>How long one request may take, with all its retries, and how long reading may stand still. One request moves 8 MiB at most.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How often a request is tried again that the server could not answer.</summary>
    public int Retries { get; init; } = 2;

    /// <summary>How the server locks each object against deletion; the bucket must have been made with object lock. Null: not at all.</summary>
    public S3Lock? Lock { get; init; }

    /// <summary>Never the secret key.</summary>
    public override string ToString() => $"{Endpoint} bucket {Bucket} prefix {Prefix}";
}

/// <summary>A lock that the server puts on each object when it is stored.</summary>
/// <param name="Mode">Who may lift it.</param>
/// <param name="Days">How long it lasts; at least 1. No erasure removes the object before: its key can be destroyed at any time.</param>
public sealed record S3Lock(S3LockMode Mode, int Days);

/// <summary>Who may delete an object before its lock ends (S3 Object Lock).</summary>
public enum S3LockMode
{
    /// <summary>Who has a right of its own for it; this program never uses that.</summary>
    Governance,

    /// <summary>Nobody.</summary>
    Compliance,
}
