using System.Data.Common;
using Dapper;
using IvrConsent.Core.Access;

namespace IvrConsent.Storage.Database;

/// <summary>The API keys in the ledger's database. Written by people, now and then: each write opens a connection of its own.</summary>
internal sealed class ApiKeyStore(LedgerDatabase database) : IApiKeys
{
    private const string Columns = "SELECT name, scopes, created_at, expires_at, revoked_at FROM api_keys";

    public Task<bool> AddAsync(ApiKey key, string secretHash, CancellationToken cancel) => WriteAsync(
        """
        INSERT INTO api_keys (name, secret_hash, scopes, created_at, expires_at)
        VALUES (@name, @hash, @scopes, @created, @expires)
        ON CONFLICT (name) DO NOTHING
        """,
        new
        {
            name = key.Name,
            hash = secretHash,
            scopes = string.Join(' ', key.Scopes),
            created = database.Time(key.CreatedAt),
            expires = database.Time(key.ExpiresAt),
        },
        cancel);

    public async Task<ApiKey?> FindAsync(string secretHash, CancellationToken cancel) =>
        (await ReadAsync($"{Columns} WHERE secret_hash = @hash", new { hash = secretHash }, cancel)).SingleOrDefault();

    public async Task<IReadOnlyList<ApiKey>> ListAsync(CancellationToken cancel) => await ReadAsync($"{Columns} ORDER BY created_at, name", null, cancel);

    public Task<bool> RevokeAsync(string name, DateTimeOffset at, CancellationToken cancel) => WriteAsync(
        "UPDATE api_keys SET revoked_at = coalesce(revoked_at, @at) WHERE name = @name", new { name, at = database.Time(at) }, cancel);

    private Task<bool> WriteAsync(string sql, object values, CancellationToken cancel) => GuardAsync(async () =>
    {
        await using var connection = await database.OpenWriterAsync(cancel);
        return await connection.ExecuteAsync(new CommandDefinition(sql, values, commandTimeout: 10, cancellationToken: cancel)) > 0;
    });

    private Task<List<ApiKey>> ReadAsync(string sql, object? values, CancellationToken cancel) => GuardAsync(async () =>
    {
        var keys = new List<ApiKey>();
        await using var connection = await database.OpenReaderAsync(cancel);
        await using var row = await connection.ExecuteReaderAsync(new CommandDefinition(sql, values, commandTimeout: 10, cancellationToken: cancel));
        while (await row.ReadAsync(cancel))
        {
            keys.Add(new ApiKey(
                row.GetString(0),
                row.GetString(1).Split(' ', StringSplitOptions.RemoveEmptyEntries),
                database.ReadTime(row, 2),
                database.ReadTime(row, 3),
                row.IsDBNull(4) ? null : database.ReadTime(row, 4)));
        }

        return keys;
    });

    private async Task<T> GuardAsync<T>(Func<Task<T>> step)
    {
        try
        {
            return await step();
        }
        catch (Exception error) when (error is DbException or TimeoutException)
        {
            throw new LedgerUnavailableException(database.Describe(error), error);
        }
    }
}
