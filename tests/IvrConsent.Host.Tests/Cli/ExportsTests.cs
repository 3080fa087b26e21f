using System.Text.Json;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Records;
using IvrConsent.Host.Cli;
using IvrConsent.TestKit.Fakes;
using Xunit;

namespace IvrConsent.Host.Tests.Cli;

/// <summary>Four eyes before sound and whole numbers leave as a file, as staff meet it.</summary>
public sealed class ExportsTests : IDisposable
{
    private const string Number = "+48600700801";
    private readonly VaultInstallation _vault = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _vault.Dispose();

    [Fact]
    public async Task Sound_leaves_when_another_approved_that_recording_for_that_reason()
    {
        var (kept, other) = (await _vault.KeepAsync(), await _vault.KeepAsync());
        FourEyes();
        string[] export = ["recordings", "export", kept.Name, "--reason", "complaint 7", "--out", Out];
        var asked = await _vault.RunAsync(export);
        Assert.Equal((1, "", false), (asked.ExitCode, asked.Output, File.Exists(Out)));
        Assert.Contains("nobody has approved", asked.Error, StringComparison.Ordinal);
        var order = await OrderAsync();
        Assert.Equal((kept.Name, "complaint 7", CliActor.Name), (order.GetProperty("what").GetString()!.Split(' ')[1], order.GetProperty("reason").GetString(), order.GetProperty("asked_by").GetString()));

        var own = await _vault.RunAsync("exports", "approve", order.GetProperty("export").GetString()!);
        Assert.Equal(1, own.ExitCode);
        Assert.Contains("somebody else", own.Error, StringComparison.Ordinal);
        Assert.Contains("nobody has approved", (await _vault.RunAsync(export)).Error, StringComparison.Ordinal);
        Assert.Empty(await EventsAsync("RecordingPlayed"));

        await ApproveAsync(order);
        Assert.Contains("nobody has approved", (await _vault.RunAsync("recordings", "export", other.Name, "--reason", "complaint 7", "--out", Out)).Error, StringComparison.Ordinal);
        Assert.Contains("nobody has approved", (await _vault.RunAsync("recordings", "play", kept.Name, "--reason", "curiosity", "--out", Out)).Error, StringComparison.Ordinal);
        var given = await _vault.RunAsync(export);
        Assert.True(given.ExitCode == 0, given.Error);
        Assert.Equal(kept.Sound, await File.ReadAllBytesAsync(Out, Cancel));
        Assert.Single(await EventsAsync("RecordingPlayed"));
    }

    [Theory]
    [InlineData("events export --reveal-numbers --reason audit --type CallEnded")]
    [InlineData("records export --call CALL --format csv --reveal-numbers --reason audit")]
    [InlineData("records export --number-from-stdin --format vcon --reason audit")]
    public async Task Whole_numbers_leave_when_another_approved_it(string command)
    {
        var call = (await _vault.RecordAsync(Number)).Call;
        FourEyes();
        string[] export = [.. command.Replace("CALL", call.ToString(), StringComparison.Ordinal).Split(' '), "-o", Out, "-c", _vault.Here.Settings];
        var asked = await Ivrconsent.RunWithInputAsync(Number, export);
        Assert.Equal((1, "", false), (asked.ExitCode, asked.Output, File.Exists(Out)));
        Assert.Contains("nobody has approved", asked.Error, StringComparison.Ordinal);
        Assert.Empty(await EventsAsync("NumberRevealed"));
        var order = await OrderAsync();
        Assert.DoesNotContain(Number[1..], order.ToString(), StringComparison.Ordinal);

        await ApproveAsync(order);
        var given = await Ivrconsent.RunWithInputAsync(Number, export);
        Assert.True(given.ExitCode == 0, given.Error);
        Assert.Contains(Number[1..], await File.ReadAllTextAsync(Out, Cancel), StringComparison.Ordinal);
        Assert.Equal("audit", Assert.Single(await EventsAsync("NumberRevealed")).GetProperty("reason").GetString());
    }

    [Fact]
    public async Task An_order_of_other_events_is_another_and_what_is_masked_needs_none()
    {
        await _vault.RecordAsync(Number);
        FourEyes();
        string[] export = ["events", "export", "--reveal-numbers", "--reason", "audit"];
        await _vault.RunAsync([.. export, "--line", "demo"]);
        await ApproveAsync(await OrderAsync());
        Assert.Equal(0, (await _vault.RunAsync([.. export, "--line", "demo"])).ExitCode);
        Assert.Contains("nobody has approved", (await _vault.RunAsync(export)).Error, StringComparison.Ordinal);
        Assert.Equal(0, (await _vault.RunAsync("events", "export")).ExitCode);
        Assert.Contains("line demo", (await _vault.RunAsync("exports", "list")).Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("supervisor")]
    [InlineData("admin")]
    [InlineData("auditor")]
    [InlineData("operator")]
    public async Task Only_the_data_protection_officer_approves(string role)
    {
        var name = role == "supervisor" ? $"\"{CliActor.Name}:demo\"" : CliActor.Name;
        _vault.Configure(more: $"access: {{ {role}: [{name}], four_eyes_export: true }}");
        var refused = await _vault.RunAsync("exports", "approve", new string('0', 32));
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains($"is {role}, who may not do that", refused.Error, StringComparison.Ordinal);
    }

    private string Out => Path.Combine(_vault.Here.Folder, "out");

    private void FourEyes() => _vault.Configure(more: $"access: {{ dpo: [{CliActor.Name}, ben], four_eyes_export: true }}");

    private async Task<JsonElement> OrderAsync() => Assert.Single(JsonDocument.Parse((await _vault.RunAsync("exports", "list", "--json")).Output).RootElement.EnumerateArray());

    /// <summary>As ben's <c>exports approve</c> does it: tests have one login.</summary>
    private Task ApproveAsync(JsonElement order)
    {
        Assert.True(CallId.TryParse(order.GetProperty("export").GetString(), out var id));
        var now = DateTimeOffset.FromUnixTimeMilliseconds(TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds());
        return _vault.Here.AppendAsync(new LedgerBatch(null, [new LedgerEntry(Guid.CreateVersion7(now), id, 2, now, new ExportApproved("ben"))]));
    }

    private async Task<JsonElement[]> EventsAsync(string type) =>
        [.. JsonDocument.Parse((await _vault.RunAsync("events", "list", "--type", type, "--json")).Output).RootElement.EnumerateArray().Select(line => line.GetProperty("event"))];
}
