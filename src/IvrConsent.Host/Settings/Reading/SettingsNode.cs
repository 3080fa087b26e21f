namespace IvrConsent.Host.Settings.Reading;

/// <summary>A part of the settings as written, before anybody asked what it means. Immutable: an alias shares it.</summary>
internal abstract record SettingsNode(SettingsPlace Place)
{
    /// <summary>How many nodes it stands for, aliases counted as often as they are used.</summary>
    public abstract long Size { get; }

    /// <summary>What a person would call it.</summary>
    public abstract string Kind { get; }
}

/// <summary>One value.</summary>
/// <param name="Place">Where it was written.</param>
/// <param name="Text">The very characters: 0048 keeps its zeros, +48 its sign, quoted or not.</param>
/// <param name="Quoted">Quoted, or a block of text: never read as "nothing".</param>
/// <param name="SeveralLines">It spans lines; perhaps more was swallowed than was meant, so it is not shown.</param>
internal sealed record ScalarNode(SettingsPlace Place, string Text, bool Quoted, bool SeveralLines) : SettingsNode(Place)
{
    public override long Size => 1;

    public override string Kind => IsNothing ? "nothing" : "a single value";

    /// <summary>Nothing is written behind the colon, or YAML's words for nothing.</summary>
    public bool IsNothing => !Quoted && (Text is "" or "~" or "null" or "Null" or "NULL");
}

/// <summary>Values by key, in the order written; a key may come twice, which the reader reports.</summary>
internal sealed record MapNode(SettingsPlace Place, IReadOnlyList<MapEntry> Entries) : SettingsNode(Place)
{
    public override long Size { get; } = 1 + Entries.Sum(entry => 1 + entry.Value.Size);

    public override string Kind => "a map of keys and values";

    public SettingsNode? Find(string key) => Entries.FirstOrDefault(entry => entry.Key == key)?.Value;
}

/// <summary>A key and its value.</summary>
internal sealed record MapEntry(string Key, SettingsPlace KeyPlace, SettingsNode Value);

/// <summary>A list.</summary>
internal sealed record ListNode(SettingsPlace Place, IReadOnlyList<SettingsNode> Items) : SettingsNode(Place)
{
    public override long Size { get; } = 1 + Items.Sum(item => item.Size);

    public override string Kind => "a list";
}
