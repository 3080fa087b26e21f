using System.Data.Common;
using Dapper;
using IvrConsent.Core.Subjects;
using IvrConsent.Storage.Keys;

namespace IvrConsent.Storage.Database;

/// <summary>
/// The mapping between numbers and subjects, beside the calls' way: a call's own subject is made in the transaction of its row
/// (<see cref="LedgerSql.InsertSubject"/>), without a round trip of its own.
/// </summary>
internal sealed class DatabaseSubjects(LedgerDatabase database, TimeProvider time) : ISubjects
{
    public async Task<SubjectId?> FindAsync(string number, CancellationToken cancel) =>
        database.Numbers.Current.Hash(number) is { } hash
            ? await RunAsync(database.OpenReaderAsync, connection => FindAsync(connection, hash, cancel), cancel)
            : null;

    public async Task<SubjectId?> FindOrAddAsync(string? number, CancellationToken cancel)
    {
        var keys = database.Numbers.Current;
        if (keys.Hash(number) is not { } hash)
        {
            return null;
        }

        return await FindAsync(number!, cancel) ?? await RunAsync(
            database.OpenWriterAsync,
            async connection =>
            {
                var subject = new SubjectId(Guid.NewGuid());
                var seal = keys.Seal(LedgerRows.Clean(number)!, subject.Value);
                await connection.ExecuteAsync(new CommandDefinition(
                    LedgerSql.AddSubject,
                    new { subject = database.Id(subject.Value), hash, number = seal.Bytes, key = seal.KeyId, at = database.Time(time.GetUtcNow()) },
                    cancellationToken: cancel));

                // Somebody else's, where two came at once.
                return await FindAsync(connection, hash, cancel);
            },
            cancel);
    }

    public async Task<string?> RevealAsync(SubjectId subject, CancellationToken cancel)
    {
        var seal = await RunAsync(
            database.OpenReaderAsync,
            async connection =>
            {
                await using var row = await connection.ExecuteReaderAsync(new CommandDefinition(
                    "SELECT key_id, number_encrypted FROM subjects WHERE subject_id = @subject",
                    new { subject = database.Id(subject.Value) },
                    cancellationToken: cancel));
                return await row.ReadAsync(cancel) ? new SealedNumber(row.GetString(0), row.GetFieldValue<byte[]>(1)) : null;
            },
            cancel);
        return seal is null
            ? null
            : database.Numbers.Open(seal, subject.Value)
                ?? throw new KeyFolderException($"The number of subject {subject} is encrypted with key {seal.KeyId}, which numbers.key has not. Restore that file from its backup.");
    }

    public Task<bool> DeleteAsync(SubjectId subject, CancellationToken cancel) => RunAsync(
        database.OpenWriterAsync,
        async connection =>
        {
            var deleted = await connection.ExecuteAsync(new CommandDefinition(
                "DELETE FROM subjects WHERE subject_id = @subject", new { subject = database.Id(subject.Value) }, cancellationToken: cancel)) > 0;

            // Also where it was gone already: whoever asks again may do so because the first time was cut off here.
            await database.ScrubAsync(connection, cancel);
            return deleted;
        },
        cancel);

    private static async Task<SubjectId?> FindAsync(DbConnection connection, byte[] hash, CancellationToken cancel)
    {
        await using var row = await connection.ExecuteReaderAsync(
            new CommandDefinition("SELECT subject_id FROM subjects WHERE number_hash = @hash", new { hash }, cancellationToken: cancel));
        return await row.ReadAsync(cancel) ? new SubjectId(row.GetGuid(0)) : null;
    }

    private async Task<T> RunAsync<T>(Func<CancellationToken, Task<DbConnection>> open, Func<DbConnection, Task<T>> run, CancellationToken cancel)
    {
        try
        {
            await using var connection = await open(cancel);
            return await run(connection);
        }
        catch (Exception error) when (error is DbException or TimeoutException)
        {
            throw new LedgerUnavailableException(database.Describe(error), error);
        }
    }
}
