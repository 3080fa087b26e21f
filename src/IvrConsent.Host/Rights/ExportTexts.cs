using IvrConsent.Core.Consent;

namespace IvrConsent.Host.Rights;

/// <summary>The words of a person's index, in one language.</summary>
/// <param name="Title">Its title.</param>
/// <param name="Intro">What this is.</param>
/// <param name="When">Heading: when the call was.</param>
/// <param name="Line">Heading: the line.</param>
/// <param name="Said">Heading: what the person said about recording.</param>
/// <param name="Files">Heading: the files.</param>
/// <param name="KeptFor">Heading: for what and until when it is kept.</param>
/// <param name="NoAudio">In place of a recording that could not be put in.</param>
/// <param name="Locked">In place of a recording for which no ground was found.</param>
/// <param name="Waiting">In place of one that lies on the PBX still; {0} is since when.</param>
/// <param name="Lost">In place of one that is not there any more.</param>
/// <param name="Damaged">In place of one that is damaged.</param>
/// <param name="Restricted">Beside one that is restricted (GDPR art. 18).</param>
/// <param name="Consents">Heading: each consent by itself.</param>
/// <param name="Lacking">Before the fields for want of which a form for machines could not be made.</param>
/// <param name="Statements">Heading: what the person stated (GDPR art. 16).</param>
/// <param name="Notices">Heading: who is responsible, for what, for whom and how long, with which rights (GDPR art. 15(1), (2)).</param>
/// <param name="Rights">What the person may do next (GDPR art. 15(1)(e), (f)).</param>
/// <param name="Statuses">What was said, in the order of <see cref="ConsentStatus"/>.</param>
internal sealed record ExportTexts(
    string Title, string Intro, string When, string Line, string Said, string Files, string KeptFor, string NoAudio, string Locked, string Waiting, string Lost, string Damaged, string Restricted, string Consents, string Lacking, string Statements, string Notices, string Rights, IReadOnlyDictionary<ConsentStatus, string> Statuses)
{
    /// <summary>The languages that there are.</summary>
    public static IReadOnlyDictionary<string, ExportTexts> All { get; } = new Dictionary<string, ExportTexts>(StringComparer.OrdinalIgnoreCase)
    {
        ["en"] = new(
            "Your data about recorded calls",
            "This is a copy of the data that we hold about your calls and what you said about recording them (GDPR art. 15). The file events.json has all entries for machines to read.",
            "Time (UTC)", "Line", "What you said about recording", "Files", "Kept for, until", "The recording is not in this file; it is sent separately, or you are told why not.",
            "There is a recording for which no ground was found. It is locked away and not used; you are told separately what becomes of it.",
            "The recording has been waiting in the telephone system since {0} (UTC) and is not in this file; it is sent when it can be.", "The recording was made, and was no longer there when it was to be stored.", "The recording is damaged and cannot be played.", "restricted: kept and not used",
            "Each of your answers, as a page and for machines",
            "For machines it is not or not wholly here, only as an entry of events.json, because the settings of that time did not say:",
            "Your statements about what is recorded here",
            "Who is responsible, why calls are recorded, who gets the data, how long it is kept, and your rights; as our notice says it today",
            "You may ask us to correct or erase this data, to restrict its use, or object to it, and you may complain to your data protection authority.",
            Words("yes", "no", "no answer", "a wrong key", "hung up before answering", "not asked", "yes, taken back later")),
        ["de"] = new(
            "Ihre Daten zu aufgezeichneten Anrufen",
            "Dies ist eine Kopie der Daten, die wir zu Ihren Anrufen und zu Ihren Antworten auf die Frage nach einer Aufzeichnung gespeichert haben (Art. 15 DSGVO). Die Datei events.json enthält alle Einträge in maschinenlesbarer Form.",
            "Zeit (UTC)", "Leitung", "Ihre Antwort zur Aufzeichnung", "Dateien", "Gespeichert für, bis", "Die Aufzeichnung ist nicht in dieser Datei; sie wird gesondert geschickt, oder Sie erfahren, warum nicht.",
            "Es gibt eine Aufzeichnung, für die keine Grundlage gefunden wurde. Sie ist gesperrt und wird nicht verwendet; Sie erfahren gesondert, was mit ihr geschieht.",
            "Die Aufzeichnung liegt seit {0} (UTC) in der Telefonanlage und ist nicht in dieser Datei; sie wird geschickt, sobald es geht.", "Die Aufzeichnung wurde gemacht und war nicht mehr da, als sie gespeichert werden sollte.", "Die Aufzeichnung ist beschädigt und nicht abspielbar.", "eingeschränkt: gespeichert und nicht verwendet",
            "Jede Ihrer Antworten, als Seite und maschinenlesbar",
            "Maschinenlesbar ist sie nicht oder nicht ganz vorhanden, nur als Eintrag in events.json, weil die damaligen Einstellungen dies nicht nannten:",
            "Ihre Erklärungen zu dem, was hier gespeichert ist",
            "Wer verantwortlich ist, wozu Anrufe aufgezeichnet werden, wer die Daten erhält, wie lange sie gespeichert werden und welche Rechte Sie haben; nach unserem heutigen Hinweis",
            "Sie können Berichtigung, Löschung oder Einschränkung verlangen oder der Verarbeitung widersprechen, und Sie können sich bei Ihrer Datenschutzbehörde beschweren.",
            Words("ja", "nein", "keine Antwort", "falsche Taste", "vor der Antwort aufgelegt", "nicht gefragt", "ja, später widerrufen")),
        ["pl"] = new(
            "Twoje dane o nagrywanych rozmowach",
            "To jest kopia danych, które przechowujemy o Twoich rozmowach i o Twoich odpowiedziach na pytanie o nagrywanie (art. 15 RODO). Plik events.json zawiera wszystkie wpisy w postaci do odczytu maszynowego.",
            "Czas (UTC)", "Linia", "Twoja odpowiedź w sprawie nagrywania", "Pliki", "Przechowywane w celu, do", "Nagrania nie ma w tym pliku; zostanie przesłane osobno albo otrzymasz wyjaśnienie dlaczego nie.",
            "Istnieje nagranie, dla którego nie znaleziono podstawy. Jest zablokowane i nie jest używane; osobno dowiesz się, co się z nim stanie.",
            "Nagranie czeka w systemie telefonicznym od {0} (UTC) i nie ma go w tym pliku; zostanie przesłane, gdy będzie to możliwe.", "Nagranie powstało, ale nie było go już, gdy miało zostać zapisane.", "Nagranie jest uszkodzone i nie można go odtworzyć.", "ograniczone: przechowywane i nieużywane",
            "Każda z Twoich odpowiedzi, jako strona i w postaci do odczytu maszynowego",
            "Postaci do odczytu maszynowego brak lub nie jest pełna, jest tylko wpis w events.json, bo ówczesne ustawienia nie podawały:",
            "Twoje oświadczenia dotyczące zapisanych tu danych",
            "Kto jest administratorem, w jakim celu rozmowy są nagrywane, kto otrzymuje dane, jak długo są przechowywane i jakie masz prawa; według naszej obecnej informacji",
            "Możesz żądać sprostowania, usunięcia lub ograniczenia przetwarzania tych danych albo wnieść sprzeciw, a także złożyć skargę do organu nadzorczego.",
            Words("tak", "nie", "brak odpowiedzi", "niewłaściwy klawisz", "rozłączenie przed odpowiedzią", "nie zapytano", "tak, później wycofane")),
        ["cs"] = new(
            "Vaše údaje o nahrávaných hovorech",
            "Toto je kopie údajů, které uchováváme o vašich hovorech a o vašich odpovědích na otázku o nahrávání (čl. 15 GDPR). Soubor events.json obsahuje všechny záznamy ve strojově čitelné podobě.",
            "Čas (UTC)", "Linka", "Vaše odpověď k nahrávání", "Soubory", "Uchováváno pro, do", "Nahrávka není v tomto souboru; bude zaslána zvlášť, nebo vám bude sděleno, proč ne.",
            "Existuje nahrávka, pro kterou nebyl nalezen důvod. Je uzamčena a nepoužívá se; zvlášť se dozvíte, co se s ní stane.",
            "Nahrávka čeká v telefonním systému od {0} (UTC) a není v tomto souboru; bude zaslána, jakmile to půjde.", "Nahrávka byla pořízena, ale když měla být uložena, už neexistovala.", "Nahrávka je poškozená a nelze ji přehrát.", "omezeno: uchovává se a nepoužívá",
            "Každá z vašich odpovědí, jako stránka a ve strojově čitelné podobě",
            "Strojově čitelná podoba chybí nebo není úplná, je jen záznam v events.json, protože tehdejší nastavení neuvádělo:",
            "Vaše prohlášení k tomu, co je zde zaznamenáno",
            "Kdo je správcem, proč se hovory nahrávají, kdo údaje dostává, jak dlouho se uchovávají a jaká máte práva; podle našeho dnešního oznámení",
            "Můžete žádat o opravu, výmaz nebo omezení zpracování těchto údajů nebo vznést námitku a můžete podat stížnost u dozorového úřadu.",
            Words("ano", "ne", "bez odpovědi", "nesprávná klávesa", "zavěšeno před odpovědí", "bez dotazu", "ano, později odvoláno")),
        ["it"] = new(
            "I suoi dati sulle chiamate registrate",
            "Questa è una copia dei dati che conserviamo sulle sue chiamate e sulle sue risposte alla domanda sulla registrazione (art. 15 GDPR). Il file events.json contiene tutte le voci in forma leggibile da una macchina.",
            "Ora (UTC)", "Linea", "La sua risposta sulla registrazione", "File", "Conservata per, fino al", "La registrazione non è in questo file; sarà inviata a parte, oppure le sarà detto perché no.",
            "Esiste una registrazione per la quale non è stata trovata una base. È bloccata e non viene usata; le sarà comunicato a parte che cosa ne sarà.",
            "La registrazione è in attesa nel sistema telefonico dal {0} (UTC) e non è in questo file; sarà inviata appena possibile.", "La registrazione è stata fatta, ma non c'era più quando doveva essere archiviata.", "La registrazione è danneggiata e non si può ascoltare.", "limitata: conservata e non usata",
            "Ogni sua risposta, come pagina e in forma leggibile da una macchina",
            "In forma leggibile da una macchina manca o non è completa, c'è solo la voce in events.json, perché le impostazioni di allora non indicavano:",
            "Le sue dichiarazioni su quanto è registrato qui",
            "Chi è il titolare del trattamento, perché le chiamate vengono registrate, chi riceve i dati, per quanto tempo sono conservati e quali sono i suoi diritti; secondo la nostra informativa attuale",
            "Può chiedere la rettifica, la cancellazione o la limitazione del trattamento di questi dati oppure opporsi, e può presentare reclamo all'autorità di controllo.",
            Words("sì", "no", "nessuna risposta", "tasto sbagliato", "riagganciato prima di rispondere", "non chiesto", "sì, poi revocato")),
    };

    private static Dictionary<ConsentStatus, string> Words(string given, string refused, string none, string wrong, string abandoned, string notAsked, string withdrawn) => new()
    {
        [ConsentStatus.Given] = given,
        [ConsentStatus.Refused] = refused,
        [ConsentStatus.NoResponse] = none,
        [ConsentStatus.InvalidInput] = wrong,
        [ConsentStatus.Abandoned] = abandoned,
        [ConsentStatus.NotAsked] = notAsked,
        [ConsentStatus.Withdrawn] = withdrawn,
    };
}
