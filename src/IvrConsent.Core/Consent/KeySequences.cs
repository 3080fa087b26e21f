using IvrConsent.Core.Calls;

namespace IvrConsent.Core.Consent;

/// <summary>What a caller asks for by keys in the call.</summary>
public enum InCallRequest
{
    /// <summary>To take the consent back.</summary>
    Withdraw,

    /// <summary>To give it after all.</summary>
    Give,

    /// <summary>To pause, or to go on after a pause.</summary>
    Pause,
}

/// <summary>
/// Finds a line's key sequences in what a caller presses while talking to the agent, or to a menu of the agent's: a sequence counts
/// wherever it stands among other keys, if no gap in it is longer than <see cref="InCallOptions.KeyGap"/>.
/// </summary>
public sealed class KeySequences(InCallOptions options)
{
    private readonly List<DigitPress> _recent = [];

    /// <summary>Takes a key; what it completes, or null.</summary>
    public InCallRequest? Press(DigitPress press)
    {
        if (_recent.Count > 0 && press.At - _recent[^1].At > options.KeyGap)
        {
            _recent.Clear();
        }

        _recent.Add(press);
        var request = Ends(options.WithdrawKeys) ? InCallRequest.Withdraw
            : Ends(options.GiveKeys) ? InCallRequest.Give
            : Ends(options.PauseKeys) ? InCallRequest.Pause
            : (InCallRequest?)null;
        if (request is not null)
        {
            _recent.Clear();
        }
        else if (_recent.Count > 8)
        {
            _recent.RemoveAt(0);
        }

        return request;
    }

    private bool Ends(string? keys)
    {
        if (keys is null || _recent.Count < keys.Length)
        {
            return false;
        }

        for (var i = 0; i < keys.Length; i++)
        {
            if (_recent[_recent.Count - keys.Length + i].Digit != keys[i])
            {
                return false;
            }
        }

        return keys.Length > 0;
    }
}
