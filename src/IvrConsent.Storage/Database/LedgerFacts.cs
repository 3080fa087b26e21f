using System.Data.Common;
using Dapper;
using IvrConsent.Storage.Keys;

namespace IvrConsent.Storage.Database;

/// <summary>What the database knows of itself, written once.</summary>
internal static class LedgerFacts
{
    private const string NumberKey = "number_hash_key";

    /// <summary>The fact; the given one where it was not known before.</summary>
    public static async Task<string> SettleAsync(DbConnection connection, string name, string value, CancellationToken cancel)
    {
        await connection.ExecuteAsync(new CommandDefinition(
            "INSERT INTO ledger_facts (name, value) VALUES (@name, @value) ON CONFLICT (name) DO NOTHING", new { name, value }, cancellationToken: cancel));
        return (await connection.ExecuteScalarAsync<string>(
            new CommandDefinition("SELECT value FROM ledger_facts WHERE name = @name", new { name }, cancellationToken: cancel)))!;
    }

    /// <summary>
    /// A worker with another finding key than the database's numbers were hashed with would make a second subject of every person, and
    /// would not find who has refused.
    /// </summary>
    /// <exception cref="KeyFolderException">It is another key.</exception>
    public static async Task CheckNumberKeyAsync(DbConnection connection, LedgerDatabase database, CancellationToken cancel)
    {
        var mine = database.Numbers.Current.HashId;
        var its = await SettleAsync(connection, NumberKey, mine, cancel);
        if (its != mine)
        {
            throw new KeyFolderException(
                $"{database.Name}: the numbers in it are found by another key ({its}) than numbers.key has ({mine}). Put the numbers.key in place that belongs to this database.");
        }
    }
}
