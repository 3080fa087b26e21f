using System.Globalization;
using System.Text;

namespace IvrConsent.Core.Ledger.Proof;

/// <summary>
/// What of an event the tree is made of. UTF-8, lines ended by a line feed: <c>ivrconsent-event-v1</c>; the event's id and the call's
/// id, each 32 lower-case hexadecimal digits; the number within the call, decimal; the time, UTC, as
/// <c>2026-11-26T10:00:00.000Z</c>; the type; then the body, the JSON exactly as stored, to the end, without a line feed behind it. No
/// part but the last can hold a line feed, so no two events give the same bytes. The event at position n is the leaf n - 1.
/// </summary>
public static class LedgerLeaf
{
    /// <summary>The first line.</summary>
    public const string Version = "ivrconsent-event-v1";

    /// <summary>The leaf as text.</summary>
    public static string Text(Guid eventId, Guid callId, int sequence, DateTimeOffset at, string type, string body) => string.Create(
        CultureInfo.InvariantCulture,
        $"{Version}\n{eventId:N}\n{callId:N}\n{sequence}\n{at.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss.fff'Z'}\n{type}\n{body}");

    /// <summary>The hash of a leaf.</summary>
    public static byte[] Hash(string text) => MerkleTree.LeafHash(Encoding.UTF8.GetBytes(text));
}
