using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using IvrConsent.Asterisk;
using IvrConsent.Asterisk.Ari;
using IvrConsent.Core.Notices;
using IvrConsent.TestKit.Asterisk;
using IvrConsent.TestKit.Lab;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace IvrConsent.Adapters.Tests.Asterisk;

/// <summary>One real Asterisk of tests/lab, when it is up.</summary>
internal sealed class Lab
{
    private readonly LabPbx _pbx;

    private Lab(LabPbx pbx) => _pbx = pbx;

    public string Version => _pbx.Version;

    public int ProcessId => _pbx.ProcessId;

    public string Sip => _pbx.Sip;

    public Uri Http => _pbx.Http;

    public string RecordingFile(string name) => Path.Combine(_pbx.Recordings, name + ".wav");

    public static Lab Require(string version)
    {
        if (LabEnvironment.Find()?.FindPbx(version) is { } pbx)
        {
            return new Lab(pbx);
        }

        Assert.SkipUnless(LabEnvironment.Required, $"no Asterisk {version} in a lab: start one with tests/lab/lab up asterisk{version}");
        throw new InvalidOperationException($"no Asterisk {version} in a lab, and IVRCONSENT_LAB_REQUIRED=1");
    }

    public AsteriskOptions Options(AsteriskTransport transport = AsteriskTransport.Auto, string application = "ivrconsent") => new()
    {
        Name = $"lab{Version}",
        Url = new Uri(_pbx.Http, "/ari"),
        Username = _pbx.Username,
        Password = File.ReadAllText(_pbx.PasswordFile).Trim(),
        Application = application,
        PromptFolder = PromptFolder,
        Transport = transport,
    };

    public string PromptFolder => Path.Combine(_pbx.Sounds, "ari-tests");

    /// <summary>A tone of that length, where the PBX can play it.</summary>
    public Prompt Tone(double seconds)
    {
        var wav = ToneFile(seconds, 8000);
        var sha256 = Convert.ToHexStringLower(SHA256.HashData(wav));
        Directory.CreateDirectory(PromptFolder);
        File.WriteAllBytes(Path.Combine(PromptFolder, sha256 + ".wav"), wav);
        return new Prompt("notice", "en", sha256, null, TimeSpan.FromSeconds(seconds), null);
    }

    public static byte[] ToneFile(double seconds, int rate)
    {
        var wav = FakePbx.Wav((int)(seconds * rate), rate: rate);
        for (var i = 44; i < wav.Length; i += 2)
        {
            var sample = (short)(8000 * Math.Sin(2 * Math.PI * 440 * (i / 2) / rate));
            wav[i] = (byte)sample;
            wav[i + 1] = (byte)(sample >> 8);
        }

        return wav;
    }
}

/// <summary>The other end of the line: a Local channel whose far leg runs the lab's dialplan, and whose near leg we hold in an application of our own.</summary>
internal sealed class LabCaller : IAriEventSink, IAsyncDisposable
{
    private readonly AriSession _session;
    private readonly ConcurrentDictionary<string, byte> _answered = new();
    private readonly List<string> _channels = [];

    private LabCaller(Lab lab)
    {
        _session = new AriSession(lab.Options(AsteriskTransport.Http, "tester"), new AsteriskLimits(), TimeProvider.System, NullLogger.Instance);
    }

    public static async Task<LabCaller> OpenAsync(Lab lab)
    {
        var caller = new LabCaller(lab);
        await caller._session.OpenAsync(caller, TestContext.Current.CancellationToken);
        return caller;
    }

    public void OnEvent(AriEvent e)
    {
        if (e.Type == AriEventType.StasisStart)
        {
            _answered[e.ChannelId!] = 0;
        }
    }

    public async Task<string> CallAsync(string number, string callerId = "+48221234501")
    {
        var id = $"tester-{Guid.NewGuid():N}";
        lock (_channels)
        {
            _channels.Add(id);
        }

        await OrderAsync(new AriRequest(HttpMethod.Post, "channels", ("endpoint", $"Local/{number}@from-lab/n"), ("app", "tester"), ("channelId", id), ("otherChannelId", id + "-far"), ("callerId", callerId)));
        return id;
    }

    public Task AnsweredAsync(string channel) => Rig.UntilAsync(() => _answered.ContainsKey(channel));

    public Task PressAsync(string channel, string digits) => OrderAsync(new AriRequest(HttpMethod.Post, $"channels/{channel}/dtmf", ("dtmf", digits), ("duration", "60"), ("between", "60")));

    /// <summary>Makes sound until hung up, so that there is something to record. (Music: a prompt would hold back the keys.)</summary>
    public Task SpeakAsync(string channel) => OrderAsync(new AriRequest(HttpMethod.Post, $"channels/{channel}/moh"));

    public Task HangUpAsync(string channel) => OrderAsync(AriRequests.HangUp(channel));

    public async Task<string?> VariableAsync(string channel, string name)
    {
        var response = await _session.SendAsync(AriRequests.GetVariable(channel, name), TestContext.Current.CancellationToken);
        return response.Ok ? JsonSerializer.Deserialize(response.Body!, AriJson.Default.AriVariable)!.Value : null;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var channel in _channels)
        {
            await _session.PostAsync(AriRequests.HangUp(channel));
        }

        await _session.DisposeAsync();
    }

    private async Task OrderAsync(AriRequest request) => (await _session.SendAsync(request, TestContext.Current.CancellationToken)).EnsureOk(request);
}

/// <summary>A web server with prompts, as the worker's own has them.</summary>
internal sealed class PromptServer : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, byte[]> _files = new();
    private readonly HttpListener _listener = new();
    private int _fetched;

    public PromptServer(Lab lab)
    {
        // Below the PBX's own ports, and nobody else's.
        Url = new Uri($"http://127.0.0.1:{lab.Http.Port + 100}");
        _listener.Prefixes.Add(Url.AbsoluteUri);
        _listener.Start();
        _ = ServeAsync();
    }

    public Uri Url { get; }

    public TimeSpan Delay { get; init; }

    public int Fetched => _fetched;

    /// <summary>A tone that no cache knows yet: its name is another each time.</summary>
    public Prompt Prompt(double seconds)
    {
        var (narrow, wide) = (Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32)), Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32)));
        _files[$"/prompts/{narrow}.wav"] = Lab.ToneFile(seconds, 8000);
        _files[$"/prompts/{wide}.wav16"] = Lab.ToneFile(seconds, 16000);
        return new Prompt("notice", "en", narrow, wide, TimeSpan.FromSeconds(seconds), null);
    }

    public ValueTask DisposeAsync()
    {
        _listener.Close();
        return ValueTask.CompletedTask;
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                var context = await _listener.GetContextAsync();
                await Task.Delay(Delay);
                if (_files.TryGetValue(context.Request.Url!.AbsolutePath, out var file))
                {
                    Interlocked.Increment(ref _fetched);
                    context.Response.ContentType = "application/octet-stream";
                    context.Response.Headers["Cache-Control"] = "public, max-age=31536000, immutable";
                    context.Response.ContentLength64 = file.Length;
                    await context.Response.OutputStream.WriteAsync(file);
                }
                else
                {
                    context.Response.StatusCode = 404;
                }

                context.Response.Close();
            }
        }
        catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
        {
            // Closed.
        }
    }
}
