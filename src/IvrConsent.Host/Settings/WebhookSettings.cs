using IvrConsent.Core.Webhooks;

namespace IvrConsent.Host.Settings;

/// <summary>A webhook and its secret.</summary>
/// <param name="Options">The webhook.</param>
/// <param name="Secret">As written: <c>whsec_</c> and base64.</param>
public sealed record WebhookSettings(WebhookOptions Options, Secret Secret)
{
    /// <summary>Whether nothing of it was changed; lists are compared by what is in them.</summary>
    public bool Same(WebhookSettings other) =>
        other is not null && Secret.Equals(other.Secret) && Options.Name == other.Options.Name && Options.Url == other.Options.Url
        && Options.Timeout == other.Options.Timeout && Options.Fields.SequenceEqual(other.Options.Fields)
        && (Options.Events ?? []).SequenceEqual(other.Options.Events ?? []) && Options.Events is null == other.Options.Events is null;
}
