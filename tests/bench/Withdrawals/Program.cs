using System.CommandLine;
using System.Text.Json;
using IvrConsent.Bench.Withdrawals;
using IvrConsent.TestKit.Sip;

var sip = new Option<string>("--sip") { Description = "The PBX's SIP address, host:port.", Required = true };
var worker = new Option<string>("--worker") { Description = "The ivrconsent program.", Required = true };
var config = new Option<string>("--config") { Description = "The worker's settings file.", Required = true };
var recordings = new Option<string>("--recordings") { Description = "The PBX's folder of recordings.", Required = true };
var calls = new Option<int>("--calls") { Description = "How many calls.", DefaultValueFactory = _ => 40 };
var atOnce = new Option<int>("--at-once") { Description = "How many calls at the same time.", DefaultValueFactory = _ => 2 };
var json = new Option<string>("--json") { Description = "The file that the results are written to.", Required = true };
var command = new RootCommand("Makes calls that withdraw, and measures from the last key to the last recorded sample.")
{
    sip, worker, config, recordings, calls, atOnce, json,
};
command.SetAction(async (parsed, cancel) =>
{
    await using var agents = new AgentDesk(cancel);
    var bench = new Bench(parsed.GetValue(sip)!, agents.Port);
    await bench.WarmUpAsync(cancel);
    var control = await bench.CallWithoutWithdrawalAsync(cancel);
    var made = await bench.CallAsync(parsed.GetValue(calls), parsed.GetValue(atOnce), cancel);

    var ledger = new WorkerLedger(parsed.GetValue(worker)!, parsed.GetValue(config)!);
    var measured = await ledger.JudgeAsync(made, "Withdrawn", parsed.GetValue(recordings)!, cancel);
    var seen = (await ledger.JudgeAsync([control], "Given", parsed.GetValue(recordings)!, cancel))[0];
    if (!(seen.BySound >= Bench.SaidAfterwards.TotalMilliseconds))
    {
        Console.WriteLine($"a call without a withdrawal shows {seen.BySound} ms of what was said behind its last key: nothing can be measured. {seen.Problem}");
        return 2;
    }

    foreach (var call in measured.Where(call => call.Problem is not null))
    {
        Console.WriteLine($"WRONG: call {call.Number}: {call.Problem}");
    }

    var report = Report.Of(measured, seen);
    Console.WriteLine(report.ToString());
    await File.WriteAllTextAsync(parsed.GetValue(json)!, JsonSerializer.Serialize(report, Report.Json), cancel);
    Console.WriteLine($"results are in {parsed.GetValue(json)}");
    return report.Failed == 0 ? 0 : 1;
});
return await command.Parse(args).InvokeAsync();
