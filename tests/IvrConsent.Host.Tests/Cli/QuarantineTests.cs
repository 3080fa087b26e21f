using System.Text.Json;
using IvrConsent.Host.Cli;
using IvrConsent.Host.Doctor;
using IvrConsent.Host.Settings;
using Xunit;

namespace IvrConsent.Host.Tests.Cli;

/// <summary>The ways out of the quarantine, as staff take them.</summary>
public sealed class QuarantineTests : IDisposable
{
    private readonly VaultInstallation _vault = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string Wav => Path.Combine(_vault.Here.Folder, "out.wav");

    public void Dispose() => _vault.Dispose();

    [Fact]
    public async Task It_is_listed_released_with_a_ground_and_heard()
    {
        await _vault.KeepAsync();
        var locked = await _vault.KeepAsync(quarantined: true);
        var row = Assert.Single(Json(await RunAsync("list", "--json")).EnumerateArray());
        Assert.Equal((locked.Name, locked.Call.ToString(), "demo"), (row.GetProperty("recording").GetString(), row.GetProperty("call").GetString(), row.GetProperty("line").GetString()));
        Assert.Contains(locked.Name, (await RunAsync("list")).Output, StringComparison.Ordinal);
        Assert.Contains("quarantined", (await _vault.RunAsync("recordings", "export", locked.Name, "--reason", "x", "--out", Wav)).Error, StringComparison.Ordinal);

        // Nothing without a ground, a reason, or being asked.
        Assert.Contains("--purposes", (await RunAsync("release", locked.Name, "--reason", "x", "--yes")).Error, StringComparison.Ordinal);
        Assert.Contains("--reason", (await RunAsync("release", locked.Name, "--purposes", "contract", "--yes")).Error, StringComparison.Ordinal);
        Assert.Contains("not granted", (await RunAsync("release", locked.Name, "--purposes", "training", "--reason", "x", "--yes")).Error, StringComparison.Ordinal);
        var asked = await RunAsync("release", locked.Name, "--purposes", "quality", "--reason", "x");
        Assert.Equal(1, asked.ExitCode);
        Assert.Contains("That day is over", asked.Error, StringComparison.Ordinal); // quality has 90 days, and the call was in March
        Assert.Contains("--yes", asked.Error, StringComparison.Ordinal);
        Assert.Contains("no recording of this name", (await RunAsync("release", "ivrc-none", "--purposes", "contract", "--reason", "x", "--yes")).Error, StringComparison.Ordinal);

        var released = await RunAsync("release", locked.Name, "--purposes", "quality, contract", "--reason", "entries came late", "--yes", "--json");
        Assert.True(released.ExitCode == 0, released.Error);
        Assert.StartsWith("2028-11-25", Json(released).GetProperty("retain_until").GetString(), StringComparison.Ordinal);
        Assert.Equal("[]", (await RunAsync("list", "--json")).Output.Trim());
        Assert.Equal(0, (await _vault.RunAsync("recordings", "export", locked.Name, "--reason", "complaint", "--out", Wav)).ExitCode);
        Assert.Equal(locked.Sound, await File.ReadAllBytesAsync(Wav, Cancel));
        var told = Assert.Single(Json(await _vault.RunAsync("events", "list", "--type", "RecordingReleased", "--json")).EnumerateArray()).GetProperty("event");
        Assert.Equal(("entries came late", CliActor.Name), (told.GetProperty("reason").GetString(), told.GetProperty("actor").GetString()));
        Assert.Equal(0, (await _vault.RunAsync("vault", "status")).ExitCode);
        Assert.Contains("not quarantined", (await RunAsync("delete", locked.Name, "--reason", "x", "--yes")).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_is_deleted_when_asked_for_unless_a_hold_keeps_it()
    {
        var locked = await _vault.KeepAsync(quarantined: true);
        var options = CommandContext.LedgerOptions(CommandContext.Load(_vault.Here.Settings)!);
        Assert.Equal(FindingStatus.Warning, Assert.Single(await VaultChecks.ContentsAsync(new VaultSettings(VaultStoreKind.Folder, _vault.Objects, null), [], options, Cancel)).Status);
        var hold = Json(await _vault.RunAsync("holds", "place", "--call", locked.Call.ToString(), "--reason", "4 C 12/26", "--owner", "legal", "--json")).GetProperty("hold").GetString()!;
        var held = await RunAsync("delete", locked.Name, "--reason", "nobody consented", "--yes", "--json");
        Assert.Equal((1, false), (held.ExitCode, Json(held).GetProperty("key_destroyed").GetBoolean()));
        Assert.Contains("4 C 12/26", held.Error, StringComparison.Ordinal);
        await _vault.RunAsync("holds", "release", hold, "--reason", "settled", "--yes");

        var asked = await RunAsync("delete", locked.Name, "--reason", "nobody consented");
        Assert.Equal(1, asked.ExitCode);
        Assert.Contains("--yes", asked.Error, StringComparison.Ordinal);
        var deleted = await RunAsync("delete", locked.Name, "--reason", "nobody consented", "--yes", "--json");
        Assert.Equal((0, true), (deleted.ExitCode, Json(deleted).GetProperty("key_destroyed").GetBoolean()));
        Assert.Contains("erased", (await RunAsync("delete", locked.Name, "--reason", "again", "--yes")).Error, StringComparison.Ordinal);
        Assert.Contains("erased", (await _vault.RunAsync("recordings", "play", locked.Name, "--reason", "x", "--quarantined", "--out", Wav)).Error, StringComparison.Ordinal);

        // The worker, which reaches the store, does the rest.
        Assert.NotEmpty(Directory.GetFiles(_vault.Objects, locked.Object, SearchOption.AllDirectories));
        Assert.True(Json(await RunAsync("list", "--json"))[0].GetProperty("erasing").GetBoolean());
    }

    [Fact]
    public async Task Only_the_data_protection_officer_decides_and_with_four_eyes_not_alone()
    {
        var locked = await _vault.KeepAsync(quarantined: true);
        string[] release = ["release", locked.Name, "--purposes", "contract", "--reason", "why", "--yes"];
        string[] delete = ["delete", locked.Name, "--reason", "why", "--yes"];
        foreach (var role in (string[])["admin", "auditor", "operator"])
        {
            _vault.Configure(more: $"access: {{ {role}: [{CliActor.Name}] }}");
            foreach (var command in (string[][])[release, delete, ["approve", locked.Name, "delete"]])
            {
                var refused = await RunAsync(command);
                Assert.Equal(1, refused.ExitCode);
                Assert.Contains($"{CliActor.Name} is {role}", refused.Error, StringComparison.Ordinal);
            }
        }

        _vault.Configure(more: $"access: {{ supervisor: [\"{CliActor.Name}:other\"] }}");
        Assert.Equal("[]", (await RunAsync("list", "--json")).Output.Trim());
        Assert.Equal(1, (await RunAsync(release)).ExitCode);

        _vault.Configure(more: $"access: {{ dpo: [{CliActor.Name}], four_eyes_release: true, four_eyes_erasure: true }}");
        foreach (var command in (string[][])[release, delete])
        {
            Assert.Contains("nobody has approved", (await RunAsync(command)).Error, StringComparison.Ordinal);
        }

        Assert.Contains("--purposes", (await RunAsync("approve", locked.Name, "release")).Error, StringComparison.Ordinal);
        Assert.Contains("has none", (await RunAsync("approve", locked.Name, "delete", "--purposes", "contract")).Error, StringComparison.Ordinal);
        Assert.Equal(0, (await RunAsync("approve", locked.Name, "release", "--purposes", "contract")).ExitCode);
        Assert.Contains("somebody else", (await RunAsync(release)).Error, StringComparison.Ordinal);
        Assert.Contains("nobody has approved", (await RunAsync(delete)).Error, StringComparison.Ordinal);
        var approved = Assert.Single(Json(await RunAsync("list", "--json"))[0].GetProperty("approved").EnumerateArray());
        Assert.Equal(("release", CliActor.Name), (approved.GetProperty("step").GetString(), approved.GetProperty("actor").GetString()));
        Assert.Contains($"release for contract approved by {CliActor.Name}", (await RunAsync("list")).Output, StringComparison.Ordinal);

        _vault.Configure(more: $"access: {{ dpo: [{CliActor.Name}] }}");
        Assert.Equal(0, (await RunAsync(release)).ExitCode);
    }

    private static JsonElement Json(ProgramRun run) => JsonDocument.Parse(run.Output).RootElement;

    private Task<ProgramRun> RunAsync(params string[] arguments) => _vault.RunAsync(["recordings", "quarantine", .. arguments]);
}
