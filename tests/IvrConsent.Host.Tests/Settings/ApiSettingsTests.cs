using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using IvrConsent.Host.Settings;
using Xunit;

namespace IvrConsent.Host.Tests.Settings;

/// <summary>The section api: off unless asked for, and never in clear to other machines.</summary>
public sealed class ApiSettingsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void It_is_off_and_on_this_machine_only_unless_the_file_says_otherwise()
    {
        var api = Samples.Settings(Samples.Minimal).Api;
        Assert.Equal((false, "127.0.0.1:8091", null, false), (api.Enabled, api.Listen.ToString(), api.Tls, api.BehindProxy));
    }

    [Theory]
    [InlineData("0.0.0.0:8091")]
    [InlineData("192.0.2.10:8091")]
    [InlineData("\"[::]:8091\"")]
    public void Other_machines_do_not_reach_it_in_clear(string listen)
    {
        var problem = Samples.Problem($"{Samples.Minimal}api: {{ enabled: true, listen: {listen} }}\n");
        Assert.Equal("api.listen", problem.Key);
        Assert.Contains("behind_proxy: true", problem.ToString(), StringComparison.Ordinal);
        Assert.True(Samples.Settings($"{Samples.Minimal}api: {{ enabled: true, listen: {listen}, behind_proxy: true }}\n").Api.BehindProxy);
        Assert.False(Samples.Settings($"{Samples.Minimal}api: {{ listen: {listen} }}\n").Api.Enabled);
    }

    [Theory]
    [InlineData("tls_certificate", "tls_key")]
    [InlineData("tls_key", "tls_certificate")]
    public void Certificate_and_key_come_together(string given, string missing) =>
        Assert.Equal($"api.{missing}", Samples.Problem($"{Samples.Minimal}api: {{ enabled: true, {given}: x.pem }}\n").Key);

    [Fact]
    public void A_certificate_opens_it_to_others_when_it_and_its_key_belong_together()
    {
        WritePair("a");
        WritePair("b");
        Assert.Empty(Load("a", "a").Problems.Select(problem => problem.ToString()));
        Assert.Equal(Path.Combine(_folder.Path, "a.crt"), Load("a", "a").Settings!.Api.Tls!.Certificate);
        Assert.Contains("do not belong together", Assert.Single(Load("a", "b").Problems).ToString(), StringComparison.Ordinal);
        Assert.Contains("does not exist", Assert.Single(Load("c", "a").Problems).ToString(), StringComparison.Ordinal);
        File.SetUnixFileMode(Path.Combine(_folder.Path, "a.key"), (UnixFileMode)0b110_100_100);
        Assert.Equal("api.tls_key", Assert.Single(Load("a", "a").Warnings).Key);
    }

    private SettingsResult Load(string certificate, string key) => SettingsFile.Load(
        _folder.Write("ivrconsent.yaml", $"{Samples.Minimal}api: {{ enabled: true, listen: 0.0.0.0:8091, tls_certificate: {certificate}.crt, tls_key: {key}.key }}\n"), Samples.NoEnvironment);

    private void WritePair(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256).CreateSelfSigned(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero), new DateTimeOffset(2046, 1, 1, 0, 0, 0, TimeSpan.Zero));
        _folder.Write($"{name}.crt", certificate.ExportCertificatePem());
        _folder.Write($"{name}.key", key.ExportPkcs8PrivateKeyPem());
    }
}
