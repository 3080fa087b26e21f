using System.Text.Json;
using Xunit;

namespace IvrConsent.Host.Tests.Cli;

/// <summary>The keys, as an admin makes and looks at them.</summary>
public sealed class KeysTests : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private readonly Installation _here = new();

    public void Dispose() => _here.Dispose();

    [Fact]
    public async Task Init_makes_them_once_for_their_owner_only()
    {
        Directory.Delete(_here.Keys, recursive: true);
        var first = await Ivrconsent.RunAsync("keys", "init", "-c", _here.Settings);
        Assert.Equal(0, first.ExitCode);
        Assert.Equal(OwnerOnly | UnixFileMode.UserExecute, File.GetUnixFileMode(_here.Keys));
        var files = Directory.GetFiles(_here.Keys).ToDictionary(file => file, File.ReadAllBytes);
        Assert.Equal(["numbers.key", "recordings.key", "recordings.pub", "seal.pem", "seal.pub.pem"], files.Keys.Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.All(files.Keys, file => Assert.Equal(OwnerOnly, File.GetUnixFileMode(file)));

        var second = await Ivrconsent.RunAsync("keys", "init", "-c", _here.Settings);
        Assert.Equal(1, second.ExitCode);
        Assert.Contains("never overwritten", second.Error, StringComparison.Ordinal);
        Assert.All(files, file => Assert.Equal(file.Value, File.ReadAllBytes(file.Key)));

        // One that is missing is made; the others stay.
        File.Delete(Path.Combine(_here.Keys, "seal.pem"));
        Assert.Equal(0, (await Ivrconsent.RunAsync("keys", "init", "--folder", _here.Keys)).ExitCode);
        Assert.Equal(files[Path.Combine(_here.Keys, "numbers.key")], File.ReadAllBytes(Path.Combine(_here.Keys, "numbers.key")));
    }

    [Fact]
    public async Task Where_a_command_wraps_no_master_of_recordings_is_made_nor_missed()
    {
        Directory.Delete(_here.Keys, recursive: true);
        await File.AppendAllTextAsync(_here.Settings, "keys: { wrap_command: [/opt/kms, wrap] }\n", TestContext.Current.CancellationToken);
        var init = await Ivrconsent.RunAsync("keys", "init", "-c", _here.Settings);
        Assert.True(init.ExitCode == 0, init.Error);
        Assert.Contains("Not made: recordings.key. keys.wrap_command wraps", init.Output, StringComparison.Ordinal);
        Assert.Equal(["numbers.key", "seal.pem", "seal.pub.pem"], Directory.GetFiles(_here.Keys).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        var again = await Ivrconsent.RunAsync("keys", "init", "--json", "-c", _here.Settings);
        Assert.Equal(1, again.ExitCode);
        Assert.Equal("recordings.key", Assert.Single(JsonDocument.Parse(again.Output).RootElement.GetProperty("not_needed").EnumerateArray()).GetString());

        var show = await Ivrconsent.RunAsync("keys", "show", "-c", _here.Settings);
        Assert.Equal(0, show.ExitCode);
        Assert.Contains("recordings.key  is not here, and not needed. keys.wrap_command wraps", show.Output, StringComparison.Ordinal);
        Assert.Equal(0, (await Ivrconsent.RunAsync("keys", "init", "--folder", _here.Keys)).ExitCode); // without the settings: all
        Assert.True(File.Exists(Path.Combine(_here.Keys, "recordings.key")));
    }

    [Fact]
    public async Task Show_has_ids_and_public_halves_and_no_secret()
    {
        var show = await Ivrconsent.RunAsync("keys", "show", "--json", "-c", _here.Settings);
        Assert.Equal(0, show.ExitCode);
        var keys = JsonDocument.Parse(show.Output).RootElement;
        Assert.Equal(16, keys[0].GetProperty("ids")[0].GetString()!.Length);
        Assert.Equal(File.ReadAllText(Path.Combine(_here.Keys, "seal.pub.pem")), keys[1].GetProperty("public_key").GetString());
        Assert.Equal(File.ReadAllText(Path.Combine(_here.Keys, "recordings.pub")), keys[2].GetProperty("public_key").GetString());
        Assert.DoesNotContain("PRIVATE", show.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("SECRET", show.Output, StringComparison.OrdinalIgnoreCase);
        foreach (var line in File.ReadAllLines(Path.Combine(_here.Keys, "numbers.key")).Where(line => !line.StartsWith('#')))
        {
            Assert.DoesNotContain(line.Split(' ')[1], show.Output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_machine_that_only_records_shows_the_public_half_and_makes_no_other_key()
    {
        File.Delete(Path.Combine(_here.Keys, "recordings.key"));
        var show = await Ivrconsent.RunAsync("keys", "show", "-c", _here.Settings);
        Assert.Equal(0, show.ExitCode);
        Assert.Contains("(its public half; the key itself is not here, or not for this user)", show.Output, StringComparison.Ordinal);
        Assert.Equal(1, (await Ivrconsent.RunAsync("keys", "init", "-c", _here.Settings)).ExitCode);
        Assert.False(File.Exists(Path.Combine(_here.Keys, "recordings.key")));
        var rotate = await Ivrconsent.RunAsync("keys", "rotate", "recordings", "-c", _here.Settings);
        Assert.NotEqual(0, rotate.ExitCode);
    }

    [Theory]
    [InlineData("numbers.key", null)]
    [InlineData("seal.pem", null)]
    [InlineData("recordings.pub", null)]
    [InlineData("recordings.pub", "secret-word\n")]
    [InlineData("recordings.key", "AGE-SECRET-KEY-1secret-word\n")]
    [InlineData("numbers.key", "hash secret-word\n")]
    [InlineData("numbers.key", "")]
    [InlineData("seal.pem", "-----BEGIN PRIVATE KEY-----\nsecret-word\n-----END PRIVATE KEY-----\n")]
    public async Task Serve_without_a_key_says_what_to_do_and_not_what_the_file_holds(string name, string? text)
    {
        var file = Path.Combine(_here.Keys, name);
        File.Delete(file);
        if (text is not null)
        {
            File.WriteAllText(file, text);
        }

        var serve = await Ivrconsent.RunAsync("serve", "-c", _here.Settings);
        Assert.Equal(2, serve.ExitCode);
        Assert.Contains(file, serve.Error, StringComparison.Ordinal);
        Assert.Contains(text is null ? "ivrconsent keys init" : "Restore it", serve.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("secret-word", serve.Output + serve.Error, StringComparison.Ordinal);
        Assert.Equal(1, (await Ivrconsent.RunAsync("keys", "show", "-c", _here.Settings)).ExitCode);
    }
}
