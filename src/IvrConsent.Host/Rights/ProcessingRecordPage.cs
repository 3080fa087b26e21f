using System.Globalization;
using System.Text;
using IvrConsent.Core.Rights;
using IvrConsent.Host.PublicPages;

namespace IvrConsent.Host.Rights;

/// <summary>A record of processing activities (GDPR art. 30(1)) as Markdown, in the controller's language.</summary>
internal static class ProcessingRecordPage
{
    /// <summary>The page.</summary>
    /// <param name="record">The record.</param>
    /// <param name="language">One of <see cref="ProcessingTexts.All"/>.</param>
    public static string Markdown(ProcessingRecord record, string language)
    {
        var (texts, words, page) = (ProcessingTexts.All[language], NoticeWords.All[language], new StringBuilder());
        var controller = record.Controller;
        Add($"# {texts.Title}");
        Add();
        Add($"**{texts.Controller}:** {Cell(controller.Name)}, {Cell(controller.Address)}, {controller.Country}. {words.Contact}: {Cell(controller.Contact)}. {words.Officer}: {Cell(controller.DataProtectionOfficer ?? texts.None)}.");
        Add();
        Add($"| {texts.Purposes} | {words.Basis} | {words.Kept} | {words.Line} |");
        Add("| --- | --- | --- | --- |");
        foreach (var one in record.Purposes)
        {
            Add($"| {Cell(one.Text)} ({one.Purpose}) | {texts.BasisText(one.Basis)} | {words.DaysText(one.RetentionDays)} | {string.Join(", ", one.Lines.Select(Cell))} |");
        }

        Add();
        Add($"**{texts.Subjects}:** {texts.SubjectsText}");
        Add();
        Add($"**{texts.Data}:** {texts.DataText}");
        Add();
        Add($"**{texts.Recipients}:**");
        foreach (var one in record.Processors)
        {
            Add($"- {words.Processor}: {Cell(one.Party.Name)}, {Cell(one.Party.Address)}, {one.Party.Country}{Abroad(one.ThirdCountry)}");
        }

        foreach (var one in record.Recipients ?? [])
        {
            Add($"- {words.Recipient}: {Cell(one)}");
        }

        if (record.Recipients is null)
        {
            Add($"- {words.Recipient}: {Unsaid("records.recipients")}");
        }
        else if (record.Recipients.Count + record.Processors.Count == 0)
        {
            Add($"- {words.NoRecipients}");
        }

        Add($"- {words.Stored}: {(record.Stored is { } stored ? string.Join(", ", stored.Select(place => place.Country + Abroad(place.ThirdCountry))) : Unsaid("records.storage_locations"))}");
        Add();
        Add($"**{texts.Security}:** {texts.SecurityText}");
        Add();
        Add(texts.ToAdd);
        return page.ToString();

        void Add(string line = "") => page.Append(line).Append('\n');

        string Abroad(bool thirdCountry) => thirdCountry ? $" ({texts.ThirdCountry})" : string.Empty;

        string Unsaid(string setting) => string.Format(CultureInfo.InvariantCulture, texts.Unsaid, Cell(setting));
    }

    /// <summary>Text of the settings as text: no markup, no new row.</summary>
    private static string Cell(string text) => string.Concat(text.Select(character => character switch
    {
        '|' or '\\' or '*' or '_' or '[' or '`' or '<' => $"\\{character}",
        _ when char.IsControl(character) => " ",
        _ => character.ToString(),
    }));
}
