using IvrConsent.Core.Ledger;

namespace IvrConsent.Core.Webhooks;

/// <summary>The names under which webhooks are told of the ledger's events. An event that is not here is nobody's business outside.</summary>
public static class WebhookEvents
{
    /// <summary>Type of the message that <c>ivrconsent webhooks test</c> sends.</summary>
    public const string Test = "webhook.test";

    // By the events' own stable names: also of events that another version of the program has added.
    private static readonly Dictionary<string, string> Names = new(StringComparer.Ordinal)
    {
        [nameof(CallArrived)] = "call.arrived",
        [nameof(CallEnded)] = "call.ended",
        [nameof(ConsentGiven)] = "consent.given",
        [nameof(ConsentRefused)] = "consent.refused",
        [nameof(ConsentNotObtained)] = "consent.not_obtained",
        [nameof(ConsentWithdrawn)] = "consent.withdrawn",
        [nameof(CallerInformed)] = "caller.informed",
        [nameof(CallerObjected)] = "caller.objected",
        [nameof(PurposesChanged)] = "call.reclassified",
        [nameof(RecordingStarted)] = "recording.started",
        [nameof(RecordingPaused)] = "recording.paused",
        [nameof(RecordingResumed)] = "recording.resumed",
        [nameof(RecordingSuppressed)] = "recording.suppressed",
        [nameof(RecordingStopped)] = "recording.stopped",
        [nameof(RecordingFailed)] = "recording.failed",
        [nameof(RecordingStored)] = "recording.ready",
        [nameof(RecordingQuarantined)] = "recording.quarantined",
        [nameof(RecordingReleased)] = "recording.released",
        [nameof(RecordingErased)] = "recording.erased",
    };

    /// <summary>All names, in alphabetical order.</summary>
    public static IReadOnlyList<string> All { get; } = [.. Names.Values.Order(StringComparer.Ordinal)];

    /// <summary>The name of an event; null when webhooks are not told of it.</summary>
    public static string? NameOf(CallEvent fact)
    {
        ArgumentNullException.ThrowIfNull(fact);
        return Names.GetValueOrDefault(fact.GetType().Name);
    }
}

/// <summary>A receiver of events.</summary>
public sealed record WebhookOptions
{
    /// <summary>Its name: letters, digits, dots, hyphens, underscores; 1 to 64.</summary>
    public required string Name { get; init; }

    /// <summary>Where it listens: https, or http to this machine.</summary>
    public required Uri Url { get; init; }

    /// <summary>The names of events that it wants (<see cref="WebhookEvents"/>); null: all.</summary>
    public IReadOnlyList<string>? Events { get; init; }

    /// <summary>The personal data that it gets (<see cref="WebhookFields"/>). Default none.</summary>
    public IReadOnlyList<string> Fields { get; init; } = [];

    /// <summary>How long one attempt may take. Default 10 s, 1 to 30 s.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Whether it is told of an event.</summary>
    public bool Wants(CallEvent fact) => WebhookEvents.NameOf(fact) is { } name && (Events?.Contains(name) ?? true);
}

/// <summary>The personal data that a webhook may be given, each only where its settings say so.</summary>
public static class WebhookFields
{
    /// <summary>The person's number.</summary>
    public const string CallerNumber = "caller_number";

    /// <summary>The number that was called.</summary>
    public const string CalledNumber = "called_number";

    /// <summary>The ledger's random name of the person: the same in all of that person's calls.</summary>
    public const string Subject = "subject";

    /// <summary>The keys that were pressed.</summary>
    public const string Keys = "keys";

    /// <summary>The member of staff or the API key that acted.</summary>
    public const string Actor = "actor";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> All { get; } = [CallerNumber, CalledNumber, Subject, Keys, Actor];
}
