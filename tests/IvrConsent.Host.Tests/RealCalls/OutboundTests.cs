using System.Diagnostics;
using System.Text.RegularExpressions;
using IvrConsent.Core.Ledger;
using IvrConsent.Host.Tests.Api;
using IvrConsent.TestKit.Lab;
using IvrConsent.TestKit.Sip;
using Xunit;

namespace IvrConsent.Host.Tests.RealCalls;

public sealed class Outbound22Tests() : OutboundTests("22");

public sealed class Outbound16Tests() : OutboundTests("16");

/// <summary>
/// The dialplan that asks before it calls, as it is shipped, on a real Asterisk: whatever fails, nobody is called. That no key is in the log says most where the
/// lab was started with IVRCONSENT_LAB_VERBOSE=5.
/// </summary>
public abstract class OutboundTests : IDisposable
{
    private const string Number = ApiScene.Number;

    private readonly LabPbx _pbx;
    private readonly string _keyFile;

    protected OutboundTests(string version)
    {
        _pbx = RealLab.RequirePbx(version);
        _keyFile = Path.Combine(_pbx.Sounds, $"key-{Guid.NewGuid():N}");
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => File.Delete(_keyFile);

    [Fact]
    public async Task Who_consented_is_called_and_who_opted_out_is_not()
    {
        await using var api = await ApiScene.StartAsync(onNetwork: true);
        UseKey(api.Keys.Add("dialplan", ApiScene.Tomorrow, "outbound.check"));
        Assert.Equal(("no", "no-consent", false), await CallAsync(api));
        await api.PostAsync("consents", api.Key(), ApiScene.Entry());
        Assert.Equal(("yes", "consent", true), await CallAsync(api));
        Assert.Equal(("yes", "other-basis", true), await CallAsync(api, purpose: "service"));
        await api.PostAsync("consents", api.Key(), ApiScene.Entry("opted-out", "*"));
        Assert.Equal(("no", "opted-out", false), await CallAsync(api));

        Assert.Equal([false, true, true, false], api.Ledger.Entries.Select(entry => entry.Event).OfType<ConsentUsed>().Select(used => used.Allowed));
        Assert.All(api.Ledger.Entries.Select(entry => entry.Event).OfType<ConsentUsed>(), used => Assert.Equal("dialplan", used.Actor));
        Assert.DoesNotContain((await File.ReadAllTextAsync(_keyFile, Cancel)).Trim(), await ReadLogAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whatever_fails_nobody_is_called()
    {
        await using var api = await ApiScene.StartAsync(onNetwork: true);
        var key = api.Keys.Add("dialplan", ApiScene.Tomorrow, "outbound.check");
        await api.PostAsync("consents", api.Key(), ApiScene.Entry());
        Assert.Equal(("no", "no-key", false), await CallAsync(api));
        UseKey("ivrc_" + new string('A', 43));
        Assert.Equal(("no", "refused-request", false), await CallAsync(api));
        UseKey(key);
        Assert.Equal(("yes", "consent", true), await CallAsync(api));
        Assert.Equal(("no", "refused-request", false), await CallAsync(api, purpose: "no such purpose"));
        api.Ledger.Fault = _ => (AppendResult.Lost, TimeSpan.Zero);
        Assert.Equal(("no", "ledger-unavailable", false), await CallAsync(api));
        api.Ledger.Unreadable = true;
        Assert.Equal(("no", "refused-request", false), await CallAsync(api));
        await api.StopAsync();
        Assert.Equal(("no", "unreachable", false), await CallAsync(api));
        Assert.DoesNotContain(key, await ReadLogAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("+48 221234501")]
    [InlineData("+48221234501&line=demo")]
    [InlineData("\"+48221234501\"")]
    [InlineData("+48221234501)]?agents")]
    [InlineData("$[1]+48221234501")]
    public async Task What_is_not_exactly_a_number_is_not_asked_for(string number)
    {
        await using var api = await ApiScene.StartAsync(onNetwork: true);
        UseKey(api.Key());
        await api.PostAsync("consents", api.Key(), ApiScene.Entry());
        var (allowed, _, called) = await CallAsync(api, number);
        Assert.Equal(("no", false), (allowed, called));
        Assert.Empty(api.Ledger.Entries.Select(entry => entry.Event).OfType<ConsentUsed>());
    }

    private string UseKey(string key)
    {
        File.WriteAllText(_keyFile, key + "\n");
        File.SetUnixFileMode(_keyFile, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);
        return key;
    }

    /// <summary>What the dialplan found, and whether the agent was reached.</summary>
    private async Task<(string Allowed, string Reason, bool Called)> CallAsync(ApiScene api, string number = Number, string purpose = "offers")
    {
        var test = Guid.NewGuid().ToString("N");
        await using var phone = new SipPhone();
        var call = phone.Dial(_pbx.Sip, "180", new CallOptions
        {
            FromUser = TestWorker.NewCaller(),
            Headers = [("X-Api", api.Address!.Authority), ("X-Key-File", _keyFile), ("X-Call", number), ("X-Purpose", purpose), ("X-Test", test)],
        });
        bool called;
        try
        {
            await call.WaitForAnswerAsync();
            called = true;
            await call.HangUpAsync(Cancel);
        }
        catch (SipCallFailedException)
        {
            called = false;
        }

        for (var started = Stopwatch.GetTimestamp(); ;)
        {
            var log = await ReadLogAsync();
            if (Regex.Match(log, $"LAB outbound {test} allowed=([a-z]*) reason=([a-z-]*)") is { Success: true } found)
            {
                return (found.Groups[1].Value, found.Groups[2].Value, called);
            }

            Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(20), $"The dialplan's line for {test} is not in the log.");
            await Task.Delay(50, Cancel);
        }
    }

    private async Task<string> ReadLogAsync()
    {
        await using var stream = new FileStream(_pbx.Log, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(stream);
        return await reader.ReadToEndAsync(Cancel);
    }
}
