using IvrConsent.Core.Consent;
using IvrConsent.Core.Ledger;
using Xunit;

namespace IvrConsent.Host.Tests.RealCalls;

/// <summary>Many at once.</summary>
public sealed class BurstTests(SharedWorker shared)
{
    [Fact]
    public async Task Twenty_calls_at_once_have_twenty_ends()
    {
        var worker = await shared.UseAsync();
        var callers = new TestCaller[20];
        await Task.WhenAll(Enumerable.Range(0, callers.Length).Select(async i =>
        {
            callers[i] = await worker.CallAsync("2001");
            await callers[i].HearsAsync("en/notice", TimeSpan.FromSeconds(0.5));
            var said = (i % 4) switch
            {
                0 or 1 => callers[i].AcceptAsync(),
                2 => callers[i].PressAsync("2"),
                _ => Task.CompletedTask,
            };
            await said;
            await callers[i].TalksAsync();
            await callers[i].HangUpAsync();
        }));

        for (var i = 0; i < callers.Length; i++)
        {
            var call = await worker.Ledger.EndOfAsync(callers[i]);
            var (expected, reason) = (i % 4) switch
            {
                0 or 1 => (ConsentStatus.Given, null),
                2 => (ConsentStatus.Refused, SuppressionReasons.Refused),
                _ => (ConsentStatus.NoResponse, SuppressionReasons.NoResponse),
            };
            Assert.Equal(expected, call.End.Consent);
            if (reason is null)
            {
                callers[i].Pbx.AssertRecorded(call);
            }
            else
            {
                callers[i].Pbx.AssertNotRecorded(call, reason);
            }

            await callers[i].DisposeAsync();
        }
    }
}
