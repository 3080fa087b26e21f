using System.Collections.Concurrent;
using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json;
using IvrConsent.Asterisk;
using IvrConsent.Asterisk.Ari;
using IvrConsent.Core.Notices;
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
        var wav = IvrConsent.TestKit.Asterisk.FakePbx.Wav((int)(seconds * 8000));
        for (var i = 44; i < wav.Length; i += 2)
        {
            var sample = (short)(8000 * Math.Sin(2 * Math.PI * 440 * (i / 2) / 8000));
            wav[i] = (byte)sample;
            wav[i + 1] = (byte)(sample >> 8);
        }

        var sha256 = Convert.ToHexStringLower(SHA256.HashData(wav));
        Directory.CreateDirectory(PromptFolder);
        File.WriteAllBytes(Path.Combine(PromptFolder, sha256 + ".wav"), wav);
        return new Prompt("notice", "en", sha256, null, TimeSpan.FromSeconds(seconds), null);
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
