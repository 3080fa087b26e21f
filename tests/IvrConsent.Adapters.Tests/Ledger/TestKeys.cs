using IvrConsent.Storage.Keys;

namespace IvrConsent.Adapters.Tests.Ledger;

/// <summary>One folder of keys for all tests of this process: a ledger's own keys are nothing that most of them are about.</summary>
internal static class TestKeys
{
    public static string Folder { get; } = Make();

    private static string Make()
    {
        var folder = Directory.CreateTempSubdirectory("ledger-test-keys-").FullName;
        new KeyFolder(folder).MakeMissing();
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(folder, recursive: true);
        return folder;
    }
}
