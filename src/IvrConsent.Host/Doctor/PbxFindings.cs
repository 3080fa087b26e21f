using System.Globalization;
using IvrConsent.Asterisk;
using IvrConsent.Asterisk.Probing;
using IvrConsent.Host.Settings;

namespace IvrConsent.Host.Doctor;

/// <summary>What the PBX's settings say of its own records of calls; null where a setting is not set.</summary>
/// <param name="Cdr"><c>enable</c> of <c>cdr.conf</c>.</param>
/// <param name="Cel"><c>enable</c> of <c>cel.conf</c>.</param>
/// <param name="QueueLog"><c>queue_log</c> of <c>logger.conf</c>.</param>
/// <param name="Readable">Whether the PBX told.</param>
internal sealed record PbxRecords(string? Cdr, string? Cel, string? QueueLog, bool Readable);

/// <summary>
/// Judges what was seen at a PBX and says what to do. Knows neither network nor disk, so that every verdict is in a table test.
/// </summary>
/// <param name="file">The settings file, to be named in remedies.</param>
/// <param name="pbx">The PBX.</param>
internal sealed class PbxFindings(string file, PbxSettings pbx)
{
    private const string ReloadHttp = "then run on the PBX: asterisk -rx 'module reload http'";
    private const string ReloadAri = "then run on the PBX: asterisk -rx 'module reload res_ari'";

    private static readonly TimeSpan SlightlyWrong = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Wrong = TimeSpan.FromSeconds(5);

    private string Setting => $"pbx {pbx.Name} in {file}";

    public Finding Reach(AsteriskReach reach)
    {
        var (host, port) = (pbx.Url.Host, pbx.Url.Port);
        var remedy = reach.Stage switch
        {
            AsteriskReachStage.Name => $"Correct url of {Setting}, or make the name {host} known to this machine (DNS, /etc/hosts).",
            AsteriskReachStage.Connection =>
                $"On the PBX, write into [general] of /etc/asterisk/http.conf: enabled = yes, bindaddr = an address that this machine reaches (0.0.0.0 for all), bindport = {port} (tlsenable, tlsbindaddr for https); {ReloadHttp}. "
                + $"`asterisk -rx 'http show status'` shows where it listens. Else start Asterisk, open the port in the firewall, or correct url of {Setting}.",
            AsteriskReachStage.Tls =>
                $"Give the PBX a certificate for {host} that this machine trusts (tlscertfile in /etc/asterisk/http.conf; the authority's into /usr/local/share/ca-certificates here, then update-ca-certificates), or, on a port without TLS, write http:// in url of {Setting}.",
            AsteriskReachStage.Http =>
                $"Check url of {Setting}: http:// or https://, and the port of Asterisk's web server (5038 is AMI, 5060 is SIP). Is it Asterisk's, and does it answer others: asterisk -rx 'core show threads'?",
            AsteriskReachStage.Ari =>
                $"On the PBX: enabled = yes under [general] in /etc/asterisk/ari.conf, and res_ari.so loaded (asterisk -rx 'module load res_ari.so'); {ReloadAri}. With a prefix in http.conf, write it at the end of url of {Setting}.",
            AsteriskReachStage.Credentials =>
                $"Compare user and password: [{pbx.Username}] with type = user and password in /etc/asterisk/ari.conf on the PBX; username and password_file of {Setting}. If you change ari.conf, {ReloadAri}.",
            _ => null,
        };
        return remedy is null ? Finding.Ok(Checks.Reach, $"{pbx.Url}: {reach.Detail}")
            : Finding.Failed(Checks.Reach, reach.Detail, remedy) with { Unreachable = !reach.Reached };
    }

    public Finding Rights(bool mayChange) => mayChange
        ? Finding.Ok(Checks.Rights, $"user {pbx.Username} may play, record and move calls")
        : Finding.Failed(Checks.Rights, $"user {pbx.Username} may only read (403)", $"Write read_only = no under [{pbx.Username}] in /etc/asterisk/ari.conf on the PBX; {ReloadAri}.");

    public Finding Version(string version, IReadOnlyCollection<string> modules)
    {
        var socket = AsteriskProbe.TakesRequestsOverSocket(version);
        var can = $"Asterisk {version}: REST over the WebSocket {(socket ? "yes" : "no (20.14, 21.9, 22.4 on)")}, StasisBroadcast {(modules.Contains("app_stasis_broadcast.so") ? "yes" : "no (22.7, 23.1 on)")}";
        return AsteriskProbe.MajorOf(version) switch
        {
            0 => Finding.Warning(Checks.Version, $"{can}; the version cannot be read", "IvrConsent is tried on 16.28 and 22.10. Look at `asterisk -rx 'core show version'`."),
            < 16 => Finding.Failed(Checks.Version, can, "IvrConsent needs Asterisk 16 or later. Upgrade the PBX."),
            _ when pbx.Rest == RestTransport.WebSocket && !socket => Finding.Failed(Checks.Version, can, $"Write rest: auto for {Setting}: this Asterisk takes no requests over the WebSocket."),
            _ => Finding.Ok(Checks.Version, can),
        };
    }

    public Finding Modules(string version, IReadOnlyCollection<string> running)
    {
        var needed = NeededModules.For(pbx.Prompts, AsteriskProbe.HasBroadcast(version));
        var missing = needed.Where(module => !running.Contains(module.Name)).ToArray();
        if (missing.Length == 0)
        {
            return Finding.Ok(Checks.Modules, $"all {needed.Count} needed modules run");
        }

        var found = "not loaded: " + string.Join("; ", missing.GroupBy(module => module.Purpose).Select(group => $"{string.Join(", ", group.Select(module => module.Name))} ({group.Key})"));
        var remedy = $"On the PBX: {string.Join("; ", missing.Select(module => $"asterisk -rx 'module load {module.Name}'"))}. To keep {(missing.Length == 1 ? "it" : "them")}, in /etc/asterisk/modules.conf take the noload = away, or add: {string.Join(", ", missing.Select(module => $"load = {module.Name}"))}";
        return missing.Any(module => module.Vital) ? Finding.Failed(Checks.Modules, found, remedy) : Finding.Warning(Checks.Modules, found, remedy);
    }

    public static Finding Attached(string transport) => Finding.Ok(Checks.Attach, $"the event socket opens; requests travel over {transport}");

    public static Finding NotAttached(string message) =>
        Finding.Failed(Checks.Attach, $"the event socket does not open: {message}", $"On the PBX: res_http_websocket.so and res_ari_events.so loaded, read_only = no in ari.conf, no proxy between that stops WebSockets; {ReloadAri}.");

    /// <param name="listed">Names of applications at the PBX.</param>
    /// <param name="workerAttached">Whether the worker on this machine says that it is attached to this PBX; null when none runs.</param>
    /// <param name="prefix">What the dialplan takes for the worker's application (IVRCONSENT_APP); null is <c>ivrconsent</c>.</param>
    /// <param name="broadcast">Whether the dialplan offers calls by StasisBroadcast.</param>
    public Finding Application(IReadOnlyCollection<string> listed, bool? workerAttached, string? prefix, bool broadcast)
    {
        prefix ??= "ivrconsent";
        if (broadcast ? !pbx.Application.StartsWith(prefix, StringComparison.Ordinal) : pbx.Application != prefix)
        {
            return Finding.Failed(
                Checks.Application,
                $"the dialplan hands calls to {(broadcast ? $"applications whose name begins with {prefix}" : $"the application {prefix}")}, and the worker's is {pbx.Application}: no call reaches it",
                $"Write application: {prefix} for {Setting}, or IVRCONSENT_APP={pbx.Application} under [globals] of /etc/asterisk/extensions.conf and run: asterisk -rx 'dialplan reload'");
        }

        return (listed.Contains(pbx.Application), workerAttached) switch
        {
            (true, true) => Finding.Ok(Checks.Application, $"{pbx.Application}: the worker here is attached"),
            (false, true) => Finding.Warning(Checks.Application, $"the worker here says that it is attached, and the PBX has no application {pbx.Application}", $"Is url of {Setting} the one that the worker was started with? Restart the worker."),
            (true, _) => Finding.Warning(
                Checks.Application,
                $"{pbx.Application} is there already, and not by a worker here: another client is attached under this name, or has left calls behind",
                $"If a worker of these settings runs on another machine, all is well. Else give each worker an application of its own: application: {pbx.Application}-2 for {Setting}. Two under one name throw each other out."),
            (false, false) => Finding.Warning(Checks.Application, $"the worker here runs, and is not attached as {pbx.Application}", "See what /readyz and the worker's log say of this PBX."),
            (false, null) => Finding.Ok(Checks.Application, $"{pbx.Application} is free for a worker"),
        };
    }

    /// <param name="entry">Whether the entry is there; null when the PBX cannot tell.</param>
    /// <param name="differs">Places in which the PBX's context differs from this release's sample.</param>
    public static Finding Dialplan(bool? entry, IReadOnlyCollection<string> differs)
    {
        const string Copy = "copy config/asterisk/ivrconsent.conf to /etc/asterisk, write #include \"ivrconsent.conf\" into /etc/asterisk/extensions.conf, and run: asterisk -rx 'dialplan reload'";
        return entry switch
        {
            null => Finding.Skipped(Checks.Dialplan, "the PBX does not tell what is in its dialplan (func_dialplan is not loaded)", "Look yourself: asterisk -rx 'dialplan show ivrconsent'. It must show the extensions s, T and h."),
            false => Finding.Failed(Checks.Dialplan, "there is no context ivrconsent: no call can be handed over", $"On the PBX: {Copy}"),
            true when differs.Count > 0 => Finding.Warning(
                Checks.Dialplan, $"the context ivrconsent is not the one of this release (it differs at {string.Join(" ", differs)})", $"If you have not changed it on purpose: {Copy}"),
            true => Finding.Ok(Checks.Dialplan, "the context ivrconsent is there, in the form of this release"),
        };
    }

    public static Finding Clock(AsteriskClock clock)
    {
        var off = clock.Ahead.Duration();
        var found = string.Create(CultureInfo.InvariantCulture, $"the PBX is {Words(off)} {(clock.Ahead > TimeSpan.Zero ? "ahead of" : "behind")} this machine (known to {Math.Max(1, clock.RoundTrip.TotalMilliseconds / 2):0} ms)");
        const string Remedy = "Run a time service on both machines (apt-get install chrony) and compare `chronyc tracking`. The times in the ledger are evidence.";
        return off > Wrong ? Finding.Failed(Checks.Clock, found, Remedy)
            : off > SlightlyWrong ? Finding.Warning(Checks.Clock, found, Remedy)
            : Finding.Ok(Checks.Clock, found);
    }

    /// <param name="milliseconds">The value; null when it is not set.</param>
    /// <param name="readable">Whether the PBX told.</param>
    public static Finding WriteTimeout(string? milliseconds, bool readable)
    {
        var remedy = $"Write websocket_write_timeout = 5000 under [general] in /etc/asterisk/ari.conf on the PBX; {ReloadAri}.";
        if (!readable)
        {
            return Finding.Skipped(Checks.WriteTimeout, "this Asterisk does not tell its websocket_write_timeout (func_config is not loaded)", $"{remedy} The default of 100 drops a worker that pauses for a moment.");
        }

        return !int.TryParse(milliseconds, NumberStyles.None, CultureInfo.InvariantCulture, out var value)
            ? Finding.Warning(Checks.WriteTimeout, "websocket_write_timeout is not set: the default of 100 ms drops a worker that pauses for a moment", remedy)
            : value < 1000 ? Finding.Warning(Checks.WriteTimeout, $"websocket_write_timeout is {value} ms: a worker that pauses so long is dropped, with its events", remedy)
            : Finding.Ok(Checks.WriteTimeout, $"websocket_write_timeout is {value} ms");
    }

    /// <param name="limit">The value; null when it is not set.</param>
    /// <param name="readable">Whether the PBX told.</param>
    public static Finding SessionLimit(string? limit, bool readable)
    {
        var remedy = $"Write sessionlimit = 1000 under [general] in /etc/asterisk/http.conf on the PBX; {ReloadHttp}.";
        if (!readable)
        {
            return Finding.Skipped(Checks.SessionLimit, "this Asterisk does not tell its sessionlimit (func_config is not loaded)", $"Look yourself: grep -i sessionlimit /etc/asterisk/http.conf. The default of 100 is enough for one worker; for several: {remedy}");
        }

        return !int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out var value)
            ? Finding.Ok(Checks.SessionLimit, "sessionlimit is not set: the default of 100 is enough for one worker")
            : value < 100 ? Finding.Warning(Checks.SessionLimit, $"sessionlimit is {value}: a burst of calls finds the PBX's web server full", remedy)
            : Finding.Ok(Checks.SessionLimit, $"sessionlimit is {value}");
    }

    /// <summary>Whether the PBX itself may write callers' numbers to a disk, in clear.</summary>
    public static Finding Numbers(IReadOnlyCollection<AsteriskLogChannel> logs, IReadOnlyCollection<string> running, PbxRecords records)
    {
        var written = new List<string>();
        foreach (var log in logs.Where(log => log.Type != "Console"))
        {
            var telling = log.Levels.Where(level => level is "VERBOSE" or "DEBUG" or "DTMF" || level.StartsWith("TRACE", StringComparison.Ordinal)).ToArray();
            if (telling.Length > 0)
            {
                written.Add($"{log.Channel} ({string.Join(", ", telling)})");
            }
        }

        // Asterisk's own defaults: call detail records and the queue's log are on, events are off.
        Add("cdr_", !IsNo(records.Cdr), "cdr.conf");
        Add("cel_", IsYes(records.Cel) || !records.Readable, "cel.conf");
        if (running.Contains("app_queue.so") && !IsNo(records.QueueLog))
        {
            written.Add(records.Readable ? "queue_log" : "queue_log, unless logger.conf says otherwise");
        }

        return written.Count == 0
            ? Finding.Ok(Checks.Numbers, "no log and no record of calls of the PBX's own is seen that would write callers' numbers to a disk")
            : Finding.Warning(
                Checks.Numbers,
                $"the PBX itself may write callers' numbers to a disk, in clear: {string.Join("; ", written)}",
                "On the PBX, where nobody needs them: no verbose, debug, dtmf in /etc/asterisk/logger.conf, and queue_log = no; enable = no in cdr.conf and cel.conf; then asterisk -rx 'core reload'. Else delete them in time yourself: no erasure here reaches them. config/asterisk/README.md tells more.");

        void Add(string prefix, bool enabled, string file)
        {
            // Those for the manager interface write nothing.
            var modules = running.Where(module => module.StartsWith(prefix, StringComparison.Ordinal) && module != prefix + "manager.so").ToArray();
            if (enabled && modules.Length > 0)
            {
                written.Add($"{string.Join(", ", modules)}{(records.Readable ? "" : $", unless {file} says otherwise")}");
            }
        }

        static bool IsNo(string? value) => value?.ToLowerInvariant() is "no" or "false" or "off" or "0" or "n" or "f";
        static bool IsYes(string? value) => value?.ToLowerInvariant() is "yes" or "true" or "on" or "1" or "y" or "t";
    }

    public static Finding Recording(IReadOnlyDictionary<string, AsteriskTrial> byFormat)
    {
        var failed = byFormat.Where(trial => !trial.Value.Worked).ToArray();
        if (failed.Length == 0)
        {
            return Finding.Ok(Checks.Recording, $"recorded for a moment as {string.Join(" and ", byFormat.Keys)}, read back and deleted");
        }

        var found = string.Join("; ", failed.GroupBy(trial => trial.Value.Detail).Select(group => $"as {string.Join(" and ", group.Select(trial => trial.Key))}: {group.Key}"));
        return failed.Any(trial => trial.Value.Detail.Contains("422", StringComparison.Ordinal))
            ? Finding.Failed(Checks.Recording, found, "On the PBX: asterisk -rx 'module load format_wav.so', and load = format_wav.so in /etc/asterisk/modules.conf.")
            : Finding.Failed(Checks.Recording, found, "On the PBX, as root: install -d -o asterisk -g asterisk /var/spool/asterisk/recording (astspooldir of asterisk.conf, and the user that Asterisk runs as). Else look at the disk (df) and at /var/log/asterisk.");
    }

    private static string Words(TimeSpan time) => time < TimeSpan.FromSeconds(10)
        ? string.Create(CultureInfo.InvariantCulture, $"{time.TotalMilliseconds:0} ms")
        : string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0} s");
}
