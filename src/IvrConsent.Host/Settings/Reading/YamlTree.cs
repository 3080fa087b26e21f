using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace IvrConsent.Host.Settings.Reading;

/// <summary>
/// From YAML text to nodes. Made from the parser's events, not from a ready-made document: so every duplicate key is found
/// and not only the first, the depth is bounded before the stack is, and an alias shares its node but is counted in full.
/// </summary>
internal sealed class YamlTree
{
    private const int Deepest = 20;
    private const long MostNodes = 200_000;

    private readonly string file;
    private readonly Parser parser;
    private readonly Dictionary<string, SettingsNode> anchors = [];
    private readonly HashSet<string> openAnchors = [];
    private long nodes;

    private YamlTree(string file, string text)
    {
        this.file = file;
        parser = new Parser(new StringReader(text));
    }

    /// <summary>The document's root (an empty map when there is nothing in it), or null after telling why not.</summary>
    public static MapNode? Parse(string file, string text, ProblemList problems)
    {
        var tree = new YamlTree(file, text);
        try
        {
            return tree.ReadDocument(problems);
        }
        catch (RefusedException refused)
        {
            problems.Add(refused.Place, "", refused.Message, refused.Expected, refused.Remedy);
        }
        catch (YamlException wrong)
        {
            var place = new SettingsPlace(file, (int)Math.Max(1, wrong.Start.Line), (int)Math.Max(1, wrong.Start.Column));
            var (what, remedy) = Explain(wrong, Line(text, place.Line ?? 1));
            problems.Add(place, "", what, null, remedy);
        }
        catch (Exception wrong) when (wrong is not OutOfMemoryException)
        {
            // The parser's own slips (an index, a null) on text that is no YAML: still the file's fault, not a crash of ours.
            problems.Add(tree.Here(), "", "this is not YAML", null, "Look at this line and the one before it: a quote, bracket or colon is missing or too many.");
        }

        return null;
    }

    private MapNode? ReadDocument(ProblemList problems)
    {
        parser.Consume<StreamStart>();
        if (parser.Accept<StreamEnd>(out _))
        {
            return new MapNode(new(file, 1, 1), []);
        }

        parser.Consume<DocumentStart>();
        var root = ReadNode(1);
        parser.Consume<DocumentEnd>();
        if (parser.Accept<DocumentStart>(out var second))
        {
            throw new RefusedException(Place(second.Start), "a second document begins here", "one document", "Delete the line with --- and what belongs to the other document.");
        }

        switch (root)
        {
            case MapNode map:
                return map;
            case ScalarNode { IsNothing: true }:
                return new MapNode(new(file, 1, 1), []);
            default:
                problems.Add(root.Place, "", $"the file holds {root.Kind}", "keys such as pbx: and lines:", "Start from the annotated sample config/ivrconsent.yaml.");
                return null;
        }
    }

    private SettingsNode ReadNode(int depth)
    {
        var start = parser.Current is null || parser.Accept<ParsingEvent>(out _) ? parser.Current! : throw new InvalidOperationException();
        if (depth > Deepest)
        {
            throw new RefusedException(Place(start.Start), "values are nested too deep", $"at most {Deepest} levels", "Look for brackets or dashes that are too many.");
        }

        if (parser.TryConsume<AnchorAlias>(out var alias))
        {
            return Resolve(alias);
        }

        var anchor = start is NodeEvent { Anchor.IsEmpty: false } node ? node.Anchor.Value : null;
        CheckTag(start);
        if (anchor is not null)
        {
            openAnchors.Add(anchor);
        }

        SettingsNode result;
        if (parser.TryConsume<Scalar>(out var scalar))
        {
            result = new ScalarNode(Place(scalar.Start), scalar.Value, scalar.Style != ScalarStyle.Plain, scalar.End.Line > scalar.Start.Line);
        }
        else if (parser.TryConsume<SequenceStart>(out var sequence))
        {
            result = ReadList(sequence, depth);
        }
        else
        {
            result = ReadMap(parser.Consume<MappingStart>(), depth);
        }

        Count(1, start);
        if (anchor is not null)
        {
            openAnchors.Remove(anchor);
            anchors[anchor] = result;
        }

        return result;
    }

    private ListNode ReadList(SequenceStart start, int depth)
    {
        var items = new List<SettingsNode>();
        while (!parser.TryConsume<SequenceEnd>(out _))
        {
            items.Add(ReadNode(depth + 1));
        }

        return new ListNode(Place(start.Start), items);
    }

    private MapNode ReadMap(MappingStart start, int depth)
    {
        var entries = new List<MapEntry>();
        while (!parser.TryConsume<MappingEnd>(out _))
        {
            var key = ReadNode(depth + 1);
            if (key is not ScalarNode name)
            {
                throw new RefusedException(key.Place, $"a key is {key.Kind}", "a single word", "Write: key: value (a brace { needs its } and a bracket [ its ]).");
            }

            entries.Add(new MapEntry(name.Text, name.Place, ReadNode(depth + 1)));
        }

        return new MapNode(Place(start.Start), entries);
    }

    private SettingsNode Resolve(AnchorAlias alias)
    {
        var name = alias.Value.Value;
        if (openAnchors.Contains(name))
        {
            throw new RefusedException(Place(alias.Start), $"the alias *{Shown.Key(name)} stands inside its own anchor", null, "Write the values out.");
        }

        if (!anchors.TryGetValue(name, out var node))
        {
            throw new RefusedException(
                Place(alias.Start),
                $"the alias *{Shown.Key(name)} has no anchor &{Shown.Key(name)} before it",
                null,
                "If the star itself is meant, put it in quotes: \"*\"");
        }

        Count(node.Size, alias);
        return node;
    }

    private void Count(long more, ParsingEvent at)
    {
        nodes += more;
        if (nodes > MostNodes)
        {
            throw new RefusedException(Place(at.Start), "there are too many values, or aliases multiply them", $"at most {MostNodes} values", "Write the values out without aliases.");
        }
    }

    private void CheckTag(ParsingEvent start)
    {
        if (start is NodeEvent { Tag: { IsEmpty: false, IsNonSpecific: false } tag }
            && !tag.Value.StartsWith("tag:yaml.org,2002:", StringComparison.Ordinal))
        {
            throw new RefusedException(Place(start.Start), $"the tag {Shown.Quote(tag.Value)} is not read here", "plain values", "Delete the word with the exclamation mark, or put the text in quotes.");
        }
    }

    /// <summary>The parser speaks of tokens; where the usual slips can be recognised, say what to write.</summary>
    private static (string What, string Remedy) Explain(YamlException wrong, string line)
    {
        var afterColon = line.Contains(':', StringComparison.Ordinal) ? line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim() : "";
        if (afterColon.StartsWith('*') || line.Contains("[*", StringComparison.Ordinal) || line.Contains(", *", StringComparison.Ordinal))
        {
            return ("a star without quotes is an alias in YAML", "Put it in quotes: \"*\"");
        }

        if (afterColon.StartsWith('@') || afterColon.StartsWith('`') || afterColon.StartsWith('%'))
        {
            return ($"a value cannot begin with {afterColon[0]} in YAML", "Put the value in quotes.");
        }

        var what = wrong.Message.Contains("did not find expected ':'", StringComparison.Ordinal) || wrong.Message.Contains("simple key", StringComparison.OrdinalIgnoreCase)
            ? "this is not YAML: a colon and a space are missing behind a key"
            : "this is not YAML";
        return (what, "Look at this line and the one before it: keys of one section start in the same column, a space follows each colon, every quote and bracket is closed.");
    }

    private static string Line(string text, int number)
    {
        var reader = new StringReader(text);
        string? line = null;
        for (var i = 0; i < number; i++)
        {
            line = reader.ReadLine();
        }

        return line ?? "";
    }

    private SettingsPlace Here() => parser.Current is { } current ? Place(current.Start) : new(file, 1, 1);

    private SettingsPlace Place(Mark mark) => new(file, (int)mark.Line, (int)mark.Column);

    private sealed class RefusedException(SettingsPlace place, string message, string? expected, string remedy) : Exception(message)
    {
        public SettingsPlace Place { get; } = place;

        public string? Expected { get; } = expected;

        public string Remedy { get; } = remedy;
    }
}
