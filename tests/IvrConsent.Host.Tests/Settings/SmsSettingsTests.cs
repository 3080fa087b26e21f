using IvrConsent.Host.Settings;
using Xunit;

namespace IvrConsent.Host.Tests.Settings;

/// <summary>The section sms.</summary>
public sealed class SmsSettingsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Without_an_address_there_is_no_gateway() => Assert.Null(Samples.Settings($"{Samples.Minimal}sms: {{ authorization_file: nowhere }}\n").Sms);

    [Fact]
    public void Secrets_come_from_files_and_are_not_shown()
    {
        _folder.Write("a", "Bearer wholly-secret\n");
        _folder.Write("s", "also-secret\n");
        var settings = SettingsFile.Load(_folder.Write("ivrconsent.yaml", $"{Samples.Minimal}sms: {{ url: \"https://sms.example.org/send\", authorization_file: a, signature_file: s }}\n"), Samples.NoEnvironment).Settings!;
        Assert.Equal(("Bearer wholly-secret", "also-secret", """{"to":{number},"text":{text}}"""), (settings.Sms!.Authorization!.Reveal(), settings.Sms.Signature!.Reveal(), settings.Sms.Body));
        Assert.DoesNotContain("secret", settings.Sms.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("url: \"http://sms.example.org/send\"", "sms.url")]
    [InlineData("url: \"https://sms.example.org\", body: \"no placeholders\"", "sms.body")]
    [InlineData("url: \"https://sms.example.org\", content_type: application/x-www-form-urlencoded", "sms.body")]
    [InlineData("url: \"https://sms.example.org\", authorization_file: nowhere", "sms.authorization_file")]
    public void What_cannot_work_is_refused(string section, string key) => Assert.Equal(key, Samples.Problem($"{Samples.Minimal}sms: {{ {section} }}\n").Key);
}
