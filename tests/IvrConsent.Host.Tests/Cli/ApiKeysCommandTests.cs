using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Microsoft.Data.Sqlite;
using Xunit;

namespace IvrConsent.Host.Tests.Cli;

/// <summary>Keys as an admin makes them, and the API of a real worker that takes them.</summary>
public sealed class ApiKeysCommandTests : IDisposable
{
    private readonly Installation _installation = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _installation.Dispose();

    [Fact]
    public async Task A_key_is_shown_once_listed_without_its_secret_and_revoked()
    {
        await RunAsync(0, "migrate");
        var made = await RunAsync(0, "apikeys", "create", "crm", "--scope", "calls.read", "outbound.check", "--days", "30");
        var secret = made.Output.Trim();
        Assert.Matches("^ivrc_[A-Za-z0-9_-]{43}$", secret);
        Assert.DoesNotContain(secret, made.Error, StringComparison.Ordinal);

        var listed = JsonNode.Parse((await RunAsync(0, "apikeys", "list", "--json")).Output)![0]!;
        Assert.Equal(("crm", "valid"), (listed["name"]!.GetValue<string>(), listed["state"]!.GetValue<string>()));
        SqliteConnection.ClearAllPools();
        Assert.All(Directory.GetFiles(_installation.Folder, "ledger.db*"), file => Assert.DoesNotContain(secret[5..], File.ReadAllText(file), StringComparison.Ordinal));

        await RunAsync(0, "apikeys", "revoke", "crm");
        Assert.Equal("revoked", JsonNode.Parse((await RunAsync(0, "apikeys", "list", "--json")).Output)![0]!["state"]!.GetValue<string>());
        Assert.Contains("another name", (await RunAsync(1, "apikeys", "create", "crm", "--scope", "sms")).Error, StringComparison.Ordinal);
        await RunAsync(1, "apikeys", "revoke", "nobody");
    }

    [Theory]
    [InlineData("auditor", 1, 0)]
    [InlineData("dpo", 1, 0)]
    [InlineData("operator", 1, 1)]
    [InlineData("admin", 0, 0)]
    public async Task Keys_are_made_by_who_may_administer(string role, int made, int listed)
    {
        await RunAsync(0, "migrate");
        await RunAsync(0, "apikeys", "create", "before", "--scope", "sms");
        await File.AppendAllTextAsync(_installation.Settings, $"access: {{ {role}: [{Host.Cli.CliActor.Name}] }}\n", Cancel);
        var run = await RunAsync(made, "apikeys", "create", "crm", "--scope", "consents.read");
        Assert.Equal(made == 0, run.Output.StartsWith("ivrc_", StringComparison.Ordinal));
        await RunAsync(made, "apikeys", "revoke", "before");
        await RunAsync(listed, "apikeys", "list");
    }

    [Fact]
    public async Task A_key_can_go_into_a_file_that_only_its_owner_reads()
    {
        await RunAsync(0, "migrate");
        var file = Path.Combine(_installation.Folder, "key");
        var made = await RunAsync(0, "apikeys", "create", "crm", "--scope", "sms", "--output", file);
        Assert.Empty(made.Output);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        Assert.StartsWith("ivrc_", await File.ReadAllTextAsync(file, Cancel), StringComparison.Ordinal);

        // Neither overwrites a file nor leaves one behind for a name that was taken.
        await RunAsync(1, "apikeys", "create", "other", "--scope", "sms", "--output", file);
        await RunAsync(1, "apikeys", "create", "crm", "--scope", "sms", "--output", file + "2");
        Assert.False(File.Exists(file + "2"));
    }

    [Theory]
    [InlineData("apikeys", "create", "+48221234567", "--scope", "sms")]
    [InlineData("apikeys", "create", "crm")]
    [InlineData("apikeys", "create", "crm", "--scope", "everything")]
    [InlineData("apikeys", "create", "crm", "--scope", "sms", "--days", "0")]
    [InlineData("apikeys", "create", "crm", "--scope", "sms", "--days", "731")]
    public async Task What_cannot_be_is_refused(params string[] arguments) => Assert.NotEqual(0, (await Ivrconsent.RunAsync([.. arguments, "--config", _installation.Settings])).ExitCode);

    [Fact]
    public async Task Without_its_tables_the_database_says_what_to_do() =>
        Assert.NotEmpty((await RunAsync(3, "apikeys", "list")).Error);

    [Fact]
    public async Task A_real_worker_serves_the_api_at_an_address_of_its_own()
    {
        await using var worker = new ApiWorker(_installation);
        await worker.StartAsync();
        var key = (await RunAsync(0, "apikeys", "create", "crm", "--scope", "calls.read")).Output.Trim();
        using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(30) };

        Assert.Equal(HttpStatusCode.Unauthorized, (await SendAsync(client, worker.Api, "/api/v1/calls/0123456789abcdef0123456789abcdef", null)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await SendAsync(client, worker.Api, "/api/v1/calls/0123456789abcdef0123456789abcdef", key)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await SendAsync(client, worker.Http, "/api/v1/calls/0123456789abcdef0123456789abcdef", key)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await SendAsync(client, worker.Api, "/readyz", null)).Status);
        Assert.Contains("\"openapi\"", (await SendAsync(client, worker.Api, "/api/v1/openapi.json", null)).Text, StringComparison.Ordinal);

        await RunAsync(0, "apikeys", "revoke", "crm");
        Assert.Equal(HttpStatusCode.Unauthorized, (await SendAsync(client, worker.Api, "/api/v1/calls/0123456789abcdef0123456789abcdef", key)).Status);
        Assert.DoesNotContain(key, worker.LogText, StringComparison.Ordinal);
    }

    private static async Task<(HttpStatusCode Status, string Text)> SendAsync(HttpClient client, Uri server, string path, string? key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(server, path));
        request.Headers.Authorization = key is null ? null : new AuthenticationHeaderValue("Bearer", key);
        using var response = await client.SendAsync(request, Cancel);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(Cancel));
    }

    private async Task<ProgramRun> RunAsync(int exitCode, params string[] arguments)
    {
        var run = await Ivrconsent.RunAsync([.. arguments, "--config", _installation.Settings]);
        Assert.True(run.ExitCode == exitCode, $"{string.Join(' ', arguments)}: {run.ExitCode}\n{run.Output}\n{run.Error}");
        return run;
    }
}
