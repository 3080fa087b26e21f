using System.Net;
using IvrConsent.Core.Ledger;
using Xunit;

namespace IvrConsent.Host.Tests.RealCalls;

/// <summary>Settings and prompts changed while calls run.</summary>
public sealed class ChangeTests
{
    private const string Applied = "are in force from the next call on";

    [Fact]
    public async Task A_change_takes_effect_with_the_next_call_and_a_broken_one_never()
    {
        await using var worker = await TestWorker.StartAsync(RealLab.RequirePbx("22"));
        await using (var before = await worker.CallAsync("2001"))
        {
            await before.HearsAsync("en/notice", TimeSpan.FromSeconds(0.5));
            worker.WriteSettings(worker.Settings("""  - { name: "2001", language: pl }"""));
            await worker.Process.WaitForLogAsync(Applied);
            await before.PressAsync("2");
            await before.TalksAsync();
            await before.HangUpAsync();
            await worker.Ledger.EndOfAsync(before);
            Assert.Equal(["en/notice", "en/declined", "agent"], before.HeardNames);
        }

        await DeclinesAsync(worker, "pl");
        worker.WriteSettings(worker.Settings("""  - { name: "2001", language: tlh }"""));
        await worker.Process.WaitForLogAsync("are not used; those before stay in force");
        await DeclinesAsync(worker, "pl");
        worker.WriteSettings("pbx: [");
        await worker.Process.WaitForLogAsync("are not used; those before stay in force", times: 2);
        await DeclinesAsync(worker, "pl");
        var (status, body) = await worker.Process.ReadinessAsync();
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Contains("was refused, the settings before it stay in force", body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_prompt_brought_in_is_played_to_the_next_caller()
    {
        await using var worker = await TestWorker.StartAsync(RealLab.RequirePbx("22"));
        var first = await DeclinesAsync(worker, "en");

        // As an admin brings in a new recording: converted, levelled, trimmed, and put in the old one's place.
        Assert.Equal(0, await worker.RunAsync("prompts", "import", "en", "notice", Path.Combine(worker.Prompts, "de", "notice.wav"), "--text", "Another notice."));
        await worker.Process.WaitForLogAsync(Applied);
        await using var caller = await worker.CallAsync("2001");
        await caller.HearsAsync("de/notice", TimeSpan.FromSeconds(0.5));
        await caller.PressAsync("2");
        await caller.TalksAsync();
        await caller.HangUpAsync();

        // The ledger proves which of the two each of them heard.
        var second = await worker.Ledger.EndOfAsync(caller);
        Assert.Equal(["de/notice", "en/declined", "agent"], caller.HeardNames);
        Assert.NotEqual(first.Single<NoticePlayed>().Sha256, second.Single<NoticePlayed>().Sha256);
    }

    private static async Task<CallRecord> DeclinesAsync(TestWorker worker, string language)
    {
        await using var caller = await worker.CallAsync("2001");
        await caller.HearsAsync($"{language}/notice", TimeSpan.FromSeconds(0.5));
        await caller.PressAsync("2");
        await caller.TalksAsync();
        await caller.HangUpAsync();
        Assert.Equal([$"{language}/notice", $"{language}/declined", "agent"], caller.HeardNames);
        return await worker.Ledger.EndOfAsync(caller);
    }
}
