using IvrConsent.Core.Records;
using IvrConsent.Core.Webhooks;

namespace IvrConsent.Host.Settings.Reading;

/// <summary>The keys of the sections <c>records</c> and <c>webhooks</c>.</summary>
internal static class RecordKeys
{
    private const string NotSaid = "not said: an export that needs it is refused";

    private static readonly TextKind Words = new(@"^[^\x00-\x1f\x7f-\x9f]{1,500}$", "1 to 500 characters in one line", "…");

    private static readonly TextKind Place = new("^[A-Z]{2}(-[A-Z0-9]{1,3})?$", "a country by its two capital letters (ISO 3166-1), or a part of it such as US-CA", "PL");

    /// <summary>What consent records say besides what lines say.</summary>
    public static SettingKey Records { get; } = new(
        "records",
        new MapKind(
        [
            new("storage_locations", new ScalarListKind(Place, "[PL]"), "Countries in which recordings are stored.") { DefaultInWords = NotSaid },
            new("recipients", new ScalarListKind(Words, "[]"), "Who gets recordings besides controller and processors, by name; an empty list: nobody.") { DefaultInWords = NotSaid },
            new("withdrawal", Words, "How consent is withdrawn after the call, in words.") { DefaultInWords = NotSaid, Example = "Write to privacy@example.com." },
            new("rights", new ScalarListKind(new ChoiceKind([.. PrivacyRights.Articles.Keys]), "[access, erasure, complaint]"), $"The person's rights: {string.Join(", ", PrivacyRights.Articles.Keys)}.") { DefaultInWords = NotSaid },
            new("authority", Words, "The supervisory authority, by name.") { DefaultInWords = "none", Example = "Urząd Ochrony Danych Osobowych" },
            new("notice_url", new UrlKind("https://www.example.com/privacy"), "Where the privacy notice stands in public.") { DefaultInWords = "none" },
        ]),
        "What consent records say besides what lines say (ISO/IEC TS 27560).");

    /// <summary>Receivers of events.</summary>
    public static SettingKey Webhooks { get; } = new(
        "webhooks",
        new NamedListKind(
            new MapKind(
            [
                new("name", new TextKind("^[A-Za-z0-9._-]{1,64}$", "1 to 64 letters, digits, dots, hyphens or underscores", "crm"), "Its name: the place in the ledger up to which it was told is kept under it.") { Required = true },
                new("url", new UrlKind("https://crm.example.com/consent"), "Where it listens: https, or http to this machine. A private address is called only when it stands here as a number.") { Required = true },
                new("secret_file", new PathKind(absolute: false, "webhook-secret"), "A file that holds the secret for the signature, whsec_ and 24 to 64 bytes in base64.") { Required = true },
                new("events", new ScalarListKind(new ChoiceKind([.. WebhookEvents.All]), "[consent.given, consent.withdrawn, recording.ready]"), "The events that it is told of.") { DefaultInWords = "all" },
                new("fields", new ScalarListKind(new ChoiceKind([.. WebhookFields.All]), "[subject]"), $"The personal data that it gets: {string.Join(", ", WebhookFields.All)}.") { Default = "[]" },
                new("timeout", new DurationKind("1s", "30s"), "How long one attempt may take.") { Default = "10s" },
            ]),
            "webhook",
            mayBeEmpty: true),
        "Programs that are told of consents and recordings over HTTP.");
}
