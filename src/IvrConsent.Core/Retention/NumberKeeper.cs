namespace IvrConsent.Core.Retention;

/// <summary>What an erasure leaves the mapping of a person's number for.</summary>
public enum NumberKeeper
{
    /// <summary>Recordings of the person are kept.</summary>
    Recordings,

    /// <summary>A call of the person goes on.</summary>
    RunningCall,

    /// <summary>A legal hold on the person is in force (GDPR art. 17(3)(e)).</summary>
    HoldOnPerson,

    /// <summary>A legal hold covers a call of the person (GDPR art. 17(3)(e)).</summary>
    HoldOnCall,

    /// <summary>The person asked not to be called, which can be heeded only as long as the number is known (GDPR art. 21(3)).</summary>
    OptedOut,

    /// <summary>The request is about one call: others of the same number would lose their way to it.</summary>
    OneCallOnly,

    /// <summary>The number was withheld: there is none.</summary>
    Withheld,
}

/// <summary>The words for <see cref="NumberKeeper"/> in the machine form of a certificate.</summary>
public static class NumberKeepers
{
    /// <summary>In English.</summary>
    public static string Words(this NumberKeeper keeper) => keeper switch
    {
        NumberKeeper.Recordings => "recordings of the person are kept",
        NumberKeeper.RunningCall => "a call of the person goes on now",
        NumberKeeper.HoldOnPerson => "a legal hold on the person is in force (GDPR 17(3)(e))",
        NumberKeeper.HoldOnCall => "a legal hold covers a call of the person (GDPR 17(3)(e))",
        NumberKeeper.OptedOut => "the person asked not to be called, which can be heeded only as long as the number is known (GDPR 21(3))",
        NumberKeeper.OneCallOnly => "the request is about one call only",
        NumberKeeper.Withheld => "the number was withheld: there is none",
        _ => throw new ArgumentOutOfRangeException(nameof(keeper), keeper, null),
    };
}
