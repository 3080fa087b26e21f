using System.Globalization;
using IvrConsent.Core.Consent;

namespace IvrConsent.Host.Rights;

/// <summary>The words of a record of processing activities that a notice does not have, in one language.</summary>
/// <param name="Title">Its title.</param>
/// <param name="Controller">Label: 30(1)(a).</param>
/// <param name="Purposes">Heading: 30(1)(b).</param>
/// <param name="Recipients">Label: 30(1)(d).</param>
/// <param name="None">No data protection officer is named.</param>
/// <param name="Bases">The six grounds of GDPR art. 6(1), in its order.</param>
/// <param name="Article">A ground, {0}, and its letter, {1}.</param>
/// <param name="Subjects">Label: whose data (30(1)(c)).</param>
/// <param name="SubjectsText">Whose.</param>
/// <param name="Data">Label: which data (30(1)(c)).</param>
/// <param name="DataText">Which.</param>
/// <param name="ThirdCountry">Beside a country outside the EEA (30(1)(e)).</param>
/// <param name="Unsaid">In place of what no setting says; {0} is the setting.</param>
/// <param name="Security">Label: measures (30(1)(g)).</param>
/// <param name="SecurityText">What this program does; general, as the article asks.</param>
/// <param name="ToAdd">What the controller has to add, because no setting knows it.</param>
internal sealed record ProcessingTexts(
    string Title, string Controller, string Purposes, string Recipients, string None, IReadOnlyList<string> Bases, string Article, string Subjects, string SubjectsText, string Data, string DataText, string ThirdCountry, string Unsaid, string Security, string SecurityText, string ToAdd)
{
    /// <summary>A ground in words, with its place in the GDPR.</summary>
    public string BasisText(LawfulBasis basis) => string.Format(CultureInfo.InvariantCulture, Article, Bases[(int)basis], (char)('a' + (int)basis));

    /// <summary>The languages that there are.</summary>
    public static IReadOnlyDictionary<string, ProcessingTexts> All { get; } = new Dictionary<string, ProcessingTexts>(StringComparer.OrdinalIgnoreCase)
    {
        ["en"] = new(
            "Record of processing activities: recording of telephone calls (GDPR art. 30(1))",
            "Controller", "Purpose", "Recipients",
            "none named",
            ["consent", "contract", "legal obligation", "vital interests", "public task", "legitimate interests"], "{0} (GDPR art. 6(1)({1}))",
            "Data subjects", "Callers and called persons on the lines named above, and the staff who speak with them.",
            "Categories of data", "The telephone number (encrypted, in one deletable mapping); time, line and outcome of the call; what was played and which key was pressed; the recorded voice, where there is a ground for it.",
            "third country: add the safeguards of art. 44 to 49 here",
            "not said in the settings ({0}): add it here",
            "Security measures", "Numbers encrypted and found by a keyed hash; recordings encrypted, each to a key of its own; no number or key in logs; append-only ledger; deletion by destruction of the key; services on the loopback unless configured; roles, reasons and entries for every look at data.",
            "To be added by the controller: joint controllers, the representative, and measures outside this program."),
        ["de"] = new(
            "Verzeichnis von Verarbeitungstätigkeiten: Aufzeichnung von Telefongesprächen (Art. 30 Abs. 1 DSGVO)",
            "Verantwortlicher", "Zweck", "Empfänger",
            "nicht benannt",
            ["Einwilligung", "Vertrag", "rechtliche Verpflichtung", "lebenswichtige Interessen", "Aufgabe im öffentlichen Interesse", "berechtigte Interessen"], "{0} (Art. 6 Abs. 1 Buchst. {1} DSGVO)",
            "Betroffene Personen", "Anrufende und angerufene Personen auf den genannten Leitungen und die Beschäftigten, die mit ihnen sprechen.",
            "Kategorien personenbezogener Daten", "Die Telefonnummer (verschlüsselt, in einer einzigen löschbaren Zuordnung); Zeit, Leitung und Ergebnis des Anrufs; was abgespielt und welche Taste gedrückt wurde; die aufgezeichnete Stimme, soweit es dafür eine Rechtsgrundlage gibt.",
            "Drittland: hier die Garantien nach Art. 44 bis 49 ergänzen",
            "in den Einstellungen nicht angegeben ({0}): hier ergänzen",
            "Technische und organisatorische Maßnahmen", "Nummern verschlüsselt und über einen Hash mit Schlüssel auffindbar; Aufzeichnungen verschlüsselt, jede mit eigenem Schlüssel; keine Nummern oder Tasten in Protokolldateien; nur fortschreibbares Einwilligungsregister; Löschung durch Vernichtung des Schlüssels; Dienste nur lokal erreichbar, solange nichts anderes eingestellt ist; Rollen, Begründungen und Einträge für jeden Blick auf Daten.",
            "Vom Verantwortlichen zu ergänzen: gemeinsam Verantwortliche, der Vertreter und Maßnahmen außerhalb dieses Programms."),
        ["pl"] = new(
            "Rejestr czynności przetwarzania danych osobowych: nagrywanie rozmów telefonicznych (art. 30 ust. 1 RODO)",
            "Administrator", "Cel przetwarzania", "Odbiorcy",
            "nie wskazano",
            ["zgoda", "umowa", "obowiązek prawny", "żywotne interesy", "zadanie realizowane w interesie publicznym", "prawnie uzasadnione interesy"], "{0} (art. 6 ust. 1 lit. {1} RODO)",
            "Osoby, których dane dotyczą", "Osoby dzwoniące i osoby, do których się dzwoni, na wymienionych liniach oraz pracownicy, którzy z nimi rozmawiają.",
            "Kategorie danych osobowych", "Numer telefonu (zaszyfrowany, w jednym usuwalnym przyporządkowaniu); czas, linia i wynik rozmowy; co odtworzono i jaki klawisz naciśnięto; nagrany głos, o ile istnieje do tego podstawa.",
            "państwo trzecie: należy tu dopisać zabezpieczenia z art. 44–49",
            "nie podano w ustawieniach ({0}): należy dopisać tutaj",
            "Środki bezpieczeństwa", "Numery zaszyfrowane i wyszukiwane za pomocą skrótu z kluczem; nagrania zaszyfrowane, każde własnym kluczem; brak numerów i klawiszy w dziennikach zdarzeń; rejestr zgód tylko do dopisywania; usuwanie przez zniszczenie klucza; usługi dostępne tylko lokalnie, o ile nie ustawiono inaczej; role, uzasadnienia i wpisy przy każdym wglądzie w dane.",
            "Do uzupełnienia przez administratora: współadministratorzy, przedstawiciel oraz środki poza tym programem."),
        ["cs"] = new(
            "Záznamy o činnostech zpracování: nahrávání telefonních hovorů (čl. 30 odst. 1 GDPR)",
            "Správce", "Účel", "Příjemci",
            "není jmenován",
            ["souhlas", "smlouva", "právní povinnost", "životně důležité zájmy", "úkol prováděný ve veřejném zájmu", "oprávněné zájmy"], "{0} (čl. 6 odst. 1 písm. {1}) GDPR)",
            "Subjekty údajů", "Volající a volané osoby na uvedených linkách a zaměstnanci, kteří s nimi mluví.",
            "Kategorie osobních údajů", "Telefonní číslo (zašifrované, v jediném smazatelném přiřazení); čas, linka a výsledek hovoru; co bylo přehráno a která klávesa byla stisknuta; nahraný hlas, pokud pro něj existuje právní základ.",
            "třetí země: zde doplňte záruky podle čl. 44 až 49",
            "v nastavení neuvedeno ({0}): doplňte zde",
            "Bezpečnostní opatření", "Čísla zašifrovaná a vyhledávaná pomocí hashe s klíčem; nahrávky zašifrované, každá vlastním klíčem; žádná čísla ani klávesy v protokolech; evidence souhlasů, do které lze jen připisovat; výmaz zničením klíče; služby dostupné pouze místně, není-li nastaveno jinak; role, důvody a záznamy u každého nahlédnutí do údajů.",
            "Doplní správce: společné správce, zástupce a opatření mimo tento program."),
        ["it"] = new(
            "Registro delle attività di trattamento: registrazione delle telefonate (art. 30, par. 1, GDPR)",
            "Titolare del trattamento", "Finalità", "Destinatari",
            "non indicato",
            ["consenso", "contratto", "obbligo legale", "interessi vitali", "compito di interesse pubblico", "legittimo interesse"], "{0} (art. 6, par. 1, lett. {1}, GDPR)",
            "Interessati", "Le persone che chiamano o sono chiamate sulle linee indicate e il personale che parla con loro.",
            "Categorie di dati personali", "Il numero di telefono (cifrato, in un'unica associazione cancellabile); ora, linea ed esito della chiamata; che cosa è stato riprodotto e quale tasto è stato premuto; la voce registrata, se esiste una base giuridica.",
            "paese terzo: aggiungere qui le garanzie degli artt. da 44 a 49",
            "non indicato nelle impostazioni ({0}): aggiungere qui",
            "Misure di sicurezza", "Numeri cifrati e ricercati mediante hash con chiave; registrazioni cifrate, ciascuna con una chiave propria; nessun numero o tasto nei log; registro dei consensi al quale si può solo aggiungere; cancellazione mediante distruzione della chiave; servizi accessibili solo in locale salvo diversa impostazione; ruoli, motivazioni e voci per ogni consultazione dei dati.",
            "Da completare a cura del titolare: contitolari, rappresentante e misure esterne a questo programma."),
    };
}
