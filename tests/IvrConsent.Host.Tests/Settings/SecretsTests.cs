using System.Text.Json;
using IvrConsent.Host.Settings;
using Xunit;

namespace IvrConsent.Host.Tests.Settings;

/// <summary>Secrets come from files too, and show nowhere.</summary>
public class SecretsTests
{
    private const string UsesFile = "password_file: ari-password";

    [Theory]
    [InlineData("secret-word")]
    [InlineData("secret-word\n")]
    [InlineData("secret-word\r\n")]
    [InlineData("\uFEFFsecret-word\n")]
    public void A_file_holds_the_secret_and_a_line_end(string content)
    {
        using var folder = new TemporaryFolder();
        folder.Write("ari-password", content);

        var result = Load(folder, Samples.With("password: secret-word", UsesFile));

        Assert.Equal("secret-word", result.Settings?.Pbxes[0].Password.Reveal());
        Assert.Empty(result.Warnings);
    }

    [Theory]
    [InlineData("", "the file is empty", "Write the secret into the file.")]
    [InlineData("\n", "the file is empty", "Write the secret into the file.")]
    [InlineData("secret-word\nsecret-word\n", "more than one line", "Leave only the secret in it.")]
    public void A_file_that_holds_no_secret_is_refused(string content, string what, string remedy)
    {
        using var folder = new TemporaryFolder();
        folder.Write("ari-password", content);

        var problem = Assert.Single(Load(folder, Samples.With("password: secret-word", UsesFile)).Problems);

        Assert.Equal((4, 20), (problem.Place.Line, problem.Place.Column));
        Assert.Contains(what, problem.What, StringComparison.Ordinal);
        Assert.Equal(remedy, problem.Remedy);
        Assert.DoesNotContain("secret-word", problem.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_and_a_huge_file_are_refused()
    {
        using var folder = new TemporaryFolder();
        folder.Write("huge", new string('x', 20_000));
        Directory.CreateDirectory(Path.Combine(folder.Path, "ari-password"));

        var isFolder = Assert.Single(Load(folder, Samples.With("password: secret-word", UsesFile)).Problems);
        var isHuge = Assert.Single(Load(folder, Samples.With("password: secret-word", "password_file: huge")).Problems);

        Assert.Contains("a folder has this name", isFolder.What, StringComparison.Ordinal);
        Assert.Contains("too large", isHuge.What, StringComparison.Ordinal);
    }

    [Fact]
    public void A_secret_that_every_user_can_read_is_warned_of()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no such rights.");
        const UnixFileMode Everyone = UnixFileMode.UserRead | UnixFileMode.OtherRead;
        using var folder = new TemporaryFolder();
        folder.Write("ari-password", "secret-word", Everyone);

        var inFile = Load(folder, Samples.With("password: secret-word", UsesFile));
        var inSettings = Load(folder, Samples.Minimal, Everyone);

        Assert.NotNull(inFile.Settings);
        Assert.Contains("chmod o-rwx", Assert.Single(inFile.Warnings).Remedy, StringComparison.Ordinal);
        Assert.NotNull(inSettings.Settings);
        Assert.Equal("pbx[main].password", Assert.Single(inSettings.Warnings).Key);
    }

    [Fact]
    public void A_connection_comes_from_a_file()
    {
        using var folder = new TemporaryFolder();
        folder.Write("db", "Host=db;Password=secret-word\n");

        var settings = Load(folder, Samples.Minimal + "database: { connection_file: db }\n").Settings;

        Assert.Equal(DatabaseKind.PostgreSql, settings?.Database.Kind);
        Assert.Equal("Host=db;Password=secret-word", settings?.Database.Connection.Reveal());
    }

    [Fact]
    public void Secrets_do_not_show_in_the_text_or_the_JSON_of_the_settings()
    {
        var result = Samples.Parse(Samples.Minimal + "database: { connection: \"Host=db;Password=secret-word\" }\n");

        var settings = result.Settings!;
        var shown = $"{settings} {settings.Database} {settings.Pbxes[0]} {new Secret("secret-word")} {JsonSerializer.Serialize(settings.Pbxes)} {JsonSerializer.Serialize(settings.Database)}";
        Assert.DoesNotContain("secret-word", shown, StringComparison.Ordinal);
        Assert.Contains("***", shown, StringComparison.Ordinal);
    }

    [Fact]
    public void A_problem_is_written_as_JSON_field_by_field()
    {
        var problem = Samples.Problem(Samples.With("language: en", "repeats: 9"));

        using var json = JsonDocument.Parse(JsonSerializer.Serialize(problem));

        Assert.Equal(10, json.RootElement.GetProperty("Place").GetProperty("Line").GetInt32());
        Assert.Equal("lines[demo].repeats", json.RootElement.GetProperty("Key").GetString());
        Assert.Equal("Write for example: repeats: 1", json.RootElement.GetProperty("Remedy").GetString());
    }

    private static SettingsResult Load(TemporaryFolder folder, string yaml, UnixFileMode mode = UnixFileMode.UserRead | UnixFileMode.UserWrite) =>
        SettingsFile.Load(folder.Write("ivrconsent.yaml", yaml, mode), Samples.NoEnvironment);
}
