using System.Text;

namespace IvrConsent.Host.Settings.Reading;

/// <summary>
/// Environment variables in place of single values: <c>IVRCONSENT__PBX__MAIN__PASSWORD</c> is <c>pbx[main].password</c>.
/// They are put into the tree before it is read, so they are checked like everything else and problems name the variable.
/// </summary>
internal static class EnvironmentOverrides
{
    /// <summary>What the names of all our variables begin with.</summary>
    public const string Prefix = "IVRCONSENT__";

    /// <summary>The tree with every override in it.</summary>
    public static MapNode Apply(MapNode root, IReadOnlyDictionary<string, string> environment, ProblemList problems)
    {
        var ours = environment
            .Where(variable => variable.Key.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase))
            .OrderBy(variable => variable.Key, StringComparer.Ordinal)
            .ToArray();
        if (ours.Length == 0)
        {
            return root;
        }

        var known = new Dictionary<string, List<string[]>>();
        Collect(SettingsKeys.Root, root, Prefix, [], known);
        foreach (var (variable, value) in ours)
        {
            var place = new SettingsPlace(null, Variable: variable);
            if (!known.TryGetValue(variable.ToUpperInvariant(), out var paths))
            {
                var nearest = NearestWord.Find(variable, known.Keys);
                problems.Add(
                    place,
                    "",
                    $"no single setting has this name{(nearest is null ? "" : $" (did you mean {nearest}?)")}",
                    $"{Prefix}SECTION__KEY, or {Prefix}SECTION__NAME__KEY with the name of a PBX, notice or line of the settings file",
                    "Correct or unset it.");
            }
            else if (paths.Count > 1)
            {
                problems.Add(place, "", "two entries of the settings file have names that are the same in capitals and underscores", null, "Rename one of them, or write the value in the settings file.");
            }
            else if (paths[0].Length > 0)
            {
                root = (MapNode)Set(root, paths[0], new ScalarNode(place, value, Quoted: true, SeveralLines: value.Contains('\n')));
            }
        }

        return root;
    }

    /// <summary>Capitals, and an underscore for all that is no letter or digit.</summary>
    private static string Normalise(string name)
    {
        var normal = new StringBuilder(name.Length);
        foreach (var character in name)
        {
            normal.Append(char.IsAsciiLetterOrDigit(character) ? char.ToUpperInvariant(character) : '_');
        }

        return normal.ToString();
    }

    /// <summary>Every variable that there may be for this file, with the path that it stands for; an empty path has no effect.</summary>
    private static void Collect(ValueKind kind, SettingsNode? node, string prefix, string[]? path, Dictionary<string, List<string[]>> known)
    {
        switch (kind)
        {
            case ScalarKind:
                Know(prefix, path, known);
                break;
            case ChoiceOrMapKind either:
                Know(prefix, path, known);
                Collect(either.Map, node as MapNode, $"{prefix}__", path, known);
                break;
            case MapKind map:
                if (node is not (null or MapNode or ScalarNode { IsNothing: true }))
                {
                    // Something else stands there, which the reader reports; an override must not hide it.
                    path = null;
                }

                var separated = prefix.EndsWith("__", StringComparison.Ordinal) ? prefix : $"{prefix}__";
                foreach (var key in map.Keys)
                {
                    Collect(key.Kind, (node as MapNode)?.Find(key.Name), separated + Normalise(key.Name), path is null ? null : [.. path, key.Name], known);
                }

                break;
            case NamedListKind list when node is ListNode items:
                foreach (var (index, item) in items.Items.Index())
                {
                    if ((item as MapNode)?.Find(NamedListKind.NameKey) is ScalarNode name)
                    {
                        Collect(list.Item, item, $"{prefix}__{Normalise(name.Text.Trim())}__", path is null ? null : [.. path, $"#{index}"], known);
                    }
                }

                break;
            case NamedMapKind named when node is MapNode map:
                foreach (var entry in map.Entries)
                {
                    Collect(named.Item, entry.Value, $"{prefix}__{Normalise(entry.Key)}__", path is null ? null : [.. path, entry.Key], known);
                }

                break;
            case ScalarMapKind when node is MapNode map:
                foreach (var entry in map.Entries)
                {
                    Know($"{prefix}__{Normalise(entry.Key)}", path is null ? null : [.. path, entry.Key], known);
                }

                break;
            default:
                break;
        }
    }

    private static void Know(string variable, string[]? path, Dictionary<string, List<string[]>> known)
    {
        path ??= [];
        if (!known.TryGetValue(variable, out var paths))
        {
            known.Add(variable, paths = []);
        }

        // A key written twice gives the same path twice; the reader reports that.
        if (!paths.Any(other => other.SequenceEqual(path)))
        {
            paths.Add(path);
        }
    }

    private static SettingsNode Set(SettingsNode? node, ReadOnlySpan<string> path, ScalarNode value)
    {
        if (path.IsEmpty)
        {
            return value;
        }

        if (node is ListNode list)
        {
            var index = int.Parse(path[0].AsSpan(1), System.Globalization.CultureInfo.InvariantCulture);
            SettingsNode[] items = [.. list.Items];
            items[index] = Set(items[index], path[1..], value);
            return new ListNode(list.Place, items);
        }

        var map = node as MapNode ?? new MapNode(node is null or ScalarNode { IsNothing: true } ? value.Place : node.Place, []);
        var entries = map.Entries.ToList();
        var at = -1;
        for (var i = 0; i < entries.Count && at < 0; i++)
        {
            at = entries[i].Key == path[0] ? i : -1;
        }

        var entry = new MapEntry(path[0], value.Place, Set(at < 0 ? null : entries[at].Value, path[1..], value));
        if (at < 0)
        {
            entries.Add(entry);
        }
        else
        {
            entries[at] = entry with { KeyPlace = entries[at].KeyPlace };
        }

        return new MapNode(map.Place, entries);
    }
}
