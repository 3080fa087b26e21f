using System.Text.Json;
using IvrConsent.Host.Cli;
using Xunit;

namespace IvrConsent.Host.Tests.Cli;

/// <summary>Who asks by a telephone number gives a reason, and that he asked is on record whatever the answer is.</summary>
public sealed class SearchTests : IDisposable
{
    private const string Number = "+48600700801";
    private const string Nobody = "+48600700999";
    private readonly VaultInstallation _vault = new();

    public static TheoryData<string> Searches =>
    [
        "subjects find FILE",
        "consents show FILE",
        "recordings list --number-from FILE",
        "records export --number-from-stdin",
        "records export --number-from-stdin --format csv",
    ];

    public void Dispose() => _vault.Dispose();

    [Theory]
    [MemberData(nameof(Searches))]
    public async Task A_search_by_number_needs_a_reason_and_is_on_record(string command)
    {
        await _vault.RecordAsync(Number);
        var unasked = await RunAsync(command, Number);
        Assert.Equal(2, unasked.ExitCode);
        Assert.Contains("--reason", unasked.Error, StringComparison.Ordinal);
        Assert.Equal(2, (await RunAsync(command, Number, " ")).ExitCode);
        Assert.Empty(await SearchesAsync());

        Assert.Equal(0, (await RunAsync(command, Number, "asked by letter 7")).ExitCode);
        var none = await RunAsync(command, Nobody, "wrong number?");
        Assert.Equal(1, none.ExitCode);
        Assert.Contains("nothing of this person|knows nobody|has no consent".Split('|'), said => (none.Error + none.Output).Contains(said, StringComparison.Ordinal));
        var searches = await SearchesAsync();
        Assert.Equal([("asked by letter 7", CliActor.Name), ("wrong number?", CliActor.Name)], searches.Select(one => (one.GetProperty("event").GetProperty("reason").GetString(), one.GetProperty("event").GetProperty("actor").GetString())));

        // Whose number it was stands with the entry as long as the mapping does; the other's nowhere.
        Assert.Equal(["+48 60 ••• •• 01", "withheld"], searches.Select(one => one.GetProperty("caller_number").GetString()));
        Assert.DoesNotContain("600700", string.Concat(searches), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("requests open access --number-from FILE --received 2999-01-01", "future")]
    [InlineData("requests open access --number-from FILE", "knows nobody", Nobody)]
    [InlineData("holds place --number-from FILE --owner legal --reason 4-C-12/26 --ends 2020-01-01", "future")]
    [InlineData("holds place --number-from FILE --owner legal --reason 4-C-12/26", "knows nobody", Nobody)]
    [InlineData("subjects erase FILE --yes", "knows nobody", Nobody)]
    [InlineData("subjects export FILE -o OUT --reason letter", "knows nobody", Nobody)]
    public async Task What_is_refused_and_tells_whether_the_number_is_known_is_on_record_as_well(string command, string why, string number = Number)
    {
        await _vault.RecordAsync(Number);
        var refused = await RunAsync(command, number);
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains(why, refused.Error, StringComparison.Ordinal);
        Assert.Single(await SearchesAsync());
    }

    [Theory]
    [InlineData("subjects find FILE --reason x")]
    [InlineData("consents show FILE --reason x")]
    [InlineData("recordings list --number-from FILE --reason x")]
    [InlineData("records export --number-from-stdin --reason x")]
    [InlineData("requests open access --number-from FILE")]
    [InlineData("holds place --number-from FILE --owner legal --reason x")]
    public async Task Where_no_number_is_the_command_line_is_wrong(string command)
    {
        await _vault.RecordAsync(Number);
        var none = await RunAsync(command, "--");
        Assert.Equal((2, ""), (none.ExitCode, none.Output));
        Assert.Contains("holds no telephone number", none.Error, StringComparison.Ordinal);
        if (command.Contains("FILE", StringComparison.Ordinal))
        {
            var typed = await _vault.RunAsync(command.Replace("FILE", Number, StringComparison.Ordinal).Split(' '));
            Assert.Equal((2, ""), (typed.ExitCode, typed.Output));
            Assert.Contains("not taken on the command line", typed.Error, StringComparison.Ordinal);
            Assert.DoesNotContain(Number, typed.Error, StringComparison.Ordinal);
        }

        Assert.Empty(await SearchesAsync());
    }

    [Fact]
    public async Task A_reason_without_a_search_is_told()
    {
        var run = await _vault.RunAsync("recordings", "list", "--reason", "x");
        Assert.Equal(2, run.ExitCode);
        Assert.Contains("--number-from", run.Error, StringComparison.Ordinal);
    }

    private Task<ProgramRun> RunAsync(string command, string number, string? reason = null)
    {
        var file = Path.Combine(_vault.Here.Folder, "number");
        File.WriteAllText(file, number + "\n");
        string[] words = [.. command.Replace("FILE", file, StringComparison.Ordinal).Replace("OUT", Path.Combine(_vault.Here.Folder, "out.zip"), StringComparison.Ordinal).Split(' ')];
        return Ivrconsent.RunWithInputAsync(number, [.. words, .. reason is null ? (string[])[] : ["--reason", reason], "-c", _vault.Here.Settings]);
    }

    private async Task<JsonElement[]> SearchesAsync() =>
        [.. JsonDocument.Parse((await _vault.RunAsync("events", "list", "--type", "NumberSearched", "--json")).Output).RootElement.EnumerateArray().Reverse()];
}
