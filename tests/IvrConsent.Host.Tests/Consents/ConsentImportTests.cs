using System.Text;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Ledger;
using IvrConsent.Host.Consents;
using IvrConsent.TestKit.Fakes;
using Xunit;

namespace IvrConsent.Host.Tests.Consents;

/// <summary>Lists of consents from elsewhere.</summary>
public sealed class ConsentImportTests
{
    private const string Header = "number,status,purposes,given_at,reference,expires_at\n";
    private const string Good = "+48221234501,given,offers,2026-03-01T12:00:00Z,DOC-1,\n";

    private readonly FakeLedger _ledger = new(TimeProvider.System) { Fault = _ => (AppendResult.Committed, TimeSpan.Zero) };
    private readonly List<RefusedRow> _refused = [];
    private readonly ConsentDesk _desk;

    public ConsentImportTests()
    {
        var reader = new FakeLedgerReader(_ledger);
        _desk = new ConsentDesk(new FakeSubjects(), _ledger, reader, new ConsentHistory(reader, _ => null), TimeProvider.System);
    }

    [Fact]
    public async Task Good_rows_are_entered_and_bad_ones_told_by_row_and_field()
    {
        var report = await ImportAsync(Header + Good
            + "+48221234502,perhaps,offers,2026-03-01,DOC-2,\n"
            + "+48221234503,given,\"offers;surveys\",2026-03-01,DOC-3,2026-01-01\n"
            + "+48221234504,given,offers\n"
            + "\n"
            + ",,,,,\n"
            + "+48221234505,given,\"offers surveys\",2026-03-01,\"DOC, 5\",2099-01-01\n");

        Assert.Equal(new ImportReport(6, 2, 0, 4), report);
        Assert.Equal(
            [(3, "status"), (4, "expires_at"), (5, "row"), (7, "number"), (7, "status"), (7, "purposes"), (7, "reference"), (7, "given_at")],
            _refused.Select(row => (row.Row, row.Field)));
        var last = Assert.IsType<ConsentEntered>(_ledger.Entries[^1].Event);
        Assert.Equal((EntrySource.Import, "clerk", "DOC, 5"), (last.Source, last.Actor, last.Reference));
        Assert.Equal(["offers", "surveys"], last.Purposes);
    }

    [Fact]
    public async Task The_report_repeats_nothing_of_a_row()
    {
        await ImportAsync(Header + "+48229876543,secret-status,SECRET,secret-time,\"secret\u0007reference\",secret-end\n");
        Assert.NotEmpty(_refused);
        Assert.DoesNotContain(_refused, row => row.Why.Contains("secret", StringComparison.OrdinalIgnoreCase) || row.Why.Contains("9876543", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_same_file_again_adds_nothing_and_a_longer_one_only_what_is_new()
    {
        await ImportAsync(Header + Good);
        Assert.Equal(new ImportReport(1, 0, 1, 0), await ImportAsync(Header + Good));
        Assert.Equal(new ImportReport(3, 1, 2, 0), await ImportAsync(Header + Good + Good + Good.Replace("DOC-1", "DOC-2", StringComparison.Ordinal)));

        // The same said with the columns in another order, other line ends, a byte order mark and another way to write the number.
        Assert.Equal(new ImportReport(1, 0, 1, 0), await ImportAsync("\ufeffreference,given_at,purposes,status,number\r\nDOC-1,2026-03-01T13:00:00+01:00,offers,given,0048 22 123-45-01\r\n"));
        Assert.Equal(2, _ledger.Entries.Count);
    }

    [Fact]
    public async Task What_was_lost_half_way_is_brought_in_by_the_next_import()
    {
        var lost = 0;
        _ledger.Fault = _ => (++lost == 2 ? AppendResult.Lost : AppendResult.Committed, TimeSpan.Zero);
        var text = Header + Good + Good.Replace("DOC-1", "DOC-2", StringComparison.Ordinal) + Good.Replace("DOC-1", "DOC-3", StringComparison.Ordinal);
        Assert.Equal(new ImportReport(3, 2, 0, 1), await ImportAsync(text));
        Assert.Equal(new ImportReport(3, 1, 2, 0), await ImportAsync(text));
    }

    [Theory]
    [InlineData("")]
    [InlineData("number,status,purposes,given_at\n")]
    [InlineData("number,status,purposes,given_at,reference,colour\n")]
    [InlineData("number,number,status,purposes,given_at,reference\n")]
    [InlineData("number;status;purposes;given_at;reference\n")]
    public async Task A_file_that_is_no_list_is_refused(string text) => await Assert.ThrowsAsync<ImportFileException>(() => ImportAsync(text));

    [Fact]
    public async Task Broken_quotes_and_other_encodings_cost_their_row_only()
    {
        var bytes = Encoding.UTF8.GetBytes(Header + Good).Concat(Encoding.Latin1.GetBytes("+48221234502,given,offers,2026-03-01,DÖC,\n"))
            .Concat(Encoding.UTF8.GetBytes("+48221234503,given,offers,2026-03-01,DOC \"3\",\n" + Good.Replace("DOC-1", "DOC-4", StringComparison.Ordinal)));
        Assert.Equal(new ImportReport(4, 2, 0, 2), await ImportAsync([.. bytes]));
        Assert.Equal([3, 4], _refused.Select(row => row.Row));
    }

    [Fact]
    public async Task A_field_without_end_ends_the_import_with_the_row_named()
    {
        var error = await Assert.ThrowsAsync<ImportFileException>(() => ImportAsync(Header + Good + $"+48221234502,given,offers,2026-03-01,\"{new string('x', 100_000)}\n"));
        Assert.Contains("Row 3", error.Message, StringComparison.Ordinal);
        Assert.Single(_ledger.Entries);
    }

    private Task<ImportReport> ImportAsync(string text) => ImportAsync(Encoding.UTF8.GetBytes(text));

    private Task<ImportReport> ImportAsync(byte[] bytes)
    {
        _refused.Clear();
        return new ConsentImport(_desk, _ => false, TimeProvider.System).RunAsync(
            new MemoryStream(bytes),
            "clerk",
            row =>
            {
                _refused.Add(row);
                return Task.CompletedTask;
            },
            TestContext.Current.CancellationToken);
    }
}
