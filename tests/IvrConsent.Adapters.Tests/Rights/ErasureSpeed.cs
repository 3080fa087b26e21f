using System.Diagnostics;
using System.Globalization;
using Dapper;
using IvrConsent.Adapters.Tests.Ledger;
using IvrConsent.Core.Retention;
using IvrConsent.Core.Rights;
using IvrConsent.Core.Subjects;
using Xunit;

namespace IvrConsent.Adapters.Tests.Rights;

public sealed class SqliteErasureSpeed() : ErasureSpeed(new SqliteTestDatabase());

public sealed class PostgresErasureSpeed() : ErasureSpeed(new PostgresTestDatabase());

/// <summary>
/// Measures the erasure of a person with 1,000 recordings among many others': decisions, keys, files, ledger entries, mapping,
/// certificate. Run by tests/bench/erasure.sh: the figures are the machine's.
/// </summary>
public abstract class ErasureSpeed(LedgerTestDatabase database) : DatabaseContract(database)
{
    private const int Own = 1000;

    private static int All => int.TryParse(Environment.GetEnvironmentVariable("IVRCONSENT_BENCH_RECORDINGS"), NumberStyles.None, CultureInfo.InvariantCulture, out var all) ? all : 1_000_000;

    [Fact(Explicit = true)]
    public async Task A_person_with_a_thousand_recordings_among_many_is_erased()
    {
        var files = new FileRemains(Path.Combine(Database.Folder, "files"));
        SubjectId subject;
        await using (var rights = await RightsUnderTest.StartAsync(Database))
        {
            subject = (await rights.Ledger.Subjects.FindOrAddAsync("+48600700801", Cancel))!.Value;
        }

        var watch = Stopwatch.StartNew();
        await FillAsync(subject);
        foreach (var i in Enumerable.Range(0, Own))
        {
            await File.WriteAllBytesAsync(files.Path(Name(i * (All / Own))), new byte[64 * 1024], Cancel);
        }

        TestContext.Current.SendDiagnosticMessage(string.Create(CultureInfo.InvariantCulture, $"{GetType().Name}: {All} recordings made in {watch.Elapsed.TotalSeconds:F0} s"));
        await using var erasing = await RightsUnderTest.StartAsync(Database);
        var finisher = new ErasureFinisher(erasing.Retention, [files], erasing.Ledger.Ledger, TimeProvider.System);
        var waiting = new WaitingRecordings(erasing.Ledger.Ledger, erasing.Ledger.Reader, erasing.Retention, [], TimeProvider.System);
        var desk = new RequestDesk(erasing.Requests, erasing.Retention, waiting, finisher, erasing.Ledger.Ledger, erasing.Log);
        var request = await desk.OpenAsync(RequestKind.Erasure, subject, null, null, "bench", Cancel);
        watch.Restart();
        var certificate = await desk.EraseAsync(request.Id, "bench", Cancel);
        var took = watch.Elapsed;
        Assert.Equal((Own, 0, 0, true), (certificate.Erased.Count, certificate.Unfinished, certificate.Kept.Count, certificate.MappingDeleted));
        Assert.Empty(Directory.GetFiles(files.Folder));
        Assert.Equal(Own, (await erasing.ErasedAsync()).Count);
        Assert.Equal(All - Own, (await erasing.KeysAsync()).Count);
        TestContext.Current.SendDiagnosticMessage(string.Create(CultureInfo.InvariantCulture, $"{GetType().Name}: a person with {Own} recordings among {All} erased in {took.TotalSeconds:F2} s"));
    }

    private static string Name(int i) => string.Create(CultureInfo.InvariantCulture, $"rec-{i:D8}");

    /// <summary>Rows as the product writes them, by the database itself: every (All / Own)th is the person's.</summary>
    private async Task FillAsync(SubjectId subject)
    {
        await using var connection = await Database.OpenRawAsync();
        var sqlite = Database is SqliteTestDatabase;
        const string Terms = """'[{"purpose":"quality","basis":"Consent","until":"2100-01-01T00:00:00+00:00"}]'""";
        var (series, id, other, time, at, far, zero) = sqlite
            ? ("(WITH RECURSIVE s(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM s WHERE n < @last) SELECT n FROM s)", "printf('%032x', n + 1)", "printf('%032x', 900000000 + n / 50)",
                "'2026-03-01T10:00:00.000Z'", "'2026-03-01T10:01:00.000Z'", "'2100-01-01T00:00:00.000Z'", "zeroblob(200)")
            : ("(SELECT generate_series(0, @last) AS n)", "lpad(to_hex(n + 1), 32, '0')::uuid", "lpad(to_hex(900000000 + n / 50), 32, '0')::uuid",
                "'2026-03-01T10:00:00Z'::timestamptz", "'2026-03-01T10:01:00Z'::timestamptz", "'2100-01-01T00:00:00Z'::timestamptz", "decode(repeat('00', 200), 'hex')");
        var name = sqlite ? "printf('rec-%08d', n)" : "'rec-' || lpad(n::text, 8, '0')";
        var whose = $"CASE WHEN n % @each = 0 THEN @subject ELSE {other} END";
        var values = new { last = All - 1, each = All / Own, subject = sqlite ? subject.ToString() : (object)subject.Value };
        foreach (var sql in (string[])
            [
                $"INSERT INTO calls (call_id, pbx, channel, line, called_number, subject_id, kind, arrived_at, ended_at) SELECT {id}, 'pbx1', 'c', 'sales', '100', {whose}, 'Inbound', {time}, {at} FROM {series} x",
                $$"""INSERT INTO events (position, event_id, call_id, call_sequence, at, type, body) SELECT n + 1, {{id}}, {{id}}, 1, {{time}}, 'CallArrived', '{"type":"CallArrived","pbx":"pbx1","channel":"c","line":"sales","worker":"w"}' FROM {{series}} x ORDER BY n""",
                $"INSERT INTO retention (recording, call_id, subject_id, line, pbx, call_ended_at, terms, retain_until) SELECT {name}, {id}, {whose}, 'sales', 'pbx1', {at}, {Terms}, {far} FROM {series} x",
                $"INSERT INTO recording_keys (recording, wrapped) SELECT {name}, {zero} FROM {series} x",
                "ANALYZE retention",
            ])
        {
            await connection.ExecuteAsync(new CommandDefinition(sql, sql.StartsWith("ANALYZE", StringComparison.Ordinal) ? null : values, commandTimeout: 0, cancellationToken: Cancel));
        }
    }

    /// <summary>Files in a folder, as the store on a file system has them.</summary>
    private sealed class FileRemains(string folder) : IRecordingRemains
    {
        public string Folder { get; } = Directory.CreateDirectory(folder).FullName;

        public string Path(string name) => System.IO.Path.Combine(Folder, name);

        public Task<bool> EraseAsync(RetainedRecording recording, CancellationToken cancel)
        {
            File.Delete(Path(recording.Name));
            return Task.FromResult(!File.Exists(Path(recording.Name)));
        }
    }
}
