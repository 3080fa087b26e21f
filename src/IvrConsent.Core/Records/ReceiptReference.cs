using System.Globalization;

namespace IvrConsent.Core.Records;

/// <summary>
/// A receipt's number to be spoken on the telephone: the position of the consent in the ledger, which is there once and never
/// moves, shuffled so that neighbours do not look alike, and a check digit (Damm: finds every wrong digit and every two that
/// changed places). 10 digits up to the thousand-millionth entry, 13 from there on. It names a consent and proves nothing of who
/// says it: what is told to the caller of a number still depends on who he is.
/// </summary>
public static class ReceiptReference
{
    private const long Short = 1_000_000_000;
    private const long Long = 1_000_000_000_000;

    // Odd, not a multiple of 5: without a common divisor with a power of ten, so multiplying is a permutation.
    private const long Factor = 618_033_989;
    private const long Offset = 271_828_183;

    private static readonly byte[][] Damm =
    [
        [0, 3, 1, 7, 5, 9, 8, 6, 4, 2],
        [7, 0, 9, 2, 1, 5, 4, 8, 6, 3],
        [4, 2, 0, 6, 8, 7, 1, 3, 5, 9],
        [1, 7, 5, 0, 9, 8, 3, 4, 2, 6],
        [6, 1, 2, 3, 0, 4, 5, 9, 7, 8],
        [3, 6, 7, 4, 2, 0, 9, 5, 8, 1],
        [5, 8, 6, 9, 7, 2, 0, 1, 3, 4],
        [8, 9, 4, 5, 3, 6, 2, 0, 1, 7],
        [9, 4, 3, 8, 6, 1, 7, 2, 0, 5],
        [2, 5, 8, 1, 4, 3, 6, 7, 9, 0],
    ];

    /// <summary>The reference of the event at a position of the ledger, digits only.</summary>
    public static string Of(long position)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(position, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(position, Long);
        var (modulus, width) = position < Short ? (Short, 9) : (Long, 12);
        var shuffled = (long)((((Int128)position * Factor) + Offset) % modulus);
        var digits = shuffled.ToString(CultureInfo.InvariantCulture).PadLeft(width, '0');
        return digits + (char)('0' + Check(digits));
    }

    /// <summary>The position that a reference names; false when a digit must be wrong. Spaces and hyphens do not count.</summary>
    public static bool TryRead(string? text, out long position)
    {
        position = 0;
        if (text is null || text.Length > 40)
        {
            return false;
        }

        var digits = string.Concat(text.Where(character => character is not (' ' or '-')));
        if (digits.Length is not (10 or 13) || !digits.All(char.IsAsciiDigit) || Check(digits) != 0)
        {
            return false;
        }

        var modulus = digits.Length == 10 ? Short : Long;
        var shuffled = long.Parse(digits.AsSpan(0, digits.Length - 1), CultureInfo.InvariantCulture);
        var found = (long)((Int128)Modulo(shuffled - Offset, modulus) * Inverse(modulus) % modulus);
        position = found;

        // The long form is for positions that the short one cannot hold: one consent has one reference.
        return found >= 1 && (modulus == Short || found >= Short);
    }

    /// <summary>As it is read out or printed: in groups of three, the last of four.</summary>
    public static string Grouped(string reference)
    {
        ArgumentNullException.ThrowIfNull(reference);
        return string.Join(' ', Enumerable.Range(0, reference.Length / 3).Select(group =>
            (group + 2) * 3 > reference.Length ? reference[(group * 3)..] : reference.Substring(group * 3, 3)));
    }

    private static int Check(string digits) => digits.Aggregate(0, (state, digit) => Damm[state][digit - '0']);

    private static long Modulo(long value, long modulus) => ((value % modulus) + modulus) % modulus;

    /// <summary>The number that undoes the factor (extended Euclid).</summary>
    private static long Inverse(long modulus)
    {
        var (previous, current, before, after) = (modulus, Factor, 0L, 1L);
        while (current > 1)
        {
            var quotient = previous / current;
            (previous, current) = (current, previous % current);
            (before, after) = (after, before - (quotient * after));
        }

        return Modulo(after, modulus);
    }
}

/// <summary>Finds what references and event ids name.</summary>
public interface IRecordLookup
{
    /// <summary>The call of an event; null when there is no such event.</summary>
    Task<Calls.CallId?> FindCallOfEventAsync(Guid eventId, CancellationToken cancel);

    /// <summary>The event at a position of the ledger; null when there is none.</summary>
    Task<(Calls.CallId Call, Guid EventId)?> FindEventAtAsync(long position, CancellationToken cancel);
}

/// <summary>Sends a receipt's reference to the person, for example as a text message.</summary>
public interface IReceiptSender
{
    /// <summary>Sends it once; null when the gateway took it, else why not, for a person and without personal data.</summary>
    /// <param name="id">Our id of the message.</param>
    /// <param name="number">The person's number.</param>
    /// <param name="reference">Digits, as <see cref="ReceiptReference.Of"/> gives them.</param>
    /// <param name="from">Who it comes from, by name: the controller.</param>
    /// <param name="language">BCP 47 tag of the call's language.</param>
    /// <param name="cancel">Gives up.</param>
    Task<string?> SendAsync(string id, string number, string reference, string from, string language, CancellationToken cancel);
}
