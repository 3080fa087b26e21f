using IvrConsent.Core.Calls;

namespace IvrConsent.Core.Rights;

/// <summary>The cases as they stand; what was done about them is in the ledger. Safe for concurrent use by several processes.</summary>
public interface IRequests
{
    /// <summary>Adds a case.</summary>
    Task AddAsync(RequestCase request, CancellationToken cancel);

    /// <summary>A case; null when there is none.</summary>
    Task<RequestCase?> FindAsync(CallId id, CancellationToken cancel);

    /// <summary>All cases, or the open ones, the one due first first.</summary>
    Task<IReadOnlyList<RequestCase>> ListAsync(bool openOnly, CancellationToken cancel);

    /// <summary>Extends an open case that was not extended before; false when it is neither.</summary>
    Task<bool> ExtendAsync(CallId id, DateTimeOffset dueAt, string reason, CancellationToken cancel);

    /// <summary>Closes an open case; false when it is not open.</summary>
    Task<bool> CloseAsync(CallId id, RequestState state, string reason, DateTimeOffset at, CancellationToken cancel);

    /// <summary>Notes that somebody approved a case; false when he had already.</summary>
    Task<bool> ApproveAsync(CallId id, string actor, DateTimeOffset at, CancellationToken cancel);

    /// <summary>Who approved a case.</summary>
    Task<IReadOnlyList<string>> FindApproversAsync(CallId id, CancellationToken cancel);
}
