using System.Text;

namespace IvrConsent.Asterisk;

/// <summary>How requests reach the PBX.</summary>
public enum AsteriskTransport
{
    /// <summary>Over the event WebSocket where the PBX can (20.14, 21.9, 22.4 and later), else over HTTP.</summary>
    Auto,

    /// <summary>Over the event WebSocket; a PBX that cannot is refused with a clear message.</summary>
    WebSocket,

    /// <summary>Over kept-alive HTTP connections.</summary>
    Http,
}

/// <summary>Settings of one Asterisk reached over ARI.</summary>
public sealed record AsteriskOptions
{
    /// <summary>Our name of this PBX; part of every call's id, so it must never change. Letters, digits, dot, hyphen, underscore.</summary>
    public required string Name { get; init; }

    /// <summary>Where ARI listens, for example <c>http://127.0.0.1:8088/ari</c>. Never with a user or password in it.</summary>
    public required Uri Url { get; init; }

    /// <summary>The user of <c>ari.conf</c>; it must not be read-only.</summary>
    public required string Username { get; init; }

    /// <summary>Its password. Sent in the Authorization header only.</summary>
    public required string Password { get; init; }

    /// <summary>Name of the Stasis application. Each worker on the same PBX needs one of its own. Default <c>ivrconsent</c>.</summary>
    public string Application { get; init; } = "ivrconsent";

    /// <summary>
    /// Where the PBX fetches prompts from, for example <c>http://10.0.0.5:8090</c>: it asks for <c>/prompts/SHA256.wav</c> below it.
    /// Either this or <see cref="PromptFolder"/>.
    /// </summary>
    public Uri? PromptUrl { get; init; }

    /// <summary>The folder with the prompts as the PBX sees it, an absolute path: it plays <c>FOLDER/SHA256</c>. Either this or <see cref="PromptUrl"/>.</summary>
    public string? PromptFolder { get; init; }

    /// <summary>Samples per second of the prompts played: 8000 or, where a prompt has a 16 kHz file, 16000. Default 8000.</summary>
    public int PromptRate { get; init; } = 8000;

    /// <summary>
    /// The PBX's folder of recordings as this worker sees it, an absolute path, or null. With it a finished recording is looked at
    /// there; without it over HTTP, where Asterisk sends the whole file in pieces of 256 bytes before it takes the next request.
    /// </summary>
    public string? RecordingFolder { get; init; }

    /// <summary>How requests reach the PBX. Default automatic.</summary>
    public AsteriskTransport Transport { get; init; } = AsteriskTransport.Auto;

    /// <summary>How long one request may take. Default 2 s, 100 ms to 30 s.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long the PBX may take to report that it records. Default 1 s, 100 ms to 10 s.</summary>
    public TimeSpan RecordingStartTimeout { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>What is wrong with these settings, one sentence each; empty when nothing is. No value is repeated that could be secret.</summary>
    public IReadOnlyList<string> FindProblems()
    {
        var problems = new List<string>();
        Require(IsName(Name), "name must be 1 to 64 letters, digits, dots, hyphens or underscores");
        Require(Url is { IsAbsoluteUri: true } && Url.Scheme is "http" or "https", "url must begin with http:// or https://");
        Require(Url is not { IsAbsoluteUri: true } || Url.UserInfo.Length == 0, "url must not hold a user or password: use username and password");
        Require(!string.IsNullOrEmpty(Username) && !Username.Contains(':', StringComparison.Ordinal), "username must not be empty or hold a colon");
        Require(!string.IsNullOrEmpty(Password), "password must not be empty");
        Require(IsName(Application), "application must be 1 to 64 letters, digits, dots, hyphens or underscores");
        Require(PromptUrl is null != PromptFolder is null, "exactly one of the prompt url and the prompt folder must be given");
        Require(PromptUrl is null || (PromptUrl.IsAbsoluteUri && PromptUrl.Scheme is "http" or "https" && PromptUrl.UserInfo.Length == 0), "the prompt url must begin with http:// or https:// and hold no user");
        Require(PromptFolder is null || (PromptFolder.StartsWith('/') && !PromptFolder.Contains(',', StringComparison.Ordinal)), "the prompt folder must be an absolute path without a comma");
        Require(RecordingFolder is null || RecordingFolder.StartsWith('/'), "the recording folder must be an absolute path");
        Require(PromptRate is 8000 or 16000, "the prompt rate must be 8000 or 16000");
        Require(RequestTimeout >= TimeSpan.FromMilliseconds(100) && RequestTimeout <= TimeSpan.FromSeconds(30), "the request timeout must be 100 ms to 30 s");
        Require(RecordingStartTimeout >= TimeSpan.FromMilliseconds(100) && RecordingStartTimeout <= TimeSpan.FromSeconds(10), "the recording start timeout must be 100 ms to 10 s");
        return problems;

        void Require(bool held, string sentence)
        {
            if (!held)
            {
                problems.Add(sentence);
            }
        }
    }

    private static bool IsName(string? text) =>
        text is { Length: > 0 and <= 64 } && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_');

    // A record prints all its members; the password must not be among them (a log line of the options would hold it).
    private bool PrintMembers(StringBuilder text)
    {
        text.Append("Name = ").Append(Name).Append(", Url = ").Append(Url).Append(", Application = ").Append(Application).Append(", Transport = ").Append(Transport);
        return true;
    }
}

/// <summary>The waits that nobody needs to set; tests shorten them.</summary>
internal sealed record AsteriskLimits
{
    /// <summary>
    /// A half-open connection is noticed by the first of two means. Socket: a ping every <see cref="KeepAliveInterval"/>, its
    /// pong awaited for <see cref="KeepAliveTimeout"/>: at most 3 + 4 = 7 s. Requests (a PBX whose sockets live while ARI is
    /// deadlocked): a request every <see cref="ProbeInterval"/>, given up when <see cref="ProbeMisses"/> in a row were not
    /// answered within <see cref="ProbeTimeout"/>: at most 2 + 2 × 2 = 6 s. Both stay below the promised 10 s.
    /// </summary>
    public TimeSpan KeepAliveInterval { get; init; } = TimeSpan.FromSeconds(3);

    public TimeSpan KeepAliveTimeout { get; init; } = TimeSpan.FromSeconds(4);

    public TimeSpan ProbeInterval { get; init; } = TimeSpan.FromSeconds(2);

    public TimeSpan ProbeTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>One slow answer of a busy PBX must not cost all its calls; two in a row may.</summary>
    public int ProbeMisses { get; init; } = 2;

    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(4);

    public TimeSpan RetryBase { get; init; } = TimeSpan.FromMilliseconds(100);

    public TimeSpan RetryCap { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>After a refusal that only a person can mend (wrong password): slow enough not to be banned by a log watcher.</summary>
    public TimeSpan RefusedRetry { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>A connection that held this long was a good one: the next attempt starts the back-off anew.</summary>
    public TimeSpan SettledAfter { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>After a stop order, how long to wait for the PBX's report of it.</summary>
    public TimeSpan StopReport { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// How far a recording may lag behind the sound: Asterisk lets the queue of its audio hook grow to 100 ms, and 80 ms were seen (22.10).
    /// </summary>
    public TimeSpan RecordingLag { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>After a prompt was reported as failed, how long the call's own end may take to be reported.</summary>
    public TimeSpan FailureMayBeTheEnd { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>After the call left Stasis without our order, how long its end may take to be reported before we ask.</summary>
    public TimeSpan LeftUnasked { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>After a hang-up request, how long the end of the channel may take to be reported.</summary>
    public TimeSpan HangUpReport { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>After the snoop channel's end, how long the recording's own report may take.</summary>
    public TimeSpan RecordingReport { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>
    /// How much of a deadline must be left at a prompt's end, for the next one to be set in time. The longest that the shortest wait
    /// for a key allows: every second more is one that a caller waits whose worker has died.
    /// </summary>
    public TimeSpan HeldBeyondPrompt { get; init; } = TimeSpan.FromSeconds(1.5);

    /// <summary>Larger messages are dropped. The largest real ones, a list of all modules, have some 60 KB.</summary>
    public int MessageBytes { get; init; } = 1024 * 1024;

    /// <summary>Keys kept for a caller who presses faster than they are read.</summary>
    public int Digits { get; init; } = 64;

    /// <summary>Signals kept of a dialplan that gives them faster than they are read.</summary>
    public int Signals { get; init; } = 64;

    /// <summary>How much longer than the prompt a whisper may take; one that rides on no sound may never end.</summary>
    public TimeSpan WhisperBeyondPrompt { get; init; } = TimeSpan.FromSeconds(3);
}
