using System.Data.Common;
using Dapper;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Rights;
using IvrConsent.Core.Subjects;
using IvrConsent.Storage.Database;

namespace IvrConsent.Storage.Rights;

/// <summary>The cases.</summary>
internal sealed class RequestTable(LedgerDatabase database) : RightsTables(database), IRequests
{
    private const string Columns =
        "SELECT request_id, kind, subject_id, call_id, received_at, due_at, opened_by, state, extension_reason, closed_at, close_reason FROM requests";

    public Task AddAsync(RequestCase request, CancellationToken cancel)
    {
        var values = new DynamicParameters();
        values.Add("id", Id(request.Id.Value));
        values.Add("kind", request.Kind.ToString());
        values.Add("subject", Id(request.Subject?.Value), Database.IdType);
        values.Add("call", Id(request.Call?.Value), Database.IdType);
        values.Add("received", Time(request.ReceivedAt));
        values.Add("due", Time(request.DueAt));
        values.Add("by", LedgerRows.Clean(request.OpenedBy));
        return ExecuteAsync(
            """
            INSERT INTO requests (request_id, kind, subject_id, call_id, received_at, due_at, opened_by)
            VALUES (@id, @kind, @subject, @call, @received, @due, @by)
            """,
            values,
            cancel);
    }

    public async Task<RequestCase?> FindAsync(CallId id, CancellationToken cancel) =>
        (await ReadAsync($"{Columns} WHERE request_id = @id", new { id = Id(id.Value) }, Read, cancel)).SingleOrDefault();

    public async Task<IReadOnlyList<RequestCase>> ListAsync(bool openOnly, CancellationToken cancel) =>
        await ReadAsync($"{Columns}{(openOnly ? " WHERE state = 'Open'" : string.Empty)} ORDER BY due_at, request_id", null, Read, cancel);

    public async Task<bool> ExtendAsync(CallId id, DateTimeOffset dueAt, string reason, CancellationToken cancel) => await ExecuteAsync(
        "UPDATE requests SET due_at = @due, extension_reason = @reason WHERE request_id = @id AND state = 'Open' AND extension_reason IS NULL",
        new { id = Id(id.Value), due = Time(dueAt), reason = LedgerRows.Clean(reason) },
        cancel) > 0;

    public async Task<bool> CloseAsync(CallId id, RequestState state, string reason, DateTimeOffset at, CancellationToken cancel) => await ExecuteAsync(
        "UPDATE requests SET state = @state, closed_at = @at, close_reason = @reason WHERE request_id = @id AND state = 'Open'",
        new { id = Id(id.Value), state = state.ToString(), at = Time(at), reason = LedgerRows.Clean(reason) },
        cancel) > 0;

    public async Task<bool> ApproveAsync(CallId id, string actor, DateTimeOffset at, CancellationToken cancel) => await ExecuteAsync(
        "INSERT INTO request_approvals (request_id, actor, approved_at) VALUES (@id, @actor, @at) ON CONFLICT (request_id, actor) DO NOTHING",
        new { id = Id(id.Value), actor, at = Time(at) },
        cancel) > 0;

    public async Task<IReadOnlyList<string>> FindApproversAsync(CallId id, CancellationToken cancel) => await ReadAsync(
        "SELECT actor FROM request_approvals WHERE request_id = @id ORDER BY approved_at, actor", new { id = Id(id.Value) }, row => row.GetString(0), cancel);

    private RequestCase Read(DbDataReader row) => new(
        new CallId(row.GetGuid(0)),
        Enum.Parse<RequestKind>(row.GetString(1)),
        ReadId(row, 2) is { } subject ? new SubjectId(subject) : null,
        ReadId(row, 3) is { } call ? new CallId(call) : null,
        Database.ReadTime(row, 4),
        Database.ReadTime(row, 5),
        row.GetString(6))
    {
        State = Enum.Parse<RequestState>(row.GetString(7)),
        ExtensionReason = ReadText(row, 8),
        ClosedAt = ReadTime(row, 9),
        CloseReason = ReadText(row, 10),
    };
}
