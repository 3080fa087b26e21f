using System.Text.RegularExpressions;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Records;
using IvrConsent.Core.Subjects;

namespace IvrConsent.TestKit.Fakes;

/// <summary>A line with everything that records want, and calls on it as the ledger gives them.</summary>
public sealed partial class RecordScene
{
    public static readonly DateTimeOffset Start = new(2026, 3, 1, 10, 0, 0, 250, TimeSpan.Zero);

    public static readonly SubjectId Person = new(Guid.Parse("6f1c1d0e-2222-4333-8444-555566667777"));

    /// <summary>What the PBX showed as the caller of each call.</summary>
    public const string Number = "+48 601 234 567";

    private long _position = 1000;

    public LineOptions Line { get; set; } = new()
    {
        Name = "demo",
        Numbers = ["100"],
        Language = "en",
        Notice = new NoticeOptions("recording", "7"),
        Country = "PL",
        Controller = new PartyOptions { Id = "acme", Name = "Acme Sp. z o.o.", Address = "ul. Prosta 1, Warszawa", Country = "PL", Contact = "privacy@example.com", DataProtectionOfficer = "dpo@example.com" },
        Processors = [new PartyOptions { Id = "host", Name = "Hosting GmbH", Address = "Weg 2, Berlin", Country = "DE", Contact = "+49301234567" }],
        Purposes =
        [
            new PurposeOptions { Id = "quality", Retention = TimeSpan.FromDays(90), Texts = new Dictionary<string, string> { ["pl"] = "jakość obsługi", ["en"] = "quality of service" } },
            new PurposeOptions { Id = "training", Retention = TimeSpan.FromDays(30), Texts = new Dictionary<string, string> { ["en"] = "training of staff" } },
            new PurposeOptions { Id = "contract", Basis = LawfulBasis.Contract, Retention = TimeSpan.FromDays(1000), Texts = new Dictionary<string, string> { ["en"] = "evidence of a contract" } },
        ],
    };

    public RecordOptions? Records { get; set; } = new()
    {
        StorageLocations = ["PL", "DE"],
        Recipients = [],
        Withdrawal = "Write to privacy@example.com.",
        Rights = ["access", "erasure", "complaint"],
        Authority = "UODO",
    };

    public Terms Terms => Terms.Of(Line, Records, new FakeSettings());

    public WrittenTerms Written => WrittenTerms.Write(Terms);

    public static NoticePlayed Heard(string language = "en") => new("recording", "7", "notice", language, FakeSettings.Sha("notice"), 8000, 8000, false, Start.AddSeconds(1));

    public static CallEnded Ended => new(ConsentStatus.Given, Termination.Completed, true, 60_000, 16, null);

    /// <summary>Whether part of <see cref="Number"/> is in the text. Ids and hashes are left out: any three digits may stand in one.</summary>
    public static bool SaysNumber(string text) => Ids().Replace(text, "").Contains("601", StringComparison.Ordinal);

    [GeneratedRegex("[0-9a-f]{64}|[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}", RegexOptions.IgnoreCase)]
    private static partial Regex Ids();

    /// <summary>A call of one person with these facts, ten seconds apart, from its arrival on.</summary>
    public IReadOnlyList<LedgerLine> Call(string channel, SubjectId? subject, params CallEvent[] facts) => Call(Start, channel, subject, facts);

    public IReadOnlyList<LedgerLine> Call(DateTimeOffset start, string channel, SubjectId? subject, params CallEvent[] facts)
    {
        var id = CallId.FromChannel("lab", channel, start);
        var row = new CallRow(id, "lab", channel, Line.Name, "100", Number, start) { Subject = subject };
        CallEvent[] all = [new CallArrived("lab", channel, Line.Name, "tests") { Terms = Written.Sha256 }, .. facts];
        return [.. all.Select((fact, index) => new LedgerLine(
            ++_position, row, new LedgerEntry(Guid.CreateVersion7(start.AddSeconds(10 * index)), id, index + 1, start.AddSeconds(10 * index), fact)))];
    }

    /// <summary>The usual call: asked, said yes, ended.</summary>
    public IReadOnlyList<LedgerLine> Given(SubjectId? subject) => Call("17.1", subject, Heard(), new ConsentGiven('1', Start.AddSeconds(9), 1, 0) { Mode = ConsentMode.Explicit, Purposes = ["quality", "training"] }, Ended);

    /// <summary>A record of its own, as an entry has it, with corrections of it behind it.</summary>
    public IReadOnlyList<LedgerLine> Entered(SubjectId subject, ConsentEntered entry, params Func<Guid, EntryCorrected>[] corrections)
    {
        var id = CallId.FromChannel("-", $"{++_position}", entry.GivenAt);
        var row = new CallRow(id, "-", "-", Line.Name, string.Empty, "+48 601 234 567", entry.GivenAt) { Subject = subject, Kind = CallKind.Record };
        var first = Guid.CreateVersion7(entry.GivenAt);
        CallEvent[] all = [entry with { Terms = Written.Sha256 }, .. corrections.Select(correct => correct(first))];
        return [.. all.Select((fact, index) => new LedgerLine(
            ++_position, row, new LedgerEntry(index == 0 ? first : Guid.CreateVersion7(entry.GivenAt), id, index + 1, entry.GivenAt.AddSeconds(index), fact)))];
    }

    /// <summary>What a letter says, as staff enter it.</summary>
    public static ConsentEntered Letter(EntryStatus status = EntryStatus.Given, params string[] purposes) =>
        new(status, purposes.Length == 0 ? ["quality"] : purposes, EntrySource.StaffWritten, "clerk", "DOC-17", Start.AddDays(1)) { Notice = "recording", NoticeVersion = "7", Language = "en" };

    /// <summary>A call for which the answer of an earlier call stands.</summary>
    public IReadOnlyList<LedgerLine> Reused(IReadOnlyList<LedgerLine> earlier)
    {
        var given = earlier.First(line => line.Entry.Event is ConsentGiven or ConsentEntered);
        var said = given.Entry.Event is ConsentGiven { KeyAt: var at } ? at : ((ConsentEntered)given.Entry.Event).GivenAt;
        return Call(Start.AddDays(5), "19.1", given.Call.Subject, new ConsentReused(given.Entry.EventId, ConsentStatus.Given, ["quality", "training"], said, said.AddDays(30), "the same notice"), Ended);
    }

    public ConsentCase Case(IReadOnlyList<LedgerLine> call, IEnumerable<LedgerLine>? elsewhere = null) => ConsentCase.From(call, Terms, elsewhere)!;
}
