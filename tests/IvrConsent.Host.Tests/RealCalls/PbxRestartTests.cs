using System.Net;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Ledger;
using IvrConsent.TestKit.Sip;
using Xunit;

namespace IvrConsent.Host.Tests.RealCalls;

/// <summary>Tests that take the whole PBX away: nothing else may run beside them.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class WholePbx
{
    public const string Name = "whole PBX";
}

/// <summary>Asterisk itself is restarted or dies while the worker runs.</summary>
[Collection(WholePbx.Name)]
public sealed class PbxRestartTests
{
    [Theory]
    [InlineData("restart")]
    [InlineData("kill")]
    public async Task The_worker_attaches_again_and_open_calls_get_their_end(string command)
    {
        var lab = RealLab.Require();
        var pbx = RealLab.RequirePbx("22");
        await using var worker = await TestWorker.StartAsync(pbx, setup => setup with { FirstDigitTimeout = "20s" });
        await using var talking = await worker.CallAsync("2001");
        await talking.HearsAsync("en/notice");
        await talking.AcceptAsync();
        await talking.TalksAsync();
        await using var listening = await worker.CallAsync("2001");
        await listening.HearsAsync("en/notice", TimeSpan.FromSeconds(1));
        await lab.RunAsync(command, "asterisk22");
        if (command == "kill")
        {
            await worker.Process.WaitForReadinessAsync(HttpStatusCode.ServiceUnavailable);
            await lab.RunAsync("up", "asterisk22");
        }

        // For the callers it is over: what tells them so is of no interest here.
        await worker.Process.WaitForReadinessAsync(HttpStatusCode.OK);
        var asked = await worker.Ledger.EndOfAsync(listening);
        Assert.Equal(command == "kill" ? (ConsentStatus.NotAsked, Termination.PbxLost) : (asked.End.Consent, asked.End.Termination), (asked.End.Consent, asked.End.Termination));
        Assert.False(asked.End.Recorded);
        pbx.AssertNoFile(asked.Id);
        var recorded = await worker.Ledger.EndOfAsync(talking);
        Assert.Equal((ConsentStatus.Given, Termination.Completed, true), (recorded.End.Consent, recorded.End.Termination, recorded.End.Recorded));

        await using var next = await worker.CallAsync("2001");
        await next.HearsAsync("en/notice");
        await next.AcceptAsync();
        await next.TalksAsync();
        await next.HangUpAsync();
        pbx.AssertRecorded(await worker.Ledger.EndOfAsync(next));
    }
}
