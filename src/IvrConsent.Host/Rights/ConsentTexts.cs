using IvrConsent.Core.Ledger;
using IvrConsent.Core.Records;

namespace IvrConsent.Host.Rights;

/// <summary>The words of a consent's page in one language, beside those of the public notice.</summary>
/// <param name="Title">Its title.</param>
/// <param name="Reference">Label: the reference of the receipt.</param>
/// <param name="Call">Label: when the call was, or when it was entered (UTC).</param>
/// <param name="State">Label: what holds now.</param>
/// <param name="Notice">Heading: the notice that was heard.</param>
/// <param name="Heard">How much of it: seconds heard, seconds in all.</param>
/// <param name="Steps">Heading: what happened.</param>
/// <param name="Key">The key that was pressed.</param>
/// <param name="Implied">Beside an act that was no key: staying on the line.</param>
/// <param name="Corrected">Beside a step that was corrected.</param>
/// <param name="NoTerms">Where nothing on record says what the line's terms were.</param>
/// <param name="States">The states, in words.</param>
/// <param name="Ways">How a step came that was no key of the person: by <see cref="StepSource.Way"/>.</param>
internal sealed record ConsentTexts(
    string Title,
    string Reference,
    string Call,
    string State,
    string Notice,
    string Heard,
    string Steps,
    string Key,
    string Implied,
    string Corrected,
    string NoTerms,
    IReadOnlyDictionary<ConsentState, string> States,
    IReadOnlyDictionary<string, string> Ways)
{
    /// <summary>The languages that there are: those of <see cref="ExportTexts"/>.</summary>
    public static IReadOnlyDictionary<string, ConsentTexts> All { get; } = new Dictionary<string, ConsentTexts>(StringComparer.OrdinalIgnoreCase)
    {
        ["en"] = new(
            "What you said about recording", "Reference", "Date and time (UTC)", "What holds now", "The notice that you heard", "{0} of {1} seconds were played", "What happened",
            "key {0}", "by staying on the line", "corrected later: {0}", "Nothing on record says which purposes were told at that time.",
            StatesOf("asked", "yes", "no", "taken back", "no answer", "told, not asked"),
            WaysOf("in writing, entered by staff", "said to staff", "text message", "taken over from a list", "line for opt-outs", "entered by staff in the call", "an earlier answer of yours stands for this call")),
        ["de"] = new(
            "Ihre Antwort zur Aufzeichnung", "Referenznummer", "Zeitpunkt (UTC)", "Was jetzt gilt", "Der Hinweis, den Sie gehört haben", "{0} von {1} Sekunden wurden abgespielt", "Was geschah",
            "Taste {0}", "indem Sie in der Leitung blieben", "später berichtigt: {0}", "Es ist nicht gespeichert, welche Zwecke damals genannt wurden.",
            StatesOf("gefragt", "ja", "nein", "widerrufen", "keine Antwort", "informiert, nicht gefragt"),
            WaysOf("schriftlich, von Mitarbeitern eingetragen", "mündlich gegenüber Mitarbeitern", "SMS", "aus einer Liste übernommen", "Leitung für Widersprüche", "von Mitarbeitern im Anruf eingetragen", "Ihre frühere Antwort gilt für diesen Anruf")),
        ["pl"] = new(
            "Państwa odpowiedź w sprawie nagrywania", "Numer potwierdzenia", "Data i godzina (UTC)", "Co obowiązuje teraz", "Odtworzona informacja", "odtworzono {0} z {1} sekund", "Co się wydarzyło",
            "klawisz {0}", "przez pozostanie na linii", "później sprostowane: {0}", "Nie zapisano, jakie cele wtedy podano.",
            StatesOf("zapytano", "tak", "nie", "zgoda wycofana", "brak odpowiedzi", "poinformowano, nie pytano"),
            WaysOf("na piśmie, wprowadzone przez pracownika", "ustnie wobec pracownika", "SMS", "przejęte z listy", "linia sprzeciwu", "wprowadzone przez pracownika podczas rozmowy", "dla tej rozmowy obowiązuje Państwa wcześniejsza odpowiedź")),
        ["cs"] = new(
            "Vaše odpověď ohledně nahrávání", "Číslo potvrzení", "Datum a čas (UTC)", "Co platí nyní", "Přehrané oznámení", "přehráno {0} z {1} sekund", "Co se stalo",
            "klávesa {0}", "setrváním na lince", "později opraveno: {0}", "Není zaznamenáno, jaké účely byly tehdy sděleny.",
            StatesOf("položen dotaz", "ano", "ne", "souhlas odvolán", "bez odpovědi", "informováno, bez dotazu"),
            WaysOf("písemně, zadal pracovník", "ústně pracovníkovi", "SMS", "převzato ze seznamu", "linka pro námitky", "zadal pracovník během hovoru", "pro tento hovor platí vaše dřívější odpověď")),
        ["it"] = new(
            "La sua risposta sulla registrazione", "Riferimento", "Data e ora (UTC)", "Che cosa vale ora", "L'avviso che ha ascoltato", "riprodotti {0} secondi su {1}", "Che cosa è successo",
            "tasto {0}", "restando in linea", "rettificato in seguito: {0}", "Non è registrato quali finalità siano state indicate allora.",
            StatesOf("domanda posta", "sì", "no", "consenso revocato", "nessuna risposta", "informazione data, nessuna domanda"),
            WaysOf("per iscritto, inserito dal personale", "a voce al personale", "SMS", "ripreso da un elenco", "linea per le opposizioni", "inserito dal personale durante la chiamata", "per questa chiamata vale una sua risposta precedente")),
    };

    private static Dictionary<ConsentState, string> StatesOf(string requested, string given, string refused, string withdrawn, string unknown, string informed) => new()
    {
        [ConsentState.Requested] = requested,
        [ConsentState.Given] = given,
        [ConsentState.Refused] = refused,
        [ConsentState.Withdrawn] = withdrawn,
        [ConsentState.Unknown] = unknown,
        [ConsentState.Informed] = informed,
    };

    private static Dictionary<string, string> WaysOf(string written, string spoken, string sms, string import, string optOut, string staff, string earlier) => new(StringComparer.Ordinal)
    {
        [StepSource.WayOf(EntrySource.StaffWritten)] = written,
        [StepSource.WayOf(EntrySource.StaffSpoken)] = spoken,
        [StepSource.WayOf(EntrySource.Sms)] = sms,
        [StepSource.WayOf(EntrySource.Import)] = import,
        [StepSource.WayOf(EntrySource.OptOutLine)] = optOut,
        [StepSource.Staff] = staff,
        [StepSource.EarlierAnswer] = earlier,
    };
}
