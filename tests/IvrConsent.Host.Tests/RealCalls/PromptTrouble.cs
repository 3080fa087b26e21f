using System.Net;
using System.Security.Cryptography;

namespace IvrConsent.Host.Tests.RealCalls;

/// <summary>
/// A web server that stands between the worker's prompts and the PBX, and does badly: as a proxy, a full disk or a slow network
/// would. Each kind of trouble is a PBX of its own in the worker's settings.
/// </summary>
internal sealed class PromptTrouble : IAsyncDisposable
{
    /// <summary>404 for every prompt.</summary>
    public const string Missing = "missing";

    /// <summary>The first second of the prompt, with a header that promises all of it.</summary>
    public const string Truncated = "truncated";

    /// <summary>A page of HTML, with status 200.</summary>
    public const string Html = "html";

    /// <summary>The right prompt, three seconds late.</summary>
    public const string Slow = "slow";

    /// <summary>Breaks the connection after half of what it promised to send.</summary>
    public const string Broken = "broken";

    /// <summary>The prompts are to be in a folder of the PBX, where they are not.</summary>
    public const string NoFolder = "no-folder";

    private static readonly string[] _kinds = [Missing, Truncated, Html, Slow, Broken];

    private readonly HttpListener _server = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _serving;
    private readonly int _port;

    public PromptTrouble()
    {
        using (var probe = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0))
        {
            probe.Start();
            _port = ((IPEndPoint)probe.LocalEndpoint).Port;
        }

        _server.Prefixes.Add($"http://127.0.0.1:{_port}/");
        _server.Start();
        _serving = ServeAsync();
    }

    /// <summary>The worker's prompts.</summary>
    public string Prompts { get; set; } = "";

    public IEnumerable<Attachment> Attachments(TestKit.Lab.LabPbx pbx) =>
    [
        .. _kinds.Select(kind => new Attachment(pbx, kind, TestWorker.NewApplication(), $"prompts_url: \"http://127.0.0.1:{_port}/{kind}\"")),
        new Attachment(pbx, NoFolder, TestWorker.NewApplication(), "prompts: folder, prompts_folder: /nowhere/prompts"),
    ];

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _server.Close();
        await _serving;
        _stop.Dispose();
    }

    private async Task ServeAsync()
    {
        while (true)
        {
            HttpListenerContext context;
            try
            {
                context = await _server.GetContextAsync();
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
            {
                return;
            }

            _ = AnswerAsync(context);
        }
    }

    private async Task AnswerAsync(HttpListenerContext context)
    {
        try
        {
            var (kind, file) = (context.Request.Url!.Segments[1].Trim('/'), context.Request.Url.Segments[^1]);
            var audio = Find(file);
            var response = context.Response;
            if (kind == Missing || audio is null)
            {
                response.StatusCode = 404;
                response.Close();
                return;
            }

            response.AddHeader("Cache-Control", "max-age=3600");
            response.ContentType = kind == Html ? "text/html" : "audio/wav";
            switch (kind)
            {
                case Truncated:
                    response.Close(audio[..(44 + 16000)], willBlock: false);
                    break;
                case Html:
                    response.Close("<html><body>Please log in to the network.</body></html>"u8.ToArray(), willBlock: false);
                    break;
                case Broken:
                    response.ContentLength64 = audio.Length;
                    await response.OutputStream.WriteAsync(audio.AsMemory(0, audio.Length / 2));
                    await response.OutputStream.FlushAsync();
                    response.Abort();
                    break;
                default:
                    await Task.Delay(TimeSpan.FromSeconds(3), _stop.Token);
                    response.Close(audio, willBlock: false);
                    break;
            }
        }
        catch (Exception e) when (e is HttpListenerException or ObjectDisposedException or OperationCanceledException or IOException)
        {
            // The PBX has had enough, or the tests have.
        }
    }

    private byte[]? Find(string file) => Directory.EnumerateFiles(Prompts, "*.wav", SearchOption.AllDirectories).Select(File.ReadAllBytes)
        .FirstOrDefault(audio => file.StartsWith(Convert.ToHexStringLower(SHA256.HashData(audio)), StringComparison.Ordinal));
}
