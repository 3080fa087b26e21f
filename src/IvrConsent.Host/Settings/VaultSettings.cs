using IvrConsent.Core.Recordings;
using IvrConsent.Storage.Recordings;

namespace IvrConsent.Host.Settings;

/// <summary>Where recordings are kept.</summary>
public enum VaultStoreKind
{
    /// <summary>A folder of this machine.</summary>
    Folder,

    /// <summary>A bucket of an S3 server.</summary>
    S3,
}

/// <summary>The vault of recordings.</summary>
/// <param name="Store">Which store.</param>
/// <param name="Folder">The folder's absolute path; of no effect with another store.</param>
/// <param name="S3">The bucket; null with another store.</param>
public sealed record VaultSettings(VaultStoreKind Store, string Folder, VaultS3Settings? S3)
{
    /// <summary>The store that recordings were kept in before, as long as some still are; null: all are in this one.</summary>
    public VaultSettings? MigrateFrom { get; init; }

    /// <summary>Whether recordings on the PBXs of whose calls the ledger knows nothing are taken in and locked away.</summary>
    public bool TakeUnknown { get; init; }
}

/// <summary>The vault's bucket.</summary>
public sealed record VaultS3Settings
{
    /// <summary>Address of the server, without bucket.</summary>
    public required Uri Endpoint { get; init; }

    /// <summary>Region that requests are signed for.</summary>
    public required string Region { get; init; }

    /// <summary>The bucket.</summary>
    public required string Bucket { get; init; }

    /// <summary>What every key begins with; may be empty.</summary>
    public required string Prefix { get; init; }

    /// <summary>Whether the bucket is in the path rather than in the server's name.</summary>
    public required bool PathStyle { get; init; }

    /// <summary>Name of the account.</summary>
    public required string AccessKey { get; init; }

    /// <summary>The account's secret key.</summary>
    public required Secret SecretKey { get; init; }

    /// <summary>How long one request may take, with its retries.</summary>
    public required TimeSpan Timeout { get; init; }

    /// <summary>The lock that the server puts on each object; null: none.</summary>
    public required S3Lock? Lock { get; init; }

    /// <summary>Whether both name the same place.</summary>
    public bool IsAt(VaultS3Settings other) => other is not null && Endpoint == other.Endpoint && Bucket == other.Bucket && Prefix.TrimEnd('/') == other.Prefix.TrimEnd('/');

    /// <summary>For the store.</summary>
    public S3StoreOptions ToOptions() => new()
    {
        Endpoint = Endpoint, Region = Region, Bucket = Bucket, Prefix = Prefix, PathStyle = PathStyle, AccessKey = AccessKey, SecretKey = SecretKey.Reveal(), Timeout = Timeout, Lock = Lock,
    };
}

/// <summary>Makes the store that the settings name.</summary>
public static class RecordingStoreFactory
{
    /// <summary>The store. Nothing is opened or sent yet. Where it is <see cref="IDisposable"/> it is to be disposed of.</summary>
    public static IRecordingStore Create(VaultSettings settings, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(settings);
        var store = settings.S3 is { } s3 ? RecordingStores.OpenS3(s3.ToOptions(), time) : RecordingStores.OpenFolder(settings.Folder);
        return settings.MigrateFrom is { } before ? new MigratingStore(store, Create(before, time)) : store;
    }

    /// <summary>The store, by the machine's clock.</summary>
    public static IRecordingStore Create(VaultSettings settings) => Create(settings, TimeProvider.System);
}
