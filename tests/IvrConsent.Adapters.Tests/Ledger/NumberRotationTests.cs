using IvrConsent.Storage.Keys;
using Xunit;

namespace IvrConsent.Adapters.Tests.Ledger;

/// <summary>Two who change the key of phone numbers at the same time.</summary>
public sealed class NumberRotationTests : IAsyncLifetime
{
    private readonly SqliteTestDatabase _database = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => await _database.PrepareAsync();

    public async ValueTask DisposeAsync() => await _database.DisposeAsync();

    [Fact]
    public async Task No_key_is_lost_that_somebody_may_have_encrypted_with()
    {
        var keys = new KeyFolder(Path.Combine(_database.Folder, "keys"));
        keys.MakeMissing();
        var options = _database.Options(keys: keys.Path);
        await (await LedgerUnderTest.StartAsync(options)).DisposeAsync();
        var made = 0;
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(
            async () =>
            {
                await using var rotation = new NumberRotation(options);
                for (var i = 0; i < 15; i++)
                {
                    try
                    {
                        await ((IKeyRotation)rotation).MakeKeyAsync(Cancel);
                        Interlocked.Increment(ref made);
                    }
                    catch (KeyFolderException)
                    {
                        // Told that another one runs.
                    }
                }
            },
            Cancel)));

        Assert.True(made > 0);
        Assert.Equal(1 + made, keys.Describe(KeyFiles.Numbers).Ids.Count);
    }
}
