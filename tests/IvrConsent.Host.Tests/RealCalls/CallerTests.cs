using IvrConsent.Core.Consent;
using IvrConsent.Core.Ledger;
using IvrConsent.TestKit.Audio;
using IvrConsent.TestKit.Sip;
using Xunit;

namespace IvrConsent.Host.Tests.RealCalls;

/// <summary>Callers of every kind: codecs, ways of sending keys, and what stands in From.</summary>
public sealed class CallerTests(SharedWorker shared)
{
    public static TheoryData<string, string> HostileFrom => new()
    {
        { "2030", "\"Robert'); DROP TABLE calls;--\" <sip:%27;DELETE%20FROM%20events;--@127.0.0.1>" },
        { "2031", "\"\\\"quoted\\\" \\\\ name\" <sip:%22quoted%22%5c@127.0.0.1>" },
        { "2032", "\"Lines\" <sip:48600%0D%0AX-Evil%3A%201%0D%0A@127.0.0.1>" },
        { "2033", $"\"Long\" <sip:{new string('7', 300)}@127.0.0.1>" },
        { "2034", "\"Folder\" <sip:..%2F..%2F..%2Fetc%2Fpasswd@127.0.0.1>" },
        { "2035", "\"Dialplan\" <sip:%24%7BSHELL(id)%7D%2C1%3Adeadline%7Cx@127.0.0.1>" },
        { "2036", "\"Ünï\u202ecödé\" <sip:%F0%9F%93%9E%00%FF%FE@127.0.0.1>" },
    };

    [Theory]
    [InlineData(VoiceCodec.Pcma)]
    [InlineData(VoiceCodec.Pcmu)]
    [InlineData(VoiceCodec.G722)]
    public async Task Every_codec_is_heard_and_recorded(VoiceCodec codec)
    {
        var worker = await shared.UseAsync();
        await using var caller = await worker.CallAsync("2001", new CallOptions { FromUser = TestWorker.NewCaller(), Codecs = [codec] });
        Assert.Equal(codec, caller.Call.Codec);
        await caller.HearsAsync("en/notice", TimeSpan.FromSeconds(0.5));
        await caller.AcceptAsync();
        await caller.TalksAsync();
        await caller.HangUpAsync();

        var call = await worker.Ledger.EndOfAsync(caller);
        Assert.Equal(["en/notice", "en/accepted", "agent"], caller.HeardNames);
        caller.Pbx.AssertRecorded(call);
    }

    [Theory]
    [InlineData("info", DtmfMode.Info, "2020")]
    [InlineData("inband", DtmfMode.InBand, "2021")]
    public async Task Every_way_of_sending_keys_is_understood(string user, DtmfMode mode, string number)
    {
        var worker = await shared.UseAsync();
        await using var caller = await worker.CallAsync(number, new CallOptions { FromUser = user, Dtmf = mode, TelephoneEventPayloadType = null });
        await caller.HearsAsync("en/notice", TimeSpan.FromSeconds(0.5));
        await caller.AcceptAsync();
        await caller.TalksAsync();
        await caller.HangUpAsync();

        var call = await worker.Ledger.EndOfAsync(caller);
        Assert.Equal('1', call.Single<ConsentGiven>().Key);
        caller.Pbx.AssertRecorded(call);
    }

    [Fact]
    public async Task A_withheld_number_is_no_number()
    {
        var worker = await shared.UseAsync();
        await using var caller = await worker.CallAsync("2022", new CallOptions { Anonymous = true });
        await caller.HearsAsync("en/notice", TimeSpan.FromSeconds(0.5));
        await caller.AcceptAsync();
        await caller.TalksAsync();
        await caller.HangUpAsync();

        var call = await worker.Ledger.EndOfAsync(caller);
        Assert.Null(call.Row.CallerNumber);
        caller.Pbx.AssertRecorded(call);
    }

    [Theory]
    [MemberData(nameof(HostileFrom))]
    public async Task A_hostile_number_is_only_data(string number, string from)
    {
        var worker = await shared.UseAsync();
        await using var caller = await worker.CallAsync(number, new CallOptions { RawFrom = from });
        await caller.HearsAsync("en/notice", TimeSpan.FromSeconds(0.5));
        await caller.AcceptAsync();
        await caller.TalksAsync();
        await caller.HangUpAsync();

        // Found by the number called: what became of the caller's is what this is about.
        var calls = await worker.Ledger.WaitForAllAsync(calls => calls.Where(call => call.Row.CalledNumber == number).ToArray() is [{ IsComplete: true }]);
        var call = calls.Single(call => call.Row.CalledNumber == number).AssertSound();
        Assert.Equal(ConsentStatus.Given, call.End.Consent);
        caller.Pbx.AssertRecorded(call);
        var stored = call.Row.CallerNumber ?? "";
        Assert.True(stored.Length <= 128, stored);
        Assert.DoesNotContain(stored, char.IsControl);
        TestContext.Current.SendDiagnosticMessage($"{from} is stored as {stored}");
        if (stored.Length > 4)
        {
            Assert.DoesNotContain(stored, worker.Process.LogText, StringComparison.Ordinal);
        }

        Assert.All(worker.Process.Log, line => Assert.Matches("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z (trace|debug|info |warn |error|crit ) ", line));
    }
}
