using IvrConsent.Host.Doctor;
using IvrConsent.Host.Tests.Settings;
using IvrConsent.Storage.Keys;
using Xunit;

namespace IvrConsent.Host.Tests.Doctor;

/// <summary>What a machine can do with the keys that it has.</summary>
public sealed class KeyChecksTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public KeyChecksTests() => new KeyFolder(Keys).MakeMissing();

    private string Keys => Path.Combine(_folder.Path, "keys");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void With_all_of_them_it_records_and_opens_recordings() => Judge("", FindingStatus.Ok, "this machine records, and opens recordings");

    [Fact]
    public void With_the_public_half_alone_it_only_records()
    {
        File.Delete(Path.Combine(Keys, "recordings.key"));
        Judge("", FindingStatus.Ok, "cannot open recordings");
    }

    [Fact]
    public void Without_the_public_half_it_fails()
    {
        File.Delete(Path.Combine(Keys, "recordings.pub"));
        Judge("", FindingStatus.Failed, "recordings.pub");
    }

    [Fact]
    public void With_commands_the_folder_s_master_is_not_needed()
    {
        File.Delete(Path.Combine(Keys, "recordings.key"));
        File.Delete(Path.Combine(Keys, "recordings.pub"));
        Judge(", wrap_command: [/bin/cat], unwrap_command: [/bin/cat]", FindingStatus.Ok, "by keys.unwrap_command");
        Judge(", wrap_command: [/no/such/program]", FindingStatus.Failed, "there is no /no/such/program");
    }

    [Fact]
    public void A_rotation_that_is_not_finished_is_a_warning()
    {
        var file = Path.Combine(Keys, "recordings.key");
        var other = Path.Combine(_folder.Path, "other");
        new KeyFolder(other).MakeMissing();
        File.AppendAllText(file, File.ReadAllText(Path.Combine(other, "recordings.key")));
        Judge("", FindingStatus.Warning, "rotation is not finished");
    }

    [Fact]
    public void A_key_that_everybody_may_read_fails()
    {
        var file = Path.Combine(Keys, "recordings.key");
        File.SetUnixFileMode(file, File.GetUnixFileMode(file) | UnixFileMode.OtherRead);
        Judge("", FindingStatus.Failed, file);
    }

    private void Judge(string more, object status, string found)
    {
        var finding = KeyChecks.Judge(Samples.Settings($"{Samples.Minimal}keys: {{ folder: {Keys}{more} }}\n"));
        Assert.Equal((FindingStatus)status, finding.Status);
        Assert.Contains(found, finding.Found, StringComparison.Ordinal);
    }
}
