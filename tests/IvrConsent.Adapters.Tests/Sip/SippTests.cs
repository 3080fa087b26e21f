using IvrConsent.TestKit.Sip;
using Xunit;

namespace IvrConsent.Adapters.Tests.Sip;

/// <summary>The phone held against SIPp, which somebody else wrote. Skipped only where SIPp is not installed.</summary>
public sealed class SippTests
{
    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(40);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(SkipUnless = nameof(Sipp.IsInstalled), SkipType = typeof(Sipp), Skip = "SIPp is not installed (Debian package sip-tester).")]
    public async Task The_phone_calls_SIPp_and_hears_its_own_echo()
    {
        await using var sipp = await Sipp.StartAsync(new() { BuiltIn = "uas", EchoesRtp = true }, Token);
        await using var phone = new SipPhone();
        var call = await phone.CallAsync(sipp.Address, "100", new() { Voice = 1000.0, TelephoneEventPayloadType = null }, Token);

        await call.WaitUntilHeardAsync(1000, TimeSpan.FromSeconds(1), ct: Token);
        await call.HangUpAsync(Token);

        var result = await sipp.WaitAsync(_limit, Token);
        Assert.True(result is { ExitCode: 0, Successful: 1, Failed: 0 }, result.ToString());
        Assert.Equal([180, 200], call.Statuses);
    }

    [Fact(SkipUnless = nameof(Sipp.IsInstalled), SkipType = typeof(Sipp), Skip = "SIPp is not installed (Debian package sip-tester).")]
    public async Task SIPp_calls_the_phone_many_times()
    {
        await using var phone = new SipPhone();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var accepting = phone.AcceptCallsAsync(new() { Voice = 1700.0 }, ct: stop.Token);
        await using var sipp = await Sipp.StartAsync(
            new() { Remote = phone.Local.ToString(), Calls = 40, Rate = 20, CallDuration = TimeSpan.FromMilliseconds(500) }, Token);

        var result = await sipp.WaitAsync(_limit, Token);

        Assert.True(result is { ExitCode: 0, Successful: 40, Failed: 0 }, result.ToString());
        Assert.Equal(40, phone.Calls.Count);
        foreach (var call in phone.Calls)
        {
            Assert.Equal(HangupBy.FarSide, (await call.WaitForEndAsync(ct: Token)).By);
        }

        await stop.CancelAsync();
        await accepting;
    }

    [Fact(SkipUnless = nameof(Sipp.IsInstalled), SkipType = typeof(Sipp), Skip = "SIPp is not installed (Debian package sip-tester).")]
    public async Task A_scenario_file_sends_keys_by_INFO_changes_the_call_and_counts_its_failures()
    {
        var scenario = Path.Combine(Path.GetTempPath(), $"scenario-{Guid.NewGuid():N}.xml");
        await File.WriteAllTextAsync(scenario, Scenario, Token);
        try
        {
            await using var phone = new SipPhone();
            var taking = phone.WaitForCallAsync(ct: Token);
            await using var sipp = await Sipp.StartAsync(new() { ScenarioFile = scenario, Remote = phone.Local.ToString() }, Token);
            var call = await taking;
            Assert.Equal("5", await call.WaitForDigitsAsync(1, ct: Token));

            // The scenario awaits a BYE that nobody sends, gives up, and says so.
            var result = await sipp.WaitAsync(_limit, Token);
            Assert.True(result is { Successful: 0, Failed: 1 }, result.ToString());
            Assert.NotEqual(0, result.ExitCode);
            Assert.True(call.HeldByFarSide);
        }
        finally
        {
            File.Delete(scenario);
        }
    }

    private const string Via = "Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]\n";

    private const string Ends = "From: <sip:odd@[local_ip]:[local_port]>;tag=[call_number]\nTo: <sip:x@[remote_ip]:[remote_port]>[peer_tag_param]\n"
        + "Call-ID: [call_id]\nContact: <sip:odd@[local_ip]:[local_port]>\nMax-Forwards: 70\n";

    private const string Media = "v=0\no=o 1 1 IN IP4 [local_ip]\ns=-\nc=IN IP4 [media_ip]\nt=0 0\nm=audio [media_port] RTP/AVP 8\n";

    private const string Scenario = $"""
        <?xml version="1.0" encoding="UTF-8" ?>
        <scenario name="odd">
        <send retrans="500"><![CDATA[
        INVITE sip:x@[remote_ip]:[remote_port] SIP/2.0
        {Via}{Ends}CSeq: 1 INVITE
        Content-Type: application/sdp
        Content-Length: [len]

        {Media}]]></send>
        <recv response="100" optional="true"/><recv response="180" optional="true"/><recv response="200"/>
        <send><![CDATA[
        ACK sip:x@[remote_ip]:[remote_port] SIP/2.0
        {Via}{Ends}CSeq: 1 ACK
        Content-Length: 0

        ]]></send>
        <send retrans="500"><![CDATA[
        INFO sip:x@[remote_ip]:[remote_port] SIP/2.0
        {Via}{Ends}CSeq: 2 INFO
        Content-Type: application/dtmf-relay
        Content-Length: [len]

        Signal=5
        Duration=160
        ]]></send>
        <recv response="200"/>
        <send retrans="500"><![CDATA[
        INVITE sip:x@[remote_ip]:[remote_port] SIP/2.0
        {Via}{Ends}CSeq: 3 INVITE
        Content-Type: application/sdp
        Content-Length: [len]

        {Media}a=sendonly
        ]]></send>
        <recv response="200"/>
        <send><![CDATA[
        ACK sip:x@[remote_ip]:[remote_port] SIP/2.0
        {Via}{Ends}CSeq: 3 ACK
        Content-Length: 0

        ]]></send>
        <recv request="BYE" timeout="500"/>
        </scenario>
        """;
}
