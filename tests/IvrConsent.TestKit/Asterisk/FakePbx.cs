using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace IvrConsent.TestKit.Asterisk;

/// <summary>A channel of the fake.</summary>
public sealed class FakeChannel(string id, DateTimeOffset createdAt)
{
    public string Id => id;

    public DateTimeOffset CreatedAt => createdAt;

    public string State { get; set; } = "Ring";

    public string Caller { get; set; } = "+48221234501";

    public string Extension { get; set; } = "s";

    public string Application { get; set; } = "Stasis";

    public string ApplicationData { get; set; } = "ivrconsent,sales,100,deadline";

    public bool InStasis { get; set; } = true;

    public ConcurrentDictionary<string, string> Variables { get; } = new();
}

/// <summary>The behaviour of the PBX behind <see cref="FakeAri"/>: calls, prompts, snoop channels and recordings, as far as the adapter sees them.</summary>
public sealed class FakePbx(FakeAri ari)
{
    private int _lastChannel;
    private TimeSpan _clock;

    public ConcurrentDictionary<string, FakeChannel> Channels { get; } = new();

    public ConcurrentDictionary<string, FakeChannel> Playbacks { get; } = new();

    public ConcurrentDictionary<string, string> LiveRecordings { get; } = new();

    /// <summary>Of the live ones, those that write nothing now.</summary>
    public ConcurrentDictionary<string, byte> PausedRecordings { get; } = new();

    public ConcurrentDictionary<string, byte> MutedRecordings { get; } = new();

    /// <summary>Packets sent to a caller for each 20 ms that are played; 1 while somebody talks to him, 0 while nobody does.</summary>
    public double PacketsSent { get; set; } = 1;

    /// <summary>The same from the caller.</summary>
    public double PacketsReceived { get; set; } = 1;

    public ConcurrentDictionary<string, byte[]> StoredRecordings { get; } = new();

    /// <summary>Channels that the application hears of beside those in Stasis.</summary>
    public ConcurrentDictionary<string, byte> Subscribed { get; } = new();

    /// <summary>How long a prompt plays by the PBX's clock; it plays in no time, unless <see cref="PlaysOn"/>.</summary>
    public TimeSpan PromptLength { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>Prompts start and go on until stopped.</summary>
    public bool PlaysOn { get; set; }

    /// <summary>The PBX's clock: real time, and what prompts have taken.</summary>
    public DateTimeOffset Now => DateTimeOffset.UtcNow + _clock;

    public static string Time(DateTimeOffset at) => at.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss.fff", CultureInfo.InvariantCulture) + "+0000";

    /// <summary>A call comes in.</summary>
    public async Task<FakeChannel> CallAsync(Action<FakeChannel>? change = null, params string[] args)
    {
        var channel = Add(change);
        await ari.SendAsync(Event("StasisStart", channel, ("args", new JsonArray([.. args.Select(arg => JsonValue.Create(arg))]))));
        return channel;
    }

    /// <summary>A channel that is in Stasis without anybody having been told.</summary>
    public FakeChannel Add(Action<FakeChannel>? change = null, string? id = null, DateTimeOffset? at = null)
    {
        var now = at ?? DateTimeOffset.FromUnixTimeMilliseconds(Now.ToUnixTimeMilliseconds());
        var channel = new FakeChannel(id ?? $"{now.ToUnixTimeSeconds()}.{Interlocked.Increment(ref _lastChannel)}", now);
        change?.Invoke(channel);
        Channels[channel.Id] = channel;
        return channel;
    }

    public Task DigitAsync(FakeChannel channel, char digit, DateTimeOffset? at = null) =>
        ari.SendAsync(Event("ChannelDtmfReceived", channel, at, ("digit", digit.ToString()), ("duration_ms", 100)));

    /// <summary>The caller hangs up: three events, as measured.</summary>
    public async Task HangUpAsync(FakeChannel channel, int cause = 16)
    {
        await ari.SendAsync(Event("ChannelHangupRequest", channel, ("cause", cause)));
        await EndAsync(channel, cause);
    }

    public async Task EndAsync(FakeChannel channel, int cause = 16)
    {
        if (!Channels.TryRemove(channel.Id, out _))
        {
            return;
        }

        foreach (var (playback, on) in Playbacks)
        {
            if (on == channel && Playbacks.TryRemove(playback, out _))
            {
                await ari.SendAsync(PlaybackEvent("PlaybackFinished", playback, "failed"));
            }
        }

        foreach (var (recording, on) in LiveRecordings)
        {
            if (on == channel.Id && LiveRecordings.TryRemove(recording, out _))
            {
                await ari.SendAsync(RecordingEvent("RecordingFinished", recording, "done"));
            }
        }

        if (channel.InStasis)
        {
            await ari.SendAsync(Event("StasisEnd", channel));
        }

        await ari.SendAsync(Event("ChannelDestroyed", channel, ("cause", cause), ("cause_txt", "Normal Clearing")));
    }

    /// <summary>The dead man's switch: the channel leaves, and lives on.</summary>
    public Task TakeBackAsync(FakeChannel channel)
    {
        channel.InStasis = false;
        return ari.SendAsync(Event("StasisEnd", channel));
    }

    public JsonObject Event(string type, FakeChannel channel, params (string Name, JsonNode Value)[] more) => Event(type, channel, null, more);

    public JsonObject Event(string type, FakeChannel channel, DateTimeOffset? at, params (string Name, JsonNode Value)[] more)
    {
        var message = Head(type, at);
        message["channel"] = Describe(channel);
        foreach (var (name, value) in more)
        {
            message[name] = value;
        }

        return message;
    }

    public JsonObject PlaybackEvent(string type, string id, string state)
    {
        var message = Head(type, null);
        message["playback"] = new JsonObject { ["id"] = id, ["media_uri"] = "sound:x", ["state"] = state, ["language"] = "en" };
        return message;
    }

    public JsonObject RecordingEvent(string type, string name, string state, string? cause = null)
    {
        var message = Head(type, null);
        message["recording"] = new JsonObject { ["name"] = name, ["format"] = "wav", ["state"] = state, ["target_uri"] = "channel:x", ["cause"] = cause };
        return message;
    }

    /// <summary>16 bit, mono, silent; the header's own size may lie.</summary>
    public static byte[] Wav(int samples, uint? claimed = null, int rate = 8000)
    {
        using var wav = new MemoryStream();
        using var write = new BinaryWriter(wav, Encoding.ASCII);
        write.Write("RIFF"u8);
        write.Write(36 + (samples * 2));
        write.Write("WAVEfmt "u8);
        write.Write(16);
        write.Write((short)1);
        write.Write((short)1);
        write.Write(rate);
        write.Write(rate * 2);
        write.Write((short)2);
        write.Write((short)16);
        write.Write("data"u8);
        write.Write(claimed ?? (uint)(samples * 2));
        write.Write(new byte[samples * 2]);
        return wav.ToArray();
    }

    public FakeResponse Answer(FakeRequest request)
    {
        var path = request.Path.Split('/');
        return (request.Method, path) switch
        {
            ("GET", ["asterisk", "ping"]) => Json(new JsonObject { ["ping"] = "pong", ["asterisk_id"] = "fake" }),
            ("GET", ["asterisk", "info"]) => Json(new JsonObject { ["system"] = new JsonObject { ["version"] = ari.Version, ["entity_id"] = "fake" } }),
            ("GET", ["asterisk", "modules"]) => new FakeResponse(200, """[{"name":"res_stasis.so","status":"Running"},{"name":"res_curl.so","status":"Not Running"}]"""),
            ("GET", ["asterisk", "variable"]) => Json(new JsonObject { ["value"] = request.Query["variable"] == "SET" ? "yes" : string.Empty }),
            ("GET", ["applications"]) => Json(new JsonArray(Application("ivrconsent"))),
            ("GET", ["applications", var name]) => Json(Application(name)),
            ("PUT", ["applications", _, "eventFilter"]) => new FakeResponse(200, "{}"),
            ("POST", ["applications", _, "subscription"]) => Subscribe(request.Query["eventSource"]),
            ("POST", ["events", "claim"]) => new FakeResponse(204),
            ("GET", ["recordings", "stored"]) => Json(new JsonArray([.. StoredRecordings.Keys.Select(name => new JsonObject { ["name"] = name, ["format"] = "wav" })])),
            ("GET", ["recordings", "stored", var name, "file"]) => StoredRecordings.TryGetValue(name, out var file) ? new FakeResponse(200, File: file) : NotFound,
            ("DELETE", ["recordings", "stored", var name]) => StoredRecordings.TryRemove(name, out _) ? new FakeResponse(204) : NotFound,
            ("GET", ["recordings", "live", var name]) => LiveRecordings.ContainsKey(name) ? Json(new JsonObject { ["name"] = name, ["state"] = PausedRecordings.ContainsKey(name) ? "paused" : "recording" }) : NotFound,
            ("POST", ["recordings", "live", var name, "pause"]) => Turn(name, PausedRecordings, on: true),
            ("DELETE", ["recordings", "live", var name, "pause"]) => Turn(name, PausedRecordings, on: false),
            ("POST", ["recordings", "live", var name, "mute"]) => Turn(name, MutedRecordings, on: true),
            ("DELETE", ["recordings", "live", var name, "mute"]) => Turn(name, MutedRecordings, on: false),
            ("POST", ["recordings", "live", var name, "stop"]) => EndRecording(name, keep: true),
            ("DELETE", ["recordings", "live", var name]) => EndRecording(name, keep: false),
            ("DELETE", ["playbacks", var id]) => StopPlayback(id),
            (_, ["channels", var id, ..]) => Channels.TryGetValue(id, out var channel) ? OnChannel(request, path, channel) : NotFound,
            _ => new FakeResponse(404, """{"message":"no such resource"}"""),
        };
    }

    private static FakeResponse NotFound { get; } = new(404, """{"message":"not found"}""");

    private FakeResponse OnChannel(FakeRequest request, string[] path, FakeChannel channel)
    {
        switch (request.Method, path.ElementAtOrDefault(2))
        {
            case ("GET", null):
                return Json(Describe(channel));
            case ("DELETE", null):
                _ = EndAsync(channel);
                return new FakeResponse(204);
            case ("POST", "variable"):
                channel.Variables[request.Query["variable"]] = request.Query["value"];
                return new FakeResponse(204);
            case ("POST", "variables"):
                foreach (var (name, value) in JsonNode.Parse(request.Body)!["variables"]!.AsObject())
                {
                    channel.Variables[name] = (string)value!;
                }

                return new FakeResponse(204);
            case ("GET", "variable"):
                return channel.Variables.TryGetValue(request.Query["variable"], out var found) ? Json(new JsonObject { ["value"] = found }) : NotFound;
            case ("GET", "rtp_statistics"):
                return Json(new JsonObject { ["txcount"] = (int)(_clock / TimeSpan.FromMilliseconds(20) * PacketsSent), ["rxcount"] = (int)(_clock / TimeSpan.FromMilliseconds(20) * PacketsReceived) });
            case ("POST", "snoop"):
                return Snoop(path[3], request.Query["appArgs"]);
        }

        if (!channel.InStasis)
        {
            return new FakeResponse(409, """{"message":"Channel not in Stasis application"}""");
        }

        switch (request.Method, path[2])
        {
            case ("POST", "answer"):
                channel.State = "Up";
                return new FakeResponse(204);
            case ("DELETE", "silence"):
                return new FakeResponse(204);
            case ("POST", "continue"):
                channel.InStasis = false;
                channel.Application = "Dial";
                channel.ApplicationData = string.Empty;
                _ = ari.SendAsync(Event("StasisEnd", channel));
                return new FakeResponse(204);
            case ("POST", "play"):
                Play(request.Query["playbackId"], channel);
                return new FakeResponse(201, "{}");
            case ("POST", "record"):
                return Record(request.Query["name"], channel);
            default:
                return NotFound;
        }
    }

    private void Play(string id, FakeChannel channel)
    {
        _ = ari.SendAsync(PlaybackEvent("PlaybackStarted", id, "playing"));
        if (PlaysOn)
        {
            Playbacks[id] = channel;
            return;
        }

        _clock += PromptLength;
        _ = ari.SendAsync(PlaybackEvent("PlaybackFinished", id, "done"));
    }

    private FakeResponse StopPlayback(string id)
    {
        if (!Playbacks.TryRemove(id, out _))
        {
            return NotFound;
        }

        _ = ari.SendAsync(PlaybackEvent("PlaybackFinished", id, "done"));
        return new FakeResponse(204);
    }

    private FakeResponse Snoop(string id, string args)
    {
        if (Channels.ContainsKey(id))
        {
            return new FakeResponse(409, """{"message":"Channel with given unique ID already exists"}""");
        }

        var snoop = Add(channel => channel.State = "Up", id);
        _ = ari.SendAsync(Event("StasisStart", snoop, ("args", new JsonArray(args))));
        return Json(Describe(snoop));
    }

    private FakeResponse Record(string name, FakeChannel channel)
    {
        if (StoredRecordings.ContainsKey(name) || !LiveRecordings.TryAdd(name, channel.Id))
        {
            return new FakeResponse(409, """{"message":"Recording already exists"}""");
        }

        _ = ari.SendAsync(RecordingEvent("RecordingStarted", name, "recording"));
        return new FakeResponse(201, "{}");
    }

    private FakeResponse Turn(string name, ConcurrentDictionary<string, byte> those, bool on)
    {
        if (!LiveRecordings.ContainsKey(name))
        {
            return NotFound;
        }

        _ = on ? those.TryAdd(name, 0) : those.TryRemove(name, out _);
        return new FakeResponse(204);
    }

    private FakeResponse EndRecording(string name, bool keep)
    {
        if (!LiveRecordings.TryRemove(name, out _))
        {
            return NotFound;
        }

        if (keep)
        {
            StoredRecordings[name] = Wav(8000);
        }

        _ = ari.SendAsync(RecordingEvent("RecordingFinished", name, keep ? "done" : "canceled"));
        return new FakeResponse(204);
    }

    private FakeResponse Subscribe(string source)
    {
        var id = source["channel:".Length..];
        if (!Channels.ContainsKey(id))
        {
            return new FakeResponse(422, """{"message":"Event source does not exist"}""");
        }

        Subscribed[id] = 0;
        return Json(Application("ivrconsent"));
    }

    private JsonObject Application(string name) => new()
    {
        ["name"] = name,
        ["channel_ids"] = new JsonArray([.. Channels.Values.Where(channel => channel.InStasis || Subscribed.ContainsKey(channel.Id)).Select(channel => JsonValue.Create(channel.Id))]),
    };

    private JsonObject Head(string type, DateTimeOffset? at) => new()
    {
        ["type"] = type,
        ["application"] = "ivrconsent",
        ["timestamp"] = Time(at ?? Now),
        ["asterisk_id"] = "fake",
    };

    private static JsonObject Describe(FakeChannel channel) => new()
    {
        ["id"] = channel.Id,
        ["name"] = "PJSIP/caller-00000001",
        ["state"] = channel.State,
        ["caller"] = new JsonObject { ["name"] = "somebody", ["number"] = channel.Caller },
        ["connected"] = new JsonObject { ["name"] = string.Empty, ["number"] = string.Empty },
        ["dialplan"] = new JsonObject { ["context"] = "from-trunk", ["exten"] = channel.Extension, ["priority"] = 2, ["app_name"] = channel.Application, ["app_data"] = channel.ApplicationData },
        ["creationtime"] = Time(channel.CreatedAt),
        ["language"] = "en",
    };

    private static FakeResponse Json(JsonNode body) => new(200, body.ToJsonString());
}
