using System.Net;
using IvrConsent.Asterisk.Probing;
using IvrConsent.Host.Doctor;
using IvrConsent.Host.Settings;
using Xunit;

namespace IvrConsent.Host.Tests.Doctor;

/// <summary>Verdicts on prompts, disks, the worker, and the report.</summary>
public sealed class FindingsTests
{
    private const string File = "/etc/ivrconsent/ivrconsent.yaml";
    private static readonly PromptFindings Http = new(File, DoctorScene.Pbx(), "127.0.0.1:8090");
    private static readonly PromptFindings Folder = new(File, DoctorScene.Pbx(PromptDelivery.Folder), "127.0.0.1:8090");
    private static readonly AsteriskTrial Worked = new(AsteriskTrialResult.Worked, "played");
    private static readonly AsteriskTrial Failed = new(AsteriskTrialResult.Failed, "the PBX reports that it failed");
    private static readonly AsteriskTrial Hung = new(AsteriskTrialResult.Hung, "the PBX still waits for the file");

    [Fact]
    public void The_way_of_prompts_over_http_is_judged()
    {
        Assert.Equal(FindingStatus.Ok, Http.Fetching(PromptServing.Here, true, []).Status);
        Assert.Equal(FindingStatus.Ok, Http.Fetching(PromptServing.Worker, null, []).Status);
        Assert.Contains("prompts_url: http://ADDRESS:PORT", Http.Fetching(PromptServing.Here, false, []).Remedy!, StringComparison.Ordinal);
        Assert.Contains("en/notice", Http.Fetching(PromptServing.Worker, null, ["en/notice"]).Found, StringComparison.Ordinal);
        Assert.Contains("ss -ltnp", Http.Fetching(PromptServing.Nobody, null, []).Remedy!, StringComparison.Ordinal);
    }

    [Fact]
    public void Prompts_that_fail_are_named_with_the_nearest_cause()
    {
        PromptTrial[] all = [new(DoctorScene.Needed("en/notice"), Failed), new(DoctorScene.Needed("pl/notice"), Failed)];
        PromptTrial[] one = [new(DoctorScene.Needed("en/notice"), Worked), new(DoctorScene.Needed("pl/notice"), Failed)];
        PromptTrial[] hung = [new(DoctorScene.Needed("en/notice"), Hung), new(DoctorScene.Needed("pl/notice"), null)];
        var unreached = Http.Fetching(PromptServing.Here, false, []);

        Assert.Equal("First mend `prompts over http` above.", Http.Playing(all, false, unreached).Remedy);
        Assert.Contains("format_wav.so", Http.Playing(all, true, null).Remedy!, StringComparison.Ordinal);
        Assert.Contains("prompts_url", Http.Playing(all, null, null).Remedy!, StringComparison.Ordinal);
        Assert.Contains("ivrconsent prompts check", Http.Playing(one, null, null).Remedy!, StringComparison.Ordinal);
        Assert.Contains("1 more not tried", Http.Playing(hung, null, null).Found, StringComparison.Ordinal);
        Assert.Contains("sudo -u asterisk ls -l /srv/prompts", Folder.Playing(all, null, null).Remedy!, StringComparison.Ordinal);
        Assert.Equal(FindingStatus.Ok, Http.Playing([new(DoctorScene.Needed("en/notice"), Worked)], true, null).Status);
        Assert.Equal(FindingStatus.Skipped, Http.Playing([], true, null).Status);
        Assert.DoesNotContain("en/notice", Http.Playing(one, null, null).Found, StringComparison.Ordinal);
    }

    [Fact]
    public void A_shared_folder_is_whole_damaged_or_not_filled()
    {
        Assert.Equal(FindingStatus.Ok, FolderPrompts.Judge("/srv/prompts", 6, 0, [], workerRuns: true).Status);
        Assert.Equal(FindingStatus.Ok, FolderPrompts.Judge("/srv/prompts", 6, 6, [], workerRuns: false).Status);
        Assert.Equal(FindingStatus.Failed, FolderPrompts.Judge("/srv/prompts", 6, 6, [], workerRuns: true).Status);
        Assert.Contains("rm /srv/prompts/x.wav", FolderPrompts.Judge("/srv/prompts", 6, 0, ["/srv/prompts/x.wav"], workerRuns: true).Remedy!, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ext4", FindingStatus.Ok)]
    [InlineData("xfs", FindingStatus.Ok)]
    [InlineData("nfs", FindingStatus.Failed)]
    [InlineData("cifs", FindingStatus.Failed)]
    [InlineData("tmpfs", FindingStatus.Warning)]
    [InlineData("overlayfs", FindingStatus.Warning)]
    public void Disks_must_be_local_and_lasting(string format, object status) =>
        Assert.Equal((FindingStatus)status, StorageChecks.JudgeDisk(Checks.Spool, "/var/lib/x", format, "It", "spool").Status);

    [Fact]
    public void The_worker_is_ready_not_ready_or_a_stranger()
    {
        const string Ready = """{"ready":true,"worker":"w1","in_dialogue":0,"in_hand":2,"parts":[{"name":"pbx main","ok":true,"detail":"attached"}]}""";
        const string NotReady = """{"ready":false,"worker":"w1","in_dialogue":0,"in_hand":0,"parts":[{"name":"pbx main","ok":false,"detail":"refused"}]}""";

        var ready = WorkerCheck.Judge(200, Ready, "127.0.0.1:8090", File);
        var notReady = WorkerCheck.Judge(503, NotReady, "127.0.0.1:8090", File);
        var stranger = WorkerCheck.Judge(200, "<html>", "127.0.0.1:8090", File);

        Assert.Equal((true, FindingStatus.Ok), (ready.Running, ready.Finding.Status));
        Assert.Equal((true, FindingStatus.Warning), (notReady.Running, notReady.Finding.Status));
        Assert.Contains("pbx main: refused", notReady.Finding.Found, StringComparison.Ordinal);
        Assert.Equal((false, FindingStatus.Failed), (stranger.Running, stranger.Finding.Status));
        Assert.Equal(FindingStatus.Failed, WorkerCheck.Judge(200, "{}", "127.0.0.1:8090", File).Finding.Status);
    }

    [Fact]
    public async Task No_worker_is_no_failure()
    {
        var worker = await WorkerCheck.RunAsync(new IPEndPoint(IPAddress.Loopback, 1), File, TestContext.Current.CancellationToken);

        Assert.Equal((false, FindingStatus.Ok), (worker.Running, worker.Finding.Status));
    }

    [Fact]
    public async Task Sox_that_is_missing_is_a_warning()
    {
        var finding = await HostChecks.SoxAsync("no-such-sox", TestContext.Current.CancellationToken);

        Assert.Equal(FindingStatus.Warning, finding.Status);
        Assert.Contains("apt-get install sox", finding.Remedy!, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("root", false, FindingStatus.Warning)]
    [InlineData("root", true, FindingStatus.Ok)]
    [InlineData("ivrconsent", false, FindingStatus.Ok)]
    public void Root_sees_other_rights_than_the_worker(string user, bool container, object status) =>
        Assert.Equal((FindingStatus)status, HostChecks.User(user, container).Status);

    [Fact]
    public void The_exit_code_is_the_worst_of_what_was_found()
    {
        var fine = Finding.Ok(Checks.Reach, "it answers");
        var away = Finding.Failed(Checks.Reach, "away", "start it") with { Unreachable = true };

        Assert.Equal(0, Report.ExitCode([fine, Finding.Warning(Checks.Sox, "no", "install"), Finding.Skipped(Checks.Dialplan, "no")]));
        Assert.Equal(1, Report.ExitCode([fine, away]));
        Assert.Equal(1, Report.ExitCode([fine, Finding.Failed(Checks.Recording, "no", "make it")]));
        Assert.Equal(3, Report.ExitCode([away, away]));
    }

    [Fact]
    public void The_report_is_aligned_with_remedies_below()
    {
        using var text = new StringWriter();
        Report.Write(text,
        [
            Finding.Ok(Checks.Sox, "there"),
            Finding.Failed(Checks.SessionLimit, string.Join(' ', Enumerable.Repeat("word", 40)), "do that") with { Pbx = "main" },
        ]);

        var lines = text.ToString().Split('\n');
        Assert.Equal("ok    sox            there", lines[0]);
        Assert.Equal("PBX main", lines[2]);
        Assert.StartsWith("FAIL  session limit  word word", lines[3], StringComparison.Ordinal);
        Assert.StartsWith("                     word", lines[4], StringComparison.Ordinal);
        Assert.All(lines, line => Assert.True(line.Length <= 110));
        Assert.Contains("        -> do that", lines);
        Assert.Contains(lines, line => line.StartsWith("Not ready for calls: 1 ok, 0 warnings, 1 failed", StringComparison.Ordinal));
    }

    [Fact]
    public void Each_place_has_one_heading_in_the_report()
    {
        using var text = new StringWriter();
        var (one, other) = (Finding.Ok(Checks.RecordingMemory, "there") with { Pbx = "one" }, Finding.Ok(Checks.RecordingMemory, "there") with { Pbx = "other" });
        Report.Write(text, [Finding.Ok(Checks.Keys, "there"), one, other, Finding.Ok(Checks.Sox, "there"), one with { Check = Checks.Reach }, other with { Check = Checks.Reach }]);

        Assert.Equal(
            ["keys", "sox", "PBX one", "recordings", "reach", "PBX other", "recordings", "reach"],
            text.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).SkipLast(1).Select(line => line.StartsWith("PBX", StringComparison.Ordinal) ? line : line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]));
    }

    [Theory]
    [InlineData("It is away. Start it.", "It is away", "Start it.")]
    [InlineData("It is away.", "It is away", "Look at the worker's log for more.")]
    public void A_message_for_people_is_told_in_two(string message, string found, string remedy)
    {
        var finding = Finding.Failed(Checks.Database, message);

        Assert.Equal((found, remedy), (finding.Found, finding.Remedy));
    }
}
