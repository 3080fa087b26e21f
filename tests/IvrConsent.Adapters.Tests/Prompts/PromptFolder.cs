using System.Buffers.Binary;
using System.Diagnostics;
using IvrConsent.Storage.Prompts;
using Xunit;

namespace IvrConsent.Adapters.Tests.Prompts;

/// <summary>A scratch folder for one test, with the means to put recordings in it.</summary>
internal sealed class PromptFolder : IDisposable
{
    public string Root { get; } = Directory.CreateTempSubdirectory("prompt-test-").FullName;

    /// <summary>The prompt folder within it; sources lie beside it.</summary>
    public string Prompts => Path.Combine(Root, "prompts");

    public static string Repository
    {
        get
        {
            var folder = AppContext.BaseDirectory;
            while (!File.Exists(Path.Combine(folder, "IvrConsent.sln")))
            {
                folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("The tests do not run below the repository.");
            }

            return folder;
        }
    }

    public string At(params string[] parts) => Path.Combine([Root, .. parts]);

    /// <summary>Puts a file among the prompts, making its folder.</summary>
    public string Put(string path, byte[] content)
    {
        var file = Path.Combine(Prompts, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllBytes(file, content);
        return file;
    }

    public string Put(string path, string content) => Put(path, System.Text.Encoding.UTF8.GetBytes(content));

    /// <summary>A tone as a prompt file.</summary>
    public static byte[] Tone(double seconds = 1, int rate = 8000, double frequency = 440, double amplitude = 0.3)
    {
        var samples = new short[(int)(seconds * rate)];
        for (var i = 0; i < samples.Length; i++)
        {
            samples[i] = (short)(32767 * amplitude * Math.Sin(2 * Math.PI * frequency * i / rate));
        }

        return WavFile.Write(samples, rate);
    }

    /// <summary>Makes a source with SoX, or skips the test visibly where there is none.</summary>
    public async Task<string> SoxAsync(string file, params string[] arguments)
    {
        NeedSox();
        var path = At(file);
        var (code, errors) = await RunAsync("sox", [.. arguments.Select(a => a == "OUT" ? path : a)]);
        Assert.True(code == 0, errors);
        return path;
    }

    /// <summary>The usual source: half a second of silence, two of a tone, 0.7 of silence; then SoX's further arguments.</summary>
    public Task<string> TalkAsync(string file, string[] format, params string[] effects) =>
        SoxAsync(file, ["-n", .. format, "OUT", "synth", "2", "sine", "440", "gain", "-12", "pad", "0.5", "0.7", .. effects]);

    /// <summary>Skips the test visibly where SoX is not installed.</summary>
    public static void NeedSox() => Assert.SkipUnless(HasProgram("sox"), "SoX is not installed: apt-get install sox libsox-fmt-mp3");

    public static bool HasProgram(string name) =>
        (Environment.GetEnvironmentVariable("PATH") ?? string.Empty).Split(':').Any(p => File.Exists(Path.Combine(p, name)));

    public static async Task<(int Code, string Errors)> RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        var errors = await process.StandardError.ReadToEndAsync(limit.Token);
        await process.WaitForExitAsync(limit.Token);
        return (process.ExitCode, errors);
    }

    /// <summary>Header and samples of a file, the samples between -1 and 1.</summary>
    public static (WavFile Header, float[] Samples) Read(string file)
    {
        var content = File.ReadAllBytes(file);
        var header = WavFile.Read(content, out var problem);
        Assert.True(header is not null, problem);
        var samples = new float[header.DataLength / 2];
        for (var i = 0; i < samples.Length; i++)
        {
            samples[i] = BinaryPrimitives.ReadInt16LittleEndian(content.AsSpan(header.DataOffset + (2 * i))) / 32768f;
        }

        return (header, samples);
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);
}

/// <summary>A clock that stands until it is moved.</summary>
internal sealed class StandingClock : TimeProvider
{
    private DateTimeOffset _now = new(2026, 1, 5, 12, 0, 0, TimeSpan.Zero);

    public override DateTimeOffset GetUtcNow() => _now;

    public void Move(TimeSpan by) => _now += by;
}
