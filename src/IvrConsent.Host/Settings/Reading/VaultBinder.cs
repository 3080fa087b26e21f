using IvrConsent.Storage.Recordings;

namespace IvrConsent.Host.Settings.Reading;

/// <summary>The section <c>vault</c>.</summary>
/// <param name="folder">Where relative paths start.</param>
/// <param name="problems">Takes what is wrong.</param>
/// <param name="secretOf">The secret under a key or in the file under another.</param>
internal sealed class VaultBinder(string folder, ProblemList problems, Func<SettingsMap, string, string, Secret?> secretOf)
{
    private static readonly MapKind S3Keys = new(
    [
        new("endpoint", new UrlKind("https://s3.example.org"), "With store: s3. Address of the server, without the bucket."),
        new("region", new TextKind("^[A-Za-z0-9-]{1,64}$", "1 to 64 letters, digits or hyphens", "us-east-1"), "Region that requests are signed for.") { Default = "us-east-1" },
        new("bucket", new TextKind("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", "3 to 63 small letters, digits, dots or hyphens", "recordings"), "With store: s3. The bucket; it must be there."),
        new("prefix", new TextKind("^[A-Za-z0-9_-]([A-Za-z0-9._-]|/[A-Za-z0-9._-]){0,99}/?$", "letters, digits, hyphens, dots, underscores and single slashes", "ivrconsent/"), "What every object's key begins with.") { DefaultInWords = "nothing" },
        new("path_style", new BoolKind(), "Whether the bucket is in the path, as most servers but Amazon's want it, or in the server's name.") { Default = "true" },
        new("access_key", new TextKind(@"^[^\s\x00-\x1f\x7f-\x9f]{1,256}$", "1 to 256 characters without spaces", "ivrconsent"), "With store: s3. The access key: the name of the account."),
        new("secret_key", new SecretKind("the secret key of the account", "\"…\""), "The account's secret key; better kept in secret_key_file or in the environment."),
        new("secret_key_file", new PathKind(absolute: false, "s3-secret-key"), "A file that holds the secret key and nothing else."),
        new("timeout", new DurationKind("1s", "10m"), "How long one request may take, with its retries; it moves 8 MiB at most.") { Default = "60s" },
        new("lock", new ChoiceKind("none", "governance", "compliance"), "Object lock that each recording is stored under.") { Default = "none" },
        new("lock_days", new IntKind(1, 36_500), "With lock. How many days it lasts.") { Default = "1" },
    ]);

    private static readonly SettingKey[] StoreKeys =
    [
        new("store", new ChoiceKind("folder", "s3"), "Where encrypted recordings are kept. Without it there is no vault."),
        new("folder", new PathKind(absolute: false, "/var/lib/ivrconsent/recordings"), "With store: folder. The folder, which must be there with mode 0700.") { Default = "/var/lib/ivrconsent/recordings" },
        new("take_unknown", new BoolKind(), "Whether recordings of ours on the PBXs, of whose calls the ledger knows nothing, are taken in and locked away.") { Default = "false" },
        new("s3", S3Keys, "With store: s3. The bucket."),
    ];

    /// <summary>Its keys.</summary>
    public static MapKind Keys { get; } = new(
    [
        .. StoreKeys,
        new("migrate_from", new MapKind(StoreKeys), "The store that recordings were kept in before, as long as some still are: ivrconsent vault migrate moves them."),
    ]);

    public VaultSettings? Bind(SettingsMap section)
    {
        var before = section.Section("migrate_from");
        var from = BindStore(before);
        if (BindStore(section) is not { } store)
        {
            if (from is not null)
            {
                problems.Warn(before.Place, before.PathOf("store"), "the key has no effect without vault.store", null, "Set vault.store to where recordings are to be moved.");
            }

            return null;
        }

        var vault = store with { TakeUnknown = section.Get<bool>("take_unknown") };
        if (from is null)
        {
            return vault;
        }

        if (from.Store == vault.Store && (vault.S3 is null ? from.Folder == vault.Folder : from.S3?.IsAt(vault.S3) == true))
        {
            problems.Add(before.Place, before.PathOf("store"), "it is the store that recordings are to be moved to", "another store", "Name the store that recordings were kept in before.");
        }

        return vault with { MigrateFrom = from };
    }

    private VaultSettings? BindStore(SettingsMap section)
    {
        if (section.GetOrNull<string>("store") is not { } store)
        {
            return null;
        }

        var path = Path.GetFullPath(section.Get<string>("folder"), folder);
        return store == "s3"
            ? new VaultSettings(VaultStoreKind.S3, path, BindS3(section.Section("s3")))
            : new VaultSettings(VaultStoreKind.Folder, path, null);
    }

    private VaultS3Settings? BindS3(SettingsMap s3)
    {
        var endpoint = Required<Uri>(s3, "endpoint", "https://s3.example.org");
        var bucket = Required<string>(s3, "bucket", "recordings");
        var access = Required<string>(s3, "access_key", "ivrconsent");
        var secret = secretOf(s3, "secret_key", "secret_key_file");
        if (secret is null && s3.Own("secret_key") is null && s3.Own("secret_key_file") is null)
        {
            Missing(s3, "secret_key_file", "s3-secret-key");
        }

        if (endpoint is { AbsolutePath: not "/" })
        {
            problems.Add(s3.PlaceOf("endpoint"), s3.PathOf("endpoint"), "has a path", "the server's address alone", "Write the bucket under bucket, and what comes behind it under prefix.");
            endpoint = null;
        }

        var held = s3.Get<string>("lock");
        if (held == "none" && s3.Own("lock_days") is { } unused)
        {
            problems.Warn(unused.Place, unused.Path, "the key has no effect with lock: none", null, "Delete lock_days, or set lock.");
        }

        return endpoint is null || bucket is null || access is null || secret is null ? null : new VaultS3Settings
        {
            Endpoint = endpoint,
            Region = s3.Get<string>("region"),
            Bucket = bucket,
            Prefix = s3.GetOrNull<string>("prefix") ?? "",
            PathStyle = s3.Get<bool>("path_style"),
            AccessKey = access,
            SecretKey = secret,
            Timeout = s3.Get<TimeSpan>("timeout"),
            Lock = held == "none" ? null : new S3Lock(held == "compliance" ? S3LockMode.Compliance : S3LockMode.Governance, s3.Get<int>("lock_days")),
        };
    }

    private T? Required<T>(SettingsMap map, string key, string example)
        where T : class
    {
        var value = map.GetOrNull<T>(key);
        if (value is null && map.Own(key) is null)
        {
            Missing(map, key, example);
        }

        return value;
    }

    private void Missing(SettingsMap map, string key, string example) =>
        problems.Add(map.Place, map.PathOf(key), "the key is missing, and store is s3", key, $"Write for example: {key}: {example}");
}
