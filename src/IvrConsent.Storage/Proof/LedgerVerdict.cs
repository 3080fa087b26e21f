namespace IvrConsent.Storage.Proof;

/// <summary>What a check of the whole ledger came to.</summary>
/// <param name="Events">Events looked at.</param>
/// <param name="Sealed">How many of them the newest checkpoint covers; the rest is too new to be sealed.</param>
/// <param name="Checkpoints">Checkpoints looked at.</param>
/// <param name="Root">The root over the events that are sealed, hexadecimal; null where none are or something is wrong.</param>
/// <param name="Fault">The first thing that is wrong; null when all is right.</param>
public sealed record LedgerVerdict(long Events, long Sealed, long Checkpoints, string? Root, LedgerFault? Fault);

/// <summary>Something wrong with the ledger.</summary>
/// <param name="Kind">A stable word: <c>missing</c>, <c>changed</c>, <c>truncated</c>, <c>checkpoint</c>, <c>outside-checkpoint</c>.</param>
/// <param name="Position">The first position that is wrong; where <paramref name="Exact"/> is false, the first that may be.</param>
/// <param name="Exact">Whether that very position is known to be wrong.</param>
/// <param name="What">For a person.</param>
public sealed record LedgerFault(string Kind, long Position, bool Exact, string What);
