using System.Collections.Frozen;
using System.Text.Json.Serialization;

namespace IvrConsent.Core.Consent;

/// <summary>The lawful bases of GDPR art. 6(1), in its order (a) to (f).</summary>
[JsonConverter(typeof(JsonStringEnumConverter<LawfulBasis>))]
public enum LawfulBasis
{
    /// <summary>(a) The data subject has given consent.</summary>
    Consent,

    /// <summary>(b) Performance of a contract with the data subject, or steps before it at the data subject's request.</summary>
    Contract,

    /// <summary>(c) A legal obligation of the controller.</summary>
    LegalObligation,

    /// <summary>(d) Vital interests.</summary>
    VitalInterests,

    /// <summary>(e) A task in the public interest or official authority.</summary>
    PublicTask,

    /// <summary>(f) Legitimate interests; the caller may object (art. 21).</summary>
    LegitimateInterests,
}

/// <summary>What a recording is made for, on which ground, and how long it may be kept for it.</summary>
public sealed record PurposeOptions
{
    /// <summary>Its name in settings, ledger and exports, for example <c>quality</c>: small letters, digits, hyphens; 1 to 64.</summary>
    public required string Id { get; init; }

    /// <summary>The ground (GDPR art. 6(1)).</summary>
    public LawfulBasis Basis { get; init; } = LawfulBasis.Consent;

    /// <summary>How long a recording may be kept for this purpose, counted from the end of the call. Whole days, 1 to 36500.</summary>
    public required TimeSpan Retention { get; init; }

    /// <summary>The purpose in words, by BCP 47 language tag; what callers and supervisory authorities read.</summary>
    public IReadOnlyDictionary<string, string> Texts { get; init; } = new Dictionary<string, string>();

    /// <summary>In <see cref="ConsentMode.Granular"/>, the key that grants this one purpose; null elsewhere.</summary>
    public char? Key { get; init; }
}

/// <summary>Who is responsible for the recordings, or works for who is (GDPR art. 4(7), 4(8), 13(1), 30(1)).</summary>
public sealed record PartyOptions
{
    /// <summary>Name in settings and exports: letters, digits, dots, hyphens, underscores; 1 to 64.</summary>
    public required string Id { get; init; }

    /// <summary>The legal name.</summary>
    public required string Name { get; init; }

    /// <summary>Postal address in one line.</summary>
    public required string Address { get; init; }

    /// <summary>Country, ISO 3166-1 alpha-2, in capitals.</summary>
    public required string Country { get; init; }

    /// <summary>Where the data subject turns to: an e-mail address, a telephone number or a URL.</summary>
    public required string Contact { get; init; }

    /// <summary>E-mail address or telephone number of the data protection officer; null when there is none (GDPR art. 37).</summary>
    public string? DataProtectionOfficer { get; init; }
}

/// <summary>How a line comes to record lawfully.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ConsentMode>))]
public enum ConsentMode
{
    /// <summary>Notice, then a key for yes or no to all purposes of the line. The default, and the strictest but <see cref="Never"/>.</summary>
    Explicit,

    /// <summary>Notice, then a key for each purpose the caller agrees to; the accept key means all, the decline key none.</summary>
    Granular,

    /// <summary>Staying on the line after the notice is acceptance; the decline key and hanging up are not.</summary>
    Announce,

    /// <summary>The ground is another than consent: the caller is told, cannot decline, may object by the decline key (GDPR art. 13, 21).</summary>
    Inform,

    /// <summary>Nothing is asked at the beginning; caller or agent starts it in the call, after a short notice to both.</summary>
    AskInCall,

    /// <summary>This line is never recorded.</summary>
    Never,
}

/// <summary>What becomes of what was recorded before the caller withdrew.</summary>
public enum WithdrawalAction
{
    /// <summary>It is erased. The default.</summary>
    Erase,

    /// <summary>It is kept: what was done before the withdrawal stays lawful (GDPR art. 7(3), second sentence).</summary>
    Keep,
}

/// <summary>How far a withdrawal reaches.</summary>
public enum WithdrawalScope
{
    /// <summary>This call. The default.</summary>
    Call,

    /// <summary>All recordings of this person that rest on consent.</summary>
    Person,
}

/// <summary>What the caller may press at any moment of the call, also while speaking to the agent.</summary>
public sealed record InCallOptions
{
    /// <summary>Withdraws (GDPR art. 7(3)): 1 to 4 keys; null: none. Default <c>*9</c>.</summary>
    public string? WithdrawKeys { get; init; } = "*9";

    /// <summary>Gives consent after all; null: none. Default <c>*1</c>.</summary>
    public string? GiveKeys { get; init; } = "*1";

    /// <summary>Pauses, and pressed again resumes; null: none. Default <c>*2</c>.</summary>
    public string? PauseKeys { get; init; } = "*2";

    /// <summary>The most time between two keys of one sequence. Default 3 s, 1 to 10 s.</summary>
    public TimeSpan KeyGap { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>What becomes of what was recorded before a withdrawal. Default erase.</summary>
    public WithdrawalAction OnWithdraw { get; init; } = WithdrawalAction.Erase;

    /// <summary>How far a withdrawal reaches. Default this call.</summary>
    public WithdrawalScope Scope { get; init; } = WithdrawalScope.Call;
}

/// <summary>How a line finds the caller's language.</summary>
public sealed record LanguageOptions
{
    /// <summary>By the beginning of the caller's number, longest first, for example <c>+49</c> to <c>de</c>; empty: not by number.</summary>
    public IReadOnlyDictionary<string, string> ByPrefix { get; init; } = FrozenDictionary<string, string>.Empty;

    /// <summary>
    /// By a key, asked with the prompt <see cref="Notices.PromptNames.Language"/> of the line's own language; empty: not asked. No key, or
    /// one that is not in the list: the line's language, or that of the prefix.
    /// </summary>
    public IReadOnlyDictionary<char, string> ByKey { get; init; } = FrozenDictionary<char, string>.Empty;
}

/// <summary>A purpose in words.</summary>
public static class PurposeWords
{
    /// <summary>In a language, else in English, else in one that there are words in, else the purpose's id.</summary>
    public static string Of(string id, IReadOnlyDictionary<string, string> texts, string language)
    {
        ArgumentNullException.ThrowIfNull(texts);
        return texts.GetValueOrDefault(language) ?? texts.GetValueOrDefault("en") ?? texts.Values.FirstOrDefault() ?? id;
    }

    /// <summary>The same in the words that a person was told; null where he was told of no such purpose.</summary>
    public static string? Told(string id, IEnumerable<Records.TermsPurpose>? told, string language) =>
        told?.FirstOrDefault(purpose => purpose.Id == id) is { } then ? Of(id, then.Texts ?? [], language) : null;

    /// <summary>The same in the words of the first purpose of that id among those that are known; its id where there is none.</summary>
    public static string Of(string id, IEnumerable<PurposeOptions> known, string language) =>
        known.FirstOrDefault(purpose => purpose.Id == id) is { } found ? Of(id, found.Texts, language) : id;
}
