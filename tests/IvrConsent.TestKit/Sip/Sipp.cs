using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace IvrConsent.TestKit.Sip;

/// <summary>What SIPp is to do. It is the caller (or called side) that someone else wrote: for load and for odd signalling.</summary>
public sealed record SippOptions
{
    /// <summary>A scenario file; null takes <see cref="BuiltIn"/>.</summary>
    public string? ScenarioFile { get; init; }

    /// <summary>A scenario SIPp brings with it: <c>uac</c>, <c>uas</c>, <c>uac_pcap</c>, …</summary>
    public string BuiltIn { get; init; } = "uac";

    /// <summary>host:port to send to; null for a scenario that waits to be called.</summary>
    public string? Remote { get; init; }

    /// <summary>The number dialled (SIPp's [service]).</summary>
    public string Service { get; init; } = "service";

    /// <summary>The calls after which it ends.</summary>
    public int Calls { get; init; } = 1;

    /// <summary>New calls a second.</summary>
    public double Rate { get; init; } = 10;

    /// <summary>The most calls at once; null leaves it to the rate.</summary>
    public int? AtOnce { get; init; }

    /// <summary>How long a built-in uac stays in the call (SIPp's -d).</summary>
    public TimeSpan? CallDuration { get; init; }

    /// <summary>Sends received RTP back to where it came from.</summary>
    public bool EchoesRtp { get; init; }

    /// <summary>A CSV file for [field0] and so on (SIPp's -inf).</summary>
    public string? InputFile { get; init; }

    public IReadOnlyList<string> MoreArguments { get; init; } = [];
}

/// <summary>How a run ended. <paramref name="Statistics"/> is the last row of SIPp's statistics, by column.</summary>
public sealed record SippResult(int ExitCode, int Successful, int Failed, IReadOnlyDictionary<string, string> Statistics, string Output)
{
    public override string ToString() => $"SIPp ended with {ExitCode}: {Successful} successful, {Failed} failed.\n{Output}";
}

/// <summary>A run of SIPp (Debian package sip-tester) on the loopback. Disposing it kills it and removes its files.</summary>
public sealed class Sipp : IAsyncDisposable
{
    private readonly Process _process;
    private readonly DirectoryInfo _folder;
    private readonly Task<string> _errors;
    private readonly Task<string> _output;

    private Sipp(Process process, DirectoryInfo folder, int port)
    {
        (_process, _folder, Port) = (process, folder, port);
        (_output, _errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
    }

    /// <summary>The path of the program, or null where it is not installed.</summary>
    public static string? Program { get; } = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
        .Select(folder => Path.Combine(folder, "sipp")).FirstOrDefault(File.Exists);

    public static bool IsInstalled => Program is not null;

    /// <summary>The port it signals on.</summary>
    public int Port { get; }

    /// <summary>Where it can be called, as host:port.</summary>
    public string Address => $"127.0.0.1:{Port}";

    /// <summary>Starts it; a scenario that waits to be called has its port bound on return.</summary>
    public static async Task<Sipp> StartAsync(SippOptions options, CancellationToken ct = default)
    {
        var program = Program ?? throw new InvalidOperationException("SIPp is not installed (Debian package sip-tester).");
        var (port, mediaPort) = (FreePort(), FreePort());
        var folder = Directory.CreateTempSubdirectory("sipp-");
        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = folder.FullName };
        string[] arguments =
        [
            .. options.ScenarioFile is { } file ? ["-sf", Path.GetFullPath(file)] : (string[])["-sn", options.BuiltIn],
            "-i", "127.0.0.1", "-mi", "127.0.0.1", "-p", Text(port), "-mp", Text(mediaPort), "-nostdin",
            "-m", Text(options.Calls), "-r", options.Rate.ToString(CultureInfo.InvariantCulture), "-s", options.Service,
            "-trace_stat", "-stf", "statistics.csv", "-fd", "1", "-trace_err", "-error_file", "errors.txt",
            .. options.AtOnce is { } atOnce ? ["-l", Text(atOnce)] : Array.Empty<string>(),
            .. options.CallDuration is { } stay ? ["-d", Text((int)stay.TotalMilliseconds)] : Array.Empty<string>(),
            .. options.EchoesRtp ? ["-rtp_echo"] : Array.Empty<string>(),
            .. options.InputFile is { } input ? ["-inf", Path.GetFullPath(input)] : Array.Empty<string>(),
            .. options.MoreArguments,
            .. options.Remote is { } remote ? [remote] : Array.Empty<string>(),
        ];
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        var sipp = new Sipp(Process.Start(start)!, folder, port);
        try
        {
            await sipp.WaitUntilBoundAsync(ct);
            return sipp;
        }
        catch
        {
            await sipp.DisposeAsync();
            throw;
        }
    }

    /// <summary>Waits for its end and reads its statistics.</summary>
    public async Task<SippResult> WaitAsync(TimeSpan within, CancellationToken ct = default)
    {
        await _process.WaitForExitAsync(ct).WaitAsync(within, ct);
        var text = new StringBuilder(await _errors);
        var errors = Path.Combine(_folder.FullName, "errors.txt");
        if (File.Exists(errors))
        {
            text.AppendLine(await File.ReadAllTextAsync(errors, ct));
        }

        // The screen it draws for a terminal is of use only where nothing else says what happened.
        if (text.Length == 0 && _process.ExitCode > 1)
        {
            text.Append(await _output);
        }

        var file = Path.Combine(_folder.FullName, "statistics.csv");
        var statistics = ReadStatistics(File.Exists(file) ? await File.ReadAllLinesAsync(file, ct) : []);
        return new SippResult(_process.ExitCode, Count(statistics, "SuccessfulCall(C)"), Count(statistics, "FailedCall(C)"), statistics, text.ToString());
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        await Task.WhenAll(_output, _errors);
        _process.Dispose();
        _folder.Delete(recursive: true);
    }

    /// <summary>The last row of SIPp's statistics file (semicolons, column names in the first line).</summary>
    internal static IReadOnlyDictionary<string, string> ReadStatistics(IReadOnlyList<string> lines)
    {
        var statistics = new Dictionary<string, string>(StringComparer.Ordinal);
        if (lines.Count >= 2)
        {
            foreach (var (name, value) in lines[0].Split(';').Zip(lines[^1].Split(';')))
            {
                statistics[name.Trim()] = value.Trim();
            }
        }

        return statistics;
    }

    private static int Count(IReadOnlyDictionary<string, string> statistics, string column) =>
        int.TryParse(statistics.GetValueOrDefault(column), CultureInfo.InvariantCulture, out var count) ? count : 0;

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    private async Task WaitUntilBoundAsync(CancellationToken ct)
    {
        var address = $"0100007F:{Port:X4} ";
        for (var tries = 0; tries < 250 && !_process.HasExited; tries++)
        {
            if ((await File.ReadAllTextAsync("/proc/net/udp", ct)).Contains(address, StringComparison.Ordinal))
            {
                return;
            }

            await Task.Delay(20, ct);
        }
    }
}
