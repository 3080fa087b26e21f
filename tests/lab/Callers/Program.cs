using System.CommandLine;
using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json;
using IvrConsent.Core.Diagnostics;
using IvrConsent.Lab.Callers;
using IvrConsent.TestKit.Audio;
using IvrConsent.TestKit.Sip;

var sip = new Option<string>("--sip") { Description = "The PBX's SIP address, host:port.", Required = true };
var number = new Option<string>("--number") { Description = "The number to call.", DefaultValueFactory = _ => "100" };
var worker = new Option<string>("--worker") { Description = "The ivrconsent program (its .dll).", Required = true };
var config = new Option<string>("--config") { Description = "The worker's settings file.", Required = true };
var recordings = new Option<string>("--recordings") { Description = "The PBX's folder of recordings.", Required = true };
var notice = new Option<string>("--notice") { Description = "The WAV file of the notice that callers must have heard.", Required = true };
var command = new RootCommand("Makes an accepting, a declining and a silent call at once, shows what became of each, and fails unless all is as it must be.")
{
    sip, number, worker, config, recordings, notice,
};
command.SetAction(async (parsed, cancel) =>
{
    var ledger = new WorkerLedger(parsed.GetValue(worker)!, parsed.GetValue(config)!);
    Caller[] callers =
    [
        new("accepting", "+48221234501", "1", TimeSpan.FromSeconds(4), "Given"),
        new("declining", "+48221234502", "2", TimeSpan.FromSeconds(5), "Refused"),
        new("silent", "+48221234503", null, default, "NoResponse"),
    ];
    Console.WriteLine($"Three callers dial {parsed.GetValue(number)} at {parsed.GetValue(sip)}; each talks to the agent for a few seconds. This takes about a minute.");
    await using var phone = new SipPhone();
    await Task.WhenAll(callers.Select(caller => caller.CallAsync(phone, parsed.GetValue(sip)!, parsed.GetValue(number)!, cancel)));

    var judge = new Judge(parsed.GetValue(recordings)!, Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(parsed.GetValue(notice)!))));
    foreach (var caller in callers)
    {
        Console.WriteLine($"\n== The {caller.Name} caller");
        var events = await ledger.WaitForEndAsync(caller, TimeSpan.FromSeconds(40), cancel);
        if (events is null)
        {
            judge.Fail(caller, caller.Recorded ? "the ledger has no end of this call, or the vault not its recording" : "the ledger has no end of this call");
            continue;
        }

        var call = events[0].GetProperty("call_id").GetString()!;
        await ledger.ShowAsync(call, cancel);
        judge.Check(caller, events, caller.Recorded ? await ledger.ExportAsync(call, cancel) : null);
    }

    Console.WriteLine();
    foreach (var failure in judge.Failures)
    {
        Console.WriteLine($"WRONG: {failure}");
    }

    Console.WriteLine(judge.Failures.Count == 0 ? "Ledger and recordings are as they must be." : $"{judge.Failures.Count} things are not as they must be.");
    return judge.Failures.Count == 0 ? 0 : 1;
});
return await command.Parse(args).InvokeAsync();

namespace IvrConsent.Lab.Callers
{
    /// <summary>A scripted caller, whose voice is a tone of 1000 Hz, and what must come of his call.</summary>
    internal sealed record Caller(string Name, string From, string? Key, TimeSpan KeyAfter, string Consent)
    {
        public const double Voice = 1000;
        public const double Agent = 1700;

        public bool Recorded => Consent == "Given";

        /// <summary>Whether the agent (1700 Hz) was heard.</summary>
        public bool ReachedAgent { get; private set; }

        public async Task CallAsync(SipPhone phone, string target, string number, CancellationToken cancel)
        {
            await using var call = await phone.CallAsync(target, number, new CallOptions { FromUser = From, Voice = Voice }, cancel);
            if (Key is not null)
            {
                await Task.Delay(KeyAfter, cancel);
                await call.SendDigitsAsync(Key, ct: cancel);
            }

            await call.WaitUntilHeardAsync(Agent, TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(60), ct: cancel);
            ReachedAgent = true;
            await call.HangUpAsync(cancel);
        }
    }

    /// <summary>The ledger as the worker's own command line shows it.</summary>
    internal sealed class WorkerLedger(string program, string config)
    {
        /// <summary>The events of a caller's newest call, once it has ended and what was recorded is in the vault; null when it is not so in time.</summary>
        public async Task<IReadOnlyList<JsonElement>?> WaitForEndAsync(Caller caller, TimeSpan within, CancellationToken cancel)
        {
            var last = caller.Recorded ? "RecordingStored" : "CallEnded";
            var began = Stopwatch.GetTimestamp();
            while (Stopwatch.GetElapsedTime(began) < within)
            {
                var all = JsonSerializer.Deserialize<List<JsonElement>>(await RunAsync(["events", "export", "--config", config], cancel))!;
                var found = all.LastOrDefault(entry => entry.GetProperty("caller_number").GetString() == PhoneNumberMask.Mask(caller.From) && Type(entry) == last);
                if (found.ValueKind == JsonValueKind.Object)
                {
                    var call = found.GetProperty("call_id").GetString();
                    return [.. all.Where(entry => entry.GetProperty("call_id").GetString() == call).OrderBy(entry => entry.GetProperty("sequence").GetInt32())];
                }

                await Task.Delay(500, cancel);
            }

            return null;
        }

        public async Task ShowAsync(string call, CancellationToken cancel) =>
            Console.WriteLine((await RunAsync(["events", "show", call, "--config", config], cancel)).TrimEnd());

        /// <summary>The recording of a call as somebody gets it who may hear it, and has said why.</summary>
        public async Task<WavFile> ExportAsync(string call, CancellationToken cancel)
        {
            var file = Path.Combine(Path.GetDirectoryName(config)!, "data", "exported.wav");
            File.Delete(file);
            await RunAsync(["recordings", "export", $"ivrc-{call}", "--reason", "the demonstration hears what was recorded", "--out", file, "--config", config], cancel);
            return WavFile.Read(file);
        }

        public static string Type(JsonElement entry) => entry.GetProperty("event").GetProperty("type").GetString()!;

        private async Task<string> RunAsync(string[] arguments, CancellationToken cancel)
        {
            using var process = Process.Start(new ProcessStartInfo("dotnet", [program, .. arguments]) { RedirectStandardOutput = true })!;
            var output = await process.StandardOutput.ReadToEndAsync(cancel);
            await process.WaitForExitAsync(cancel);
            return process.ExitCode == 0 ? output : throw new InvalidOperationException($"ivrconsent {string.Join(' ', arguments)} ended with {process.ExitCode}");
        }
    }

    /// <summary>Says what is not as it must be.</summary>
    internal sealed class Judge(string recordings, string noticeSha256)
    {
        public List<string> Failures { get; } = [];

        public void Fail(Caller caller, string what) => Failures.Add($"the {caller.Name} caller: {what}");

        public void Check(Caller caller, IReadOnlyList<JsonElement> events, WavFile? recording)
        {
            void Require(bool held, string what)
            {
                if (!held)
                {
                    Fail(caller, what);
                }
            }

            string[] expected = caller.Consent switch
            {
                "Given" => ["CallArrived", "NoticePlayed", "ConsentGiven", "RecordingStarted", "CallContinued", "RecordingStopped", "CallEnded", "RecordingStored"],
                "Refused" => ["CallArrived", "NoticePlayed", "ConsentRefused", "RecordingSuppressed", "CallContinued", "CallEnded"],
                _ => ["CallArrived", "NoticePlayed", "NoticePlayed", "ConsentNotObtained", "RecordingSuppressed", "CallContinued", "CallEnded"],
            };
            var types = events.Select(WorkerLedger.Type).ToArray();
            Require(types.SequenceEqual(expected), $"events are {string.Join(' ', types)} instead of {string.Join(' ', expected)}");
            var end = events.Last(entry => WorkerLedger.Type(entry) == "CallEnded").GetProperty("event");
            Require(end.GetProperty("consent").GetString() == caller.Consent, $"consent is {end.GetProperty("consent")} instead of {caller.Consent}");
            Require(end.GetProperty("termination").GetString() == "Completed", $"termination is {end.GetProperty("termination")}");
            Require(end.GetProperty("recorded").GetBoolean() == caller.Recorded, "recorded is wrong");
            var told = events.First(entry => WorkerLedger.Type(entry) == "NoticePlayed").GetProperty("event");
            Require(told.GetProperty("sha256").GetString() == noticeSha256, "the notice played is not the file in the prompt folder");
            Require(caller.ReachedAgent, "the agent was not reached");

            var left = Path.Combine(recordings, $"ivrc-{events[0].GetProperty("call_id").GetString()}.wav");
            Require(!File.Exists(left), $"the PBX still has {left}");
            if (recording is { } wav)
            {
                var tones = wav.Tones(Caller.Voice, Caller.Agent);
                Require(tones.DurationOf(Caller.Agent) > TimeSpan.FromSeconds(2), "the agent's voice is not in the recording");
                Require(tones.DurationOf(Caller.Voice) > TimeSpan.FromSeconds(2), "the caller's voice is not in the recording");
                Console.WriteLine($"Recording, out of the vault: {wav.Duration.TotalSeconds:0.0} s; caller's tone {tones.DurationOf(Caller.Voice).TotalSeconds:0.0} s, agent's {tones.DurationOf(Caller.Agent).TotalSeconds:0.0} s");
            }
        }
    }
}
