using System.Net.Http.Headers;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;

// The least that leads the bench's call over ARI: claim, deadline, answer, notice, key, snoop, record, confirmation, three variables, continue.
// One socket, requests over it as the worker sends them, of the events only those that it needs; and nothing else: no ledger, no log, no
// check of any answer, no look at a failure. What it costs is the protocol's and the machine's, and a worker in .NET cannot cost less.
//
//   bench-floor ARI-URL USER PASSWORD-FILE NOTICE CONFIRMATION     the last two as ARI's media: sound:/path/without/ending
if (args is not [var url, var user, var passwordFile, var notice, var confirmation])
{
    await Console.Error.WriteLineAsync("usage: bench-floor ARI-URL USER PASSWORD-FILE NOTICE CONFIRMATION");
    return 2;
}

const string Application = "ivrconsent";
string[] needed = ["CallBroadcast", "StasisStart", "StasisEnd", "ChannelDtmfReceived", "PlaybackStarted", "PlaybackFinished", "RecordingStarted", "RecordingFinished", "ChannelDestroyed", "RESTResponse"];
var credentials = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{(await File.ReadAllTextAsync(passwordFile)).Trim()}"));
using var socket = new ClientWebSocket();
socket.Options.SetRequestHeader("Authorization", $"Basic {credentials}");
await socket.ConnectAsync(new UriBuilder($"{url}/events?app={Application}") { Scheme = "ws" }.Uri, CancellationToken.None);
using (var http = new HttpClient { DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Basic", credentials) } })
using (var filter = new StringContent(JsonSerializer.Serialize(new { allowed = needed.Select(type => new { type }) }), Encoding.UTF8, "application/json"))
{
    (await http.PutAsync(new Uri($"{url}/applications/{Application}/eventFilter"), filter)).EnsureSuccessStatusCode();
}

Console.WriteLine("ready");
var requests = 0;
var buffer = new byte[64 * 1024];
while (true)
{
    var length = 0;
    ValueWebSocketReceiveResult part;
    do
    {
        part = await socket.ReceiveAsync(buffer.AsMemory(length), CancellationToken.None);
        length += part.Count;
    }
    while (!part.EndOfMessage);

    if (part.MessageType == WebSocketMessageType.Close)
    {
        return 0;
    }

    using var message = JsonDocument.Parse(buffer.AsMemory(0, length));
    await StepAsync(message.RootElement.GetProperty("type").GetString()!, message.RootElement);
}

// What is played and recorded is named after the call's channel, so that nothing has to be remembered: n- the notice, c- the confirmation.
async ValueTask StepAsync(string type, JsonElement e)
{
    switch (type)
    {
        case "CallBroadcast":
            await SendAsync("POST", "events/claim", ("channelId", Channel(e)), ("application", Application));
            break;
        case "StasisStart" when Channel(e) is ['s', '-', .. var call]:
            await SendAsync("POST", $"channels/s-{call}/record", ("name", $"floor-{call}"), ("format", "wav"));
            break;
        case "StasisStart":
            await SendAsync("POST", $"channels/{Channel(e)}/variable", ("variable", "TIMEOUT(absolute)"), ("value", "20"));
            await SendAsync("POST", $"channels/{Channel(e)}/answer");
            await SendAsync("POST", $"channels/{Channel(e)}/play", ("media", notice), ("playbackId", $"n-{Channel(e)}"));
            break;
        case "ChannelDtmfReceived":
            await SendAsync("DELETE", $"playbacks/n-{Channel(e)}");
            await SendAsync("POST", $"channels/{Channel(e)}/snoop/s-{Channel(e)}", ("spy", "both"), ("app", Application));
            break;
        case "RecordingStarted" when e.GetProperty("recording").GetProperty("name").GetString()!["floor-".Length..] is var call:
            await SendAsync("POST", $"channels/{call}/play", ("media", confirmation), ("playbackId", $"c-{call}"));
            break;
        case "PlaybackFinished" when e.GetProperty("playback").GetProperty("id").GetString() is ['c', '-', .. var call]:
            await SendAsync("POST", $"channels/{call}/variable", ("variable", "CONSENT_RESULT"), ("value", "Given"));
            await SendAsync("POST", $"channels/{call}/variable", ("variable", "CONSENT_RECORDING"), ("value", "yes"));
            await SendAsync("POST", $"channels/{call}/variable", ("variable", "CONSENT_CALL_ID"), ("value", call));
            await SendAsync("POST", $"channels/{call}/continue");
            break;
    }
}

static string Channel(JsonElement e) => e.GetProperty("channel").GetProperty("id").GetString()!;

async ValueTask SendAsync(string method, string uri, params (string Name, string Value)[] query)
{
    var bytes = JsonSerializer.SerializeToUtf8Bytes(new
    {
        type = "RESTRequest",
        transaction_id = "floor",
        request_id = $"{++requests}",
        method,
        uri,
        query_strings = query.Select(one => new { name = one.Name, value = one.Value }),
    });
    await socket.SendAsync(bytes, WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);
}
