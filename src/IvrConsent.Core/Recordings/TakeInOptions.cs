namespace IvrConsent.Core.Recordings;

/// <summary>How recordings are taken in.</summary>
public sealed record TakeInOptions
{
    /// <summary>How long a recording that is being taken in is nobody else's, unless it is told that it still is. Default 2 min: what a worker that was killed held is taken up by then.</summary>
    public TimeSpan Lease { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>
    /// Whether a recording of ours that lies on a PBX, and of whose call the ledger knows nothing, is taken in as well and locked away. Default
    /// no, it is told of: another worker with a database of its own may have made it. Yes where no other records on these PBXs.
    /// </summary>
    public bool TakeUnknown { get; init; }

    /// <summary>How many are taken in at the same time. Default 2: calls come first.</summary>
    public int AtOnce { get; init; } = 2;

    /// <summary>How long the PBX or the store may give nothing while it is read. Default 30 s.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The first wait after something went wrong; it doubles from one to the next. Default 5 s.</summary>
    public TimeSpan RetryBase { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The longest wait. Default 10 min.</summary>
    public TimeSpan RetryCap { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>The wait before the next attempt.</summary>
    public TimeSpan RetryAfter(int attempt) =>
        TimeSpan.FromTicks(Math.Min(RetryCap.Ticks, RetryBase.Ticks << Math.Clamp(attempt - 1, 0, 16)));
}
