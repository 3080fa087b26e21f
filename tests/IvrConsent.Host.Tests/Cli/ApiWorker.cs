using System.Globalization;
using System.Net;
using IvrConsent.TestKit.Lab;

namespace IvrConsent.Host.Tests.Cli;

/// <summary>A real worker of an installation with its API on; its PBX is away, which the API does not mind.</summary>
internal sealed class ApiWorker : IAsyncDisposable
{
    private readonly WorkerProcess _process;

    public ApiWorker(Installation installation)
    {
        var (http, api) = (FreePort.Take(), FreePort.Take());
        (Http, Api) = (new Uri($"http://127.0.0.1:{http}"), new Uri($"http://127.0.0.1:{api}"));
        var settings = File.ReadAllText(installation.Settings)
            .Replace("127.0.0.1:9 ", string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{http} "), StringComparison.Ordinal)
            .Replace("127.0.0.1:8088", "127.0.0.1:9", StringComparison.Ordinal);
        File.WriteAllText(installation.Settings, $"{settings}api: {{ enabled: true, listen: \"127.0.0.1:{api}\" }}\n");
        _process = new WorkerProcess(Path.Combine(AppContext.BaseDirectory, "ivrconsent.dll"), installation.Settings, Http);
    }

    public Uri Http { get; }

    public Uri Api { get; }

    public string LogText => _process.LogText;

    /// <summary>Starts it; it is not ready without its PBX, but it serves.</summary>
    public async Task StartAsync()
    {
        _process.Start();
        await _process.WaitForReadinessAsync(HttpStatusCode.ServiceUnavailable);
    }

    public ValueTask DisposeAsync() => _process.DisposeAsync();
}
