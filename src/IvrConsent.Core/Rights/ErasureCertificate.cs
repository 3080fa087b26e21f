using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using IvrConsent.Core.Retention;
using IvrConsent.Core.Subjects;

namespace IvrConsent.Core.Rights;

/// <summary>A recording in a certificate.</summary>
/// <param name="Recording">Its name.</param>
/// <param name="Call">The call.</param>
/// <param name="CallEndedAt">When the call ended; null: it goes on.</param>
/// <param name="Reason">Why it went, or what keeps it.</param>
/// <param name="Kept">The rules that keep it; empty when it went.</param>
public sealed record CertifiedRecording(string Recording, string Call, DateTimeOffset? CallEndedAt, string Reason, IReadOnlyList<KeptBy> Kept);

/// <summary>
/// What an erasure did and did not do. Holds no number; the subject is a random id that says nothing once the mapping is gone. The
/// ledger keeps the SHA-256 of its JSON form.
/// </summary>
/// <param name="Case">The request.</param>
/// <param name="IssuedAt">When.</param>
/// <param name="Actor">Who did it.</param>
/// <param name="Subject">The person; null where a call named the data.</param>
/// <param name="Erased">The recordings whose keys were destroyed.</param>
/// <param name="Unfinished">
/// How many of all erased recordings have file and ledger entry still to be done, which the worker's sweep does: unreadable already.
/// </param>
/// <param name="Kept">The recordings that stay, and why.</param>
/// <param name="NumberKept">What needs the way from the number to the ledger's entries; null when it is destroyed.</param>
public sealed record ErasureCertificate(
    string Case,
    DateTimeOffset IssuedAt,
    string Actor,
    SubjectId? Subject,
    IReadOnlyList<CertifiedRecording> Erased,
    int Unfinished,
    IReadOnlyList<CertifiedRecording> Kept,
    [property: JsonIgnore] NumberKeeper? NumberKept)
{
    /// <summary>Whether the way from the number to the ledger's entries is destroyed.</summary>
    public bool MappingDeleted => NumberKept is null;

    /// <summary>What needs it; null when it is destroyed.</summary>
    public string? MappingKeptBecause => NumberKept?.Words();

    /// <summary>The JSON form, whose bytes are hashed.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, CertificateJson.Readable.ErasureCertificate);

    /// <summary>SHA-256 of the JSON form, lower-case hexadecimal.</summary>
    public static string Hash(string json) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(json)));
}

/// <summary>The certificate's JSON: source generated, indented, as people read it as well.</summary>
[JsonSerializable(typeof(ErasureCertificate))]
internal sealed partial class CertificateJson : JsonSerializerContext
{
    public static CertificateJson Readable { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        WriteIndented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
