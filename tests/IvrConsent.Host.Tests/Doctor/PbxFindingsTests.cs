using IvrConsent.Asterisk.Probing;
using IvrConsent.Host.Doctor;
using IvrConsent.Host.Settings;
using Xunit;

namespace IvrConsent.Host.Tests.Doctor;

/// <summary>Every verdict on a PBX, with the words of the remedy that matter.</summary>
public sealed class PbxFindingsTests
{
    private const string File = "/etc/ivrconsent/ivrconsent.yaml";
    private static readonly PbxFindings Judge = new(File, DoctorScene.Pbx());

    public static TheoryData<string, string[]> AllModules => new()
    {
        { "22.10.1", [.. NeededModules.For(PromptDelivery.Http, broadcast: true).Select(module => module.Name)] },
        { "16.28.0~dfsg-0+deb11u4", [.. NeededModules.For(PromptDelivery.Http, broadcast: false).Select(module => module.Name)] },
    };

    [Theory]
    [InlineData(AsteriskReachStage.Name, "url of pbx main in " + File, true)]
    [InlineData(AsteriskReachStage.Connection, "bindport = 8088", true)]
    [InlineData(AsteriskReachStage.Tls, "tlscertfile", true)]
    [InlineData(AsteriskReachStage.Http, "http:// or https://", true)]
    [InlineData(AsteriskReachStage.Ari, "enabled = yes under [general] in /etc/asterisk/ari.conf", false)]
    [InlineData(AsteriskReachStage.Credentials, "[ivrconsent] with type = user", false)]
    public void Each_obstacle_on_the_way_has_its_own_remedy(AsteriskReachStage stage, string remedy, bool unreachable)
    {
        var finding = Judge.Reach(new AsteriskReach(stage, "seen"));

        AssertRemedy(finding, FindingStatus.Failed, remedy);
        Assert.Equal(unreachable, finding.Unreachable);
        Assert.Equal(unreachable ? 3 : 1, Report.ExitCode([finding]));
        Assert.DoesNotContain("secret-of-the-scene", finding.Found + finding.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void A_user_who_may_only_read_is_told_where_to_write_no() =>
        AssertRemedy(Judge.Rights(mayChange: false), FindingStatus.Failed, "read_only = no under [ivrconsent] in /etc/asterisk/ari.conf");

    [Theory]
    [InlineData("22.10.1", RestTransport.Auto, FindingStatus.Ok)]
    [InlineData("16.28.0", RestTransport.Auto, FindingStatus.Ok)]
    [InlineData("16.28.0", RestTransport.WebSocket, FindingStatus.Failed)]
    [InlineData("13.5.0", RestTransport.Auto, FindingStatus.Failed)]
    [InlineData("GIT-master", RestTransport.Auto, FindingStatus.Warning)]
    public void A_version_is_judged_by_what_the_settings_want_of_it(string version, RestTransport rest, object status) =>
        Assert.Equal((FindingStatus)status, new PbxFindings(File, DoctorScene.Pbx(rest: rest)).Version(version, []).Status);

    [Theory]
    [MemberData(nameof(AllModules))]
    public void All_modules_are_well(string version, string[] modules) => Assert.Equal(FindingStatus.Ok, Judge.Modules(version, modules).Status);

    [Theory]
    [InlineData("res_stasis_snoop.so", FindingStatus.Failed)]
    [InlineData("format_wav.so", FindingStatus.Failed)]
    [InlineData("res_http_media_cache.so", FindingStatus.Failed)]
    [InlineData("app_stack.so", FindingStatus.Failed)]
    [InlineData("func_timeout.so", FindingStatus.Warning)]
    [InlineData("app_stasis_broadcast.so", FindingStatus.Warning)]
    public void A_module_that_is_missing_is_named_with_how_to_load_it(string module, object status)
    {
        var running = NeededModules.For(PromptDelivery.Http, broadcast: true).Select(needed => needed.Name).Where(name => name != module).ToArray();

        var finding = Judge.Modules("22.10.1", running);

        Assert.Contains(module, finding.Found, StringComparison.Ordinal);
        AssertRemedy(finding, (FindingStatus)status, $"asterisk -rx 'module load {module}'");
    }

    [Fact]
    public void Prompts_of_a_folder_need_no_media_cache()
    {
        var running = NeededModules.For(PromptDelivery.Http, broadcast: true).Select(needed => needed.Name).Where(name => name != "res_http_media_cache.so").ToArray();

        Assert.Equal(FindingStatus.Ok, new PbxFindings(File, DoctorScene.Pbx(PromptDelivery.Folder)).Modules("22.10.1", running).Status);
    }

    [Theory]
    [InlineData(0, FindingStatus.Ok)]
    [InlineData(-500, FindingStatus.Ok)]
    [InlineData(501, FindingStatus.Warning)]
    [InlineData(-4900, FindingStatus.Warning)]
    [InlineData(5001, FindingStatus.Failed)]
    [InlineData(-3_600_000, FindingStatus.Failed)]
    public void Clocks_may_differ_by_half_a_second(int ahead, object status)
    {
        var finding = PbxFindings.Clock(new AsteriskClock(TimeSpan.FromMilliseconds(ahead), TimeSpan.FromMilliseconds(4)));

        Assert.Equal((FindingStatus)status, finding.Status);
        Assert.Equal(finding.Status != FindingStatus.Ok, finding.Remedy?.Contains("chrony", StringComparison.Ordinal) == true);
        Assert.Contains(ahead > 0 ? "ahead of" : "behind", finding.Found, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("5000", true, FindingStatus.Ok)]
    [InlineData("100", true, FindingStatus.Warning)]
    [InlineData(null, true, FindingStatus.Warning)]
    [InlineData(null, false, FindingStatus.Skipped)]
    public void The_write_timeout_is_read_or_left_to_the_reader(string? value, bool readable, object status)
    {
        var finding = PbxFindings.WriteTimeout(value, readable);

        Assert.Equal((FindingStatus)status, finding.Status);
        Assert.Equal(finding.Status != FindingStatus.Ok, finding.Remedy?.Contains("websocket_write_timeout = 5000", StringComparison.Ordinal) == true);
    }

    [Theory]
    [InlineData("1000", true, FindingStatus.Ok)]
    [InlineData(null, true, FindingStatus.Ok)]
    [InlineData("20", true, FindingStatus.Warning)]
    [InlineData(null, false, FindingStatus.Skipped)]
    public void The_session_limit_is_read_or_left_to_the_reader(string? value, bool readable, object status) =>
        Assert.Equal((FindingStatus)status, PbxFindings.SessionLimit(value, readable).Status);

    [Theory]
    [InlineData("File", "NOTICE WARNING ERROR SECURITY", "", null, null, null, null)]
    [InlineData("Console", "VERBOSE DEBUG DTMF", "", null, null, null, null)]
    [InlineData("File", "NOTICE VERBOSE", "", null, null, null, "/var/log/asterisk/full (VERBOSE)")]
    [InlineData("Syslog", "DTMF DEBUG TRACE", "", null, null, null, "/var/log/asterisk/full (DTMF, DEBUG, TRACE)")]
    [InlineData("File", "NOTICE", "cdr_csv.so", null, null, null, "cdr_csv.so")]
    [InlineData("File", "NOTICE", "cdr_csv.so", "no", null, null, null)]
    [InlineData("File", "NOTICE", "cdr_manager.so cel_manager.so", "yes", "yes", null, null)]
    [InlineData("File", "NOTICE", "cel_custom.so", null, null, null, null)]
    [InlineData("File", "NOTICE", "cel_custom.so", null, "yes", null, "cel_custom.so")]
    [InlineData("File", "NOTICE", "app_queue.so", null, null, null, "queue_log")]
    [InlineData("File", "NOTICE", "app_queue.so", null, null, "no", null)]
    public void What_the_pbx_itself_writes_of_numbers_is_named(string type, string levels, string modules, string? cdr, string? cel, string? queueLog, string? named)
    {
        var finding = PbxFindings.Numbers([new("/var/log/asterisk/full", type, levels.Split(' '))], modules.Split(' '), new(cdr, cel, queueLog, Readable: true));

        Assert.Equal(named is null ? FindingStatus.Ok : FindingStatus.Warning, finding.Status);
        Assert.EndsWith(named is null ? "to a disk" : $"in clear: {named}", finding.Found, StringComparison.Ordinal);
    }

    [Fact]
    public void Where_the_pbx_does_not_tell_its_settings_the_doubt_is_told()
    {
        var finding = PbxFindings.Numbers([], ["cdr_csv.so", "cel_custom.so", "app_queue.so"], new(null, null, null, Readable: false));

        AssertRemedy(finding, FindingStatus.Warning, "enable = no in cdr.conf");
        Assert.EndsWith(
            "cdr_csv.so, unless cdr.conf says otherwise; cel_custom.so, unless cel.conf says otherwise; queue_log, unless logger.conf says otherwise", finding.Found, StringComparison.Ordinal);
    }

    [Fact]
    public void The_dialplan_is_missing_old_or_not_to_be_seen()
    {
        AssertRemedy(PbxFindings.Dialplan(false, []), FindingStatus.Failed, "#include \"ivrconsent.conf\"");
        AssertRemedy(PbxFindings.Dialplan(true, ["T,2"]), FindingStatus.Warning, "dialplan reload");
        AssertRemedy(PbxFindings.Dialplan(null, []), FindingStatus.Skipped, "dialplan show ivrconsent");
        Assert.Equal(FindingStatus.Ok, PbxFindings.Dialplan(true, []).Status);
    }

    [Theory]
    [InlineData("ivrconsent", null, true, true, true, FindingStatus.Ok)]
    [InlineData("ivrconsent", null, true, false, null, FindingStatus.Ok)]
    [InlineData("ivrconsent", null, true, true, null, FindingStatus.Warning)]
    [InlineData("ivrconsent", null, true, true, false, FindingStatus.Warning)]
    [InlineData("ivrconsent", null, true, false, true, FindingStatus.Warning)]
    [InlineData("ivrconsent", null, true, false, false, FindingStatus.Warning)]
    [InlineData("ivrconsent-2", null, true, false, null, FindingStatus.Ok)]
    [InlineData("ivrconsent-2", null, false, false, null, FindingStatus.Failed)]
    [InlineData("ivrconsent", "consent", true, false, null, FindingStatus.Failed)]
    [InlineData("consent", "consent", false, false, null, FindingStatus.Ok)]
    public void An_application_is_the_dialplans_and_nobody_elses(string application, string? prefix, bool broadcast, bool listed, bool? attached, object status)
    {
        var finding = new PbxFindings(File, DoctorScene.Pbx(application: application)).Application(listed ? [application] : [], attached, prefix, broadcast);

        Assert.Equal((FindingStatus)status, finding.Status);
        Assert.Equal(finding.Status == FindingStatus.Ok, finding.Remedy is null);
    }

    [Fact]
    public void A_recording_that_fails_is_told_with_the_folder_to_make()
    {
        var failed = new AsteriskTrial(AsteriskTrialResult.Failed, "the PBX reports that it recorded, and there is no file");
        var format = new AsteriskTrial(AsteriskTrialResult.Refused, "the PBX refuses: 422 specified format is unknown on this system");
        var worked = new AsteriskTrial(AsteriskTrialResult.Worked, "6000 bytes recorded");

        AssertRemedy(PbxFindings.Recording(new Dictionary<string, AsteriskTrial> { ["wav"] = failed, ["wav16"] = worked }), FindingStatus.Failed, "install -d -o asterisk -g asterisk /var/spool/asterisk/recording");
        AssertRemedy(PbxFindings.Recording(new Dictionary<string, AsteriskTrial> { ["wav"] = format }), FindingStatus.Failed, "format_wav.so");
        Assert.Equal(FindingStatus.Ok, PbxFindings.Recording(new Dictionary<string, AsteriskTrial> { ["wav"] = worked }).Status);
    }

    [Fact]
    public void The_shape_of_the_dialplan_is_that_of_the_sample()
    {
        var places = new HashSet<string>(StringComparer.Ordinal);
        var (extension, priority, inContext) = ("", 0, false);
        foreach (var line in System.IO.File.ReadLines(Path.Combine(Repository(), "config", "asterisk", "ivrconsent.conf")).Select(line => line.Trim()))
        {
            inContext = line.StartsWith('[') ? line == "[ivrconsent]" : inContext;
            if (!inContext || !(line.StartsWith("exten =>", StringComparison.Ordinal) || line.StartsWith("same =>", StringComparison.Ordinal)))
            {
                continue;
            }

            var parts = line[(line.IndexOf("=>", StringComparison.Ordinal) + 2)..].Trim().Split(',');
            (extension, priority) = line.StartsWith("exten", StringComparison.Ordinal) ? (parts[0], 1) : (extension, priority + 1);
            places.Add($"{extension},{priority}");
            var number = line.StartsWith("exten", StringComparison.Ordinal) ? parts[1] : parts[0];
            if (number.IndexOf('(', StringComparison.Ordinal) is var open and > 0)
            {
                places.Add($"{extension},{number[(open + 1)..^1]}");
            }
        }

        Assert.Contains(DialplanSample.Entry, places);
        Assert.All(DialplanSample.Present, place => Assert.Contains(place, places));
        Assert.All(DialplanSample.Absent, place => Assert.DoesNotContain(place, places));
        Assert.All(places.Where(place => !char.IsAsciiDigit(place[^1])), label => Assert.Contains(label, DialplanSample.Present));
    }

    private static void AssertRemedy(Finding finding, FindingStatus status, string remedy)
    {
        Assert.Equal(status, finding.Status);
        Assert.Contains(remedy, finding.Remedy ?? "", StringComparison.Ordinal);
    }

    private static string Repository()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!System.IO.File.Exists(Path.Combine(folder!.FullName, "IvrConsent.sln")))
        {
            folder = folder.Parent;
        }

        return folder.FullName;
    }
}
