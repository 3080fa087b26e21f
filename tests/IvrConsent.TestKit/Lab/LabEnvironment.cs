using System.Diagnostics;
using System.Globalization;

namespace IvrConsent.TestKit.Lab;

/// <summary>
/// The lab of tests/lab as its lab.env tells it: the file that IVRCONSENT_LAB_ENV names, or REPOSITORY/.lab/lab.env. What is
/// written there may still be down; <see cref="FindPbx"/>, <see cref="FindPostgres"/> and <see cref="FindS3"/> look.
/// </summary>
public sealed class LabEnvironment
{
    private readonly Dictionary<string, string> _values;

    private LabEnvironment(Dictionary<string, string> values) => _values = values;

    /// <summary>With IVRCONSENT_LAB_REQUIRED=1 a test that finds no lab fails instead of being skipped.</summary>
    public static bool Required => Environment.GetEnvironmentVariable("IVRCONSENT_LAB_REQUIRED") == "1";

    /// <summary>The root of the repository that these tests were built in; null outside of one.</summary>
    public static string? Repository
    {
        get
        {
            for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            {
                if (File.Exists(Path.Combine(folder.FullName, "IvrConsent.sln")))
                {
                    return folder.FullName;
                }
            }

            return null;
        }
    }

    /// <summary>A value of lab.env.</summary>
    public string this[string key] =>
        _values.GetValueOrDefault(key) ?? throw new InvalidOperationException($"lab.env has no {key}: run tests/lab/lab up again, it writes the file anew");

    /// <summary>The lab; null when there is no lab.env.</summary>
    public static LabEnvironment? Find()
    {
        var file = Environment.GetEnvironmentVariable("IVRCONSENT_LAB_ENV") is { Length: > 0 } named
            ? named
            : Repository is { } repository ? Path.Combine(repository, ".lab", "lab.env") : null;
        return file is not null && File.Exists(file)
            ? new(File.ReadLines(file).Select(line => line.Split('=', 2)).Where(pair => pair.Length == 2).ToDictionary(pair => pair[0], pair => pair[1].Trim('"')))
            : null;
    }

    /// <summary>The Asterisk of that version (<c>22</c> or <c>16</c>); null when it does not run.</summary>
    public LabPbx? FindPbx(string version)
    {
        var pbx = new LabPbx(this, version);
        return pbx.Runs ? pbx : null;
    }

    /// <summary>An Npgsql connection string of a user who may create databases; null when PostgreSQL was never started.</summary>
    public string? FindPostgres() =>
        _values.TryGetValue("LAB_PG_CONNECTION_FILE", out var file) && File.Exists(file) ? File.ReadAllText(file).Trim() : null;

    /// <summary>The S3 server; null when it does not run.</summary>
    public LabS3? FindS3() => _values.TryGetValue("LAB_S3_PROCESS_PID_FILE", out var pid) && LabProcess.Runs(pid)
        ? new LabS3(new Uri(this["LAB_S3_ENDPOINT"]), this["LAB_S3_ACCESS_KEY"], File.ReadAllText(this["LAB_S3_SECRET_FILE"]).Trim())
        : null;

    /// <summary>Runs a command of tests/lab/lab on this very lab; throws with its output when it fails.</summary>
    public async Task RunAsync(params string[] command)
    {
        var start = new ProcessStartInfo(Path.Combine(Repository ?? throw new InvalidOperationException("no repository around the tests"), "tests", "lab", "lab"))
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var argument in command)
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment["IVRCONSENT_LAB_DIR"] = this["LAB_DIR"];
        start.Environment["IVRCONSENT_LAB_PORT_BASE"] = this["LAB_PORT_BASE"];
        using var process = Process.Start(start)!;

        // What it starts inherits its pipes and keeps them open: the end of the process is the end of its words.
        var said = new System.Text.StringBuilder();
        process.OutputDataReceived += (_, line) => said.AppendLine(line.Data);
        process.ErrorDataReceived += (_, line) => said.AppendLine(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(90));
        while (!process.HasExited)
        {
            await Task.Delay(20, limit.Token);
        }

        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"lab {string.Join(' ', command)} ended with {process.ExitCode}: {said}");
        }
    }
}

/// <summary>One Asterisk of the lab.</summary>
public sealed class LabPbx(LabEnvironment lab, string version)
{
    /// <summary><c>22</c> or <c>16</c>.</summary>
    public string Version => version;

    /// <summary>Its name for the commands of the lab.</summary>
    public string Name => "asterisk" + version;

    /// <summary>Where to call, as host:port.</summary>
    public string Sip => this["SIP"];

    /// <summary>Its HTTP server, without /ari.</summary>
    public Uri Http => new(this["ARI"]);

    /// <summary>Where recordings over ARI are, as seen from outside.</summary>
    public string Recordings => this["RECORDINGS"];

    /// <summary>A folder that the PBX sees under the same name.</summary>
    public string Sounds => this["SOUNDS"];

    /// <summary>Its log.</summary>
    public string Log => this["LOG"];

    public string Username => lab["LAB_ARI_USER"];

    public string PasswordFile => lab["LAB_ARI_PASSWORD_FILE"];

    public int ProcessId => int.Parse(File.ReadAllText(this["PROCESS_PID_FILE"]), CultureInfo.InvariantCulture);

    internal bool Runs => LabProcess.Runs(this["PROCESS_PID_FILE"]);

    private string this[string key] => lab[$"LAB_AST{version}_{key}"];
}

/// <summary>The S3 server of the lab.</summary>
/// <param name="Endpoint">Its address.</param>
/// <param name="AccessKey">An account that may make buckets.</param>
/// <param name="SecretKey">The account's secret key.</param>
public sealed record LabS3(Uri Endpoint, string AccessKey, string SecretKey);

internal static class LabProcess
{
    /// <summary>Whether the process whose id the file holds is there.</summary>
    public static bool Runs(string pidFile) => File.Exists(pidFile) && Directory.Exists($"/proc/{File.ReadAllText(pidFile).Trim()}");
}
