using IvrConsent.Core.Consent;

namespace IvrConsent.Host.Settings.Reading;

/// <summary>Reads the jurisdiction table: the file beside the settings, or the built-in one.</summary>
internal static class JurisdictionTable
{
    /// <summary>Name of the file beside the settings file.</summary>
    public const string FileName = "jurisdictions.yaml";

    private static readonly ChoiceKind Parties = new("one", "told", "all");

    private static readonly ChoiceKind YesOrNo = new("yes", "no");

    private static readonly TextKind Code = new("^[A-Z]{2}(-[A-Z0-9]{1,3})?$", "an ISO 3166 code such as PL or US-CA", "PL");

    private static readonly TextKind Words = new("^[^\\x00-\\x1f\\x7f-\\x9f]{1,1000}$", "1 to 1000 characters", "\"…\"");

    private static readonly TextKind Prefix = new(@"^\+[1-9][0-9]{0,5}$", "a country code such as \"+48\"", "\"+48\"");

    private static readonly Lazy<IReadOnlyList<JurisdictionRow>> BuiltIn = new(ReadBuiltIn);

    private static readonly MapKind Root = new(
    [
        new(
            "jurisdictions",
            new NamedMapKind(
                Code,
                new MapKind(
                [
                    new("prefix", Prefix, "Country code of telephone numbers."),
                    new("parties", Parties, "Who must agree.") { Required = true },
                    new("staying", YesOrNo, "Whether staying on the line is agreement.") { Required = true },
                    new("other_ground", YesOrNo, "Whether another ground than consent is conceivable.") { Required = true },
                    new("source", Words, "Statute or guidance.") { Required = true },
                    new("note", Words, "What is disputed."),
                ]),
                "jurisdiction"),
            "The rows.") { Required = true },
    ]);

    /// <summary>The table for settings in this folder; problems are noted.</summary>
    public static IReadOnlyList<JurisdictionRow> For(string folder, ProblemList problems)
    {
        var file = Path.Combine(folder, FileName);
        return !File.Exists(file) ? BuiltIn.Value
            : SettingsFile.ReadBytes(file, problems) is { } bytes ? Read(file, bytes, problems) : [];
    }

    internal static IReadOnlyList<JurisdictionRow> Read(string file, ReadOnlySpan<byte> bytes, ProblemList problems)
    {
        if (SettingsText.Decode(file, bytes, problems) is not { } text || YamlTree.Parse(file, text, problems) is not { } written)
        {
            return [];
        }

        var root = new TreeReader(problems).ReadRoot(written, Root);
        return
        [
            .. root.Items("jurisdictions").Select(row => new JurisdictionRow(
                row.Name,
                row.GetOrNull<string>("parties") switch { "one" => ConsentingParties.One, "told" => ConsentingParties.Told, _ => ConsentingParties.All },
                row.GetOrNull<string>("staying") == "yes",
                row.GetOrNull<string>("other_ground") == "yes",
                row.GetOrNull<string>("source") ?? "",
                row.GetOrNull<string>("note"),
                row.GetOrNull<string>("prefix"))),
        ];
    }

    private static IReadOnlyList<JurisdictionRow> ReadBuiltIn()
    {
        using var stream = typeof(JurisdictionTable).Assembly.GetManifestResourceStream(FileName)!;
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        var problems = new ProblemList();
        var rows = Read(FileName, bytes, problems);
        return problems.Any ? throw new InvalidDataException(string.Join("\n", problems.Problems)) : rows;
    }
}
