using System.Data.Common;
using System.Text;
using Dapper;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Ledger;

namespace IvrConsent.Storage.Database;

/// <summary>Which of the writer's statements.</summary>
internal enum LedgerStatement
{
    InsertCall,
    InsertEvent,
    EndCall,
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
            commands.Add(new(LedgerStatement.InsertCall, null, [
                database.Id(call.Id.Value),
                Clean(call.Pbx),
                Clean(call.Channel),
                Clean(call.Line),
                Clean(call.CalledNumber),
                Clean(call.CallerNumber),
                database.Time(call.ArrivedAt),
            ]));
        }

        foreach (var entry in batch.Entries)
        {
            var id = database.Id(entry.CallId.Value);
            var at = database.Time(entry.At);
            commands.Add(new(LedgerStatement.InsertEvent, entry, [
                database.Id(entry.EventId),
                id,
                entry.CallSequence,
                at,
                entry.Event.GetType().Name,
                LedgerJson.Write(entry.Event),
            ]));
            if (entry.Event is CallEnded)
            {
                commands.Add(new(LedgerStatement.EndCall, null, [id, at]));
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
                row.IsDBNull(10) ? null : row.GetString(10),
                database.ReadTime(row, 11));
        return new LedgerLine(row.GetInt64(0), owner, entry);
    }

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
