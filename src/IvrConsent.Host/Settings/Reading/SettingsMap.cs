namespace IvrConsent.Host.Settings.Reading;

/// <summary>A value that was written, and where.</summary>
/// <param name="Value">The value; null when it was written but is no good (the problem is noted already).</param>
/// <param name="Place">Where it was written.</param>
/// <param name="Path">Its key path.</param>
internal sealed record WrittenValue(object? Value, SettingsPlace Place, string Path);

/// <summary>One entry of a map of single values: its key, where that stands, and the value.</summary>
internal sealed record NamedValue(string Name, SettingsPlace Place, WrittenValue Value);

/// <summary>The values of a map, looked up first where they belong, then in the defaults, then in the table of keys.</summary>
internal sealed class SettingsMap(MapKind kind, string path, SettingsPlace place)
{
    private readonly Dictionary<string, WrittenValue> values = [];

    public string Path => path;

    public SettingsPlace Place => place;

    /// <summary>The name under which an item of a named map was written; empty elsewhere.</summary>
    public string Name { get; init; } = "";

    /// <summary>Where to look for what is not written here.</summary>
    public SettingsMap? Fallback { get; init; }

    public void Add(string key, WrittenValue value) => values.Add(key, value);

    /// <summary>As written here and nowhere else.</summary>
    public WrittenValue? Own(string key) => values.GetValueOrDefault(key);

    /// <summary>As written, here or in the defaults; null when in neither.</summary>
    public WrittenValue? Find(string key) => Own(key) ?? (Fallback?.Kind.Keys.Any(known => known.Name == key) == true ? Fallback.Find(key) : null);

    /// <summary>The value, or its default.</summary>
    public T Get<T>(string key)
    {
        if (Find(key)?.Value is { } written)
        {
            return (T)written;
        }

        var known = Key(key);
        var scalar = known.Kind is ChoiceOrMapKind either ? either.Choice : (ScalarKind)known.Kind;
        return (T)scalar.Read(known.Default!.Trim('"'), out _)!;
    }

    /// <summary>The value as written, or null.</summary>
    public T? GetOrNull<T>(string key)
        where T : class => (T?)Find(Key(key).Name)?.Value;

    /// <summary>A section; empty when it is not written.</summary>
    public SettingsMap Section(string key)
    {
        var own = values.GetValueOrDefault(key)?.Value as SettingsMap;
        if (own is not null && Fallback is null)
        {
            return own;
        }

        var section = new SettingsMap((MapKind)Key(key).Kind, Join(path, key), own?.Place ?? place) { Fallback = Fallback?.Section(key) };
        foreach (var (name, value) in own?.values ?? [])
        {
            section.Add(name, value);
        }

        return section;
    }

    /// <summary>The items of a list or named map that could be read.</summary>
    public IReadOnlyList<SettingsMap> Items(string key) => Find(key)?.Value as IReadOnlyList<SettingsMap> ?? [];

    /// <summary>The entries of a map of single values that could be read.</summary>
    public IReadOnlyList<NamedValue> Entries(string key) => Find(Key(key).Name)?.Value as IReadOnlyList<NamedValue> ?? [];

    /// <summary>The items of a list of single values that could be read.</summary>
    public IReadOnlyList<WrittenValue> Scalars(string key) => Find(Key(key).Name)?.Value as IReadOnlyList<WrittenValue> ?? [];

    /// <summary>The same values with something to fall back on.</summary>
    public SettingsMap WithFallback(SettingsMap fallback)
    {
        var map = new SettingsMap(kind, path, place) { Fallback = fallback };
        foreach (var (name, value) in values)
        {
            map.Add(name, value);
        }

        return map;
    }

    /// <summary>Where a key was written; the map's own place when nowhere.</summary>
    public SettingsPlace PlaceOf(string key) => Find(key)?.Place ?? place;

    /// <summary>The path under which a key was written; the path it would have here when nowhere.</summary>
    public string PathOf(string key) => Find(key)?.Path ?? Join(path, key);

    public static string Join(string path, string key) => path.Length == 0 ? key : $"{path}.{key}";

    private MapKind Kind => kind;

    // Asking for a key that is not in the table is a slip in the program and must not pass any test.
    private SettingKey Key(string name) => kind.Keys.Single(key => key.Name == name);
}
