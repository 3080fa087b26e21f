using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Notices;

namespace IvrConsent.Core.Records;

/// <summary>
/// What a consent record has to say (ISO/IEC TS 27560) and no other setting does. What is null was not written, and an export
/// that needs it is refused: a record never says what nobody said.
/// </summary>
public sealed record RecordOptions
{
    /// <summary>Where recordings are stored: ISO 3166-1 alpha-2 countries, US states as <c>US-CA</c>. Default not said.</summary>
    public IReadOnlyList<string>? StorageLocations { get; init; }

    /// <summary>Who gets recordings besides controller and processors, by name; empty: nobody. Default not said.</summary>
    public IReadOnlyList<string>? Recipients { get; init; }

    /// <summary>How consent is withdrawn after the call, in words. Default not said.</summary>
    public string? Withdrawal { get; init; }

    /// <summary>The person's rights, words of <see cref="PrivacyRights"/>. Default not said.</summary>
    public IReadOnlyList<string>? Rights { get; init; }

    /// <summary>The supervisory authority, by name. Default not said; no export needs it.</summary>
    public string? Authority { get; init; }

    /// <summary>Where the privacy notice stands in public. Default not said; no export needs it.</summary>
    public string? NoticeUrl { get; init; }
}

/// <summary>The words of <see cref="RecordOptions.Rights"/> and their articles of the GDPR.</summary>
public static class PrivacyRights
{
    /// <summary>Word and article as the DPV's extension for the GDPR names it.</summary>
    public static IReadOnlyDictionary<string, string> Articles { get; } = new Dictionary<string, string>
    {
        ["withdraw"] = "A7-3",
        ["access"] = "A15",
        ["rectification"] = "A16",
        ["erasure"] = "A17",
        ["restriction"] = "A18",
        ["portability"] = "A20",
        ["objection"] = "A21",
        ["complaint"] = "A77",
    };
}

/// <summary>A purpose as it stood when the terms were in force.</summary>
/// <param name="Id">Its name.</param>
/// <param name="Basis">Its ground.</param>
/// <param name="RetentionDays">How long a recording may be kept for it.</param>
/// <param name="Texts">The purpose in words, by language.</param>
/// <param name="Key">The key that grants it alone, where there is one.</param>
public sealed record TermsPurpose(string Id, LawfulBasis Basis, int RetentionDays, SortedDictionary<string, string> Texts, char? Key);

/// <summary>The notice as a prompt.</summary>
/// <param name="Sha256">SHA-256 of the audio, as <c>NoticePlayed</c> has it.</param>
/// <param name="WidebandSha256">The same of the 16 kHz audio; null where there is none.</param>
/// <param name="Text">The spoken words; null where there is no file of them.</param>
public sealed record TermsPrompt(string Sha256, string? WidebandSha256, string? Text);

/// <summary>
/// What a caller on a line agrees to: everything in the settings that a consent's meaning depends on. It is kept in the ledger once
/// for each content it ever had, under its own hash (<see cref="Ledger.TermsInForce"/>), and each call names the hash: what was
/// agreed to can be proved after the settings were changed, and no call carries it.
/// </summary>
public sealed record Terms
{
    /// <summary>Name of the line.</summary>
    public required string Line { get; init; }

    /// <summary>How consent is asked for.</summary>
    public required ConsentMode Mode { get; init; }

    /// <summary>Id of the notice.</summary>
    public required string Notice { get; init; }

    /// <summary>Version of the notice.</summary>
    public required string NoticeVersion { get; init; }

    /// <summary>The notice's prompt, by language that the line can speak; a language without the prompt is left out.</summary>
    public SortedDictionary<string, TermsPrompt> NoticePrompts { get; init; } = [];

    /// <summary>Country of the line.</summary>
    public string? Country { get; init; }

    /// <summary>Who took the decision to use a mode that the jurisdiction table forbids, and why.</summary>
    public string? Override { get; init; }

    /// <summary>Who is responsible.</summary>
    public PartyOptions? Controller { get; init; }

    /// <summary>Who works for the controller.</summary>
    public IReadOnlyList<PartyOptions> Processors { get; init; } = [];

    /// <summary>What the line records for.</summary>
    public IReadOnlyList<TermsPurpose> Purposes { get; init; } = [];

    /// <summary>True where the accept key is an opt-out from being called; else null, so that the terms of other lines stay what they were.</summary>
    public bool? OptOut { get; init; }

    /// <summary>The keys that withdraw in the call.</summary>
    public string? WithdrawKeys { get; init; }

    /// <summary>What records have to say besides.</summary>
    public RecordOptions? Records { get; init; }

    /// <summary>The terms of a line with the prompts in force.</summary>
    public static Terms Of(LineOptions line, RecordOptions? records, IPromptCatalogue prompts)
    {
        ArgumentNullException.ThrowIfNull(line);
        ArgumentNullException.ThrowIfNull(prompts);
        var languages = line.Languages.ByPrefix.Values.Concat(line.Languages.ByKey.Values).Prepend(line.Language).Distinct();
        var spoken = new SortedDictionary<string, TermsPrompt>(StringComparer.Ordinal);
        foreach (var language in languages)
        {
            if (prompts.Find(language, line.Notice.Prompt) is { } prompt)
            {
                spoken.Add(language, new TermsPrompt(prompt.Sha256, prompt.WidebandSha256, prompt.Text));
            }
        }

        return new Terms
        {
            Line = line.Name,
            Mode = line.Mode,
            Notice = line.Notice.Id,
            NoticeVersion = line.Notice.Version,
            NoticePrompts = spoken,
            Country = line.Country,
            Override = line.Override,
            Controller = line.Controller,
            Processors = line.Processors,
            Purposes = [.. line.Purposes.Select(purpose => new TermsPurpose(
                purpose.Id,
                purpose.Basis,
                (int)purpose.Retention.TotalDays,
                new SortedDictionary<string, string>(purpose.Texts.ToDictionary(), StringComparer.Ordinal),
                purpose.Key))],
            OptOut = line.OptOut ? true : null,
            WithdrawKeys = line.InCall.WithdrawKeys,
            Records = records,
        };
    }
}

/// <summary>
/// Terms as the ledger keeps them: JSON text, and the SHA-256 of that very text. The text is stored as it was hashed, so that the
/// hash holds for any later program, and for none at all.
/// </summary>
/// <param name="Sha256">SHA-256 of the UTF-8 text, lower-case hexadecimal.</param>
/// <param name="Json">The text.</param>
public sealed record WrittenTerms(string Sha256, string Json)
{
    /// <summary>The terms as text; equal terms give equal text.</summary>
    public static WrittenTerms Write(Terms terms)
    {
        var json = JsonSerializer.Serialize(terms, TermsJson.Default.Terms);
        return new WrittenTerms(Hash(json), json);
    }

    /// <summary>The SHA-256 of a text.</summary>
    public static string Hash(string json) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(json)));

    /// <summary>
    /// The terms of a text whose hash is <paramref name="sha256"/>; null when it is not: then the text is not what the call named.
    /// Throws <see cref="JsonException"/> on a text of that hash that is not terms.
    /// </summary>
    public static Terms? Read(string json, string sha256) =>
        Hash(json) == sha256 ? JsonSerializer.Deserialize(json, TermsJson.Default.Terms) : null;
}

/// <summary>JSON of the terms: snake_case, nulls left out, source generated.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Terms))]
internal sealed partial class TermsJson : JsonSerializerContext;
