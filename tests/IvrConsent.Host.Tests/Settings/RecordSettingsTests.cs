using IvrConsent.Host.Settings;
using Xunit;

namespace IvrConsent.Host.Tests.Settings;

/// <summary>The sections <c>records</c> and <c>webhooks</c>.</summary>
public sealed class RecordSettingsTests : IDisposable
{
    private const string Good = "whsec_c2VjcmV0LXdvcmQtc2VjcmV0LXdvcmQtc2VjcmV0\n";

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void What_is_not_said_stays_unsaid()
    {
        var settings = Samples.Settings(Samples.Minimal);

        Assert.Null(settings.Records);
        Assert.Empty(settings.Webhooks);
    }

    [Fact]
    public void What_is_said_is_read()
    {
        var records = Samples.Settings(Samples.Minimal + "records: { storage_locations: [PL, US-CA], recipients: [], withdrawal: Write to us., rights: [access, erasure] }\n").Records!;

        Assert.Equal(["PL", "US-CA"], records.StorageLocations!);
        Assert.Empty(records.Recipients!);
        Assert.Equal(["access", "erasure"], records.Rights!);
        Assert.Null(records.Authority);
    }

    [Theory]
    [InlineData("storage_locations: [Poland]", "records.storage_locations[#1]")]
    [InlineData("rights: [accces]", "records.rights[#1]")]
    [InlineData("notice_url: not-an-address", "records.notice_url")]
    public void A_slip_is_named(string line, string key) => Assert.Equal(key, Samples.Problem($"{Samples.Minimal}records: {{ {line} }}\n").Key);

    [Fact]
    public void A_webhook_is_read()
    {
        var hook = Assert.Single(Load("url: https://crm.example.com/consent", Good, "events: [consent.given], fields: [subject], timeout: 3s").Settings!.Webhooks);

        Assert.Equal("crm", hook.Options.Name);
        Assert.Equal(["consent.given"], hook.Options.Events!);
        Assert.Equal(["subject"], hook.Options.Fields);
        Assert.Equal(TimeSpan.FromSeconds(3), hook.Options.Timeout);
        Assert.DoesNotContain("whsec_", hook.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("url: http://crm.example.com/consent", Good, "", "webhooks[crm].url")]
    [InlineData("url: http://10.0.0.1/consent", Good, "", "webhooks[crm].url")]
    [InlineData("url: https://u:p@crm.example.com", Good, "", "webhooks[crm].url")]
    [InlineData("url: https://crm.example.com", "hunter-word-9\n", "", "webhooks[crm].secret_file")]
    [InlineData("url: https://crm.example.com", "whsec_c2hvcnQ=\n", "", "webhooks[crm].secret_file")]
    [InlineData("url: https://crm.example.com", Good, "events: [consent.givven]", "webhooks[crm].events[#1]")]
    [InlineData("url: https://crm.example.com", Good, "fields: [password]", "webhooks[crm].fields[#1]")]
    [InlineData("url: https://crm.example.com", Good, "timeout: 5m", "webhooks[crm].timeout")]
    public void A_webhook_that_cannot_be_used_is_refused(string url, string secret, string more, string key)
    {
        var result = Load(url, secret, more);

        Assert.Null(result.Settings);
        var problem = Assert.Single(result.Problems);
        Assert.Equal(key, problem.Key);
        Assert.DoesNotContain(secret.Trim(), problem.ToString(), StringComparison.Ordinal);
    }

    private SettingsResult Load(string url, string secret, string more)
    {
        folder.Write("hook-key", secret);
        var item = string.Join(", ", new[] { "name: crm", url, "secret_file: hook-key", more }.Where(part => part.Length > 0));
        return SettingsFile.Load(folder.Write("ivrconsent.yaml", $"{Samples.Minimal}webhooks: [{{ {item} }}]\n"), Samples.NoEnvironment);
    }
}
