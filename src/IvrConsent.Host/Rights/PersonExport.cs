using System.Globalization;
using System.IO.Compression;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Records;
using IvrConsent.Core.Recordings;
using IvrConsent.Core.Retention;
using IvrConsent.Core.Rights;
using IvrConsent.Host.Cli;
using IvrConsent.Host.PublicPages;

namespace IvrConsent.Host.Rights;

/// <summary>What was put into a person's file.</summary>
/// <param name="Recordings">Recordings as WAV.</param>
/// <param name="Missing">Recordings that are kept, or should be, and could not be put in.</param>
/// <param name="Waiting">Recordings that lie on a PBX still.</param>
/// <param name="Quarantined">Recordings without a ground, which were left out: somebody decides about them first.</param>
/// <param name="Events">Entries of the ledger.</param>
/// <param name="Sha256">Of the file, lower-case hexadecimal.</param>
internal sealed record ExportedPerson(int Recordings, int Missing, int Waiting, int Quarantined, int Events, string Sha256)
{
    /// <summary>Recordings that there are and that are not in it.</summary>
    public int Absent => Missing + Waiting + Quarantined;

    /// <summary>Consents and refusals, each with a page of its own.</summary>
    public int Consents { get; init; }

    /// <summary>Of these, those without one of the forms for machines: the settings of that time did not say all that it demands.</summary>
    public int Unrecorded { get; init; }
}

/// <summary>
/// The answer to a request for access (GDPR art. 15) as one ZIP: an index in the person's language, all entries of the ledger, each
/// consent as a page in the person's language and as ISO/IEC TS 27560 record and vCon, what the line's notice says today of everything that art. 15(1) and (2) ask
/// for besides, and the recordings as WAV where they can be opened here; the index names each that there is and that is not in it, and says why. Restricted ones are in it, as the person himself asks for them (GDPR art. 18(2)), and the index says that they are. The person's own number is in it: it is personal data.
/// </summary>
/// <param name="desk">The requests.</param>
/// <param name="reader">The ledger.</param>
/// <param name="audio">Where recordings are opened.</param>
/// <param name="vault">Where they are looked for; none: there is no vault.</param>
/// <param name="log">Where it is put on record.</param>
/// <param name="lines">The lines as the settings have them now.</param>
/// <param name="records">What the settings say of them besides.</param>
internal sealed class PersonExport(
    RequestDesk desk, ILedgerReader reader, IEnumerable<IRecordingAudio> audio, IEnumerable<IVaultIndex> vault, RightsLog log, IReadOnlyList<LineOptions> lines, RecordOptions? records)
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes the file, made anew and readable by its owner only, and puts on record that it was handed out.</summary>
    public async Task<ExportedPerson> WriteAsync(RequestCase request, string file, string language, string actor, string reason, CancellationToken cancel)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite };
        await using var stream = new FileStream(file, options);
        try
        {
            ExportedPerson written;
            await using (var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true, Encoding.UTF8))
            {
                written = await FillAsync(zip, request, ExportTexts.All[language], language, new Look(actor, reason), cancel);
            }

            stream.Position = 0;
            written = written with { Sha256 = Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, cancel)) };
            await log.AddAsync(request.Id, new PersonExported(written.Recordings, written.Events, actor, reason, written.Sha256) { Absent = written.Absent }, $"The file {file} is written", cancel);
            return written;
        }
        catch
        {
            // What is not on record is not handed out.
            File.Delete(file);
            throw;
        }
    }

    private async Task<ExportedPerson> FillAsync(ZipArchive zip, RequestCase request, ExportTexts texts, string language, Look look, CancellationToken cancel)
    {
        var (calls, statements, events) = await WriteEventsAsync(zip, request, cancel);
        var all = new List<ExportedRecording>();
        await foreach (var page in desk.RecordingsAsync(request, cancel))
        {
            foreach (var recording in page)
            {
                all.Add(await WriteRecordingAsync(zip, recording, look, cancel));
            }
        }

        // What is to be erased is not promised to anybody.
        foreach (var one in (await desk.FindWaitingAsync(request, cancel)).Where(one => !one.Going))
        {
            all.Add(new ExportedRecording(one.Recording, null, one.Lost ? Absence.Lost : Absence.Waiting, one.Since));
        }

        var recordings = all.ToLookup(one => one.Recording.Call);

        var consents = await WriteConsentsAsync(zip, request, language, cancel);
        var notices = await WriteNoticesAsync(zip, calls.Select(one => one.Row.Line), language, cancel);
        await WriteTextAsync(zip, "index.html", PersonIndex.Html(new IndexContent(calls, recordings, consents, statements, notices), language, id => Today(id, language)), cancel);
        return new ExportedPerson(
            all.Count(one => one.File is not null),
            all.Count(one => one.Why is Absence.Lost or Absence.Damaged or Absence.Closed),
            all.Count(one => one.Why == Absence.Waiting),
            all.Count(one => one.Why == Absence.Quarantined),
            events,
            string.Empty)
        {
            Consents = consents.Count,
            Unrecorded = consents.Count(one => one.Lacking.Count > 0),
        };
    }

    private async Task<(List<(CallRow Row, ConsentStatus? Said)> Calls, List<LedgerEntry> Statements, int Events)> WriteEventsAsync(ZipArchive zip, RequestCase request, CancellationToken cancel)
    {
        var query = request.Call is { } call ? new LedgerQuery(Call: call) : new LedgerQuery(Subject: request.Subject);
        var calls = new Dictionary<CallId, (CallRow Row, ConsentStatus? Said)>();
        var statements = new List<LedgerEntry>();
        var count = 0;
        await using var entry = await zip.CreateEntry("events.json").OpenAsync(cancel);
        await using var writer = new StreamWriter(entry, new UTF8Encoding(false));
        await writer.WriteAsync("[");
        await foreach (var line in reader.ReadAsync(query, cancel))
        {
            await writer.WriteAsync(count++ == 0 ? "\n" : ",\n");
            await writer.WriteAsync(LedgerExport.ToJson(line, maskNumbers: false).ToJsonString(Indented).AsMemory(), cancel);
            if (line.Entry.Event is StatementAdded)
            {
                statements.Add(line.Entry);
            }

            if (line.Call.Kind != CallKind.Record)
            {
                var before = calls.TryGetValue(line.Call.Id, out var known) ? known.Said : null;
                calls[line.Call.Id] = (line.Call, Said(line.Entry.Event) ?? before);
            }
        }

        await writer.WriteAsync("\n]\n");
        return ([.. calls.Values.OrderBy(one => one.Row.ArrivedAt)], statements, count);
    }

    private async Task<List<ExportedConsent>> WriteConsentsAsync(ZipArchive zip, RequestCase request, string language, CancellationToken cancel)
    {
        var finder = new ConsentCases(reader);
        IReadOnlyList<ConsentCase> cases = request.Call is { } call
            ? await finder.OfCallAsync(call, cancel) is { } one ? [one] : []
            : request.Subject is { } subject ? await finder.OfPersonAsync(subject, cancel) : [];
        var written = new List<ExportedConsent>();
        foreach (var consent in cases)
        {
            // The reference is what the person may have been told of it, and no two have the same.
            var name = $"consents/{consent.Reference}";
            await WriteTextAsync(zip, $"{name}.html", ConsentPage.Html(consent, language, id => Today(id, language)), cancel);
            var (record, vcon) = (Iso27560.Record(consent), Vcon.Of(consent, log.Now));
            var files = new List<string> { $"{name}.html" };
            foreach (var (made, ending) in ((RecordDocument, string)[])[(record, "27560.jsonld"), (vcon, "vcon.json")])
            {
                if (made.Document is { } document)
                {
                    files.Add($"{name}.{ending}");
                    await WriteTextAsync(zip, files[^1], document.ToJsonString(Indented) + "\n", cancel);
                }
            }

            // Where nobody was asked there is no consent to record, and nothing is wanting for that.
            var asked = !consent.Steps.All(step => step.State is ConsentState.Informed or ConsentState.Requested);
            written.Add(new ExportedConsent(consent, files, [.. (asked ? record.Missing.Concat(vcon.Missing) : vcon.Missing).Select(missing => missing.Field).Distinct()]));
        }

        return written;
    }

    /// <summary>A purpose in the words of the settings of today.</summary>
    private string Today(string id, string language) => PurposeWords.Of(id, lines.SelectMany(line => line.Purposes), language);

    /// <summary>Of each line that the person called, as far as the settings still have it: the name and the page.</summary>
    private async Task<List<(string Line, string File)>> WriteNoticesAsync(ZipArchive zip, IEnumerable<string?> called, string language, CancellationToken cancel)
    {
        var written = new List<(string, string)>();
        foreach (var line in lines.Where(line => called.Contains(line.Name)))
        {
            // In one language, so it links to no other.
            var notice = FullNotice.Of(line, language, records, prompts: null) with { Languages = [language] };
            var name = $"notices/{written.Count + 1}.html";
            await WriteTextAsync(zip, name, NoticePage.Html(notice), cancel);
            written.Add((line.Name, name));
        }

        return written;
    }

    private async Task<ExportedRecording> WriteRecordingAsync(ZipArchive zip, RetainedRecording recording, Look look, CancellationToken cancel)
    {
        VaultItem? item = null;
        foreach (var index in vault)
        {
            item ??= await index.FindAsync(recording.Name, cancel);
        }

        switch (item)
        {
            case { Quarantined: true }:
                return new ExportedRecording(recording, null, Absence.Quarantined, null);
            case { State: VaultState.Missing }:
                return new ExportedRecording(recording, null, Absence.Lost, null);
            case { State: VaultState.Waiting }:
                return new ExportedRecording(recording, null, Absence.Waiting, recording.EndedAt);
            default:
                try
                {
                    var file = await WriteAudioAsync(zip, recording, look, cancel);
                    return new ExportedRecording(recording, file, file is null ? Absence.Closed : Absence.None, null);
                }
                catch (RecordingDamagedException)
                {
                    return new ExportedRecording(recording, null, Absence.Damaged, null);
                }
        }
    }

    private async Task<string?> WriteAudioAsync(ZipArchive zip, RetainedRecording recording, Look look, CancellationToken cancel)
    {
        foreach (var source in audio)
        {
            if (await IsWholeAsync(source, recording, cancel) && await source.OpenWavAsync(recording, cancel) is { } wav)
            {
                await using (wav)
                {
                    // First: who looks into the file while it grows, and ends this then, is on record as well.
                    await log.AddAsync(recording.Call, new RecordingPlayed(recording.Name, look.Actor, look.Reason, Copied: true), "Nothing was handed out", cancel);
                    var name = $"recordings/{recording.Name}.wav";
                    await using var entry = await zip.CreateEntry(name, CompressionLevel.Fastest).OpenAsync(cancel);
                    await wav.CopyToAsync(entry, cancel);
                    return name;
                }
            }
        }

        return null;
    }

    /// <summary>
    /// Reads it to its end before a byte of it is in the file, out of which nothing can be taken again: one that is damaged must not cost the
    /// person the others.
    /// </summary>
    private static async Task<bool> IsWholeAsync(IRecordingAudio source, RetainedRecording recording, CancellationToken cancel)
    {
        try
        {
            await using var wav = await source.OpenWavAsync(recording, cancel);
            if (wav is not null)
            {
                await wav.CopyToAsync(Stream.Null, cancel);
            }

            return wav is not null;
        }
        catch (IOException error) when (error is not RecordingDamagedException)
        {
            return false;
        }
    }

    private static async Task WriteTextAsync(ZipArchive zip, string name, string text, CancellationToken cancel)
    {
        await using var entry = await zip.CreateEntry(name).OpenAsync(cancel);
        await entry.WriteAsync(Encoding.UTF8.GetBytes(text), cancel);
    }

    private static ConsentStatus? Said(CallEvent fact) => fact switch
    {
        ConsentGiven => ConsentStatus.Given,
        ConsentRefused => ConsentStatus.Refused,
        ConsentNotObtained none => none.Status,
        ConsentWithdrawn => ConsentStatus.Withdrawn,
        _ => null,
    };

    /// <summary>Who hands out what, and why.</summary>
    private sealed record Look(string Actor, string Reason);
}
