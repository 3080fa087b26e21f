using Dapper;
using IvrConsent.Adapters.Tests.Ledger;
using Xunit;

namespace IvrConsent.Adapters.Tests.Rights;

/// <summary>Erasing while somebody else has PostgreSQL's tables locked, as who makes an index there: a VACUUM passes them by.</summary>
public sealed class PostgresScrubTests() : DatabaseContract(new PostgresTestDatabase())
{
    [Theory]
    [InlineData("recording_keys")]
    [InlineData("subjects")]
    public async Task It_is_not_told_that_a_key_is_gone_while_its_table_is_passed_by(string table)
    {
        await using var rights = await RightsUnderTest.StartAsync(Database);
        var recording = await rights.KeepAsync();
        await using (var other = await Database.OpenRawAsync())
        {
            await using var locking = await other.BeginTransactionAsync(Cancel);
            await other.ExecuteAsync($"LOCK TABLE {table} IN SHARE UPDATE EXCLUSIVE MODE", transaction: locking);
            var report = await rights.Sweep.RunAsync(Cancel);
            Assert.Equal((0, 1), (report.Erased, report.Unfinished));
            Assert.Empty(rights.Remains.Files);
            Assert.Empty(await rights.KeysAsync());
            Assert.Empty(await rights.ErasedAsync());
        }

        Assert.Equal(1, await rights.Finisher.RunAsync(Cancel));
        Assert.Equal(recording.Name, Assert.Single(await rights.ErasedAsync()).Recording);
    }
}
