using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using IvrConsent.Core.Notices;
using IvrConsent.Host.Doctor;
using IvrConsent.Host.Settings;
using IvrConsent.Storage.Keys;

namespace IvrConsent.Host.Tests.Doctor;

/// <summary>Settings and prompts in a folder of its own.</summary>
internal sealed class DoctorScene : IDisposable
{
    public DoctorScene()
    {
        Folder = Directory.CreateTempSubdirectory("ivrconsent-doctor-").FullName;

        // The PBX of a test runs as another user.
        File.SetUnixFileMode(Folder, (UnixFileMode)0b111_101_101);
        SecretFile("password", "secret-of-the-scene");
        new KeyFolder(Path.Combine(Folder, "keys")).MakeMissing();
    }

    public string Folder { get; }

    public string Config => Path.Combine(Folder, "ivrconsent.yaml");

    /// <summary>A PBX as the settings have it, without a file.</summary>
    public static PbxSettings Pbx(PromptDelivery prompts = PromptDelivery.Http, string application = "ivrconsent", RestTransport rest = RestTransport.Auto) => new()
    {
        Name = "main",
        Url = new Uri("http://pbx.example:8088"),
        Username = "ivrconsent",
        Password = new Secret("secret-of-the-scene"),
        Application = application,
        Prompts = prompts,
        PromptsUrl = prompts == PromptDelivery.Http ? new Uri("http://worker.example:8090") : null,
        PromptsFolder = prompts == PromptDelivery.Folder ? "/srv/prompts" : null,
        PromptRate = 8000,
        RecordingsFolder = null,
        Rest = rest,
        RequestTimeout = TimeSpan.FromSeconds(2),
        RecordingStartTimeout = TimeSpan.FromSeconds(1),
    };

    public static NeededPrompt Needed(string name) =>
        new(name, new Prompt(name.Split('/')[1], name.Split('/')[0], new string('0', 64), null, TimeSpan.FromSeconds(1), null));

    public void SecretFile(string name, string text)
    {
        var path = Path.Combine(Folder, name);
        File.WriteAllText(path, text);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    /// <summary>Writes the settings: one line for each language, with prompts that are tones.</summary>
    public void Write(string url, string listen, string delivery, params string[] languages)
    {
        foreach (var language in languages)
        {
            Directory.CreateDirectory(Path.Combine(Folder, "prompts", language));
            foreach (var name in PromptNames.All)
            {
                File.WriteAllBytes(Path.Combine(Folder, "prompts", language, name + ".wav"), Tone($"{language}/{name}/{Folder}"));
            }
        }

        File.WriteAllText(Config, $"""
            http: {"{"} listen: "{listen}" {"}"}
            database: {"{"} connection: ledger.db, spool: spool {"}"}
            prompts: {"{"} folder: prompts {"}"}
            pbx:
              - {"{"} name: main, url: "{url}", password_file: password, {delivery} {"}"}
            notices:
              recording: {"{"} version: "1" {"}"}
            lines:
            {string.Join("\n", languages.Select(language => $"  - {{ name: {language}, language: {language}, on_no_answer: hangup }}"))}
            """);
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    /// <summary>0.8 s of a pitch of its own, so that no file is another's and none is in a PBX's cache.</summary>
    [SuppressMessage("Security", "CA5394", Justification = "A pitch, not a secret.")]
    private static byte[] Tone(string name)
    {
        var pitch = 300 + (BitConverter.ToUInt32(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(name))) % 2000000 / 1000.0);
        const int Samples = 6400;
        using var stream = new MemoryStream();
        using var write = new BinaryWriter(stream);
        write.Write("RIFF"u8);
        write.Write(36 + (2 * Samples));
        write.Write("WAVEfmt "u8);
        write.Write(16);
        write.Write((short)1);
        write.Write((short)1);
        write.Write(8000);
        write.Write(16000);
        write.Write((short)2);
        write.Write((short)16);
        write.Write("data"u8);
        write.Write(2 * Samples);
        for (var i = 0; i < Samples; i++)
        {
            write.Write((short)(8000 * Math.Sin(2 * Math.PI * pitch * i / 8000)));
        }

        return stream.ToArray();
    }
}
