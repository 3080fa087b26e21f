using Xunit;

namespace IvrConsent.Host.Tests.Settings;

/// <summary>The section public: off unless it has an address, and never with a notice that says neither who nor why.</summary>
public class PublicSettingsTests
{
    private const string Page = "public: { listen: 127.0.0.1:8092 }\n";

    private const string WhoAndWhy = """
        parties:
          company: { name: Example Ltd, address: "1 High Street", country: PL, contact: privacy@example.org }
        purposes:
          quality: { retention_days: 30, texts: { en: quality, fr: qualité } }

        """;

    [Fact]
    public void There_is_none_unless_the_file_names_an_address()
    {
        Assert.Null(Samples.Settings(Samples.Minimal).Public);
        Assert.Null(Samples.Settings($"{Samples.Minimal}public: {{ tls_certificate: x.pem }}\n").Public);
        Assert.Equal("127.0.0.1:8092", Samples.Settings($"{Samples.Minimal}{WhoAndWhy}{Page}").Public!.Listen.ToString());
        Assert.Equal("0.0.0.0:80", Samples.Settings($"{Samples.Minimal}{WhoAndWhy}{Page.Replace("127.0.0.1:8092", "0.0.0.0:80", StringComparison.Ordinal)}").Public!.Listen.ToString());
    }

    [Fact]
    public void Each_line_must_say_who_and_why()
    {
        var problems = Samples.Parse($"{Samples.Minimal}{Page}").Problems;

        Assert.Equal(["lines[demo].controller", "lines[demo].purposes"], problems.Select(problem => problem.Key));
        Assert.All(problems, problem => Assert.Contains("public page", problem.ToString(), StringComparison.Ordinal));
        Assert.Empty(Samples.Parse($"{Samples.With("language: en", "mode: never")}{Page}").Problems);
    }

    [Theory]
    [InlineData("")]
    [InlineData("api: { enabled: true, listen: 127.0.0.1:8092 }\n")]
    public void It_has_an_address_of_its_own(string other)
    {
        var page = other.Length > 0 ? Page : "public: { listen: 127.0.0.1:8090 }\n";
        Assert.Equal("public.listen", Samples.Problem($"{Samples.Minimal}{WhoAndWhy}{page}{other}").Key);
    }

    [Fact]
    public void A_certificate_that_is_not_there_is_found()
    {
        Assert.Equal("public.tls_key", Samples.Problem($"{Samples.Minimal}{WhoAndWhy}public: {{ listen: 127.0.0.1:8092, tls_certificate: x.crt }}\n").Key);
        Assert.Equal("public.tls_certificate", Samples.Problem($"{Samples.Minimal}{WhoAndWhy}public: {{ listen: 127.0.0.1:8092, tls_certificate: x.crt, tls_key: x.key }}\n").Key);
    }

    [Fact]
    public void A_language_without_headings_is_told_but_no_mistake()
    {
        var result = Samples.Parse($"{Samples.With("language: en", "language: fr")}{WhoAndWhy}{Page}");

        Assert.Empty(result.Problems);
        Assert.Contains("headings in the language fr", Assert.Single(result.Warnings).ToString(), StringComparison.Ordinal);
    }
}
