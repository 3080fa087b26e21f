using System.Globalization;
using System.Text.Json;
using IvrConsent.Core.Calls;

namespace IvrConsent.Asterisk.Ari;

/// <summary>One request to ARI, whatever it travels on.</summary>
/// <param name="Method">The HTTP method.</param>
/// <param name="Path">The path below <c>/ari/</c>, escaped.</param>
/// <param name="Query">The query, unescaped.</param>
internal sealed record AriRequest(HttpMethod Method, string Path, params (string Name, string Value)[] Query)
{
    /// <summary>JSON body, or null.</summary>
    public string? Body { get; init; }

    /// <summary>Whether the answer's body is wanted also on success.</summary>
    public bool WantsBody { get; init; }

    /// <summary>
    /// Whether the PBX lets the request wait for the channel's own thread, which a playing prompt keeps busy to its end. Measured on
    /// 22.10: over the event socket, where requests are carried out one after another, a variable set in a 20 s prompt held up the
    /// requests of every other call for as long. Such requests go over HTTP, where each has a connection to itself.
    /// </summary>
    public bool WaitsForChannel { get; init; }

    /// <summary>For logs and messages. The query and the body may hold what is nobody's business, so they are not in it.</summary>
    public override string ToString() => $"{Method} {Path}";
}

/// <summary>The answer to a request.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Body">Its body as JSON text; null when there is none or nobody wanted it.</param>
internal readonly record struct AriResponse(int Status, byte[]? Body)
{
    public bool Ok => Status is >= 200 and < 300;

    public bool NotFound => Status == 404;

    /// <summary>Turns a refusal into an exception with the PBX's own words.</summary>
    public AriResponse EnsureOk(AriRequest request) =>
        Ok ? this : throw new PbxException($"{request}: {Status} {Words()}");

    /// <summary>The same, where the thing's absence is what was wanted.</summary>
    public AriResponse EnsureOkOrAbsent(AriRequest request) => NotFound ? this : EnsureOk(request);

    private string Words()
    {
        if (Body is null)
        {
            return string.Empty;
        }

        try
        {
            var words = JsonSerializer.Deserialize(Body, AriJson.Default.AriError)?.Text ?? string.Empty;
            return words.Length > 200 ? words[..200] : words;
        }
        catch (JsonException)
        {
            return "(no readable reason)";
        }
    }
}

/// <summary>Carries requests to the PBX. The same suite of tests runs over every implementation.</summary>
internal interface IAriTransport
{
    /// <summary>For a person.</summary>
    string Name { get; }

    /// <summary>
    /// Sends a request. A refusal by the PBX is an answer, not an exception; <see cref="PbxException"/> when no answer came within
    /// <paramref name="limit"/> or the connection was lost, <see cref="OperationCanceledException"/> when cancelled.
    /// </summary>
    Task<AriResponse> SendAsync(AriRequest request, TimeSpan limit, CancellationToken cancel);
}

/// <summary>Every request that we make, so that what we use of ARI can be read in one place.</summary>
internal static class AriRequests
{
    public static AriRequest Ping { get; } = new(HttpMethod.Get, "asterisk/ping");

    public static AriRequest Info { get; } = new(HttpMethod.Get, "asterisk/info", ("only", "system")) { WantsBody = true };

    public static AriRequest EventFilter(string application, string filter) =>
        new(HttpMethod.Put, $"applications/{Escape(application)}/eventFilter") { Body = filter };

    public static AriRequest Application(string application) =>
        new(HttpMethod.Get, $"applications/{Escape(application)}") { WantsBody = true };

    public static AriRequest Subscribe(string application, string channel) =>
        new(HttpMethod.Post, $"applications/{Escape(application)}/subscription", ("eventSource", $"channel:{channel}"));

    public static AriRequest Claim(string application, string channel) =>
        new(HttpMethod.Post, "events/claim", ("channelId", channel), ("application", application));

    public static AriRequest Channel(string channel) => new(HttpMethod.Get, $"channels/{Escape(channel)}") { WantsBody = true };

    public static AriRequest Answer(string channel) => new(HttpMethod.Post, $"channels/{Escape(channel)}/answer") { WaitsForChannel = true };

    /// <summary>Q.850 cause 16: normal clearing.</summary>
    public static AriRequest HangUp(string channel) => new(HttpMethod.Delete, $"channels/{Escape(channel)}", ("reason", "normal"));

    public static AriRequest SetVariable(string channel, string name, string value) =>
        new(HttpMethod.Post, $"channels/{Escape(channel)}/variable", ("variable", name), ("value", value)) { WaitsForChannel = true };

    public static AriRequest SetVariables(string channel, string body) =>
        new(HttpMethod.Post, $"channels/{Escape(channel)}/variables") { Body = body, WaitsForChannel = true };

    public static AriRequest GetVariable(string channel, string name) =>
        new(HttpMethod.Get, $"channels/{Escape(channel)}/variable", ("variable", name)) { WantsBody = true, WaitsForChannel = true };

    /// <summary>Harmless on any channel, and refused with 409 where the channel is in no Stasis application.</summary>
    public static AriRequest StopSilence(string channel) => new(HttpMethod.Delete, $"channels/{Escape(channel)}/silence");

    public static AriRequest Play(string channel, string playback, string media) =>
        new(HttpMethod.Post, $"channels/{Escape(channel)}/play", ("media", media), ("playbackId", playback));

    public static AriRequest StopPlayback(string playback) => new(HttpMethod.Delete, $"playbacks/{Escape(playback)}");

    /// <summary>A channel that hears what comes from the other channel (<c>in</c>), what it is sent (<c>out</c>), or both mixed (<c>both</c>).</summary>
    public static AriRequest Snoop(string channel, string snoop, string spy, string application, string args) =>
        new(HttpMethod.Post, $"channels/{Escape(channel)}/snoop/{Escape(snoop)}", ("spy", spy), ("app", application), ("appArgs", args));

    /// <summary>
    /// A channel that hears nothing; what is played on it is mixed into what the other channel is sent (<c>out</c>), into what comes
    /// from it (<c>in</c>), or into either (<c>both</c>).
    /// </summary>
    public static AriRequest Whisper(string channel, string whisper, string application, string direction) =>
        new(HttpMethod.Post, $"channels/{Escape(channel)}/snoop/{Escape(whisper)}", ("spy", "none"), ("whisper", direction), ("app", application), ("appArgs", "whisper"));

    /// <summary>From 16.5 on; 404 where the channel has no RTP of its own.</summary>
    public static AriRequest RtpStatistics(string channel) => new(HttpMethod.Get, $"channels/{Escape(channel)}/rtp_statistics") { WantsBody = true };

    public static AriRequest PauseRecording(string name) => new(HttpMethod.Post, $"recordings/live/{Escape(name)}/pause");

    public static AriRequest ResumeRecording(string name) => new(HttpMethod.Delete, $"recordings/live/{Escape(name)}/pause");

    /// <summary>Silence is written in place of the sound: the file grows on with the time, while a pause would stop it.</summary>
    public static AriRequest MuteRecording(string name) => new(HttpMethod.Post, $"recordings/live/{Escape(name)}/mute");

    public static AriRequest UnmuteRecording(string name) => new(HttpMethod.Delete, $"recordings/live/{Escape(name)}/mute");

    public static AriRequest Record(string channel, string name, string format) =>
        new(HttpMethod.Post, $"channels/{Escape(channel)}/record", ("name", name), ("format", format), ("ifExists", "fail"), ("beep", "false"), ("terminateOn", "none"));

    public static AriRequest LiveRecording(string name) => new(HttpMethod.Get, $"recordings/live/{Escape(name)}") { WantsBody = true };

    public static AriRequest StopRecording(string name) => new(HttpMethod.Post, $"recordings/live/{Escape(name)}/stop");

    public static AriRequest DiscardRecording(string name) => new(HttpMethod.Delete, $"recordings/live/{Escape(name)}");

    public static AriRequest DeleteStored(string name) => new(HttpMethod.Delete, $"recordings/stored/{Escape(name)}");

    public static AriRequest StoredRecordings { get; } = new(HttpMethod.Get, "recordings/stored") { WantsBody = true };

    public static string StoredFile(string name) => $"recordings/stored/{Escape(name)}/file";

    public static AriRequest Continue(string channel, DialplanTarget? target) => new(
        HttpMethod.Post,
        $"channels/{Escape(channel)}/continue",
        target is null
            ? []
            : [("context", target.Context), ("extension", target.Extension), ("priority", target.Priority.ToString(CultureInfo.InvariantCulture))]);

    private static string Escape(string segment) => Uri.EscapeDataString(segment);
}
