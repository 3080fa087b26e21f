using System.CommandLine;
using IvrConsent.Core.Rights;
using IvrConsent.Host.Rights;

namespace IvrConsent.Host.Cli;

/// <summary><c>ivrconsent record-of-processing</c>: GDPR art. 30(1) from the settings.</summary>
internal static class RecordOfProcessingCommand
{
    public static Command Create()
    {
        var config = CommandContext.ConfigOption();
        var json = CommandContext.JsonOption();
        var language = new Option<string>("--language", "-l") { Description = $"The controller's language: {string.Join(", ", ProcessingTexts.All.Keys)}.", DefaultValueFactory = _ => "en" };
        language.AcceptOnlyFromAmong([.. ProcessingTexts.All.Keys]);
        var command = new Command("record-of-processing", "Write the record of processing activities (GDPR art. 30) from the settings, as Markdown. Exit code 1 where a setting that it needs is missing.") { language, config, json };
        command.SetAction(parsed =>
        {
            if (CommandContext.Load(parsed.GetValue(config)!) is not { } settings)
            {
                return ExitCodes.Usage;
            }

            var (tongue, texts) = (parsed.GetValue(language)!, ProcessingTexts.All[parsed.GetValue(language)!]);
            var (records, missing) = ProcessingRecord.From([.. settings.Lines.Select(line => line.Options)], settings.Records, tongue);
            foreach (var one in missing)
            {
                Console.Error.WriteLine(one);
            }

            if (parsed.GetValue(json) && missing.Count == 0)
            {
                CommandContext.WriteJson(records.Select(record => new
                {
                    record.Controller, record.Purposes, record.Processors, record.Recipients, record.Stored, Subjects = texts.SubjectsText, Data = texts.DataText, Measures = texts.SecurityText,
                }));
            }
            else
            {
                Console.Out.Write(string.Join('\n', records.Select(record => ProcessingRecordPage.Markdown(record, tongue))));
            }

            return missing.Count > 0 ? ExitCodes.Failed : ExitCodes.Ok;
        });
        return command;
    }
}
