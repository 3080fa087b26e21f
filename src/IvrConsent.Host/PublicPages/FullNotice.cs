using System.Globalization;
using System.Text;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Notices;
using IvrConsent.Core.Records;

namespace IvrConsent.Host.PublicPages;

/// <summary>The forms that a piece of a notice can have.</summary>
internal enum NoticePieceKind
{
    /// <summary>A paragraph.</summary>
    Text,

    /// <summary>A heading of its own within the section.</summary>
    Heading,

    /// <summary>A label and what it stands for.</summary>
    Fact,

    /// <summary>One of a list.</summary>
    Item,

    /// <summary>Words that are spoken.</summary>
    Spoken,
}

/// <summary>A piece of a notice.</summary>
/// <param name="Kind">Its form.</param>
/// <param name="Text">Plain text: neither markup nor control characters mean anything in it.</param>
/// <param name="Label">The label of a <see cref="NoticePieceKind.Fact"/>; else empty.</param>
/// <param name="IsOwnLanguage">Whether it is in the notice's language even where the fixed words are not.</param>
internal sealed record NoticePiece(NoticePieceKind Kind, string Text, string Label = "", bool IsOwnLanguage = false);

/// <summary>A section of a notice.</summary>
internal sealed record NoticeSection(string Heading, IReadOnlyList<NoticePiece> Pieces);

/// <summary>
/// The full notice of a line in one language (GDPR art. 13): who, why, on which ground, how long, for whom, which rights. It is built from the
/// settings and prompts in force and nothing else; what they do not say is left out, never invented.
/// </summary>
internal sealed record FullNotice
{
    private const char BidiEmbeddings = '\u202A', BidiOverride = '\u202E', BidiIsolates = '\u2066', BidiPop = '\u2069';

    /// <summary>Name of the line.</summary>
    public required string Line { get; init; }

    /// <summary>The language as the line has it, a BCP 47 tag.</summary>
    public required string Language { get; init; }

    /// <summary>The languages that the line speaks, this one included.</summary>
    public required IReadOnlyList<string> Languages { get; init; }

    /// <summary>The fixed words; English where there are none in the notice's language.</summary>
    public required NoticeWords Words { get; init; }

    /// <summary>What it says, in order.</summary>
    public required IReadOnlyList<NoticeSection> Sections { get; init; }

    /// <summary>Which notice in which version.</summary>
    public required string Version { get; init; }

    /// <summary>The notice of a line.</summary>
    /// <param name="line">The line.</param>
    /// <param name="language">One of the languages that it speaks.</param>
    /// <param name="records">What the settings say besides; null: nothing.</param>
    /// <param name="prompts">The prompts, for the words that are spoken; null: those are left out.</param>
    public static FullNotice Of(LineOptions line, string language, RecordOptions? records, IPromptCatalogue? prompts)
    {
        var words = NoticeWords.Of(language) ?? NoticeWords.All["en"];
        var never = line.NeverRecorded;
        NoticeSection?[] sections =
        [
            Controller(line, words),
            never ? null : Purposes(line, language, words),
            never ? Unrecorded(line, words) : Choice(line, words),
            never || !RestsOnConsent(line) ? null : Withdrawal(line, records, words),
            never ? null : Recipients(line, records, words),
            never ? null : Rights(line, records, words),
            never || prompts is null ? null : Spoken(line, language, prompts, words),
        ];
        return new FullNotice
        {
            Line = line.Name,
            Language = language,
            Languages = [.. line.SpokenLanguages()],
            Words = words,
            Sections = [.. sections.OfType<NoticeSection>().Where(section => section.Pieces.Count > 0)],
            Version = Fill(words.Version, line.Notice.Id, line.Notice.Version),
        };
    }

    private static bool RestsOnConsent(LineOptions line) =>
        line.Purposes.Count == 0 ? line.Mode != ConsentMode.Inform : line.Purposes.Any(purpose => purpose.Basis == LawfulBasis.Consent);

    private static NoticeSection? Controller(LineOptions line, NoticeWords words) => line.Controller is not { } controller ? null : new NoticeSection(
        words.Controller,
        [
            Text(controller.Name),
            Fact(words.Address, $"{controller.Address} ({controller.Country})"),
            Fact(words.Contact, controller.Contact),
            .. controller.DataProtectionOfficer is { } officer ? [Fact(words.Officer, officer)] : Array.Empty<NoticePiece>(),
        ]);

    private static NoticeSection Purposes(LineOptions line, string language, NoticeWords words)
    {
        var pieces = new List<NoticePiece>();
        foreach (var purpose in line.Purposes)
        {
            pieces.Add(new NoticePiece(NoticePieceKind.Heading, Clean(purpose.Texts.GetValueOrDefault(language) ?? purpose.Id), IsOwnLanguage: true));
            pieces.Add(Fact(words.Basis, words.BasisText(purpose.Basis)));
            pieces.Add(Fact(words.Kept, words.DaysText((int)purpose.Retention.TotalDays)));
            if (line.Mode == ConsentMode.Granular && purpose is { Basis: LawfulBasis.Consent, Key: { } key })
            {
                pieces.Add(Fact(words.PurposeKey, key.ToString()));
            }
        }

        return new NoticeSection(words.Purposes, pieces.Count == 0 ? [] : [.. pieces, Text(words.Erasure)]);
    }

    private static NoticeSection Choice(LineOptions line, NoticeWords words)
    {
        var how = line.Mode switch
        {
            ConsentMode.Granular => Fill(words.Granular, line.AcceptKey, line.DeclineKey),
            ConsentMode.Announce => Fill(words.Announce, line.DeclineKey),
            ConsentMode.Inform => Fill(words.Inform, line.DeclineKey),
            ConsentMode.AskInCall => words.AskInCall,
            _ => Fill(words.Explicit, line.AcceptKey, line.DeclineKey),
        };
        var asks = line.Mode is ConsentMode.Explicit or ConsentMode.Granular or ConsentMode.Announce;
        return new NoticeSection(words.Choice, asks
            ? [Text(how), Text(line.OnDecline.Kind == AfterwardsKind.HangUp ? words.RefusalEnds : words.RefusalGoesOn)]
            : [Text(how)]);
    }

    private static NoticeSection Unrecorded(LineOptions line, NoticeWords words) => new(words.Choice, line.OptOut
        ? [Text(words.NeverRecorded), Text(Fill(words.OptOut, line.AcceptKey, line.DeclineKey))]
        : [Text(words.NeverRecorded)]);

    private static NoticeSection Withdrawal(LineOptions line, RecordOptions? records, NoticeWords words)
    {
        var pieces = new List<NoticePiece>();
        if (line.InCall.WithdrawKeys is { } keys)
        {
            pieces.Add(Text(Fill(words.WithdrawKeys, string.Join(' ', keys.AsEnumerable()))));
        }

        if ((records?.Withdrawal ?? line.Controller?.Contact) is { } later)
        {
            pieces.Add(Text(Fill(words.WithdrawLater, later)));
        }

        if (line.InCall.Scope == WithdrawalScope.Person)
        {
            pieces.Add(Text(words.WholePerson));
        }

        pieces.Add(Text(line.InCall.OnWithdraw == WithdrawalAction.Erase ? words.Erased : words.KeptLawful));
        return new NoticeSection(words.Withdrawal, pieces);
    }

    private static NoticeSection Recipients(LineOptions line, RecordOptions? records, NoticeWords words)
    {
        List<NoticePiece> pieces =
        [
            .. line.Processors.Select(processor => Fact(words.Processor, $"{processor.Name}, {processor.Address} ({processor.Country})")),
            .. (records?.Recipients ?? []).Select(recipient => Fact(words.Recipient, recipient)),
        ];
        if (pieces.Count == 0 && records?.Recipients is { Count: 0 })
        {
            // Only where the settings say so: silence is not "nobody".
            pieces.Add(Text(words.NoRecipients));
        }

        if (records?.StorageLocations is { Count: > 0 } places)
        {
            pieces.Add(Fact(words.Stored, string.Join(", ", places)));
        }

        // Which safeguards there are no setting says: who is asked knows.
        var countries = line.Processors.Select(processor => processor.Country).Concat(records?.StorageLocations ?? []);
        if (line.Controller is not null && !countries.All(EuropeanEconomicArea.Has))
        {
            pieces.Add(Text(words.ThirdCountries));
        }

        return new NoticeSection(words.Recipients, pieces);
    }

    /// <summary>What the law grants for the purposes' grounds (GDPR art. 13(2)(b) to (d)), and what the settings grant besides.</summary>
    private static NoticeSection Rights(LineOptions line, RecordOptions? records, NoticeWords words)
    {
        var bases = line.Purposes.Select(purpose => purpose.Basis).ToHashSet();
        var rights = new HashSet<string>(["access", "rectification", "erasure", "restriction", "complaint", .. records?.Rights ?? []], StringComparer.Ordinal);
        if (RestsOnConsent(line))
        {
            rights.Add("withdraw");
        }

        if (RestsOnConsent(line) || bases.Contains(LawfulBasis.Contract))
        {
            rights.Add("portability");
        }

        if (bases.Overlaps([LawfulBasis.LegitimateInterests, LawfulBasis.PublicTask]))
        {
            rights.Add("objection");
        }

        return new NoticeSection(
            words.Rights,
            [.. PrivacyRights.Articles.Keys.Where(rights.Contains).Select(right => new NoticePiece(
                NoticePieceKind.Item,
                right == "complaint" && records?.Authority is { } authority ? Fill(words.ComplaintTo, authority) : words.RightTexts[right]))]);
    }

    private static NoticeSection Spoken(LineOptions line, string language, IPromptCatalogue prompts, NoticeWords words)
    {
        var pieces = new List<NoticePiece>();
        if (prompts.Find(language, line.Notice.Prompt)?.Text is { } text)
        {
            pieces.Add(SpokenWords(text));
        }

        if (line.InfoKey is { } key && prompts.Find(language, PromptNames.FullNotice)?.Text is { } full)
        {
            pieces.Add(new NoticePiece(NoticePieceKind.Heading, Fill(words.SpokenInFull, key)));
            pieces.Add(SpokenWords(full));
        }

        return new NoticeSection(words.Spoken, pieces);
    }

    private static NoticePiece SpokenWords(string text) => new(NoticePieceKind.Spoken, Clean(text), IsOwnLanguage: true);

    private static NoticePiece Text(string text) => new(NoticePieceKind.Text, Clean(text));

    private static NoticePiece Fact(string label, string text) => new(NoticePieceKind.Fact, Clean(text), label);

    private static string Fill(string words, params object[] values) => Clean(string.Format(CultureInfo.InvariantCulture, words, values));

    /// <summary>In one line, without control characters and without those that turn the direction of what follows them.</summary>
    private static string Clean(string text)
    {
        var clean = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            if (rune.Value is (>= BidiEmbeddings and <= BidiOverride) or (>= BidiIsolates and <= BidiPop))
            {
                continue;
            }

            var blank = Rune.IsWhiteSpace(rune) || Rune.IsControl(rune);
            if (!blank)
            {
                clean.Append(rune.ToString());
            }
            else if (clean.Length > 0 && clean[^1] != ' ')
            {
                clean.Append(' ');
            }
        }

        return clean.ToString().TrimEnd();
    }
}
