using System.Text.Json;
using Xunit;

namespace IvrConsent.Host.Tests.Cli;

/// <summary>The ledger as proof, as an auditor meets it.</summary>
public sealed class LedgerTests : IDisposable
{
    private readonly Installation _here = new();

    public void Dispose() => _here.Dispose();

    [Fact]
    public async Task A_proof_goes_to_somebody_who_has_only_the_public_key()
    {
        var call = (await _here.AddCallsAsync("+48221234501", "+48221234502"))[0];

        // The worker has sealed at its end.
        var verify = await Ivrconsent.RunAsync("ledger", "verify", "--json", "-c", _here.Settings);
        Assert.Equal(0, verify.ExitCode);
        var verdict = JsonDocument.Parse(verify.Output).RootElement;
        Assert.Equal((10, 10), (verdict.GetProperty("events").GetInt64(), verdict.GetProperty("sealed").GetInt64()));

        var show = await Ivrconsent.RunAsync("events", "show", call.ToString(), "--json", "-c", _here.Settings);
        var id = JsonDocument.Parse(show.Output).RootElement[2].GetProperty("event_id").GetString()!;
        var proof = Path.Combine(_here.Folder, "proof.json");
        var prove = await Ivrconsent.RunAsync("ledger", "prove", id, "-o", proof, "-c", _here.Settings);
        Assert.Equal(0, prove.ExitCode);

        var key = Path.Combine(_here.Keys, "seal.pub.pem");
        var check = await Ivrconsent.RunAsync("ledger", "check-proof", proof, "--public-key", key);
        Assert.Equal(0, check.ExitCode);
        Assert.Contains("ConsentRefused", check.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("48221234501", File.ReadAllText(proof), StringComparison.Ordinal);

        File.WriteAllText(proof, File.ReadAllText(proof).Replace("ConsentRefused", "ConsentGiven", StringComparison.Ordinal));
        var wrong = await Ivrconsent.RunAsync("ledger", "check-proof", proof, "--public-key", key, "--json");
        Assert.Equal(1, wrong.ExitCode);
        Assert.False(JsonDocument.Parse(wrong.Output).RootElement.GetProperty("valid").GetBoolean());
    }

    [Fact]
    public async Task A_checkpoint_kept_elsewhere_is_compared_and_growth_is_proved()
    {
        await _here.AddCallsAsync("+48221234501");
        var kept = Path.Combine(_here.Folder, "kept");
        Assert.Equal(0, (await Ivrconsent.RunAsync("ledger", "checkpoint", "-o", kept, "-c", _here.Settings)).ExitCode);
        var file = Path.Combine(_here.Folder, "growth.json");
        Assert.Equal(0, (await Ivrconsent.RunAsync("ledger", "checkpoint", "--since", kept, "-o", file, "-c", _here.Settings)).ExitCode);
        Assert.Equal(0, (await Ivrconsent.RunAsync("ledger", "check-proof", file, "--public-key", Path.Combine(_here.Keys, "seal.pub.pem"))).ExitCode);
        Assert.Equal(0, (await Ivrconsent.RunAsync("ledger", "verify", "--from-checkpoint", kept, "-c", _here.Settings)).ExitCode);

        File.WriteAllText(kept, File.ReadAllText(kept).Replace("\n5\n", "\n4\n", StringComparison.Ordinal));
        var changed = await Ivrconsent.RunAsync("ledger", "verify", "--from-checkpoint", kept, "-c", _here.Settings);
        Assert.Equal(1, changed.ExitCode);
        Assert.Contains("signature", changed.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2, "is not an event's id", "ledger", "prove", "x")]
    [InlineData(1, "The ledger has no event", "ledger", "prove", "0195a5a0000080008000000000000000")]
    [InlineData(1, "none.pem", "ledger", "verify", "--public-key", "none.pem")]
    public async Task What_cannot_be_done_is_said(int exitCode, string said, params string[] command)
    {
        await _here.AddCallsAsync("+48221234501");
        var run = await Ivrconsent.RunAsync([.. command, "-c", _here.Settings]);
        Assert.Equal(exitCode, run.ExitCode);
        Assert.Contains(said, run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("[1]")]
    [InlineData("{\"format\":\"ivrconsent-proof-v1\",\"leaf\":null,\"index\":0,\"inclusion\":[null],\"checkpoint\":\"\",\"public_key\":\"\"}")]
    [InlineData("{\"format\":\"ivrconsent-consistency-v1\",\"old\":\"a\",\"new\":\"b\",\"consistency\":[],\"public_key\":\"\"}")]
    public async Task Nonsense_is_no_proof(string text)
    {
        var file = Path.Combine(_here.Folder, "nonsense");
        File.WriteAllText(file, text);
        var check = await Ivrconsent.RunAsync("ledger", "check-proof", file, "--public-key", Path.Combine(_here.Keys, "seal.pub.pem"));
        Assert.Equal(1, check.ExitCode);
        Assert.Contains("does not hold", check.Output, StringComparison.Ordinal);
    }
}
