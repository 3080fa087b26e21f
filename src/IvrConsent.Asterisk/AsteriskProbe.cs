using System.Text;
using System.Text.Json;
using IvrConsent.Asterisk.Ari;
using IvrConsent.Asterisk.Calls;
using IvrConsent.Asterisk.Probing;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Notices;

namespace IvrConsent.Asterisk;

/// <summary>A module of the PBX.</summary>
/// <param name="Name">Its file name, for example <c>res_stasis_snoop.so</c>.</param>
/// <param name="Running">Whether it runs.</param>
public sealed record AsteriskModule(string Name, bool Running);

/// <summary>
/// Single questions to a PBX, for a doctor that says what is missing. Each answers within the options' request timeout or throws
/// <see cref="PbxException"/> with a message for a person; none attaches, none changes anything.
/// </summary>
public sealed class AsteriskProbe : IDisposable
{
    private readonly AsteriskOptions _options;
    private readonly HttpAriTransport _http;
    private readonly TimeProvider _time;

    /// <summary>Prepares questions to the PBX of these options.</summary>
    public AsteriskProbe(AsteriskOptions options, TimeProvider? time = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        _time = time ?? TimeProvider.System;
        _http = new HttpAriTransport(options, new AsteriskLimits(), _time);
    }

    /// <summary>How far a first request comes. Does not throw, unless cancelled.</summary>
    public Task<AsteriskReach> ReachAsync(CancellationToken cancel) => AsteriskReach.TryAsync(_options, _http, cancel);

    /// <summary>The PBX's clock against ours, from the fastest of some pings.</summary>
    public async Task<AsteriskClock> ClockAsync(CancellationToken cancel)
    {
        AsteriskClock? best = null;
        for (var i = 0; i < 5; i++)
        {
            var sentAt = _time.GetUtcNow();
            var started = _time.GetTimestamp();
            var there = (await AskAsync(AriRequests.Ping with { WantsBody = true }, AriJson.Default.AriPing, cancel))?.Timestamp
                ?? throw new PbxException("the PBX's answer to a ping names no time");
            var took = _time.GetElapsedTime(started);
            if (best is null || took < best.RoundTrip)
            {
                best = new AsteriskClock(there - (sentAt + (took / 2)), took);
            }
        }

        return best!;
    }

    /// <summary>Whether the user may change things: asks to stop a playback that does not exist. False for one that is read-only.</summary>
    public async Task<bool> MayChangeAsync(CancellationToken cancel) =>
        (await _http.SendAsync(AriRequests.StopPlayback("ivrconsent-doctor-none"), _options.RequestTimeout, cancel)).Status is not (401 or 403);

    /// <summary>
    /// A value of <c>ari.conf</c>, section general; null when the PBX does not tell: 22.10 does, 16.28 does not. Nothing else of
    /// that file is asked for, it holds passwords.
    /// </summary>
    public async Task<string?> AriSettingAsync(string name, CancellationToken cancel)
    {
        var request = new AriRequest(HttpMethod.Get, "asterisk/config/dynamic/res_ari/general/general") { WantsBody = true };
        var response = await _http.SendAsync(request, _options.RequestTimeout, cancel);
        if (!response.Ok)
        {
            return null;
        }

        try
        {
            return JsonSerializer.Deserialize(response.Body ?? [], AriJson.Default.AriSettingArray)?.FirstOrDefault(setting => setting.Attribute == name)?.Value;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>What the PBX is told to play for a prompt, and the SHA-256 of the file behind it.</summary>
    public static (string Media, string Sha256) MediaOf(AsteriskOptions options, Prompt prompt) => PromptMedia.Of(options, prompt);

    /// <summary>Null when ARI answers and takes user and password; else what is wrong and what to do about it.</summary>
    public async Task<string?> FindTroubleAsync(CancellationToken cancel)
    {
        try
        {
            AriTroubles.ThrowIfRefused(_options, (await _http.SendAsync(AriRequests.Ping, _options.RequestTimeout, cancel)).Status);
            return null;
        }
        catch (AriRefusedException e)
        {
            return e.Message;
        }
        catch (PbxException e)
        {
            return AriTroubles.Unreachable(_options, e);
        }
    }

    /// <summary>The version in full, for example <c>22.10.1</c>.</summary>
    public async Task<string> VersionAsync(CancellationToken cancel) =>
        (await AskAsync(AriRequests.Info, AriJson.Default.AriInfo, cancel))?.System?.Version ?? "unknown";

    /// <summary>Whether a PBX of that version takes requests over the event socket.</summary>
    public static bool TakesRequestsOverSocket(string version) => AsteriskVersion.Parse(version).HasRestOverSocket;

    /// <summary>Whether that version brings StasisBroadcast (22.7, 23.1 and later).</summary>
    public static bool HasBroadcast(string version) => AsteriskVersion.Parse(version) is { Major: 22, Minor: >= 7 } or { Major: 23, Minor: >= 1 } or { Major: > 23 };

    /// <summary>The first number of a version; 0 when it cannot be read.</summary>
    public static int MajorOf(string version) => AsteriskVersion.Parse(version).Major;

    /// <summary>All modules loaded.</summary>
    public async Task<IReadOnlyList<AsteriskModule>> ModulesAsync(CancellationToken cancel)
    {
        var modules = await AskAsync(new AriRequest(HttpMethod.Get, "asterisk/modules") { WantsBody = true }, AriJson.Default.AriModuleArray, cancel) ?? [];
        return [.. modules.Where(module => module.Name is not null).Select(module => new AsteriskModule(module.Name!, module.Status == "Running"))];
    }

    /// <summary>The logs that are written.</summary>
    public async Task<IReadOnlyList<AsteriskLogChannel>> LogsAsync(CancellationToken cancel)
    {
        var logs = await AskAsync(new AriRequest(HttpMethod.Get, "asterisk/logging") { WantsBody = true }, AriJson.Default.AriLogArray, cancel) ?? [];
        return [.. logs.Where(log => log is { Channel: not null, Status: "Enabled" }).Select(log => new AsteriskLogChannel(
            log.Channel!, log.Type ?? string.Empty, (log.Configuration ?? string.Empty).Split(' ', StringSplitOptions.RemoveEmptyEntries)))];
    }

    /// <summary>Names of the applications that are attached, or have calls.</summary>
    public async Task<IReadOnlyList<string>> ApplicationsAsync(CancellationToken cancel)
    {
        var applications = await AskAsync(new AriRequest(HttpMethod.Get, "applications") { WantsBody = true }, AriJson.Default.AriApplicationArray, cancel) ?? [];
        return [.. applications.Select(application => application.Name).OfType<string>()];
    }

    /// <summary>
    /// Null when the PBX can list its stored recordings; else what is wrong. On a fresh installation the folder
    /// <c>/var/spool/asterisk/recording</c> is missing, and every recording fails.
    /// </summary>
    public async Task<string?> FindRecordingTroubleAsync(CancellationToken cancel)
    {
        var (status, _) = await GetAsync("recordings/stored", cancel);
        return status == 200 ? null : $"the PBX answers {status} to a list of its recordings: make /var/spool/asterisk/recording, owned by the user that Asterisk runs as";
    }

    /// <summary>A global variable or function, for example <c>IVRCONSENT_APP</c>; null when it is not set.</summary>
    public async Task<string?> VariableAsync(string name, CancellationToken cancel)
    {
        var request = new AriRequest(HttpMethod.Get, "asterisk/variable", ("variable", name)) { WantsBody = true };
        return (await AskAsync(request, AriJson.Default.AriVariable, cancel))?.Value is { Length: > 0 } value ? value : null;
    }

    /// <summary>The same, where a variable that is not set is an answer and no failure: newer versions say 404 of it.</summary>
    public async Task<string?> GlobalAsync(string name, CancellationToken cancel)
    {
        var request = new AriRequest(HttpMethod.Get, "asterisk/variable", ("variable", name)) { WantsBody = true };
        var response = await _http.SendAsync(request, _options.RequestTimeout, cancel);
        return response.Ok && JsonSerializer.Deserialize(response.Body ?? [], AriJson.Default.AriVariable)?.Value is { Length: > 0 } value ? value : null;
    }

    /// <summary>Any other question: the answer's status and text to GET of a path below <c>/ari/</c>, without a query.</summary>
    public async Task<(int Status, string Body)> GetAsync(string path, CancellationToken cancel)
    {
        var response = await _http.SendAsync(new AriRequest(HttpMethod.Get, path) { WantsBody = true }, _options.RequestTimeout, cancel);
        return (response.Status, Encoding.UTF8.GetString(response.Body ?? []));
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private async Task<T?> AskAsync<T>(AriRequest request, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type, CancellationToken cancel)
        where T : class
    {
        var response = await _http.SendAsync(request, _options.RequestTimeout, cancel);
        AriTroubles.ThrowIfRefused(_options, response.Status);
        try
        {
            return JsonSerializer.Deserialize(response.Body ?? [], type);
        }
        catch (JsonException e)
        {
            throw new PbxException($"{request}: the answer is not ARI's: check our url", e);
        }
    }
}
