using IvrConsent.Core.Calls;
using IvrConsent.Host.Settings;
using Xunit;

namespace IvrConsent.Host.Tests.Settings;

/// <summary>Environment variables in place of single values.</summary>
public class EnvironmentTests
{
    [Fact]
    public void Single_values_of_sections_items_and_names_are_replaced()
    {
        var settings = Samples.Settings(
            Samples.Minimal,
            ("IVRCONSENT__HTTP__LISTEN", "127.0.0.1:9000"),
            ("IVRCONSENT__PBX__MAIN__PASSWORD", " with spaces "),
            ("ivrconsent__pbx__main__Rest", "http"),
            ("IVRCONSENT__NOTICES__RECORDING__VERSION", "2"),
            ("IVRCONSENT__DEFAULTS__REPEATS", "4"),
            ("IVRCONSENT__LINES__DEMO__KEYS__ACCEPT", "*"),
            ("IVRCONSENT__LINES__DEMO__ON_DECLINE__CONTEXT", "refused"),
            ("IVRCONSENT__UNKNOWN_LINE", "hangup"),
            ("IVRCONSENT_OTHER", "not ours"),
            ("PATH", "/bin"));

        var line = settings.Lines[0].Options;
        Assert.Equal(9000, settings.Http.Listen.Port);
        Assert.Equal(" with spaces ", settings.Pbxes[0].Password.Reveal());
        Assert.Equal(RestTransport.Http, settings.Pbxes[0].Rest);
        Assert.Equal(("2", 4, '*', "refused"), (line.Notice.Version, line.Repeats, line.AcceptKey, line.OnDecline.Target?.Context));
        Assert.Equal(Afterwards.HangUp, settings.UnknownLine.Action);
    }

    [Fact]
    public void Names_are_addressed_in_capitals_with_underscores()
    {
        var settings = Samples.Settings(Samples.With("name: demo", "name: support.pl-2"), ("IVRCONSENT__LINES__SUPPORT_PL_2__LANGUAGE", "pl"));

        Assert.Equal("pl", settings.Lines[0].Options.Language);
    }

    [Fact]
    public void A_shared_value_is_replaced_in_one_place_only()
    {
        const string Shared = "    keys: &keys { accept: 3 }\n  - name: other\n    keys: *keys\n";

        var lines = Samples.Settings(Samples.With("    language: en\n", Shared), ("IVRCONSENT__LINES__DEMO__KEYS__ACCEPT", "4")).Lines;

        Assert.Equal(['4', '3'], lines.Select(line => line.Options.AcceptKey));
    }

    [Fact]
    public void A_password_of_the_environment_goes_before_a_file_that_the_settings_name()
    {
        var settings = Samples.Settings(Samples.With("password: secret-word", "password_file: no-such-file"), ("IVRCONSENT__PBX__MAIN__PASSWORD", "other-word"));

        Assert.Equal("other-word", settings.Pbxes[0].Password.Reveal());
    }

    [Fact]
    public void A_password_file_of_the_environment_goes_before_a_password_in_the_settings()
    {
        using var folder = new TemporaryFolder();
        var file = folder.Write("password", "from-file\n");

        var settings = Samples.Settings(Samples.Minimal, ("IVRCONSENT__PBX__MAIN__PASSWORD_FILE", file));

        Assert.Equal("from-file", settings.Pbxes[0].Password.Reveal());
    }

    [Theory]
    [InlineData("IVRCONSENT__HTTP__LISTEN", "here", "http.listen: \"here\" is not an address with a port", "Write for example: IVRCONSENT__HTTP__LISTEN=127.0.0.1:8090")]
    [InlineData("IVRCONSENT__HTTP__LISTEN", "", "http.listen: the value is empty", "IVRCONSENT__HTTP__LISTEN=127.0.0.1:8090")]
    [InlineData("IVRCONSENT__HTTP__LISTN", "secret-word", "no single setting has this name (did you mean IVRCONSENT__HTTP__LISTEN?)", "Correct or unset it.")]
    [InlineData("IVRCONSENT__PBX__OTHER__PASSWORD", "secret-word", "no single setting has this name", "Correct or unset it.")]
    [InlineData("IVRCONSENT__LINES__DEMO__NUMBERS", "100", "no single setting has this name", "Correct or unset it.")]
    [InlineData("IVRCONSENT__", "x", "no single setting has this name", "Correct or unset it.")]
    [InlineData("IVRCONSENT__PBX__MAIN__PASSWORD_FILE", "secret-word", "pbx[main].password_file: the file does not exist", "chmod 600")]
    [InlineData("IVRCONSENT__DATABASE__CONNECTION", "User=x;Password=secret-word", "database.connection: the connection names neither a file nor a host", "/var/lib/ivrconsent/ledger.db")]
    public void A_problem_names_the_variable_and_never_the_secret(string variable, string value, string what, string remedy)
    {
        var problem = Samples.Problem(Samples.Minimal, (variable, value));

        Assert.Equal(variable, problem.Place.Variable);
        Assert.StartsWith($"environment variable {variable}: {what}", problem.ToString(), StringComparison.Ordinal);
        Assert.Contains(remedy, problem.Remedy, StringComparison.Ordinal);
        Assert.DoesNotContain("secret-word", problem.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Two_names_that_are_one_in_capitals_cannot_be_addressed()
    {
        var problem = Samples.Problem(
            Samples.With("    language: en\n", "  - name: a-b\n  - name: a_b\n"),
            ("IVRCONSENT__LINES__A_B__LANGUAGE", "pl"));

        Assert.Contains("the same in capitals", problem.What, StringComparison.Ordinal);
    }

    [Fact]
    public void An_override_does_not_hide_that_a_section_is_no_section()
    {
        var problem = Samples.Problem(Samples.Minimal + "http: 8090\n", ("IVRCONSENT__HTTP__LISTEN", "127.0.0.1:9000"));

        Assert.Equal("http", problem.Key);
    }
}
