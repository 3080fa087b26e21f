using System.Globalization;
using IvrConsent.Core.Records;

namespace IvrConsent.Host.Consents;

/// <summary>Sends a receipt's reference through the gateway for text messages, in the language of the call; in English where there are no words in it.</summary>
internal sealed class SmsReceiptSender(SmsGateway gateway) : IReceiptSender
{
    /// <summary>{0} is the controller, {1} the reference.</summary>
    private static readonly Dictionary<string, string> _texts = new(StringComparer.OrdinalIgnoreCase)
    {
        ["en"] = "{0}: you agreed to the recording of your call. Receipt {1}: by this number we find your consent. You may withdraw it at any time.",
        ["de"] = "{0}: Sie haben der Aufzeichnung Ihres Anrufs zugestimmt. Beleg {1}: Unter dieser Nummer finden wir Ihre Einwilligung. Sie können sie jederzeit widerrufen.",
        ["pl"] = "{0}: zgodzili się Państwo na nagrywanie rozmowy. Potwierdzenie {1}: pod tym numerem znajdziemy Państwa zgodę. Można ją wycofać w każdej chwili.",
        ["cs"] = "{0}: souhlasili jste s nahráváním hovoru. Potvrzení {1}: pod tímto číslem váš souhlas najdeme. Můžete ho kdykoli odvolat.",
        ["it"] = "{0}: ha acconsentito alla registrazione della chiamata. Ricevuta {1}: con questo numero troviamo il suo consenso. Può revocarlo in qualsiasi momento.",
    };

    /// <inheritdoc/>
    public Task<string?> SendAsync(string id, string number, string reference, string from, string language, CancellationToken cancel) =>
        gateway.SendAsync(id, number, Text(reference, from, language), cancel);

    /// <summary>The message.</summary>
    internal static string Text(string reference, string from, string language) => string.Format(
        CultureInfo.InvariantCulture, _texts.GetValueOrDefault(language.Split('-')[0]) ?? _texts["en"], from, ReceiptReference.Grouped(reference));
}
