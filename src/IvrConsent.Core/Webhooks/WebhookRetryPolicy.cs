namespace IvrConsent.Core.Webhooks;

/// <summary>What became of one attempt.</summary>
public enum WebhookResult
{
    /// <summary>The receiver took it (2xx).</summary>
    Delivered,

    /// <summary>The receiver is not there, does not answer in time, is overloaded or broken: it would not take another message either.</summary>
    Unavailable,

    /// <summary>The receiver is there and does not take this message (4xx, a redirect): others it may take.</summary>
    Refused,
}

/// <summary>When a message is tried again, and when it is given up.</summary>
public static class WebhookRetryPolicy
{
    private static readonly TimeSpan[] Delays =
    [
        TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(30),
        TimeSpan.FromHours(1), TimeSpan.FromHours(3), TimeSpan.FromHours(8), TimeSpan.FromHours(24), TimeSpan.FromHours(36),
    ];

    /// <summary>So many attempts in all; over about three days.</summary>
    public static int Attempts => Delays.Length + 1;

    /// <summary>How long after the attempt of this number (from 1) the next one comes; null: none comes, the message is dead.</summary>
    /// <param name="attempt">The number of the attempt that failed.</param>
    /// <param name="random">0 to 1: spreads the attempts by a fifth, so that those who failed together do not come back together.</param>
    public static TimeSpan? NextAfter(int attempt, double random)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(attempt, 1);
        return attempt > Delays.Length ? null : Delays[attempt - 1] * (0.8 + (0.4 * random));
    }

    /// <summary>How long a receiver that is away is left alone, after so many failures in a row (from 1).</summary>
    public static TimeSpan PauseAfter(int failures, double random)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(failures, 1);
        var seconds = Math.Min(300, Math.Pow(2, Math.Min(failures, 16) - 1));
        return TimeSpan.FromSeconds(seconds * (0.8 + (0.4 * random)));
    }

    /// <summary>What an HTTP status says.</summary>
    public static WebhookResult Judge(int status) => status switch
    {
        >= 200 and < 300 => WebhookResult.Delivered,
        408 or 425 or 429 or >= 500 => WebhookResult.Unavailable,
        _ => WebhookResult.Refused,
    };
}
