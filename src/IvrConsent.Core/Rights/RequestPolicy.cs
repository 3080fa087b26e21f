using IvrConsent.Core.Ledger;

namespace IvrConsent.Core.Rights;

/// <summary>
/// The dates and the steps of a case (GDPR art. 12(3), (4)). Months are calendar months, as Regulation 1182/71 counts them: from the
/// 31st of January one month is the last day of February. A date on a holiday is not moved to the next working day, as that regulation
/// would allow: which days are holidays is the country's, and to be early is no breach.
/// </summary>
public static partial class RequestPolicy
{
    /// <summary>Months for the answer.</summary>
    public const int Months = 1;

    /// <summary>Months by which it can be extended, once.</summary>
    public const int MoreMonths = 2;

    /// <summary>When a request must be answered.</summary>
    public static DateTimeOffset DueAt(DateTimeOffset receivedAt, bool extended = false) =>
        receivedAt.ToUniversalTime().AddMonths(extended ? Months + MoreMonths : Months);

    /// <summary>Why a case cannot be extended now; null when it can.</summary>
    public static string? WhyNotExtend(RequestCase request, string? reason, DateTimeOffset now) => request switch
    {
        { State: not RequestState.Open } => "the case is closed",
        { ExtensionReason: not null } => "it was extended before: GDPR 12(3) allows it once",
        _ when string.IsNullOrWhiteSpace(reason) => "an extension needs a reason, which the person must be told (GDPR 12(3))",
        _ when now > request.DueAt => "its month is over: the person must be told of an extension within it (GDPR 12(3))",
        _ => null,
    };

    /// <summary>Longest statement, in characters.</summary>
    public const int LongestStatement = 2000;

    /// <summary>
    /// Why a statement cannot be entered; null when it can. It stays in the ledger for ever, where nothing that identifies may stand: what looks like a telephone number is refused.
    /// </summary>
    public static string? WhyNotState(string? text) => text switch
    {
        _ when string.IsNullOrWhiteSpace(text) => "a statement has words",
        { Length: > LongestStatement } => $"a statement has at most {LongestStatement} characters; name the letter that has the rest",
        _ when text.Any(char.IsControl) => "a statement is one line without control characters",
        _ when HasNumber(text) => "the statement holds what looks like a telephone number: it would stay in the ledger for ever. Say it without",
        _ => null,
    };

    /// <summary>Seven digits or more with nothing but spaces, hyphens, dots, slashes or brackets between them, and no date or time.</summary>
    private static bool HasNumber(string text)
    {
        var digits = 0;
        foreach (var character in DateOrTime().Replace(text, "x"))
        {
            digits = char.IsDigit(character) ? digits + 1 : character is ' ' or '-' or '.' or '/' or '(' or ')' ? digits : 0;
            if (digits >= 7)
            {
                return true;
            }
        }

        return false;
    }

    [System.Text.RegularExpressions.GeneratedRegex(@"\b(\d{4}-\d{2}-\d{2}|\d{1,2}\.\s?\d{1,2}\.\s?\d{4}|\d{1,2}/\d{1,2}/\d{4}|\d{1,2}:\d{2}(:\d{2})?)\b")]
    private static partial System.Text.RegularExpressions.Regex DateOrTime();

    /// <summary>Whether the person has objected since a call, or asked for erasure, which objects as well (GDPR art. 17(1)(c), 21(1)).</summary>
    public static bool HasObjected(IEnumerable<RequestCase> requests, CallRow call)
    {
        ArgumentNullException.ThrowIfNull(call);
        return requests.Any(request =>
            request is { Kind: RequestKind.Objection or RequestKind.Erasure, State: RequestState.Open or RequestState.Answered }
            && request.ReceivedAt >= call.ArrivedAt
            && (request.Call == call.Id || (request.Call is null && request.Subject is not null && request.Subject == call.Subject)));
    }

    /// <summary>
    /// What is wanting before a case of access is answered whole (GDPR 15(3)); null: nothing, or it is none. What was handed out last counts: a
    /// file that was made anew when all was there makes up for the one before.
    /// </summary>
    /// <param name="request">The case.</param>
    /// <param name="log">What was done about it.</param>
    /// <param name="recordings">How many recordings there are of the person now.</param>
    public static string? Wanting(RequestCase request, IEnumerable<CallEvent> log, int recordings)
    {
        ArgumentNullException.ThrowIfNull(request);
        return (request.Kind, log.OfType<PersonExported>().LastOrDefault()) switch
        {
            (not RequestKind.Access, _) => null,
            (_, null) => recordings == 0 ? null : $"{recordings} recordings of the person are there, and no file was written for this case (requests access)",
            (_, { Absent: > 0 and var absent }) => $"{absent} recordings are not in the file that was written last; its index names them. Write it anew when they can be (requests access)",
            _ => null,
        };
    }

    /// <summary>Why a case cannot be closed so; null when it can.</summary>
    public static string? WhyNotClose(RequestCase request, RequestState state, string? reason) => request switch
    {
        { State: not RequestState.Open } => "the case is closed already",
        _ when state == RequestState.Open => "a case is closed as answered, refused or taken-back",
        _ when string.IsNullOrWhiteSpace(reason) => "closing needs a reason: what the person was told (GDPR 12(1), 12(4))",
        _ => null,
    };
}
