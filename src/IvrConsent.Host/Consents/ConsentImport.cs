using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using CsvHelper;
using CsvHelper.Configuration;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Ledger;

namespace IvrConsent.Host.Consents;

/// <summary>A row that was not taken, and why; never what stands in it.</summary>
/// <param name="Row">Its row in the file, the header being 1.</param>
/// <param name="Field">The field.</param>
/// <param name="Why">What is wrong, and what is expected.</param>
internal sealed record RefusedRow(int Row, string Field, string Why);

/// <summary>What an import did.</summary>
/// <param name="Rows">Rows read.</param>
/// <param name="Imported">Rows entered now.</param>
/// <param name="AlreadyThere">Rows entered by an earlier import, or twice in this one.</param>
/// <param name="Refused">Rows not taken.</param>
internal sealed record ImportReport(int Rows, int Imported, int AlreadyThere, int Refused);

/// <summary>The file cannot be read as a list of consents at all.</summary>
internal sealed class ImportFileException(string message) : Exception(message);

/// <summary>
/// Brings in existing consents from a CSV file (RFC 4180, UTF-8, a header): row by row, whatever its length. A bad row is told and passed over. Each good
/// one is entered once, however often the same file, or one with more rows, is imported.
/// </summary>
/// <param name="desk">Where consents are entered.</param>
/// <param name="isLine">Whether the settings have a line of a name.</param>
/// <param name="time">The clock.</param>
/// <param name="termsOf">Puts the terms of a line on record and gives their hash; null: entries name none.</param>
/// <param name="purposes">The purposes that there are; null: any.</param>
internal sealed class ConsentImport(ConsentDesk desk, Func<string, bool> isLine, TimeProvider time, Func<string, Task<string?>>? termsOf = null, PurposeBook? purposes = null)
{
    /// <summary>The columns; the first five must be there.</summary>
    public static IReadOnlyList<string> Columns { get; } = ["number", "status", "purposes", "given_at", "reference", "expires_at", "notice", "notice_version", "language", "line"];

    private const int Needed = 5;

    /// <summary>Imports; <paramref name="refuse"/> is told each row that was not taken, as it comes.</summary>
    public async Task<ImportReport> RunAsync(Stream file, string actor, Func<RefusedRow, Task> refuse, CancellationToken cancel)
    {
        var broken = new StrongBox<bool>();
        using var reader = new StreamReader(file, new UTF8Encoding(false, throwOnInvalidBytes: false), detectEncodingFromByteOrderMarks: true);
        using var csv = new CsvReader(reader, new CsvConfiguration(CultureInfo.InvariantCulture)
        {
            TrimOptions = TrimOptions.Trim,
            MaxFieldSize = 4096,
            MissingFieldFound = null,
            BadDataFound = _ => broken.Value = true,
        });
        await ReadHeaderAsync(csv);

        var (rows, imported, there, refused) = (0, 0, 0, 0);
        while (true)
        {
            broken.Value = false;
            if (!await NextAsync(csv))
            {
                return new ImportReport(rows, imported, there, refused);
            }

            cancel.ThrowIfCancellationRequested();
            rows++;
            var (outcome, problems) = await EnterAsync(csv, broken, actor, cancel);
            switch (outcome)
            {
                case EntryOutcome.Entered:
                    imported++;
                    break;
                case EntryOutcome.AlreadyThere:
                    there++;
                    break;
                default:
                    refused++;
                    foreach (var problem in problems)
                    {
                        await refuse(new RefusedRow(csv.Parser.Row, problem.Field, problem.Why));
                    }

                    break;
            }
        }
    }

    private async Task<(EntryOutcome? Outcome, IReadOnlyList<FieldProblem> Problems)> EnterAsync(CsvReader csv, StrongBox<bool> broken, string actor, CancellationToken cancel)
    {
        // Whether the quoting is right shows when the fields are read.
        var input = Read(csv);
        if (broken.Value)
        {
            return (null, [new("row", "a quotation mark stands where none may: a field that holds one is quoted, and the mark doubled")]);
        }

        if (csv.Parser.Count != csv.HeaderRecord!.Length)
        {
            return (null, [new("row", $"{csv.HeaderRecord.Length} fields are expected, as in the header")]);
        }

        if (csv.Parser.RawRecord.Contains('\uFFFD', StringComparison.Ordinal))
        {
            return (null, [new("row", "the row is not UTF-8")]);
        }

        var entry = input.Check(actor, EntrySource.Import, time.GetUtcNow(), isLine, out var problems, purposes: purposes);
        if (entry is null)
        {
            return (null, problems);
        }

        // All that the row says, and not who imports it: another clerk's import of the same list adds nothing either.
        var content = $"{input.Line}\n{LedgerJson.Write(entry with { Actor = "" })}";
        var line = EntryInput.Filled(input.Line);
        var terms = line is not null && termsOf is not null ? await termsOf(line) : null;
        var result = await desk.EnterOnceAsync(input.Number!, line, entry with { Terms = terms }, content, cancel);
        return result.Outcome == EntryOutcome.Lost
            ? (null, [new("row", "the ledger did not take it: import the file again when the database is there")])
            : (result.Outcome, []);
    }

    private static EntryInput Read(CsvReader csv)
    {
        string? Field(string name) => csv.TryGetField<string>(name, out var text) ? EntryInput.Filled(text) : null;
        return new EntryInput
        {
            Number = Field("number"),
            Status = Field("status"),
            Purposes = Field("purposes")?.Split([' ', ';', ','], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries),
            GivenAt = Field("given_at"),
            Reference = Field("reference"),
            ExpiresAt = Field("expires_at"),
            Notice = Field("notice"),
            NoticeVersion = Field("notice_version"),
            Language = Field("language"),
            Line = Field("line"),
        };
    }

    private static async Task ReadHeaderAsync(CsvReader csv)
    {
        if (!await NextAsync(csv) || !csv.ReadHeader() || csv.HeaderRecord is not { } header)
        {
            throw new ImportFileException($"The file is empty. Its first row names the columns: {string.Join(',', Columns)}");
        }

        var unknown = header.Except(Columns, StringComparer.Ordinal).ToArray();
        var missing = Columns.Take(Needed).Except(header, StringComparer.Ordinal).ToArray();
        if (unknown.Length + missing.Length > 0 || header.Distinct(StringComparer.Ordinal).Count() < header.Length)
        {
            throw new ImportFileException(
                $"Row 1 must name each column once: {string.Join(',', Columns)}; the last five may be left out."
                + (missing.Length > 0 ? $" Missing: {string.Join(", ", missing)}." : "")
                + (unknown.Length > 0 ? $" {unknown.Length} that are not known, the first in column {Array.IndexOf(header, unknown[0]) + 1}." : ""));
        }
    }

    private static async Task<bool> NextAsync(CsvReader csv)
    {
        try
        {
            return await csv.ReadAsync();
        }
        catch (CsvHelperException)
        {
            // Its message quotes the row.
            throw new ImportFileException($"Row {csv.Parser.Row} cannot be read: a field is longer than 4096 characters, or a quoted one never ends. The rows before it are imported; correct it and import the file again.");
        }
    }
}
