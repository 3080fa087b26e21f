using System.Text.RegularExpressions;
using IvrConsent.TestKit.Lab;
using Xunit;

namespace IvrConsent.Host.Tests;

/// <summary>What no test sees that builds in the whole repository: the image is built from what the Dockerfile copies.</summary>
public sealed partial class DockerfileTests
{
    [Fact]
    public void What_the_projects_take_from_outside_of_src_is_copied_before_they_are_built()
    {
        var repository = LabEnvironment.Repository!;
        var outside = Directory.EnumerateFiles(Path.Combine(repository, "src"), "*.csproj", SearchOption.AllDirectories)
            .SelectMany(project => Outside().Matches(File.ReadAllText(project)).Select(match => match.Groups[1].Value))
            .ToList();
        var built = File.ReadAllText(Path.Combine(repository, "Dockerfile")).Split("RUN dotnet publish")[0];

        Assert.Contains("config/jurisdictions.yaml", outside);
        Assert.All(outside, file => Assert.Contains($"\nCOPY {file} ", built, StringComparison.Ordinal));
    }

    [GeneratedRegex("""Include="\.\./\.\./([^"]+)" """)]
    private static partial Regex Outside();
}
