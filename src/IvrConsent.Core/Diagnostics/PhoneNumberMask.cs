namespace IvrConsent.Core.Diagnostics;

/// <summary>Masks phone numbers for logs (promise 7): enough is left to tell two callers apart on a screen, not to call one.</summary>
public static class PhoneNumberMask
{
    /// <summary>
    /// <c>+48221234501</c> becomes <c>+48 22 ••• •• 01</c>; shorter numbers show their last two digits only, those of fewer than
    /// six characters nothing; whatever is not a number (a name, an attack) shows nothing either.
    /// </summary>
    public static string Mask(string? number)
    {
        if (string.IsNullOrEmpty(number))
        {
            return "withheld";
        }

        var digits = number.StartsWith('+') ? number[1..] : number;
        if (digits.Length is < 6 or > 18 || !digits.All(char.IsAsciiDigit))
        {
            return "•••";
        }

        return number[0] == '+' && digits.Length >= 9
            ? $"+{digits[..2]} {digits[2..4]} ••• •• {digits[^2..]}"
            : $"••• •• {digits[^2..]}";
    }
}
