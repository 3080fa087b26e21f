using System.Data;
using System.Data.Common;
using Dapper;

namespace IvrConsent.Storage.Database;

/// <summary>A connection that holds a name for this process: nobody else gets it until it is disposed or lost.</summary>
/// <param name="Connection">The connection; reads and writes.</param>
/// <param name="Unlock">What lets go of the name where the connection holds it; else null.</param>
/// <param name="Lock">What holds the name where the connection itself does not; else null.</param>
internal sealed record TakenConnection(DbConnection Connection, string? Unlock = null, IDisposable? Lock = null) : IAsyncDisposable
{
    public async ValueTask DisposeAsync()
    {
        try
        {
            if (Unlock is not null && Connection.State == ConnectionState.Open)
            {
                // A server lets go when it has noticed that the connection is closed: some time after whoever closed it believes so.
                await Connection.ExecuteAsync(new CommandDefinition(Unlock, commandTimeout: 10, cancellationToken: CancellationToken.None));
            }
        }
        catch (Exception error) when (error is DbException or TimeoutException or InvalidOperationException)
        {
            // The connection is lost, or will be: the name goes with it.
        }

        await Connection.DisposeAsync();
        Lock?.Dispose();
    }
}
