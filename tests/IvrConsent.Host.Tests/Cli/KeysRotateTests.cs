using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Dapper;
using IvrConsent.Storage.Keys;
using Microsoft.Data.Sqlite;
using Xunit;

namespace IvrConsent.Host.Tests.Cli;

/// <summary>The change of the master of recordings' keys as an admin does it, also where the machine fails in the midst of it.</summary>
public sealed class KeysRotateTests : IDisposable
{
    private const int Many = 2000;
    private readonly Installation _here = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _here.Dispose();

    [Fact]
    public async Task Killed_again_and_again_it_is_continued_and_no_key_is_lost()
    {
        Assert.Equal(0, (await Ivrconsent.RunAsync("migrate", "-c", _here.Settings)).ExitCode);
        var before = await AddAsync();
        string[] rotate = ["keys", "rotate", "recordings", "-c", _here.Settings];
        for (var round = 0; round < 3; round++)
        {
            using var process = Process.Start(new ProcessStartInfo("dotnet", [Ivrconsent.Dll, .. rotate]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            var unchanged = (await RowsAsync()).Count(row => before[row.Key].AsSpan().SequenceEqual(row.Value));
            while (!process.HasExited && (await RowsAsync()).Count(row => before[row.Key].AsSpan().SequenceEqual(row.Value)) == unchanged)
            {
                await Task.Yield();
            }

            process.Kill();
            await process.WaitForExitAsync(Cancel);
            await CheckAsync(every: 25);
            rotate = ["keys", "rotate", "recordings", "--continue", "-c", _here.Settings];
        }

        var last = await Ivrconsent.RunAsync([.. rotate, "--json"]);
        Assert.Equal(0, last.ExitCode);
        Assert.InRange(JsonDocument.Parse(last.Output).RootElement.GetProperty("encrypted").GetInt32(), 1, Many - 1);
        Assert.All(await RowsAsync(), row => Assert.NotEqual(before[row.Key], row.Value));

        var early = await Ivrconsent.RunAsync("keys", "rotate", "recordings", "--forget-old", "-c", _here.Settings);
        Assert.Equal(1, early.ExitCode);
        Assert.Contains("less than 24 hours", early.Error, StringComparison.Ordinal);
        File.SetLastWriteTimeUtc(Path.Combine(_here.Keys, "recordings.pub"), DateTime.UnixEpoch);
        Assert.Equal(0, (await Ivrconsent.RunAsync("keys", "rotate", "recordings", "--forget-old", "-c", _here.Settings)).ExitCode);
        Assert.Single(new KeyFolder(_here.Keys).Describe(KeyFiles.Recordings).Ids);
        await CheckAsync();
    }

    private static byte[] Secret(string name) => Encoding.ASCII.GetBytes($"AGE-SECRET-OF-{name}");

    private IRecordingKeyWrap Wrap() => RecordingKeyWraps.Create(new KeyFolder(_here.Keys), KeyCommandOptions.None, TimeProvider.System);

    private async Task<IReadOnlyDictionary<string, byte[]>> AddAsync()
    {
        await using var connection = Open(SqliteOpenMode.ReadWrite);
        await using var transaction = await connection.BeginTransactionAsync(Cancel);
        for (var n = 0; n < Many; n++)
        {
            var name = $"call-{n:D5}";
            await connection.ExecuteAsync("INSERT INTO recording_keys VALUES (@name, @wrapped)", new { name, wrapped = await Wrap().WrapAsync(name, Secret(name), Cancel) }, transaction);
        }

        await transaction.CommitAsync(Cancel);
        return await RowsAsync();
    }

    private async Task<IReadOnlyDictionary<string, byte[]>> RowsAsync()
    {
        await using var connection = Open(SqliteOpenMode.ReadOnly);
        return (await connection.QueryAsync<(string Name, byte[] Wrapped)>("SELECT recording, wrapped FROM recording_keys")).ToDictionary(row => row.Name, row => row.Wrapped);
    }

    private async Task CheckAsync(int every = 1)
    {
        var rows = await RowsAsync();
        Assert.Equal(Many, rows.Count);
        foreach (var (name, wrapped) in rows.Where((_, n) => n % every == 0))
        {
            Assert.Equal(Secret(name), await Wrap().UnwrapAsync(name, wrapped, Cancel));
        }
    }

    private SqliteConnection Open(SqliteOpenMode mode)
    {
        var connection = new SqliteConnection($"Data Source={Path.Combine(_here.Folder, "ledger.db")};Pooling=false;Mode={mode}");
        connection.Open();
        return connection;
    }
}
