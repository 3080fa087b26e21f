using System.Diagnostics;
using System.Text.Json;
using IvrConsent.TestKit.Audio;

namespace IvrConsent.Bench.Withdrawals;

/// <summary>One call's figures in milliseconds, or what was wrong with it.</summary>
internal sealed record MeasuredCall(int Number, double? BySound, double? ByClock, string? Problem);

/// <summary>The ledger as the worker's own command line shows it, and the recordings it names.</summary>
internal sealed class WorkerLedger(string program, string config)
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(20);

    /// <summary>Waits until every call's end is in the ledger, then measures each; all must have ended with that consent.</summary>
    public async Task<IReadOnlyList<MeasuredCall>> JudgeAsync(IReadOnlyList<MadeCall> calls, string consent, string recordings, CancellationToken cancel)
    {
        for (var began = Stopwatch.GetTimestamp(); ;)
        {
            var byCaller = await ReadAsync(cancel);
            var waiting = calls.Any(call => call.Problem is null && Find(byCaller[call.From], "CallEnded") is null);
            if (!waiting || Stopwatch.GetElapsedTime(began) > _patience)
            {
                return [.. calls.Select(call => Judge(call, [.. byCaller[call.From]], consent, recordings))];
            }

            await Task.Delay(500, cancel);
        }
    }

    private static MeasuredCall Judge(MadeCall call, IReadOnlyList<JsonElement> events, string consent, string recordings)
    {
        MeasuredCall Wrong(string problem) => new(call.Number, null, null, problem);

        if (call.Problem is { } problem)
        {
            return Wrong(problem);
        }

        if (Find(events, "RecordingStarted") is not { } started || Find(events, "RecordingStopped") is null
            || Find(events, "CallEnded") is not { } end || end.GetProperty("consent").GetString() != consent)
        {
            return Wrong($"the ledger has {string.Join(' ', events.Select(entry => Type(entry)))}");
        }

        var path = Path.Combine(recordings, $"{started.GetProperty("recording").GetString()}.{started.GetProperty("format").GetString()}");
        if (!File.Exists(path))
        {
            return Wrong($"there is no {path}");
        }

        var wav = WavFile.Read(path);
        var sound = wav.Mono();
        if (ToneOnset.Find(sound, wav.SampleRate, Voices.Caller) is null || ToneOnset.Find(sound, wav.SampleRate, Voices.Agent) is null)
        {
            return Wrong("caller and agent are not both in the recording");
        }

        // None of what the caller said behind the key is found: it ended within the half window that is not seen, or before.
        var onset = ToneOnset.Find(sound, wav.SampleRate, Voices.CallerAfterwards) ?? wav.Duration;
        var ended = started.GetProperty("started_at").GetDateTimeOffset() + wav.Duration;
        return new MeasuredCall(call.Number, (wav.Duration - onset).TotalMilliseconds, (ended - call.LastKeyAt!.Value).TotalMilliseconds, null);
    }

    private async Task<ILookup<string?, JsonElement>> ReadAsync(CancellationToken cancel)
    {
        var start = program.EndsWith(".dll", StringComparison.Ordinal) ? new ProcessStartInfo("dotnet", [program]) : new ProcessStartInfo(program);
        foreach (var argument in (string[])["events", "export", "--reveal-numbers", "--reason", "bench", "--config", config])
        {
            start.ArgumentList.Add(argument);
        }

        start.RedirectStandardOutput = true;
        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync(cancel);
        await process.WaitForExitAsync(cancel);
        return process.ExitCode == 0
            ? JsonSerializer.Deserialize<List<JsonElement>>(output)!.ToLookup(entry => entry.GetProperty("caller_number").GetString())
            : throw new InvalidOperationException($"ivrconsent events export ended with {process.ExitCode}");
    }

    private static JsonElement? Find(IEnumerable<JsonElement> events, string type) =>
        events.Where(entry => Type(entry) == type).Select(entry => (JsonElement?)entry.GetProperty("event")).FirstOrDefault();

    private static string? Type(JsonElement entry) => entry.GetProperty("event").GetProperty("type").GetString();
}
