using System.Reflection;
using IvrConsent.Asterisk;
using IvrConsent.Core.Calls;
using IvrConsent.Storage;
using Xunit;

namespace IvrConsent.Host.Tests;

/// <summary>Host → {Asterisk, Storage} → Core: adapters never see each other, and Core sees no vendor.</summary>
public sealed class ArchitectureTests
{
    private static readonly Assembly Core = typeof(CallHandler).Assembly;
    private static readonly Assembly Asterisk = typeof(AsteriskServices).Assembly;
    private static readonly Assembly Storage = typeof(StorageServices).Assembly;

    private static IEnumerable<string> References(Assembly assembly) => assembly.GetReferencedAssemblies().Select(name => name.Name!);

    [Fact]
    public void Core_knows_nobody_but_the_runtime_and_the_logging_abstraction() =>
        Assert.All(References(Core), name => Assert.True(
            name.StartsWith("System.", StringComparison.Ordinal) || name is "Microsoft.Extensions.Logging.Abstractions",
            $"Core references {name}"));

    [Fact]
    public void Core_does_no_input_or_output()
    {
        Assert.DoesNotContain("System.Net.Http", References(Core));
        Assert.DoesNotContain("System.Net.Sockets", References(Core));
        Assert.DoesNotContain("System.Diagnostics.Process", References(Core));
        Assert.DoesNotContain("System.Data.Common", References(Core));
    }

    [Fact]
    public void Adapters_never_see_each_other_or_the_host()
    {
        Assert.DoesNotContain(References(Asterisk), name => name is "IvrConsent.Storage" or "ivrconsent");
        Assert.DoesNotContain(References(Storage), name => name is "IvrConsent.Asterisk" or "ivrconsent");
    }

    [Fact]
    public void The_words_of_Asterisk_stay_inside_its_project() =>
        Assert.DoesNotContain(
            Core.GetExportedTypes().SelectMany(type => type.GetMembers().Select(member => $"{type.Name}.{member.Name}")),
            name => name.Contains("Stasis", StringComparison.OrdinalIgnoreCase) || name.Contains("Snoop", StringComparison.OrdinalIgnoreCase));

    [Fact]
    public void The_shown_types_of_the_Asterisk_project_are_its_settings_its_probe_and_its_registration() =>
        Assert.All(Asterisk.GetExportedTypes(), type => Assert.True(
            type.Name is "AsteriskServices" or "AsteriskOptions" or "AsteriskTransport" or "AsteriskModule" || type.FullName!.Contains(".AsteriskProbe", StringComparison.Ordinal) || type.Namespace == "IvrConsent.Asterisk.Probing",
            $"{type.FullName} is public"));
}
