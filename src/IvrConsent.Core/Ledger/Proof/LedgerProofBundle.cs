using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace IvrConsent.Core.Ledger.Proof;

/// <summary>
/// What a third party needs to see that an event stood in the ledger: checked offline, with a public key that reached it another way.
/// </summary>
/// <param name="Format">Always <see cref="InclusionFormat"/>.</param>
/// <param name="Leaf">The event's bytes, as <see cref="LedgerLeaf"/> defines them.</param>
/// <param name="Index">The leaf, from 0: the event's position less one.</param>
/// <param name="Inclusion">The hashes beside its way to the root, base64, from below.</param>
/// <param name="Checkpoint">The signed note.</param>
/// <param name="PublicKey">The key that it is signed by (PEM): to compare with the one known to be the controller's, not in its place.</param>
public sealed record LedgerProofBundle(string Format, string Leaf, long Index, IReadOnlyList<string> Inclusion, string Checkpoint, string PublicKey)
{
    /// <summary>The name of this form.</summary>
    public const string InclusionFormat = "ivrconsent-proof-v1";

    /// <summary>Checks everything; null when it is right, else what is not.</summary>
    public string? FindFault(ECDsa key)
    {
        try
        {
            var head = Proof.Checkpoint.Open(Checkpoint, key);
            return Format != InclusionFormat ? $"its format is not {InclusionFormat}"
                : !Leaf.StartsWith(LedgerLeaf.Version + "\n", StringComparison.Ordinal) ? "its leaf is no event of this kind of ledger"
                : MerkleTree.VerifyInclusion(LedgerLeaf.Hash(Leaf), Index, head.Size, ProofJson.Hashes(Inclusion), head.Root.Span) ? null
                : "the event does not lead to the checkpoint's root: the event, its position or the proof was changed";
        }
        catch (FormatException wrong)
        {
            return wrong.Message;
        }
    }
}

/// <summary>What shows that a ledger only grew between two checkpoints.</summary>
/// <param name="Format">Always <see cref="ConsistencyFormat"/>.</param>
/// <param name="Old">The older signed note.</param>
/// <param name="New">The newer signed note.</param>
/// <param name="Consistency">The proof, base64.</param>
/// <param name="PublicKey">The key that both are signed by (PEM).</param>
public sealed record LedgerConsistencyBundle(string Format, string Old, string New, IReadOnlyList<string> Consistency, string PublicKey)
{
    /// <summary>The name of this form.</summary>
    public const string ConsistencyFormat = "ivrconsent-consistency-v1";

    /// <summary>Checks everything; null when it is right, else what is not.</summary>
    public string? FindFault(ECDsa key)
    {
        try
        {
            var (older, newer) = (Checkpoint.Open(Old, key), Checkpoint.Open(New, key));
            return Format != ConsistencyFormat ? $"its format is not {ConsistencyFormat}"
                : older.Origin != newer.Origin ? "the two checkpoints are of two ledgers"
                : MerkleTree.VerifyConsistency(older.Size, newer.Size, older.Root.Span, newer.Root.Span, ProofJson.Hashes(Consistency)) ? null
                : "the newer checkpoint does not continue the older one: events before it were changed, removed or reordered";
        }
        catch (FormatException wrong)
        {
            return wrong.Message;
        }
    }
}

/// <summary>The proofs' JSON: snake_case, source generated.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true, RespectRequiredConstructorParameters = true, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(LedgerProofBundle))]
[JsonSerializable(typeof(LedgerConsistencyBundle))]
public sealed partial class ProofJson : JsonSerializerContext
{
    /// <summary>The form that a file names; null where it names none.</summary>
    /// <exception cref="JsonException">It is no JSON object.</exception>
    public static string? FormatOf(string json)
    {
        using var document = JsonDocument.Parse(json);
        return document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("format", out var format) && format.ValueKind == JsonValueKind.String
            ? format.GetString()
            : null;
    }

    internal static IReadOnlyList<byte[]> Hashes(IReadOnlyList<string> text) => [.. text.Select(hash => Convert.FromBase64String(hash ?? string.Empty))];
}
