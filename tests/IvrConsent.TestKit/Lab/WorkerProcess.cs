using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;

namespace IvrConsent.TestKit.Lab;

/// <summary>
/// The real worker as a process of its own: <c>dotnet ivrconsent.dll serve</c>. It can be started again after its end, with the
/// same settings; its log goes on in one list.
/// </summary>
public sealed class WorkerProcess(string program, string settingsFile, Uri http) : IAsyncDisposable
{
    private static readonly HttpClient _client = new() { Timeout = TimeSpan.FromSeconds(3) };

    private readonly ConcurrentQueue<string> _log = new();
    private Process? _process;

    /// <summary>All lines of its standard output and standard error so far, over all starts.</summary>
    public IReadOnlyCollection<string> Log => _log;

    public bool Runs => _process is { HasExited: false };

    /// <summary>The whole log as one text, to be printed when an assertion fails.</summary>
    public string LogText => string.Join('\n', _log);

    public void Start()
    {
        if (Runs)
        {
            throw new InvalidOperationException("it runs already");
        }

        _process?.Dispose();
        var start = new ProcessStartInfo("dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            ArgumentList = { program, "serve", "--config", settingsFile },
            WorkingDirectory = Path.GetDirectoryName(settingsFile)!,
        };
        foreach (var key in start.Environment.Keys.Where(key => key.StartsWith("IVRCONSENT", StringComparison.OrdinalIgnoreCase)).ToArray())
        {
            // Nothing of the developer's own.
            start.Environment.Remove(key);
        }

        // It lives for seconds: measuring itself to run faster later is not worth its while.
        start.Environment["DOTNET_TieredPGO"] = "0";
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, line) => Take(line.Data);
        _process.ErrorDataReceived += (_, line) => Take(line.Data);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>Starts it and waits until it is ready for calls.</summary>
    public async Task StartAndWaitAsync(TimeSpan? within = null)
    {
        Start();
        await WaitForReadinessAsync(HttpStatusCode.OK, within);
    }

    /// <summary>Waits until /readyz answers with that status.</summary>
    public async Task WaitForReadinessAsync(HttpStatusCode status, TimeSpan? within = null)
    {
        var patience = within ?? TimeSpan.FromSeconds(40);
        for (var started = Stopwatch.GetTimestamp(); ;)
        {
            var (last, body) = await ReadinessAsync();
            if (last == status)
            {
                return;
            }

            if (Stopwatch.GetElapsedTime(started) > patience || !Runs)
            {
                throw new TimeoutException($"/readyz did not come to {(int)status} within {patience}{(Runs ? "" : ", as the worker has ended")}; last {(int?)last} {body}\n{LogText}");
            }

            await Task.Delay(50);
        }
    }

    /// <summary>What /readyz says; no status when nobody answers.</summary>
    public async Task<(HttpStatusCode? Status, string Body)> ReadinessAsync()
    {
        try
        {
            using var answer = await _client.GetAsync(new Uri(http, "/readyz"));
            return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
        {
            return (null, e.Message);
        }
    }

    /// <summary>Waits until so many lines of the log hold the text.</summary>
    public async Task WaitForLogAsync(string text, int times = 1, TimeSpan? within = null)
    {
        var patience = within ?? TimeSpan.FromSeconds(15);
        for (var started = Stopwatch.GetTimestamp(); _log.Count(line => line.Contains(text, StringComparison.Ordinal)) < times;)
        {
            if (Stopwatch.GetElapsedTime(started) > patience)
            {
                throw new TimeoutException($"the log does not say \"{text}\" ({times} times) within {patience}:\n{LogText}");
            }

            await Task.Delay(20);
        }
    }

    /// <summary>SIGKILL; returns when the process is gone.</summary>
    public async Task KillAsync()
    {
        if (_process is { HasExited: false } process)
        {
            process.Kill();
            await process.WaitForExitAsync();
        }
    }

    /// <summary>SIGTERM; returns at once.</summary>
    public void Terminate() => Signal("TERM");

    /// <summary>SIGSTOP: it hangs, and its connections stay.</summary>
    public void Freeze() => Signal("STOP");

    /// <summary>SIGCONT: it goes on as if nothing had been.</summary>
    public void Thaw() => Signal("CONT");

    private void Signal(string name)
    {
        using var kill = Process.Start("kill", ["-" + name, _process!.Id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    /// <summary>Waits for its end and gives its exit code.</summary>
    public async Task<int> WaitForExitAsync(TimeSpan? within = null)
    {
        await _process!.WaitForExitAsync().WaitAsync(within ?? TimeSpan.FromSeconds(30));
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _process?.Dispose();
    }

    private void Take(string? line)
    {
        if (line is not null)
        {
            _log.Enqueue(line);
        }
    }
}
