using IvrConsent.Core.Recordings;
using IvrConsent.Host.Settings;
using IvrConsent.Storage.Recordings;
using Xunit;

namespace IvrConsent.Host.Tests.Settings;

/// <summary>The section vault.</summary>
public sealed class VaultSettingsTests : IDisposable
{
    private const string Bucket = "endpoint: \"https://s3.example.org\", bucket: calls, access_key: us";
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Without_a_store_there_is_no_vault() => Assert.Null(Samples.Settings($"{Samples.Minimal}vault: {{ folder: here }}\n").Vault);

    [Fact]
    public async Task A_folder_begins_at_the_settings_file()
    {
        var vault = Load("store: folder, folder: rec")!;
        Assert.Equal(new VaultSettings(VaultStoreKind.Folder, Path.Combine(_folder.Path, "rec"), null), vault);
        Directory.CreateDirectory(vault.Folder);
        await RecordingStoreFactory.Create(vault).PutAsync("aaaa-1", new MemoryStream([1]), TestContext.Current.CancellationToken);
        Assert.Single(Directory.GetFiles(vault.Folder, "aaaa-1", SearchOption.AllDirectories));
    }

    [Theory]
    [InlineData("")]
    [InlineData(", migrate_from: { store: folder, folder: old }")]
    public void What_the_ledger_does_not_know_is_taken_in_where_the_settings_say_so(string from)
    {
        Assert.False(Load($"store: folder, folder: new{from}")!.TakeUnknown);
        Assert.True(Load($"store: folder, folder: new, take_unknown: true{from}")!.TakeUnknown);
    }

    [Fact]
    public async Task The_store_before_is_read_as_well_and_must_be_another()
    {
        var vault = Load("store: folder, folder: new, migrate_from: { store: folder, folder: old }")!;
        foreach (var name in (string[])["new", "old"])
        {
            Directory.CreateDirectory(Path.Combine(_folder.Path, name));
        }

        await RecordingStoreFactory.Create(vault.MigrateFrom!).PutAsync("aaaa-1", new MemoryStream([1]), TestContext.Current.CancellationToken);
        var both = Assert.IsType<MigratingStore>(RecordingStoreFactory.Create(vault));
        Assert.Equal(1, await both.FindAsync("aaaa-1", TestContext.Current.CancellationToken));
        both.Dispose();
        var same = SettingsFile.Load(_folder.Write("ivrconsent.yaml", $"{Samples.Minimal}vault: {{ store: folder, folder: a, migrate_from: {{ store: folder, folder: ./a }} }}\n"), new Dictionary<string, string>());
        Assert.Contains("vault.migrate_from.store", Assert.Single(same.Problems).ToString(), StringComparison.Ordinal);
        var alone = SettingsFile.Load(_folder.Write("ivrconsent.yaml", $"{Samples.Minimal}vault: {{ migrate_from: {{ store: folder }} }}\n"), new Dictionary<string, string>());
        Assert.Contains("vault.store", Assert.Single(alone.Warnings).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Who_records_is_warned_of_what_no_record_of_a_consent_can_do_without()
    {
        const string Vault = "vault: { store: folder, folder: rec }\n";
        const string Records = "records: { storage_locations: [PL], recipients: [], withdrawal: Write., rights: [access] }\n";
        var unsaid = Assert.Single(Samples.Parse(Samples.Minimal + Vault).Warnings);
        Assert.Equal("records", unsaid.Key);
        Assert.EndsWith("not said: records.storage_locations, records.recipients, records.withdrawal, records.rights, lines[demo].country, lines[demo].controller, lines[demo].purposes", unsaid.What, StringComparison.Ordinal);
        Assert.NotNull(unsaid.Place.Line);
        Assert.EndsWith("not said: lines[demo].country, lines[demo].controller, lines[demo].purposes", Assert.Single(Samples.Parse(Samples.Minimal + Vault + Records).Warnings).What, StringComparison.Ordinal);

        // Where nothing is kept, or nobody is asked, nothing is wanting.
        Assert.Empty(Samples.Parse(Samples.Minimal).Warnings);
        Assert.Empty(Samples.Parse(Samples.With("language: en", "mode: never") + Vault).Warnings);
    }

    [Fact]
    public void A_bucket_has_every_default()
    {
        _folder.Write("k", "wholly-secret\n");
        var s3 = Load($"store: s3, s3: {{ {Bucket}, secret_key_file: k }}")!.S3!;
        Assert.Equal(
            (new Uri("https://s3.example.org"), "us-east-1", "calls", "", true, "us", "wholly-secret", TimeSpan.FromSeconds(60), (S3Lock?)null),
            (s3.Endpoint, s3.Region, s3.Bucket, s3.Prefix, s3.PathStyle, s3.AccessKey, s3.SecretKey.Reveal(), s3.Timeout, s3.Lock));
    }

    [Fact]
    public void A_bucket_is_used_as_written_and_its_secret_not_shown()
    {
        _folder.Write("k", "wholly-secret\n");
        var vault = Load($"store: s3, s3: {{ {Bucket}, secret_key_file: k, region: eu-1, prefix: a/b/, path_style: false, timeout: 5s, lock: compliance, lock_days: 30 }}")!;
        var options = vault.S3!.ToOptions();
        Assert.Equal(
            ("eu-1", "a/b/", false, TimeSpan.FromSeconds(5), new S3Lock(S3LockMode.Compliance, 30)),
            (options.Region, options.Prefix, options.PathStyle, options.Timeout, options.Lock));
        IRecordingStore store = RecordingStoreFactory.Create(vault);
        Assert.Equal("S3 s3.example.org, bucket calls, prefix a/b/", store.Name);
        Assert.DoesNotContain("secret", $"{vault} {options} {store.Name}".Replace("SecretKey", "", StringComparison.Ordinal), StringComparison.Ordinal);
        (store as IDisposable)!.Dispose();
    }

    [Fact]
    public void The_secret_key_may_come_from_the_environment()
    {
        var environment = new Dictionary<string, string> { ["IVRCONSENT__VAULT__S3__SECRET_KEY"] = "from-outside" };
        var settings = SettingsFile.Load(_folder.Write("ivrconsent.yaml", $"{Samples.Minimal}vault: {{ store: s3, s3: {{ {Bucket} }} }}\n"), environment).Settings!;
        Assert.Equal("from-outside", settings.Vault!.S3!.SecretKey.Reveal());
    }

    [Theory]
    [InlineData("store: tape", "vault.store")]
    [InlineData("store: s3, s3: { bucket: calls, access_key: us, secret_key: x }", "vault.s3.endpoint")]
    [InlineData("store: s3, s3: { endpoint: \"https://s3.example.org\", access_key: us, secret_key: x }", "vault.s3.bucket")]
    [InlineData("store: s3, s3: { endpoint: \"https://s3.example.org\", bucket: calls, secret_key: x }", "vault.s3.access_key")]
    [InlineData($"store: s3, s3: {{ {Bucket} }}", "vault.s3.secret_key_file")]
    [InlineData($"store: s3, s3: {{ {Bucket}, secret_key_file: nowhere }}", "vault.s3.secret_key_file")]
    [InlineData("store: s3, s3: { endpoint: \"https://s3.example.org/calls\", bucket: calls, access_key: us, secret_key: x }", "vault.s3.endpoint")]
    [InlineData($"store: s3, s3: {{ {Bucket}, secret_key: x, prefix: /a }}", "vault.s3.prefix")]
    [InlineData($"store: s3, s3: {{ {Bucket}, secret_key: x, prefix: a//b }}", "vault.s3.prefix")]
    [InlineData($"store: s3, s3: {{ {Bucket}, secret_key: x, lock_days: 0 }}", "vault.s3.lock_days")]
    public void What_cannot_work_is_refused(string section, string key) => Assert.Equal(key, Samples.Problem($"{Samples.Minimal}vault: {{ {section} }}\n").Key);

    private VaultSettings? Load(string section) => SettingsFile.Load(_folder.Write("ivrconsent.yaml", $"{Samples.Minimal}vault: {{ {section} }}\n"), Samples.NoEnvironment).Settings!.Vault;
}
