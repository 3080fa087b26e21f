using Xunit;

namespace IvrConsent.Adapters.Tests.Ledger;

/// <summary>A contract that is run on every database: each test on one of its own, skipped where the database is absent.</summary>
public abstract class DatabaseContract(LedgerTestDatabase database) : IAsyncLifetime
{
    protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    protected LedgerTestDatabase Database => database;

    public virtual async ValueTask InitializeAsync() => await database.PrepareAsync();

    public virtual async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await database.DisposeAsync();
    }
}
