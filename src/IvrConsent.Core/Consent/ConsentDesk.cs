using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Rights;
using IvrConsent.Core.Subjects;

namespace IvrConsent.Core.Consent;

/// <summary>What became of an entry.</summary>
public enum EntryOutcome
{
    /// <summary>It is in the ledger, or in the synced local file on its way there.</summary>
    Entered,

    /// <summary>The very same entry was there already; nothing was added.</summary>
    AlreadyThere,

    /// <summary>The number holds neither digit nor letter.</summary>
    NoNumber,

    /// <summary>There is no such event to correct.</summary>
    NoSuchEvent,

    /// <summary>The event is none that could be corrected: it says nothing of a person's consent.</summary>
    NotCorrectable,

    /// <summary>Neither database nor local file took it.</summary>
    Lost,

    /// <summary>There is no consent in the call that could be withdrawn.</summary>
    NothingToWithdraw,
}

/// <summary>What became of an entry.</summary>
/// <param name="Outcome">What became of it.</param>
/// <param name="Event">The entry's event; null when there is none.</param>
/// <param name="Call">The record that it stands in; null when there is none.</param>
public sealed record EntryResult(EntryOutcome Outcome, Guid? Event = null, CallId? Call = null);

/// <summary>
/// Where consent is entered, corrected and asked for by other ways than a call's keys: the API, the command line, imports, text messages. Each entry
/// stands in a record of its own (<see cref="CallKind.Record"/>), each correction beside what it corrects. Safe for concurrent use; throws the
/// storage's own exception when the database is away.
/// </summary>
public sealed class ConsentDesk(ISubjects subjects, ILedger ledger, ILedgerReader reader, IConsentHistory history, TimeProvider time)
{
    /// <summary>PBX and channel of what is no call.</summary>
    private const string None = "-";

    /// <summary>How the owner of a number stands; null when nothing is known.</summary>
    public async Task<StandingConsent?> FindAsync(string number, CancellationToken cancel) =>
        await subjects.FindAsync(number, cancel) is { } subject ? await history.FindAsync(subject, cancel) : null;

    /// <summary>The same for somebody who asks: that he did is put on record before he is told.</summary>
    /// <inheritdoc cref="SearchAsync"/>
    public async Task<StandingConsent?> LookUpAsync(string number, string actor, string reason, CancellationToken cancel) =>
        await SearchAsync(number, actor, reason, cancel) is { } person ? await history.FindAsync(person, cancel) : null;

    /// <summary>Whose a number is, put on record before it is told.</summary>
    /// <param name="number">Whose.</param>
    /// <param name="actor">Who asks.</param>
    /// <param name="reason">Why.</param>
    /// <param name="cancel">Ends the waiting.</param>
    /// <exception cref="RightsUntoldException">The ledger did not take it: nothing is told.</exception>
    public async Task<SubjectId?> SearchAsync(string number, string actor, string reason, CancellationToken cancel)
    {
        var subject = await subjects.FindAsync(number, cancel);
        await new RightsLog(ledger, time).TellSearchAsync(subject, actor, reason);
        return subject;
    }

    /// <summary>Enters what the owner of a number said.</summary>
    public async Task<EntryResult> EnterAsync(string number, string? line, ConsentEntered entry, CancellationToken cancel)
    {
        if (await subjects.FindOrAddAsync(number, cancel) is not { } subject)
        {
            return new EntryResult(EntryOutcome.NoNumber);
        }

        return await AppendAsync(Row(NewId(), number, subject, line), Guid.CreateVersion7(Now()), entry);
    }

    /// <summary>
    /// Enters it once, however often it is called with the same: for lists and messages that may come twice. What makes two entries the same is the
    /// person and <paramref name="content"/>; the person goes in as the random subject and not as the number, so an id in the ledger tells nothing of a number.
    /// </summary>
    /// <param name="number">Whose.</param>
    /// <param name="line">The line; null for none.</param>
    /// <param name="entry">What was said.</param>
    /// <param name="content">What tells this entry from others of the person, in its whole length.</param>
    /// <param name="cancel">Ends the waiting.</param>
    public async Task<EntryResult> EnterOnceAsync(string number, string? line, ConsentEntered entry, string content, CancellationToken cancel)
    {
        if (await subjects.FindOrAddAsync(number, cancel) is not { } subject)
        {
            return new EntryResult(EntryOutcome.NoNumber);
        }

        var (call, id) = IdsOf(subject, entry.GivenAt, content);
        if (await ledger.FindCallAsync(call, cancel) is not null)
        {
            return new EntryResult(EntryOutcome.AlreadyThere, id, call);
        }

        return await AppendAsync(Row(call, number, subject, line), id, entry);
    }

    /// <summary>Puts on record that the owner of a number is asked.</summary>
    public async Task<EntryResult> RequestAsync(string number, string? line, ConsentRequested request, CancellationToken cancel) =>
        await subjects.FindOrAddAsync(number, cancel) is { } subject
            ? await AppendAsync(Row(NewId(), number, subject, line), Guid.CreateVersion7(Now()), request)
            : new EntryResult(EntryOutcome.NoNumber);

    /// <summary>Puts on record what became of the receipt of a consent that the owner of a number gave.</summary>
    public async Task<EntryResult> NoteReceiptAsync(string number, string? line, CallEvent receipt, CancellationToken cancel) =>
        receipt is not (ReceiptSent or ReceiptNotSent) ? throw new ArgumentException("It says nothing of a receipt.", nameof(receipt))
        : await subjects.FindOrAddAsync(number, cancel) is { } subject
            ? await AppendAsync(Row(NewId(), number, subject, line), Guid.CreateVersion7(Now()), receipt)
            : new EntryResult(EntryOutcome.NoNumber);

    /// <summary>The question that the owner of a number was asked last, and when; null when there was none.</summary>
    public async Task<LedgerLine?> FindRequestAsync(string number, CancellationToken cancel)
    {
        if (await subjects.FindAsync(number, cancel) is { } subject)
        {
            await foreach (var line in reader.ReadAsync(new LedgerQuery(EventType: nameof(ConsentRequested), Limit: 1, Subject: subject), cancel))
            {
                return line;
            }
        }

        return null;
    }

    /// <summary>Puts beside an event what it should have said; the event itself stays as it is.</summary>
    public async Task<EntryResult> CorrectAsync(Guid wrong, string actor, string reason, ConsentEntered? instead, CancellationToken cancel)
    {
        LedgerLine? found = null;
        await foreach (var line in reader.ReadAsync(new LedgerQuery(Event: wrong), cancel))
        {
            found = line;
        }

        if (found is null)
        {
            return new EntryResult(EntryOutcome.NoSuchEvent);
        }

        if (found.Entry.Event is not (ConsentGiven or ConsentRefused or ConsentWithdrawn or CallerObjected or ConsentEntered))
        {
            return new EntryResult(EntryOutcome.NotCorrectable);
        }

        IReadOnlyList<LedgerEntry> entries = await ledger.FindCallAsync(found.Call.Id, cancel) is { } call ? call.Entries : [found.Entry];
        return await AppendBehindAsync(entries, _ => new EntryCorrected(wrong, actor, reason, instead));
    }

    /// <summary>
    /// Withdraws the consent of a call that is over, on the person's word (GDPR art. 7(3)). What becomes of its recordings, the sweep sees to.
    /// </summary>
    /// <param name="call">The call.</param>
    /// <param name="scope">How far it reaches.</param>
    /// <param name="action">What becomes of what was recorded.</param>
    /// <param name="actor">Who enters it.</param>
    /// <param name="reason">Why.</param>
    /// <param name="cancel">Ends the waiting.</param>
    public async Task<EntryResult> WithdrawAsync(CallId call, WithdrawalScope scope, WithdrawalAction action, string actor, string reason, CancellationToken cancel)
    {
        if (await ledger.FindCallAsync(call, cancel) is not { } found)
        {
            return new EntryResult(EntryOutcome.NoSuchEvent);
        }

        return CallStanding.Of(found.Entries.OrderBy(entry => entry.CallSequence).Select(entry => entry.Event)).Consent != ConsentStatus.Given
            ? new EntryResult(EntryOutcome.NothingToWithdraw)
            : await AppendBehindAsync(found.Entries, now => new ConsentWithdrawn(string.Empty, now, scope, action) { By = actor, Reason = reason });
    }

    /// <summary>
    /// Whether the owner of a number may be called, and puts the answer on record before it gives it. While entries wait that the database does not
    /// show yet, one of them may be an opt-out: then the answer is no.
    /// </summary>
    public async Task<OutboundAnswer> CheckOutboundAsync(string number, string purpose, LawfulBasis basis, string? line, string actor, CancellationToken cancel)
    {
        if (await subjects.FindOrAddAsync(number, cancel) is not { } subject)
        {
            return new OutboundAnswer(false, OutboundReasons.NoNumber);
        }

        var answer = ledger.Health.Waiting > 0
            ? new OutboundAnswer(false, OutboundReasons.LedgerUnavailable)
            : OutboundPolicy.Decide(purpose, basis, await history.FindAsync(subject, cancel), Now());
        var used = new ConsentUsed(answer.BasisEvent, purpose, actor, answer.Allowed, answer.Reason);
        var result = await AppendAsync(Row(NewId(), number, subject, line), Guid.CreateVersion7(Now()), used);
        return result.Outcome == EntryOutcome.Lost && answer.Allowed ? new OutboundAnswer(false, OutboundReasons.LedgerUnavailable) : answer;
    }

    /// <summary>Ids that follow from the content, in the two forms that the ledger's ids have: time first, then bits of a SHA-256.</summary>
    internal static (CallId Call, Guid Event) IdsOf(SubjectId subject, DateTimeOffset givenAt, string content)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{subject}\n{content}"));
        return (CallId.FromChannel(None, Convert.ToHexStringLower(hash), givenAt), Stamp(hash.AsSpan(16), givenAt));
    }

    /// <summary>A UUID version 8 (RFC 9562) with the time in its first 48 bits.</summary>
    private static Guid Stamp(Span<byte> bits, DateTimeOffset at)
    {
        Span<byte> milliseconds = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(milliseconds, at.ToUnixTimeMilliseconds());
        milliseconds[2..].CopyTo(bits);
        bits[6] = (byte)(0x80 | (bits[6] & 0x0F));
        bits[8] = (byte)(0x80 | (bits[8] & 0x3F));
        return new Guid(bits[..16], bigEndian: true);
    }

    private static EntryResult Result(AppendResult result, Guid id, CallId call) =>
        result == AppendResult.Lost ? new EntryResult(EntryOutcome.Lost) : new EntryResult(EntryOutcome.Entered, id, call);

    /// <summary>Behind the last event of a call or record; should another take the number meanwhile, the ledger moves this one behind it.</summary>
    private async Task<EntryResult> AppendBehindAsync(IReadOnlyList<LedgerEntry> entries, Func<DateTimeOffset, CallEvent> make)
    {
        var (now, last) = (Now(), entries.Max(entry => entry.At));
        var id = Guid.CreateVersion7(now);
        var entry = new LedgerEntry(id, entries[0].CallId, entries.Max(one => one.CallSequence) + 1, last > now ? last : now, make(now));
        return Result(await ledger.AppendAsync(new LedgerBatch(null, [entry])), id, entry.CallId);
    }

    private async Task<EntryResult> AppendAsync(CallRow row, Guid id, CallEvent fact) =>
        Result(await ledger.AppendAsync(new LedgerBatch(row, [new LedgerEntry(id, row.Id, 1, row.ArrivedAt, fact)])), id, row.Id);

    private CallRow Row(CallId id, string number, SubjectId subject, string? line) =>
        new(id, None, None, line, string.Empty, number, Now()) { Subject = subject, Kind = CallKind.Record };

    private CallId NewId() => CallId.FromChannel(None, Guid.NewGuid().ToString("N"), Now());

    private DateTimeOffset Now()
    {
        var now = time.GetUtcNow().UtcDateTime;
        return new DateTimeOffset(now.AddTicks(-(now.Ticks % TimeSpan.TicksPerMillisecond)), TimeSpan.Zero);
    }
}
