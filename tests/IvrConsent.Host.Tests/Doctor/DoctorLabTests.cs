using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using IvrConsent.Asterisk;
using IvrConsent.Host.Doctor;
using IvrConsent.Host.Settings;
using IvrConsent.TestKit.Lab;
using Xunit;

namespace IvrConsent.Host.Tests.Doctor;

/// <summary>The whole checkup against the real Asterisk of tests/lab: in a good state, and with one thing broken at a time.</summary>
public sealed class DoctorLabTests : IDisposable
{
    private static readonly string[] Languages = ["en", "pl", "de", "cs", "it"];
    private readonly DoctorScene _scene = new();

    [Theory]
    [InlineData("22")]
    [InlineData("16")]
    public async Task A_good_installation_passes_quickly_and_nothing_is_left_behind(string version)
    {
        var lab = Lab.Require(version);
        Http(lab);
        var began = TimeProvider.System.GetTimestamp();

        var findings = await RunAsync();

        Assert.True(TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromSeconds(30));
        Assert.Empty(findings.Where(finding => finding.Status == FindingStatus.Failed).Select(finding => finding.ToString()));
        foreach (var check in new[] { Checks.Reach, Checks.Rights, Checks.Version, Checks.Modules, Checks.Clock, Checks.Attach, Checks.Dialplan, Checks.Fetching, Checks.Playing, Checks.Recording })
        {
            Assert.Equal(FindingStatus.Ok, Find(findings, check).Status);
        }

        // The lab has VERBOSE in its log, for the dialplan's own lines, and no func_config.
        Assert.Contains("/var/log/asterisk/messages (VERBOSE); queue_log, unless", Find(findings, Checks.Numbers).Found, StringComparison.Ordinal);
        Assert.StartsWith("all 50 prompts play", Find(findings, Checks.Playing).Found, StringComparison.Ordinal);
        Assert.Equal(0, Report.ExitCode(findings));
        await AssertNothingLeftAsync(lab);
    }

    [Theory]
    [InlineData("22")]
    [InlineData("16")]
    public async Task Prompts_of_a_folder_are_laid_there_played_and_taken_away(string version)
    {
        var lab = Lab.Require(version);
        var folder = Path.Combine(lab["SOUNDS"], $"doctor-{Guid.NewGuid():N}");
        _scene.SecretFile("password", lab.Password);
        _scene.Write(lab["ARI"], "127.0.0.1:1", $"prompts: folder, prompts_folder: \"{folder}\"", Languages);

        var findings = await RunAsync();

        Assert.Equal(FindingStatus.Ok, Find(findings, Checks.Folder).Status);
        Assert.StartsWith("all 50 prompts play", Find(findings, Checks.Playing).Found, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder));
        await AssertNothingLeftAsync(lab);
    }

    [Fact]
    public async Task A_wrong_password_is_told_as_such_and_never_shown()
    {
        var lab = Lab.Require("22");
        Http(lab);
        _scene.SecretFile("password", "wrong-password");

        var findings = await RunAsync();

        var reach = Find(findings, Checks.Reach);
        Assert.Equal(FindingStatus.Failed, reach.Status);
        Assert.Contains("401", reach.Found, StringComparison.Ordinal);
        Assert.Equal(1, Report.ExitCode(findings));
        Assert.DoesNotContain("wrong-password", JsonSerializer.Serialize(findings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_port_is_no_pbx_at_all()
    {
        var lab = Lab.Require("22");
        Http(lab, url: $"http://127.0.0.1:{FreePort.Take()}");

        var findings = await RunAsync();

        Assert.Contains("nothing listens there", Find(findings, Checks.Reach).Found, StringComparison.Ordinal);
        Assert.Equal(3, Report.ExitCode(findings));
    }

    [Theory]
    [InlineData("22")]
    [InlineData("16")]
    public async Task Prompts_that_the_pbx_cannot_fetch_fail_by_the_true_cause(string version)
    {
        var lab = Lab.Require(version);
        Http(lab, promptsUrl: $"http://127.0.0.1:{FreePort.Take()}");

        var findings = await RunAsync();

        Assert.Equal(FindingStatus.Failed, Find(findings, Checks.Fetching).Status);
        Assert.Equal(FindingStatus.Failed, Find(findings, Checks.Playing).Status);
        Assert.Equal(FindingStatus.Ok, Find(findings, Checks.Recording).Status);
        await AssertNothingLeftAsync(lab);
    }

    [Fact]
    public async Task A_web_server_that_swallows_requests_costs_seconds_not_minutes()
    {
        var lab = Lab.Require("22");
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        Http(lab, promptsUrl: $"http://{silent.LocalEndpoint}");
        var began = TimeProvider.System.GetTimestamp();

        var findings = await RunAsync();

        Assert.Contains("still waits for the file", Find(findings, Checks.Playing).Found, StringComparison.Ordinal);
        Assert.True(TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromSeconds(30));
        silent.Stop();
        await AssertNothingLeftAsync(lab);
    }

    [Theory]
    [InlineData(-2, FindingStatus.Warning)]
    [InlineData(60, FindingStatus.Failed)]
    public async Task A_clock_that_is_wrong_is_noticed(int seconds, object status)
    {
        var lab = Lab.Require("22");
        Http(lab);

        var findings = await RunAsync(new SkewedClock(TimeSpan.FromSeconds(seconds)));

        var clock = Find(findings, Checks.Clock);
        Assert.Equal((FindingStatus)status, clock.Status);
        Assert.Contains(seconds < 0 ? "ahead of" : "behind", clock.Found, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_prompt_that_a_line_needs_and_nobody_has_is_found()
    {
        var lab = Lab.Require("22");
        Http(lab);
        File.Delete(Path.Combine(_scene.Folder, "prompts", "pl", "notice.wav"));

        var findings = await RunAsync();

        Assert.Contains("notice", Find(findings, Checks.Prompts).Found, StringComparison.Ordinal);
        Assert.StartsWith("all 49 prompts play", Find(findings, Checks.Playing).Found, StringComparison.Ordinal);
        Assert.Equal(1, Report.ExitCode(findings));
    }

    [Fact]
    public async Task A_damaged_file_in_the_shared_folder_is_found_and_not_touched()
    {
        var lab = Lab.Require("22");
        var folder = Path.Combine(lab["SOUNDS"], $"doctor-{Guid.NewGuid():N}");
        _scene.SecretFile("password", lab.Password);
        _scene.Write(lab["ARI"], "127.0.0.1:1", $"prompts: folder, prompts_folder: \"{folder}\"", "en");
        var notice = File.ReadAllBytes(Path.Combine(_scene.Folder, "prompts", "en", "notice.wav"));
        var damaged = Path.Combine(folder, Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(notice)) + ".wav");
        Directory.CreateDirectory(folder);
        try
        {
            File.WriteAllBytes(damaged, notice[..100]);

            var findings = await RunAsync();

            Assert.Contains(damaged, Find(findings, Checks.Folder).Found, StringComparison.Ordinal);
            Assert.Contains("en/notice", Find(findings, Checks.Playing).Found, StringComparison.Ordinal);
            Assert.Equal([damaged], Directory.EnumerateFiles(folder));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    public void Dispose() => _scene.Dispose();

    private static Finding Find(IEnumerable<Finding> findings, string check) => findings.First(finding => finding.Check == check);

    private void Http(Lab lab, string? url = null, string? promptsUrl = null)
    {
        var listen = $"127.0.0.1:{FreePort.Take()}";
        _scene.SecretFile("password", lab.Password);
        _scene.Write(url ?? lab["ARI"], listen, $"prompts_url: \"{promptsUrl ?? "http://" + listen}\"", Languages);
    }

    private async Task<IReadOnlyList<Finding>> RunAsync(TimeProvider? time = null)
    {
        var loaded = SettingsFile.Load(_scene.Config, new Dictionary<string, string>());
        Assert.Empty(loaded.Problems);
        return await Checkup.RunAsync(_scene.Config, loaded, loaded.Settings!.Pbxes, time ?? TimeProvider.System, TestContext.Current.CancellationToken);
    }

    // Other tests may use the same PBX at the same time: only what bears our name counts.
    private static async Task AssertNothingLeftAsync(Lab lab)
    {
        using var probe = new AsteriskProbe(new AsteriskOptions { Name = "lab", Url = new Uri(lab["ARI"] + "/ari"), Username = lab.User, Password = lab.Password, PromptFolder = "/none" });
        foreach (var list in new[] { "applications", "bridges", "channels", "recordings/stored" })
        {
            var (status, body) = await probe.GetAsync(list, TestContext.Current.CancellationToken);
            Assert.Equal(200, status);
            Assert.DoesNotContain("doctor-ivrconsent", body, StringComparison.Ordinal);
        }
    }

    /// <summary>This machine's clock, wrong.</summary>
    private sealed class SkewedClock(TimeSpan by) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + by;
    }

    /// <summary>The lab as its file tells of it.</summary>
    private sealed class Lab(Dictionary<string, string> values, string version)
    {
        public string User => values["LAB_ARI_USER"];

        public string Password => File.ReadAllText(values["LAB_ARI_PASSWORD_FILE"]).Trim();

        public string this[string name] => values[$"LAB_AST{version}_{name}"];

        public static Lab Require(string version)
        {
            var file = Environment.GetEnvironmentVariable("IVRCONSENT_LAB_ENV") ?? Ancestors().Select(folder => Path.Combine(folder, ".lab", "lab.env")).FirstOrDefault(File.Exists);
            var values = file is null || !File.Exists(file)
                ? []
                : File.ReadLines(file).Select(line => line.Split('=', 2)).Where(pair => pair.Length == 2).ToDictionary(pair => pair[0], pair => pair[1]);
            var up = values.TryGetValue($"LAB_AST{version}_PROCESS_PID_FILE", out var pid) && File.Exists(pid) && Directory.Exists($"/proc/{File.ReadAllText(pid).Trim()}");
            var absent = $"no Asterisk {version}: start one with tests/lab/lab up asterisk{version}";
            Assert.False(!up && Environment.GetEnvironmentVariable("IVRCONSENT_LAB_REQUIRED") == "1", absent);
            Assert.SkipUnless(up, absent);
            return new Lab(values, version);
        }

        private static IEnumerable<string> Ancestors()
        {
            for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            {
                yield return folder.FullName;
            }
        }
    }
}
