using IvrConsent.TestKit.Lab;
using Npgsql;
using Xunit;

namespace IvrConsent.Host.Tests.RealCalls;

/// <summary>A database of its own in the lab's PostgreSQL, gone with the test.</summary>
internal sealed class LabDatabase : IAsyncDisposable
{
    /// <summary>The collection of tests that need the server or stop it: not beside each other.</summary>
    public const string OneAtATime = "the lab's PostgreSQL";

    private readonly NpgsqlConnectionStringBuilder _server;
    private readonly string _name = $"calls_{Guid.NewGuid():N}";

    private LabDatabase(string server) => _server = new(server) { Pooling = false };

    /// <summary>An Npgsql connection string.</summary>
    public string Connection => new NpgsqlConnectionStringBuilder(_server.ConnectionString) { Database = _name }.ConnectionString;

    public static async Task<LabDatabase> CreateAsync(string server)
    {
        var database = new LabDatabase(server);
        await database.ExecuteAsync($"CREATE DATABASE {database._name}");
        return database;
    }

    public async ValueTask DisposeAsync() => await ExecuteAsync($"DROP DATABASE {_name} WITH (FORCE)");

    private async Task ExecuteAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(_server.ConnectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }
}
