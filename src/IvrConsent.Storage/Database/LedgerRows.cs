using System.Data.Common;
using System.Text;
using Dapper;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Subjects;
using IvrConsent.Storage.Keys;

namespace IvrConsent.Storage.Database;

/// <summary>Which of the writer's statements.</summary>
internal enum LedgerStatement
{
    InsertSubject,
    InsertCall,
    InsertEvent,
    EndCall,
}

/// <summary>A null where the statement alone does not say of which type.</summary>
internal enum LedgerNull
{
    Id,
    Bytes,
}

/// <summary>One statement with its values, in the order of its <c>$n</c>.</summary>
internal readonly record struct LedgerCommand(LedgerStatement Statement, LedgerEntry? Entry, object?[] Values);

/// <summary>The way between the ledger's words and the tables' columns.</summary>
internal static class LedgerRows
{
    /// <summary>Refuses what no caller may hand in: a programmer's error, not a database's.</summary>
    public static void Check(LedgerBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        if (batch.Entries.Count == 0)
        {
            throw new ArgumentException("A batch holds at least one entry.", nameof(batch));
        }

        var call = batch.Entries[0].CallId;
        if (batch.Call is { } row && row.Id != call)
        {
            throw new ArgumentException("The call's row and its entries are of different calls.", nameof(batch));
        }

        foreach (var entry in batch.Entries)
        {
            if (entry.CallId != call || entry.CallSequence < 1)
            {
                throw new ArgumentException("The entries of a batch are of one call and numbered from 1.", nameof(batch));
            }
        }
    }

    /// <summary>The statements that store a batch, with values as this database wants them.</summary>
    public static void AddCommands(this LedgerDatabase database, LedgerBatch batch, List<LedgerCommand> commands)
    {
        if (batch.Call is { } call)
        {
            var id = database.Id(call.Id.Value);
            var keys = database.Numbers.Current;
            var hash = keys.Hash(call.CallerNumber);
            if (hash is not null)
            {
                var subject = Guid.NewGuid();
                var seal = keys.Seal(Clean(call.CallerNumber)!, subject);
                commands.Add(new(LedgerStatement.InsertSubject, null, [database.Id(subject), hash, seal.Bytes, seal.KeyId, database.Time(call.ArrivedAt), id]));
            }

            commands.Add(new(LedgerStatement.InsertCall, null, [
                id,
                Clean(call.Pbx),
                Clean(call.Channel),
                Clean(call.Line),
                Clean(call.CalledNumber),
                call.Subject is { } known ? database.Id(known.Value) : LedgerNull.Id,
                hash ?? (object)LedgerNull.Bytes,
                call.Kind.ToString(),
                database.Time(call.ArrivedAt),
            ]));
        }

        foreach (var entry in batch.Entries)
        {
            var callId = database.Id(entry.CallId.Value);
            var at = database.Time(entry.At);
            commands.Add(new(LedgerStatement.InsertEvent, entry, [
                database.Id(entry.EventId),
                callId,
                entry.CallSequence,
                at,
                entry.Event.GetType().Name,
                LedgerJson.Write(entry.Event),
            ]));
            if (entry.Event is CallEnded)
            {
                commands.Add(new(LedgerStatement.EndCall, null, [callId, at]));
            }
        }
    }

    /// <summary>The conditions of a query and their values.</summary>
    public static (IReadOnlyList<string> Conditions, DynamicParameters Values) Conditions(
        this LedgerDatabase database, LedgerQuery query)
    {
        var conditions = new List<string>();
        var values = new DynamicParameters();
        Add("e.at >= @from", "from", query.From is { } from ? database.Time(from) : null);
        Add("e.at < @until", "until", query.Until is { } until ? database.Time(until) : null);
        Add("c.line = @line", "line", Clean(query.Line));
        Add("c.pbx = @pbx", "pbx", Clean(query.Pbx));
        Add("e.type = @type", "type", Clean(query.EventType));
        Add("e.call_id = @call", "call", query.Call is { } call ? database.Id(call.Value) : null);
        Add("e.event_id = @event", "event", query.Event is { } known ? database.Id(known) : null);
        Add("c.subject_id = @subject", "subject", query.Subject is { } subject ? database.Id(subject.Value) : null);
        if (query.Limit > 0)
        {
            values.Add("limit", query.Limit);
        }

        return (conditions, values);

        void Add(string condition, string name, object? value)
        {
            if (value is not null)
            {
                conditions.Add(condition);
                values.Add(name, value);
            }
        }
    }

    /// <summary>Reads the row that the reader stands on.</summary>
    public static LedgerLine ReadLine(this LedgerDatabase database, DbDataReader row)
    {
        var call = new CallId(row.GetGuid(2));
        var entry = new LedgerEntry(
            row.GetGuid(1), call, row.GetInt32(3), database.ReadTime(row, 4), LedgerJson.Read(row.GetString(5)));
        var owner = row.IsDBNull(6)
            ? StandIn(call)
            : new CallRow(
                call,
                row.GetString(6),
                row.GetString(7),
                row.IsDBNull(8) ? null : row.GetString(8),
                row.GetString(9),
                database.ReadNumber(row),
                database.ReadTime(row, 10))
            {
                Kind = Enum.Parse<CallKind>(row.GetString(11)),
                Subject = row.IsDBNull(12) ? null : new SubjectId(row.GetGuid(12)),
            };
        return new LedgerLine(row.GetInt64(0), owner, entry);
    }

    /// <summary>The caller's number out of the mapping; null where it was withheld or deleted, or is under a key that is lost.</summary>
    private static string? ReadNumber(this LedgerDatabase database, DbDataReader row) => row.IsDBNull(13)
        ? null
        : database.Numbers.Open(new SealedNumber(row.GetString(13), row.GetFieldValue<byte[]>(14)), row.GetGuid(12));

    /// <summary>
    /// For events whose call has no row: it waits in the spool, or was lost. What can be known is in the id itself: its first
    /// 48 bits are the moment of arrival.
    /// </summary>
    public static CallRow StandIn(CallId id)
    {
        Span<byte> bytes = stackalloc byte[16];
        id.Value.TryWriteBytes(bytes, bigEndian: true, out _);
        long milliseconds = 0;
        for (var i = 0; i < 6; i++)
        {
            milliseconds = (milliseconds << 8) | bytes[i];
        }

        // An id that was not made by CallId.FromChannel may hold any number.
        var arrived = milliseconds < 253402300800000 ? DateTimeOffset.FromUnixTimeMilliseconds(milliseconds) : DateTimeOffset.UnixEpoch;
        return new CallRow(id, "unknown", "unknown", null, string.Empty, null, arrived);
    }

    /// <summary>Times are kept in whole milliseconds, cut, not rounded, so that both databases hold the same.</summary>
    public static DateTimeOffset Milliseconds(DateTimeOffset value)
    {
        var ticks = value.UtcTicks;
        return new DateTimeOffset(ticks - (ticks % TimeSpan.TicksPerMillisecond), TimeSpan.Zero);
    }

    /// <summary>
    /// Text as both databases can hold it: PostgreSQL knows no NUL, neither knows half a surrogate pair. Such a character, in
    /// a number or a channel's name somebody made up, becomes U+FFFD; the call's facts must not be lost for it.
    /// </summary>
    public static string? Clean(string? text)
    {
        if (text is null || !text.Contains('\0', StringComparison.Ordinal) && !text.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF'))
        {
            return text;
        }

        var clean = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            clean.Append(rune.Value == 0 ? Rune.ReplacementChar : rune);
        }

        return clean.ToString();
    }
}
