using IvrConsent.Core.Access;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Ledger;
using IvrConsent.Storage.Database;
using Xunit;

namespace IvrConsent.Adapters.Tests.Ledger;

public sealed class SqliteApiKeyTests() : ApiKeyContract(new SqliteTestDatabase());

public sealed class PostgresApiKeyTests() : ApiKeyContract(new PostgresTestDatabase());

/// <summary>API keys, and the one event of an id, alike on every database.</summary>
public abstract class ApiKeyContract(LedgerTestDatabase database) : DatabaseContract(database)
{
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, 250, TimeSpan.Zero);

    private LedgerDatabase _opened = null!;
    private ApiKeyStore _keys = null!;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        await using (var migrator = new LedgerMigrator(Database.Options()))
        {
            await migrator.MigrateAsync(Cancel);
        }

        _opened = LedgerDatabase.Create(Database.Options());
        _keys = new ApiKeyStore(_opened);
    }

    public override async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (_opened is not null)
        {
            await _opened.DisposeAsync();
        }

        await base.DisposeAsync();
    }

    [Fact]
    public async Task A_key_is_found_by_the_hash_of_its_secret_as_it_was_added()
    {
        var secret = ApiKeySecret.New();
        var key = Key("crm", [ApiScopes.ConsentsRead, ApiScopes.OutboundCheck]);
        Assert.True(await _keys.AddAsync(key, ApiKeySecret.HashOf(secret)!, Cancel));

        var found = (await _keys.FindAsync(ApiKeySecret.HashOf(secret)!, Cancel))!;

        Assert.Equal((key.Name, key.CreatedAt, key.ExpiresAt, null), (found.Name, found.CreatedAt, found.ExpiresAt, found.RevokedAt));
        Assert.Equal(key.Scopes, found.Scopes);
        Assert.Null(await _keys.FindAsync(ApiKeySecret.HashOf(ApiKeySecret.New())!, Cancel));
    }

    [Fact]
    public async Task A_name_is_given_once_also_after_it_was_revoked()
    {
        await AddAsync("crm");
        Assert.True(await _keys.RevokeAsync("crm", Now.AddDays(1), Cancel));
        Assert.False(await _keys.AddAsync(Key("crm", [ApiScopes.Sms]), ApiKeySecret.HashOf(ApiKeySecret.New())!, Cancel));
        Assert.Equal([ApiScopes.CallsRead], Assert.Single(await _keys.ListAsync(Cancel)).Scopes);
    }

    [Fact]
    public async Task Revoking_keeps_the_first_date_and_says_when_there_is_no_such_key()
    {
        await AddAsync("crm");
        Assert.True(await _keys.RevokeAsync("crm", Now.AddDays(1), Cancel));
        Assert.True(await _keys.RevokeAsync("crm", Now.AddDays(2), Cancel));
        Assert.False(await _keys.RevokeAsync("other", Now, Cancel));
        Assert.Equal(Now.AddDays(1), Assert.Single(await _keys.ListAsync(Cancel)).RevokedAt);
    }

    [Fact]
    public async Task Many_at_once_are_all_there()
    {
        await Task.WhenAll(Enumerable.Range(0, 20).Select(i => Task.Run(() => AddAsync($"key-{i:D2}"), Cancel)));
        Assert.Equal(20, (await _keys.ListAsync(Cancel)).Count);
    }

    [Fact]
    public async Task A_database_that_is_away_says_so()
    {
        await AddAsync("crm");
        await Database.StopAsync();
        try
        {
            await Assert.ThrowsAsync<LedgerUnavailableException>(() => _keys.FindAsync(new string('0', 64), Cancel));
            await Assert.ThrowsAsync<LedgerUnavailableException>(() => AddAsync("other"));
        }
        finally
        {
            await Database.ContinueAsync();
        }

        Assert.Single(await _keys.ListAsync(Cancel));
    }

    [Fact]
    public async Task The_ledger_gives_the_one_event_of_an_id()
    {
        await using var ledger = await LedgerUnderTest.StartAsync(Database.Options());
        var call = CallId.FromChannel("-", "record", Now);
        var entries = Enumerable.Range(1, 3).Select(i => new LedgerEntry(Guid.CreateVersion7(Now), call, i, Now, new ConsentUsed(null, $"purpose-{i}", "dialer", false, "no-consent"))).ToArray();
        Assert.Equal(AppendResult.Committed, await ledger.Ledger.AppendAsync(new LedgerBatch(new CallRow(call, "-", "-", null, "", "+48221234501", Now) { Kind = CallKind.Record }, entries)));

        var found = new List<LedgerLine>();
        await foreach (var line in new LedgerReader(_opened).ReadAsync(new LedgerQuery(Event: entries[1].EventId), Cancel))
        {
            found.Add(line);
        }

        Assert.Equal(entries[1], Assert.Single(found).Entry);
    }

    private async Task AddAsync(string name) =>
        Assert.True(await _keys.AddAsync(Key(name, [ApiScopes.CallsRead]), ApiKeySecret.HashOf(ApiKeySecret.New())!, Cancel));

    private static ApiKey Key(string name, IReadOnlyList<string> scopes) => new(name, scopes, Now, Now.AddDays(30), null);
}
