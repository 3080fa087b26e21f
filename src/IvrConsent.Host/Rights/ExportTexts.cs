using IvrConsent.Core.Consent;

namespace IvrConsent.Host.Rights;

/// <summary>The words of a person's index, in one language.</summary>
/// <param name="Title">Its title.</param>
/// <param name="Intro">What this is.</param>
/// <param name="When">Heading: when the call was (UTC).</param>
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
/// <param name="Data">Which data there are, whence, and what is decided by them (GDPR art. 15(1)(b), (g), (h)).</param>
/// <param name="Rights">What the person may do next (GDPR art. 15(1)(e), (f)).</param>
/// <param name="Statuses">What was said, in the order of <see cref="ConsentStatus"/>.</param>
internal sealed record ExportTexts(
    string Title, string Intro, string When, string Line, string Said, string Files, string KeptFor, string NoAudio, string Locked, string Waiting, string Lost, string Damaged, string Restricted, string Consents, string Lacking, string Statements, string Notices, string Data, string Rights, IReadOnlyDictionary<ConsentStatus, string> Statuses)
{
    /// <summary>The languages that there are.</summary>
    public static IReadOnlyDictionary<string, ExportTexts> All { get; } = new Dictionary<string, ExportTexts>(StringComparer.OrdinalIgnoreCase)
    {
        ["en"] = new(
            "Your data about calls and their recording",
            "This is a copy of the data that we hold about your calls and what you said about recording them (GDPR art. 15). The file events.json has all entries for machines to read.",
            "Date and time (UTC)", "Line", "What you said about recording", "Files", "Kept for, until", "The recording is not in this file; it is sent separately, or you are told why not.",
            "There is a recording for which no lawful ground was found. It is locked away and not used; you are told separately what becomes of it.",
            "The recording has been waiting in the telephone system since {0} (UTC) and is not in this file; it is sent when it can be.", "The recording was made, and was no longer there when it was to be stored.", "The recording is damaged and cannot be played.", "restricted: kept and not used",
            "Each of your answers, as a page and for machines",
            "For machines it is not or not wholly here, only as an entry of events.json, because the settings of that time did not say:",
            "Your statements about what is recorded here",
            "Who is responsible, why calls are recorded, who gets the data, how long it is kept, and your rights; as our notice says it today",
            "The data are your telephone number; time, line and outcome of each call; what was played to you and which key you pressed; and the recorded voice, where there is a recording. They come from your calls, from what you told or wrote to our staff, and, where it says so, from a list that was taken over. Whether a call is recorded or goes on, and whether we may call you, follows by itself from your answers and the settings of the line; beyond that, the system that keeps these data makes no decisions about you and no profile of you.",
            "You may ask us to correct or erase this data, to restrict its use, or object to it, and you may complain to your data protection authority.",
            Words("yes", "no", "no answer", "a wrong key", "hung up before answering", "not asked", "yes, taken back later")),
        ["de"] = new(
            "Ihre Daten zu Anrufen und deren Aufzeichnung",
            "Dies ist eine Kopie der Daten, die wir zu Ihren Anrufen und zu Ihren Antworten auf die Frage nach einer Aufzeichnung gespeichert haben (Art. 15 DSGVO). Die Datei events.json enthält alle Einträge in maschinenlesbarer Form.",
            "Zeitpunkt (UTC)", "Leitung", "Ihre Antwort zur Aufzeichnung", "Dateien", "Zweck, gespeichert bis", "Die Aufzeichnung ist nicht in dieser Datei; sie wird Ihnen gesondert zugesandt, oder Sie erfahren, warum nicht.",
            "Es gibt eine Aufzeichnung, für die keine Rechtsgrundlage gefunden wurde. Sie ist gesperrt und wird nicht verwendet; Sie erfahren gesondert, was mit ihr geschieht.",
            "Die Aufzeichnung liegt seit {0} (UTC) in der Telefonanlage und ist nicht in dieser Datei; sie wird Ihnen zugesandt, sobald es möglich ist.", "Die Aufzeichnung wurde angefertigt, war aber nicht mehr vorhanden, als sie gespeichert werden sollte.", "Die Aufzeichnung ist beschädigt und nicht abspielbar.", "Verarbeitung eingeschränkt: nur gespeichert, nicht verwendet",
            "Jede Ihrer Antworten, als Seite und in maschinenlesbarer Form",
            "In maschinenlesbarer Form fehlt sie oder ist unvollständig, vorhanden ist nur der Eintrag in events.json, weil die damaligen Einstellungen Folgendes nicht angaben:",
            "Ihre Erklärungen zu dem, was hier gespeichert ist",
            "Wer verantwortlich ist, wozu Anrufe aufgezeichnet werden, wer die Daten erhält, wie lange sie gespeichert werden und welche Rechte Sie haben; nach unseren heutigen Datenschutzhinweisen",
            "Gespeichert sind Ihre Telefonnummer; Zeit, Leitung und Ergebnis jedes Anrufs; was Ihnen vorgespielt wurde und welche Taste Sie gedrückt haben; und die aufgezeichnete Stimme, wo es eine Aufzeichnung gibt. Die Daten stammen aus Ihren Anrufen, aus dem, was Sie uns mitgeteilt oder geschrieben haben, und, wo es dabeisteht, aus einer übernommenen Liste. Ob ein Anruf aufgezeichnet wird oder weitergeht und ob wir Sie anrufen dürfen, ergibt sich automatisch aus Ihren Antworten und den Einstellungen der Leitung; darüber hinaus trifft das System, das diese Daten speichert, keine Entscheidungen über Sie und erstellt kein Profil.",
            "Sie können die Berichtigung oder Löschung dieser Daten oder die Einschränkung ihrer Verarbeitung verlangen, der Verarbeitung widersprechen und sich bei einer Datenschutzaufsichtsbehörde beschweren.",
            Words("ja", "nein", "keine Antwort", "falsche Taste", "vor der Antwort aufgelegt", "nicht gefragt", "ja, später widerrufen")),
        ["pl"] = new(
            "Państwa dane dotyczące rozmów i ich nagrywania",
            "To jest kopia danych, które przechowujemy o Państwa rozmowach i o Państwa odpowiedziach na pytanie o nagrywanie (art. 15 RODO). Plik events.json zawiera wszystkie wpisy w formacie nadającym się do odczytu maszynowego.",
            "Data i godzina (UTC)", "Linia", "Państwa odpowiedź w sprawie nagrywania", "Pliki", "Cel, przechowywane do", "Nagrania nie ma w tym pliku; prześlemy je osobno albo wyjaśnimy, dlaczego nie jest to możliwe.",
            "Istnieje nagranie, dla którego nie znaleziono podstawy prawnej. Jest zablokowane i nie jest używane; o jego dalszym losie poinformujemy osobno.",
            "Nagranie czeka w systemie telefonicznym od {0} (UTC) i nie ma go w tym pliku; prześlemy je, gdy będzie to możliwe.", "Nagranie powstało, ale nie było go już, gdy miało zostać zapisane.", "Nagranie jest uszkodzone i nie można go odtworzyć.", "przetwarzanie ograniczone: tylko przechowywane, nieużywane",
            "Każda z Państwa odpowiedzi, jako strona i w formacie nadającym się do odczytu maszynowego",
            "Brak pełnej postaci w formacie nadającym się do odczytu maszynowego (jest tylko wpis w events.json), ponieważ ówczesne ustawienia nie podawały:",
            "Państwa oświadczenia dotyczące zapisanych tu danych",
            "Kto jest administratorem, w jakim celu rozmowy są nagrywane, kto otrzymuje dane, jak długo są przechowywane i jakie mają Państwo prawa; według naszej obecnej informacji",
            "Dane obejmują Państwa numer telefonu; czas, linię i wynik każdej rozmowy; co zostało odtworzone i jaki klawisz Państwo nacisnęli; oraz nagrany głos, jeśli istnieje nagranie. Dane pochodzą z Państwa rozmów, z tego, co Państwo nam przekazali ustnie lub pisemnie, oraz, gdzie to zaznaczono, z przejętej listy. To, czy rozmowa jest nagrywana lub trwa dalej i czy możemy do Państwa dzwonić, wynika automatycznie z Państwa odpowiedzi i ustawień linii; poza tym system, w którym przechowywane są te dane, nie podejmuje decyzji wobec Państwa ani nie tworzy profilu.",
            "Mogą Państwo żądać sprostowania lub usunięcia tych danych albo ograniczenia ich przetwarzania, wnieść sprzeciw wobec przetwarzania, a także wnieść skargę do organu nadzorczego.",
            Words("tak", "nie", "brak odpowiedzi", "niewłaściwy klawisz", "rozłączenie przed odpowiedzią", "nie zapytano", "tak, zgoda później wycofana")),
        ["cs"] = new(
            "Vaše údaje o hovorech a jejich nahrávání",
            "Toto je kopie údajů, které uchováváme o vašich hovorech a o vašich odpovědích na otázku ohledně nahrávání (čl. 15 GDPR). Soubor events.json obsahuje všechny záznamy ve strojově čitelném formátu.",
            "Datum a čas (UTC)", "Linka", "Vaše odpověď ohledně nahrávání", "Soubory", "Účel, uchováno do", "Nahrávka není v tomto souboru; zašleme vám ji zvlášť, nebo vám sdělíme, proč to není možné.",
            "Existuje nahrávka, pro kterou nebyl nalezen právní základ. Je uzamčena a nepoužívá se; o tom, co se s ní stane, vás budeme informovat zvlášť.",
            "Nahrávka čeká v telefonním systému od {0} (UTC) a není v tomto souboru; zašleme vám ji, jakmile to bude možné.", "Nahrávka byla pořízena, ale když měla být uložena, už neexistovala.", "Nahrávka je poškozená a nelze ji přehrát.", "zpracování omezeno: pouze se uchovává, nepoužívá se",
            "Každá z vašich odpovědí, jako stránka a ve strojově čitelném formátu",
            "Ve strojově čitelném formátu chybí nebo není úplná (je jen záznam v events.json), protože tehdejší nastavení neuvádělo:",
            "Vaše prohlášení k tomu, co je zde zaznamenáno",
            "Kdo je správcem, proč se hovory nahrávají, kdo údaje dostává, jak dlouho se uchovávají a jaká máte práva; podle našich současných informací",
            "Údaje zahrnují vaše telefonní číslo; čas, linku a výsledek každého hovoru; co vám bylo přehráno a kterou klávesu jste stiskli; a nahraný hlas, pokud existuje nahrávka. Pocházejí z vašich hovorů, z toho, co jste nám sdělili ústně nebo písemně, a tam, kde je to uvedeno, z převzatého seznamu. Zda se hovor nahrává nebo pokračuje a zda vám smíme volat, vyplývá automaticky z vašich odpovědí a z nastavení linky; kromě toho systém, ve kterém jsou tyto údaje uchovávány, o vás nerozhoduje ani nevytváří profil.",
            "Můžete žádat o opravu nebo výmaz těchto údajů nebo o omezení jejich zpracování, vznést námitku proti zpracování a podat stížnost u dozorového úřadu.",
            Words("ano", "ne", "bez odpovědi", "nesprávná klávesa", "zavěšeno před odpovědí", "bez dotazu", "ano, později odvoláno")),
        ["it"] = new(
            "I suoi dati sulle chiamate e sulla loro registrazione",
            "Questa è una copia dei dati che conserviamo sulle sue chiamate e sulle sue risposte alla domanda sulla registrazione (art. 15 GDPR). Il file events.json contiene tutte le voci in un formato leggibile da dispositivo automatico.",
            "Data e ora (UTC)", "Linea", "La sua risposta sulla registrazione", "File", "Finalità, conservata fino al", "La registrazione non è in questo file; le sarà inviata a parte, oppure le sarà comunicato perché non è possibile.",
            "Esiste una registrazione per la quale non è stata trovata una base giuridica. È bloccata e non viene usata; le sarà comunicato a parte che cosa ne sarà.",
            "La registrazione è in attesa nel sistema telefonico dal {0} (UTC) e non è in questo file; le sarà inviata appena possibile.", "La registrazione è stata fatta, ma non c'era più quando doveva essere archiviata.", "La registrazione è danneggiata e non si può ascoltare.", "trattamento limitato: solo conservata, non usata",
            "Ogni sua risposta, come pagina e in un formato leggibile da dispositivo automatico",
            "In un formato leggibile da dispositivo automatico manca o non è completa (c'è solo la voce in events.json), perché le impostazioni di allora non indicavano:",
            "Le sue dichiarazioni su quanto è registrato qui",
            "Chi è il titolare del trattamento, perché le chiamate vengono registrate, chi riceve i dati, per quanto tempo sono conservati e quali sono i suoi diritti; secondo la nostra informativa attuale",
            "I dati sono il suo numero di telefono; ora, linea ed esito di ogni chiamata; che cosa le è stato riprodotto e quale tasto ha premuto; e la voce registrata, se esiste una registrazione. Provengono dalle sue chiamate, da quanto ci ha comunicato a voce o per iscritto e, dove è indicato, da un elenco ripreso. Se una chiamata viene registrata o prosegue e se possiamo chiamarla dipende automaticamente dalle sue risposte e dalle impostazioni della linea; per il resto il sistema che conserva questi dati non prende decisioni su di lei e non crea profili.",
            "Può chiedere la rettifica o la cancellazione di questi dati o la limitazione del loro trattamento, opporsi al trattamento e proporre reclamo a un'autorità di controllo.",
            Words("sì", "no", "nessuna risposta", "tasto sbagliato", "riagganciato prima di rispondere", "nessuna domanda", "sì, consenso poi revocato")),
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
