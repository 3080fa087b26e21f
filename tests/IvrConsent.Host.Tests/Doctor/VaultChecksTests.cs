using IvrConsent.Host.Doctor;
using IvrConsent.Host.Settings;
using Xunit;

namespace IvrConsent.Host.Tests.Doctor;

/// <summary>Verdicts on the vault's store and on where recordings wait for it.</summary>
public sealed class VaultChecksTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ivrconsent-vault-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Without_a_vault_it_says_that_recordings_stay_in_clear()
    {
        var finding = Assert.Single(await RunAsync(null, DoctorScene.Pbx()));
        Assert.Equal((Checks.Vault, FindingStatus.Warning), (finding.Check, finding.Status));
        Assert.Contains("vault.store", finding.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_that_works_is_tried_and_left_empty()
    {
        var findings = await RunAsync(new VaultSettings(VaultStoreKind.Folder, _folder, null), DoctorScene.Pbx());
        Assert.Equal(FindingStatus.Ok, findings.Single(finding => finding.Check == Checks.Vault).Status);
        Assert.Equal(FindingStatus.Ok, findings.Single(finding => finding.Check == Checks.VaultFolder).Status);
        Assert.Contains(findings, finding => finding.Check == Checks.VaultDisk);
        Assert.Equal((FindingStatus.Skipped, "main"), findings.Where(finding => finding.Check == Checks.RecordingMemory).Select(finding => (finding.Status, finding.Pbx)).Single());
        Assert.Empty(Directory.GetFiles(_folder, "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task A_folder_that_is_not_there_is_said_with_the_remedy()
    {
        var finding = (await RunAsync(new VaultSettings(VaultStoreKind.Folder, Path.Combine(_folder, "none"), null), DoctorScene.Pbx()))[0];
        Assert.Equal((Checks.Vault, FindingStatus.Failed), (finding.Check, finding.Status));
        Assert.Contains("mode 0700", finding.Remedy!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_is_away_is_said_without_the_secret()
    {
        var s3 = new VaultS3Settings
        {
            Endpoint = new Uri("http://127.0.0.1:1"), Region = "us-east-1", Bucket = "calls", Prefix = "", PathStyle = true, AccessKey = "us",
            SecretKey = new Secret("wholly-secret"), Timeout = TimeSpan.FromSeconds(5), Lock = null,
        };
        var finding = (await RunAsync(new VaultSettings(VaultStoreKind.S3, _folder, s3), DoctorScene.Pbx()))[0];
        Assert.Equal((Checks.Vault, FindingStatus.Failed), (finding.Check, finding.Status));
        Assert.DoesNotContain("wholly-secret", finding.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_quarantined_is_said_with_the_command()
    {
        Assert.Equal(FindingStatus.Ok, VaultChecks.JudgeQuarantine(0).Status);
        var finding = VaultChecks.JudgeQuarantine(3);
        Assert.Equal((Checks.Quarantine, FindingStatus.Warning), (finding.Check, finding.Status));
        Assert.Contains("3 recordings", finding.Found, StringComparison.Ordinal);
        Assert.Contains("ivrconsent recordings quarantine list", finding.Remedy, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, FindingStatus.Ok)]
    [InlineData(UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.GroupExecute, FindingStatus.Warning)]
    [InlineData(UnixFileMode.UserRead | UnixFileMode.OtherExecute, FindingStatus.Failed)]
    public void The_folder_is_its_owners(UnixFileMode mode, object status) =>
        Assert.Equal((FindingStatus)status, VaultChecks.JudgeMode("/vault", mode).Status);

    [Theory]
    [InlineData("ext4", 500L << 30, FindingStatus.Ok)]
    [InlineData("nfs4", 500L << 30, FindingStatus.Ok)]
    [InlineData("ext4", 100L << 20, FindingStatus.Warning)]
    [InlineData("overlayfs", 500L << 30, FindingStatus.Warning)]
    [InlineData("tmpfs", 500L << 30, FindingStatus.Failed)]
    public void The_disk_lasts_and_has_room(string format, long free, object status) =>
        Assert.Equal((FindingStatus)status, VaultChecks.JudgeRoom("/vault", format, free).Status);

    [Theory]
    [InlineData("tmpfs", FindingStatus.Ok)]
    [InlineData("ramfs", FindingStatus.Ok)]
    [InlineData("ext4", FindingStatus.Warning)]
    [InlineData(null, FindingStatus.Skipped)]
    public void Recordings_wait_in_memory(string? format, object status)
    {
        var finding = VaultChecks.JudgeMemory("main", "/var/spool/asterisk/recording", format);
        Assert.Equal(((FindingStatus)status, "main"), (finding.Status, finding.Pbx));
        Assert.Equal(finding.Status == FindingStatus.Ok, finding.Remedy is null);
    }

    [Fact]
    public async Task The_pbxs_folder_is_looked_at_where_it_is_seen()
    {
        var pbx = DoctorScene.Pbx() with { RecordingsFolder = "/dev/shm" };
        Assert.SkipUnless(Directory.Exists("/dev/shm"), "No /dev/shm here.");
        Assert.Equal(FindingStatus.Ok, (await RunAsync(new VaultSettings(VaultStoreKind.Folder, _folder, null), pbx)).Single(finding => finding.Check == Checks.RecordingMemory).Status);
    }

    private static Task<IReadOnlyList<Finding>> RunAsync(VaultSettings? vault, PbxSettings pbx) =>
        VaultChecks.RunAsync(vault, [pbx], "/etc/ivrconsent/ivrconsent.yaml", TimeProvider.System, TestContext.Current.CancellationToken);
}
