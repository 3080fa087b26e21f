using System.Data.Common;

namespace IvrConsent.Storage.Database;

/// <summary>A connection that holds a name for this process: nobody else gets it until it is disposed or lost.</summary>
/// <param name="Connection">The connection; reads and writes.</param>
/// <param name="Lock">What holds the name where the connection itself does not; else null.</param>
internal sealed record TakenConnection(DbConnection Connection, IDisposable? Lock) : IAsyncDisposable
{
    public async ValueTask DisposeAsync()
    {
        await Connection.DisposeAsync();
        Lock?.Dispose();
    }
}
