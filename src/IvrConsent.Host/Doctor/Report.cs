using IvrConsent.Host.Cli;

namespace IvrConsent.Host.Doctor;

/// <summary>The findings for a person, and as an exit code.</summary>
internal static class Report
{
    private const int Width = 110;
    private const string RemedyIndent = "        -> ";

    /// <summary>3 when no PBX that was tried answers, else 1 when a check failed, else 0.</summary>
    public static int ExitCode(IReadOnlyCollection<Finding> findings)
    {
        var reached = findings.Where(finding => finding.Check == Checks.Reach).ToArray();
        return reached.Length > 0 && reached.All(finding => finding.Unreachable) ? ExitCodes.Unavailable
            : findings.Any(finding => finding.Status == FindingStatus.Failed) ? ExitCodes.Failed
            : ExitCodes.Ok;
    }

    /// <summary>Aligned lines, each remedy below its finding, a summary at the end.</summary>
    public static void Write(TextWriter output, IReadOnlyList<Finding> findings)
    {
        var width = findings.Count == 0 ? 0 : findings.Max(finding => finding.Check.Length);
        string? pbx = null;

        // This machine's first, then each PBX's under one heading, in whatever order they were found out.
        var pbxes = findings.Select(finding => finding.Pbx).OfType<string>().Distinct().ToList();
        foreach (var finding in findings.OrderBy(finding => finding.Pbx is { } name ? pbxes.IndexOf(name) : -1))
        {
            if (finding.Pbx != pbx)
            {
                pbx = finding.Pbx;
                output.WriteLine();
                output.WriteLine($"PBX {pbx}");
            }

            var head = $"{Word(finding.Status),-4}  {finding.Check.PadRight(width)}  ";
            WriteWrapped(output, head, finding.Found, head.Length);
            if (finding.Remedy is { } remedy)
            {
                WriteWrapped(output, RemedyIndent, remedy, RemedyIndent.Length);
            }
        }

        output.WriteLine();
        output.WriteLine(Summary(findings));
    }

    private static string Summary(IReadOnlyList<Finding> findings)
    {
        var failed = findings.Count(finding => finding.Status == FindingStatus.Failed);
        var warnings = findings.Count(finding => finding.Status == FindingStatus.Warning);
        var skipped = findings.Count(finding => finding.Status == FindingStatus.Skipped);
        var fine = findings.Count - failed - warnings - skipped;
        return $"{(failed > 0 ? "Not ready for calls" : "Ready for calls")}: {fine} ok, {warnings} warnings, {failed} failed, {skipped} could not be checked.";
    }

    private static string Word(FindingStatus status) => status switch
    {
        FindingStatus.Ok => "ok",
        FindingStatus.Warning => "WARN",
        FindingStatus.Failed => "FAIL",
        _ => "skip",
    };

    // Breaks at spaces only: what is to be copied (a path, a setting) stays whole even when it is too long.
    private static void WriteWrapped(TextWriter output, string head, string text, int indent)
    {
        var line = head;
        var empty = true;
        foreach (var word in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (!empty && line.Length + 1 + word.Length > Width)
            {
                output.WriteLine(line.TrimEnd());
                line = new string(' ', indent);
                empty = true;
            }

            line += empty ? word : " " + word;
            empty = false;
        }

        output.WriteLine(line.TrimEnd());
    }
}
