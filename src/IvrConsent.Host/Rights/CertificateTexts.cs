using IvrConsent.Core.Consent;
using IvrConsent.Core.Retention;

namespace IvrConsent.Host.Rights;

/// <summary>The words of a certificate of erasure, in one language.</summary>
/// <param name="Title">Its title; {0} is the case.</param>
/// <param name="Issued">When, {0}, and by whom, {1}.</param>
/// <param name="Erased">How many recordings went.</param>
/// <param name="ErasedHow">What became of them, and why (GDPR art. 17(1)); and what an older copy of the database is still worth.</param>
/// <param name="Unfinished">How many unreadable files are still to be deleted.</param>
/// <param name="Kept">How many recordings stay.</param>
/// <param name="CallOf">Which call a recording is of; {0} is its end.</param>
/// <param name="CallGoesOn">In place of a ground: the call is not over.</param>
/// <param name="Hold">A legal hold: its id, {0}, its owner, {1}, and its reason, {2}.</param>
/// <param name="Until">Behind what keeps a recording: until when.</param>
/// <param name="NumberDeleted">The mapping of the number is gone.</param>
/// <param name="NumberKept">It stays; {0} is why.</param>
/// <param name="Entries">Why the ledger's entries stay.</param>
/// <param name="Remedy">Where something stays: the ways to complain (GDPR art. 12(4)).</param>
internal sealed record CertificateTexts(
    string Title, string Issued, string Erased, string ErasedHow, string Unfinished, string Kept, string CallOf, string CallGoesOn, string Hold, string Until, string NumberDeleted, string NumberKept, string Entries, string Remedy)
{
    /// <summary>What keeps a recording against a request for erasure, by the ground of the purpose, {0}; the other grounds give way to one (<see cref="DeletionPolicy"/>).</summary>
    public required IReadOnlyDictionary<LawfulBasis, string> Grounds { get; init; }

    /// <summary>Why the mapping of the number stays.</summary>
    public required IReadOnlyDictionary<NumberKeeper, string> Keepers { get; init; }

    /// <summary>The languages that there are: those of <see cref="ExportTexts"/>.</summary>
    public static IReadOnlyDictionary<string, CertificateTexts> All { get; } = new Dictionary<string, CertificateTexts>(StringComparer.OrdinalIgnoreCase)
    {
        ["en"] = new(
            "Certificate of erasure, case {0}",
            "Issued on {0} UTC by {1}",
            "Recordings erased: {0}",
            "You asked for erasure (GDPR art. 17(1)), and no other ground keeps these recordings. Their keys are destroyed, so no copy of their files can be read any more, not even one in a backup. An older copy of the database may still hold these keys, encrypted; nobody can use them once the master key of that time is given up as well.",
            "Files of erased recordings, of this and other cases, that cannot be read any more and are still to be deleted: {0}. That happens without anybody's doing.",
            "Recordings kept: {0}",
            "call that ended on {0} UTC",
            "the call goes on; the erasure is to be carried out again when it is over",
            "kept for legal claims: legal hold {0} of {1}, {2} (GDPR art. 17(3)(e))",
            ", until {0}",
            "The link from your telephone number to the remaining entries is deleted: nobody can tell any more whose they are.",
            "The link from your telephone number to the entries stays: {0}.",
            "The entries about your consent stay as the proof that you were asked and your answer was heeded (GDPR art. 5(2), 7(1), 17(3)(e)). They hold no telephone number.",
            "Against our keeping something you may complain to a data protection authority or go to court (GDPR art. 12(4), 77, 79).")
        {
            Grounds = GroundsOf(
                "a contract and the claims that may arise from it: {0} (GDPR art. 17(3)(e))",
                "a legal obligation: {0} (GDPR art. 17(3)(b))",
                "vital interests, for which it is still necessary: {0} (GDPR art. 17(1)(a))",
                "a task in the public interest: {0} (GDPR art. 17(3)(b))"),
            Keepers = KeepersOf(
                "recordings of yours are kept",
                "a call of yours is going on",
                "your data are kept for legal claims (GDPR art. 17(3)(e))",
                "the data about a call of yours are kept for legal claims (GDPR art. 17(3)(e))",
                "you asked not to be called, which can be heeded only as long as the number is known (GDPR art. 21(3))",
                "the request is about one call only",
                "the number was withheld, and there is none"),
        },
        ["de"] = new(
            "Löschbescheinigung, Vorgang {0}",
            "Ausgestellt am {0} UTC von {1}",
            "Gelöschte Aufzeichnungen: {0}",
            "Sie haben die Löschung verlangt (Art. 17 Abs. 1 DSGVO), und es gibt keinen anderen Grund, diese Aufzeichnungen aufzubewahren. Ihre Schlüssel sind vernichtet, sodass keine Kopie ihrer Dateien mehr lesbar ist, auch keine in einer Datensicherung. Eine ältere Kopie der Datenbank kann diese Schlüssel noch in verschlüsselter Form enthalten; niemand kann sie mehr verwenden, sobald auch der damalige Hauptschlüssel aufgegeben ist.",
            "Nicht mehr lesbare Dateien gelöschter Aufzeichnungen aus diesem und anderen Vorgängen, die noch zu entfernen sind: {0}. Das geschieht von selbst.",
            "Aufbewahrte Aufzeichnungen: {0}",
            "Anruf, beendet am {0} UTC",
            "der Anruf dauert noch an; nach seinem Ende ist die Löschung erneut auszuführen",
            "Aufbewahrung wegen Rechtsansprüchen: Löschsperre {0} ({1}), {2} (Art. 17 Abs. 3 Buchst. e DSGVO)",
            ", bis {0}",
            "Die Zuordnung Ihrer Telefonnummer zu den verbleibenden Einträgen ist gelöscht: Niemand kann mehr feststellen, von wem sie stammen.",
            "Die Zuordnung Ihrer Telefonnummer zu den Einträgen bleibt bestehen: {0}.",
            "Die Einträge zu Ihrer Einwilligung bleiben als Nachweis, dass Sie gefragt wurden und Ihre Antwort befolgt wurde (Art. 5 Abs. 2, Art. 7 Abs. 1, Art. 17 Abs. 3 Buchst. e DSGVO). Sie enthalten keine Telefonnummer.",
            "Gegen die Aufbewahrung können Sie bei einer Aufsichtsbehörde Beschwerde oder bei Gericht einen Rechtsbehelf einlegen (Art. 12 Abs. 4, Art. 77 und 79 DSGVO).")
        {
            Grounds = GroundsOf(
                "ein Vertrag und Ansprüche daraus: {0} (Art. 17 Abs. 3 Buchst. e DSGVO)",
                "eine rechtliche Verpflichtung: {0} (Art. 17 Abs. 3 Buchst. b DSGVO)",
                "lebenswichtige Interessen, für die sie weiterhin notwendig ist: {0} (Art. 17 Abs. 1 Buchst. a DSGVO)",
                "eine Aufgabe im öffentlichen Interesse: {0} (Art. 17 Abs. 3 Buchst. b DSGVO)"),
            Keepers = KeepersOf(
                "Aufzeichnungen von Ihnen werden aufbewahrt",
                "ein Anruf von Ihnen dauert noch an",
                "Ihre Daten werden wegen Rechtsansprüchen aufbewahrt (Art. 17 Abs. 3 Buchst. e DSGVO)",
                "die Daten eines Ihrer Anrufe werden wegen Rechtsansprüchen aufbewahrt (Art. 17 Abs. 3 Buchst. e DSGVO)",
                "Sie möchten nicht angerufen werden, was nur beachtet werden kann, solange die Nummer bekannt ist (Art. 21 Abs. 3 DSGVO)",
                "der Antrag betrifft nur einen Anruf",
                "die Nummer war unterdrückt, und es gibt keine"),
        },
        ["pl"] = new(
            "Zaświadczenie o usunięciu danych, sprawa {0}",
            "Wystawiono {0} UTC przez: {1}",
            "Usunięte nagrania: {0}",
            "Zażądali Państwo usunięcia danych (art. 17 ust. 1 RODO), a nie ma innej podstawy, by te nagrania przechowywać. Ich klucze zostały zniszczone, dlatego żadnej kopii ich plików, także w kopii zapasowej, nie można już odczytać. Starsza kopia bazy danych może jeszcze zawierać te klucze w postaci zaszyfrowanej; nikt nie będzie mógł ich użyć, gdy zostanie wycofany również ówczesny klucz główny.",
            "Nieczytelne już pliki usuniętych nagrań, z tej i z innych spraw, które pozostają do skasowania: {0}. Nastąpi to samoczynnie.",
            "Zachowane nagrania: {0}",
            "rozmowa zakończona {0} UTC",
            "rozmowa jeszcze trwa; po jej zakończeniu usunięcie należy przeprowadzić ponownie",
            "przechowywane ze względu na roszczenia: wstrzymanie usunięcia {0} ({1}), {2} (art. 17 ust. 3 lit. e RODO)",
            ", do {0}",
            "Powiązanie Państwa numeru telefonu z pozostałymi wpisami zostało usunięte: nikt nie może już ustalić, kogo one dotyczą.",
            "Powiązanie Państwa numeru telefonu z wpisami pozostaje: {0}.",
            "Wpisy o Państwa zgodzie pozostają jako dowód, że o nią zapytano i że odpowiedź uszanowano (art. 5 ust. 2, art. 7 ust. 1 i art. 17 ust. 3 lit. e RODO). Nie zawierają numeru telefonu.",
            "Na dalsze przechowywanie mogą Państwo wnieść skargę do organu nadzorczego albo skorzystać ze środków ochrony prawnej przed sądem (art. 12 ust. 4, art. 77 i 79 RODO).")
        {
            Grounds = GroundsOf(
                "umowa i wynikające z niej roszczenia: {0} (art. 17 ust. 3 lit. e RODO)",
                "obowiązek prawny: {0} (art. 17 ust. 3 lit. b RODO)",
                "żywotne interesy, do których ochrony jest nadal niezbędne: {0} (art. 17 ust. 1 lit. a RODO)",
                "zadanie realizowane w interesie publicznym: {0} (art. 17 ust. 3 lit. b RODO)"),
            Keepers = KeepersOf(
                "Państwa nagrania są przechowywane",
                "trwa Państwa rozmowa",
                "Państwa dane są przechowywane ze względu na roszczenia (art. 17 ust. 3 lit. e RODO)",
                "dane o Państwa rozmowie są przechowywane ze względu na roszczenia (art. 17 ust. 3 lit. e RODO)",
                "nie życzą sobie Państwo telefonów od nas, co można uszanować tylko, dopóki numer jest znany (art. 21 ust. 3 RODO)",
                "żądanie dotyczy tylko jednej rozmowy",
                "numer był zastrzeżony i nie został zapisany"),
        },
        ["cs"] = new(
            "Potvrzení o výmazu, případ {0}",
            "Vystaveno {0} UTC, vystavil: {1}",
            "Vymazané nahrávky: {0}",
            "Požádali jste o výmaz (čl. 17 odst. 1 GDPR) a pro uchování těchto nahrávek není jiný důvod. Jejich klíče jsou zničeny, takže žádnou kopii jejich souborů už nelze přečíst, ani kopii v záloze. Starší kopie databáze může tyto klíče ještě obsahovat v zašifrované podobě; nikdo je nebude moci použít, jakmile bude vyřazen i tehdejší hlavní klíč.",
            "Již nečitelné soubory vymazaných nahrávek z tohoto a jiných případů, které ještě zbývá odstranit: {0}. Stane se tak samočinně.",
            "Uchované nahrávky: {0}",
            "hovor ukončený {0} UTC",
            "hovor ještě trvá; po jeho skončení je třeba výmaz provést znovu",
            "uchování pro právní nároky: pozastavení výmazu {0} ({1}), {2} (čl. 17 odst. 3 písm. e) GDPR)",
            ", do {0}",
            "Spojení vašeho telefonního čísla se zbývajícími záznamy je vymazáno: nikdo už nemůže zjistit, koho se týkají.",
            "Spojení vašeho telefonního čísla se záznamy zůstává: {0}.",
            "Záznamy o vašem souhlasu zůstávají jako doklad, že jsme se vás zeptali a vaši odpověď respektovali (čl. 5 odst. 2, čl. 7 odst. 1 a čl. 17 odst. 3 písm. e) GDPR). Neobsahují telefonní číslo.",
            "Proti dalšímu uchovávání můžete podat stížnost u dozorového úřadu nebo žádat o soudní ochranu (čl. 12 odst. 4, čl. 77 a 79 GDPR).")
        {
            Grounds = GroundsOf(
                "smlouva a nároky z ní: {0} (čl. 17 odst. 3 písm. e) GDPR)",
                "právní povinnost: {0} (čl. 17 odst. 3 písm. b) GDPR)",
                "životně důležité zájmy, pro které je nadále potřebná: {0} (čl. 17 odst. 1 písm. a) GDPR)",
                "úkol prováděný ve veřejném zájmu: {0} (čl. 17 odst. 3 písm. b) GDPR)"),
            Keepers = KeepersOf(
                "vaše nahrávky se uchovávají",
                "probíhá váš hovor",
                "vaše údaje se uchovávají pro právní nároky (čl. 17 odst. 3 písm. e) GDPR)",
                "údaje o vašem hovoru se uchovávají pro právní nároky (čl. 17 odst. 3 písm. e) GDPR)",
                "nepřejete si, abychom vám volali, což lze dodržet jen tehdy, známe-li číslo (čl. 21 odst. 3 GDPR)",
                "žádost se týká jen jednoho hovoru",
                "číslo bylo skryté a není zaznamenáno"),
        },
        ["it"] = new(
            "Attestato di cancellazione, pratica {0}",
            "Rilasciato il {0} UTC da {1}",
            "Registrazioni cancellate: {0}",
            "Lei ha chiesto la cancellazione (art. 17, par. 1, GDPR) e non vi è altro motivo per conservare queste registrazioni. Le loro chiavi sono distrutte: nessuna copia dei loro file può più essere letta, nemmeno in un backup. Una copia meno recente della banca dati può contenere ancora queste chiavi in forma cifrata; nessuno potrà usarle quando sarà dismessa anche la chiave principale di allora.",
            "File ormai illeggibili di registrazioni cancellate, di questa e di altre pratiche, ancora da eliminare: {0}. Ciò avviene automaticamente.",
            "Registrazioni conservate: {0}",
            "chiamata terminata il {0} UTC",
            "la chiamata è ancora in corso; al suo termine la cancellazione va eseguita di nuovo",
            "conservata per la difesa di un diritto in sede giudiziaria: sospensione della cancellazione {0} ({1}), {2} (art. 17, par. 3, lett. e, GDPR)",
            ", fino al {0}",
            "Il collegamento tra il suo numero di telefono e le voci rimanenti è cancellato: nessuno può più stabilire a chi si riferiscono.",
            "Il collegamento tra il suo numero di telefono e le voci resta: {0}.",
            "Le voci sul suo consenso restano come prova che le è stato chiesto e che la sua risposta è stata rispettata (art. 5, par. 2, art. 7, par. 1, e art. 17, par. 3, lett. e, GDPR). Non contengono alcun numero di telefono.",
            "Contro la conservazione può proporre reclamo a un'autorità di controllo o ricorso giurisdizionale (art. 12, par. 4, artt. 77 e 79 GDPR).")
        {
            Grounds = GroundsOf(
                "un contratto e i diritti che ne derivano: {0} (art. 17, par. 3, lett. e, GDPR)",
                "un obbligo legale: {0} (art. 17, par. 3, lett. b, GDPR)",
                "interessi vitali, per i quali è ancora necessaria: {0} (art. 17, par. 1, lett. a, GDPR)",
                "un compito svolto nel pubblico interesse: {0} (art. 17, par. 3, lett. b, GDPR)"),
            Keepers = KeepersOf(
                "sono conservate sue registrazioni",
                "una sua chiamata è in corso",
                "i suoi dati sono conservati per la difesa di un diritto in sede giudiziaria (art. 17, par. 3, lett. e, GDPR)",
                "i dati di una sua chiamata sono conservati per la difesa di un diritto in sede giudiziaria (art. 17, par. 3, lett. e, GDPR)",
                "ha chiesto di non essere chiamata o chiamato, il che è possibile solo finché il numero è noto (art. 21, par. 3, GDPR)",
                "la richiesta riguarda una sola chiamata",
                "il numero era nascosto e non è registrato"),
        },
    };

    private static Dictionary<LawfulBasis, string> GroundsOf(string contract, string obligation, string vital, string task) => new()
    {
        [LawfulBasis.Contract] = contract,
        [LawfulBasis.LegalObligation] = obligation,
        [LawfulBasis.VitalInterests] = vital,
        [LawfulBasis.PublicTask] = task,
    };

    private static Dictionary<NumberKeeper, string> KeepersOf(string recordings, string running, string person, string call, string optedOut, string one, string withheld) => new()
    {
        [NumberKeeper.Recordings] = recordings,
        [NumberKeeper.RunningCall] = running,
        [NumberKeeper.HoldOnPerson] = person,
        [NumberKeeper.HoldOnCall] = call,
        [NumberKeeper.OptedOut] = optedOut,
        [NumberKeeper.OneCallOnly] = one,
        [NumberKeeper.Withheld] = withheld,
    };
}
