namespace IvrConsent.Host.Settings.Reading;

/// <summary>Reads nodes by the table of keys. Goes on after each problem: the admin gets them all.</summary>
internal sealed class TreeReader(ProblemList problems)
{
    /// <summary>The whole file.</summary>
    public SettingsMap ReadRoot(MapNode root) => ReadRoot(root, SettingsKeys.Root);

    /// <summary>A whole file of another kind.</summary>
    public SettingsMap ReadRoot(MapNode root, MapKind kind) => ReadMap(root, kind, "", root.Place);

    private SettingsMap ReadMap(MapNode node, MapKind kind, string path, SettingsPlace place, string name = "")
    {
        var map = new SettingsMap(kind, path, place) { Name = name };
        var seen = new Dictionary<string, SettingsPlace>();
        foreach (var entry in node.Entries)
        {
            var keyPath = SettingsMap.Join(path, Shown.Key(entry.Key));
            if (!seen.TryAdd(entry.Key, entry.KeyPlace))
            {
                problems.Add(entry.KeyPlace, keyPath, $"the key is written twice, first in line {seen[entry.Key].Line}", null, "Keep one of them.");
            }
            else if (kind.Keys.FirstOrDefault(known => known.Name == entry.Key) is { } known)
            {
                map.Add(known.Name, new WrittenValue(ReadValue(entry.Value, known, keyPath), entry.Value.Place, keyPath));
            }
            else
            {
                ReportUnknown(entry, kind, keyPath);
            }
        }

        foreach (var missing in kind.Keys.Where(key => key.Required && !seen.ContainsKey(key.Name)))
        {
            problems.Add(place, SettingsMap.Join(path, missing.Name), "the key is missing", missing.Kind.Expected, Write(place, missing.Name, missing.Example));
        }

        return map;
    }

    private object? ReadValue(SettingsNode node, SettingKey key, string path)
    {
        switch (key.Kind)
        {
            case ScalarKind scalar:
                return ReadScalar(node, scalar, path, key.Name, key.Example);
            case ChoiceOrMapKind either when node is MapNode map:
                return ReadMap(map, either.Map, path, map.Place);
            case ChoiceOrMapKind either:
                return ReadChoice(node, either, path, key);
            case MapKind kind when node is MapNode map:
                return ReadMap(map, kind, path, map.Place);
            case MapKind kind when node is ScalarNode { IsNothing: true }:
                return ReadMap(new MapNode(node.Place, []), kind, path, node.Place);
            case NamedListKind { MayBeEmpty: true } when node is ScalarNode { IsNothing: true } or ListNode { Items.Count: 0 }:
                return new List<SettingsMap>();
            case NamedListKind list when node is ListNode { Items.Count: > 0 } items:
                return ReadItems(items, list, path);
            case NamedMapKind named when node is MapNode { Entries.Count: > 0 } map:
                return ReadNamed(map, named, path);
            case ScalarMapKind pairs when node is MapNode map:
                return ReadPairs(map, pairs, path);
            case ScalarListKind list when node is ListNode items:
                return ReadScalars(items, list, path, key.Name);
            default:
                ReportKind(node, key.Kind, path, key.Name, key.Example);
                return null;
        }
    }

    private object? ReadScalar(SettingsNode node, ScalarKind kind, string path, string name, string example)
    {
        if (node is not ScalarNode scalar || scalar.IsNothing || scalar.Text.Length == 0)
        {
            ReportKind(node, kind, path, name, example);
            return null;
        }

        var value = kind.Read(kind.IsSecret ? scalar.Text : scalar.Text.Trim(), out var wrong);
        if (value is null)
        {
            problems.Add(scalar.Place, path, $"{(kind.IsSecret ? "the value" : Shown.Quote(scalar))} {wrong}", kind.Expected, Write(scalar.Place, name, example));
        }

        return value;
    }

    private string? ReadChoice(SettingsNode node, ChoiceOrMapKind either, string path, SettingKey key)
    {
        if (node is not ScalarNode { IsNothing: false, Text.Length: > 0 } scalar)
        {
            ReportKind(node, either, path, key.Name, either.Example);
            return null;
        }

        var value = either.Choice.Read(scalar.Text.Trim(), out var wrong);
        if (value is null)
        {
            problems.Add(scalar.Place, path, $"{Shown.Quote(scalar)} {wrong}", either.Expected, Write(scalar.Place, key.Name, either.Example));
        }

        return (string?)value;
    }

    private List<SettingsMap> ReadItems(ListNode list, NamedListKind kind, string path)
    {
        var items = new List<SettingsMap>();
        var names = new Dictionary<string, SettingsPlace>();
        foreach (var (index, node) in list.Items.Index())
        {
            var itemPath = $"{path}[#{index + 1}]";
            if (node is not MapNode map)
            {
                problems.Add(node.Place, itemPath, $"{node.Kind} stands where a {kind.Noun} is expected", $"a map that begins with \"- {NamedListKind.NameKey}:\"", $"Write for example: {kind.Item.Example}");
                continue;
            }

            if (map.Find(NamedListKind.NameKey) is ScalarNode { IsNothing: false, Text.Length: > 0 } name)
            {
                itemPath = $"{path}[{Shown.Key(name.Text.Trim())}]";
                if (!names.TryAdd(name.Text.Trim(), name.Place))
                {
                    problems.Add(name.Place, itemPath, $"two {kind.Noun} entries have this name, the first in line {names[name.Text.Trim()].Line}", null, "Give each its own name.");
                }
            }

            items.Add(ReadMap(map, kind.Item, itemPath, map.Place));
        }

        return items;
    }

    private List<SettingsMap> ReadNamed(MapNode map, NamedMapKind kind, string path)
    {
        var items = new List<SettingsMap>();
        var seen = new Dictionary<string, SettingsPlace>();
        foreach (var entry in map.Entries)
        {
            var itemPath = $"{path}[{Shown.Key(entry.Key)}]";
            if (kind.Name.Read(entry.Key, out _) is null)
            {
                problems.Add(entry.KeyPlace, itemPath, $"{Shown.Quote(entry.Key)} cannot be a name", kind.Name.Expected, $"Write for example: {kind.Name.Example}:");
            }

            if (!seen.TryAdd(entry.Key, entry.KeyPlace))
            {
                problems.Add(entry.KeyPlace, itemPath, $"two {kind.Noun} entries have this name, the first in line {seen[entry.Key].Line}", null, "Give each its own name.");
            }
            else if (entry.Value is MapNode item)
            {
                items.Add(ReadMap(item, kind.Item, itemPath, entry.KeyPlace, entry.Key));
            }
            else
            {
                problems.Add(entry.Value.Place, itemPath, $"{entry.Value.Kind} stands where a {kind.Noun} is expected", kind.Item.Expected, $"Write for example: {Shown.Key(entry.Key)}: {kind.Item.Example}");
            }
        }

        return items;
    }

    private List<NamedValue> ReadPairs(MapNode map, ScalarMapKind kind, string path)
    {
        var items = new List<NamedValue>();
        var seen = new Dictionary<string, SettingsPlace>();
        foreach (var entry in map.Entries)
        {
            var itemPath = SettingsMap.Join(path, Shown.Key(entry.Key));
            if (!seen.TryAdd(entry.Key, entry.KeyPlace))
            {
                problems.Add(entry.KeyPlace, itemPath, $"the key is written twice, first in line {seen[entry.Key].Line}", null, "Keep one of them.");
            }
            else if (kind.Name.Read(entry.Key, out var wrong) is not string { Length: > 0 } name)
            {
                problems.Add(entry.KeyPlace, itemPath, $"{Shown.Quote(entry.Key)} {wrong}", kind.Name.Expected, $"Write for example: {kind.Example}");
            }
            else if (ReadScalar(entry.Value, kind.Value, itemPath, Shown.Key(entry.Key), kind.Value.Example) is { } value)
            {
                items.Add(new NamedValue(name, entry.KeyPlace, new WrittenValue(value, entry.Value.Place, itemPath)));
            }
        }

        return items;
    }

    private List<WrittenValue> ReadScalars(ListNode list, ScalarListKind kind, string path, string name)
    {
        var items = new List<WrittenValue>();
        foreach (var (index, node) in list.Items.Index())
        {
            var itemPath = $"{path}[#{index + 1}]";
            if (ReadScalar(node, kind.Item, itemPath, name, kind.Example) is { } value)
            {
                items.Add(new WrittenValue(value, node.Place, itemPath));
            }
        }

        return items;
    }

    private void ReportKind(SettingsNode node, ValueKind kind, string path, string name, string example)
    {
        // What stands here may have been meant for another key (a connection string, say): its text is not shown.
        var what = node switch
        {
            ScalarNode { IsNothing: true } => "nothing is written here",
            ScalarNode { Text.Length: 0 } => "the value is empty",
            ListNode { Items.Count: 0 } => "the list is empty",
            MapNode { Entries.Count: 0 } => "the map is empty",
            _ => $"{node.Kind} stands here",
        };
        var remedy = Write(node.Place, name, example);
        if (kind is DigitKeyKind && node is ScalarNode { IsNothing: true })
        {
            remedy += " (the key # needs its quotes: \"#\")";
        }

        problems.Add(node.Place, path, what, kind.Expected, remedy);
    }

    private void ReportUnknown(MapEntry entry, MapKind kind, string path)
    {
        var names = kind.Keys.Select(key => key.Name).ToArray();
        var place = entry.KeyPlace;
        if (entry.Key == "<<")
        {
            problems.Add(place, path, "merge keys are not read", null, "Write under defaults: what all lines share.");
        }
        else if (NearestWord.Find(entry.Key, names) is { } nearest)
        {
            problems.Add(place, path, $"the key is not known (did you mean {nearest}?)", null, $"Write: {nearest}:");
        }
        else if (SectionOf(entry.Key, SettingsKeys.Root, "") is { } section)
        {
            problems.Add(place, path, "the key does not belong here", null, $"Move it to {section}.");
        }
        else
        {
            problems.Add(place, path, "the key is not known", $"one of {string.Join(", ", names)}", "Correct or delete it.");
        }
    }

    /// <summary>The first section of the table that has this key: a right key in a wrong column is a common slip.</summary>
    private static string? SectionOf(string name, MapKind kind, string path)
    {
        if (kind.Keys.Any(key => key.Name == name))
        {
            return path.Length == 0 ? "the first column" : path;
        }

        return kind.Keys
            .Select(key => key.Kind switch
            {
                MapKind map => SectionOf(name, map, SettingsMap.Join(path, key.Name)),
                NamedListKind list => SectionOf(name, list.Item, SettingsMap.Join(path, $"{key.Name}[…]")),
                NamedMapKind named => SectionOf(name, named.Item, SettingsMap.Join(path, $"{key.Name}[…]")),
                _ => null,
            })
            .FirstOrDefault(found => found is not null);
    }

    private static string Write(SettingsPlace place, string name, string example) =>
        place.Variable is { } variable ? $"Write for example: {variable}={example.Trim('"')}" : $"Write for example: {name}: {example}";
}
