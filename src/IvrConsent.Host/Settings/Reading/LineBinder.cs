using System.Collections.Immutable;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Notices;
using IvrConsent.Core.Recordings;

namespace IvrConsent.Host.Settings.Reading;

/// <summary>The notices by their id; one whose prompt is not written has an empty one, which the mode of each line fills in.</summary>
internal sealed class NoticeBinder
{
    public NoticeBinder(SettingsMap root) =>
        All = root.Items("notices")
            .Select(notice => new NoticeOptions(notice.Name, notice.GetOrNull<string>("version") ?? "", notice.GetOrNull<string>("prompt") ?? ""))
            .ToImmutableSortedDictionary(notice => notice.Id, notice => notice, StringComparer.Ordinal);

    public IReadOnlyDictionary<string, NoticeOptions> All { get; }

    /// <summary>The same with the prompt that a line with a question plays.</summary>
    public IReadOnlyDictionary<string, NoticeOptions> ForExplicitLines =>
        All.ToImmutableSortedDictionary(pair => pair.Key, pair => pair.Value.Prompt.Length > 0 ? pair.Value : pair.Value with { Prompt = ModePolicy.NoticePrompt(ConsentMode.Explicit) }, StringComparer.Ordinal);
}

/// <summary>The lines: their defaults, and what must fit together in and between them.</summary>
internal sealed class LineBinder(ProblemList problems, ConsentBinder consent)
{
    private static readonly string[] KeyNames = ["accept", "decline", "repeat", "info"];

    private readonly Dictionary<string, string> owners = [];

    public IReadOnlyList<LineSettings> Bind(SettingsMap root, NoticeBinder notices)
    {
        var defaults = root.Section("defaults");
        CheckKeys(defaults.Section("keys"), defaults.Section("keys"));
        return [.. root.Items("lines").Select(line => BindLine(line.WithFallback(defaults), notices))];
    }

    /// <summary>What becomes of a call: a word or a place in the dialplan.</summary>
    public static Afterwards BindAfterwards(SettingsMap map, string key) =>
        map.Find(key)?.Value is SettingsMap target
            ? new Afterwards(
                AfterwardsKind.ContinueAt,
                new DialplanTarget(target.GetOrNull<string>("context") ?? "", target.Get<string>("extension"), target.Get<int>("priority")))
            : map.Get<string>(key) == "hangup" ? Afterwards.HangUp : Afterwards.Continue;

    private LineSettings BindLine(SettingsMap line, NoticeBinder notices)
    {
        var keys = line.Section("keys");
        if (KeyNames.Any(name => keys.Own(name) is not null))
        {
            CheckKeys(keys, keys);
        }

        var mode = ConsentBinder.Mode(line);
        var options = consent.Bind(line, new LineOptions
        {
            Name = line.GetOrNull<string>("name") ?? "",
            Numbers = BindNumbers(line),
            Language = line.Get<string>("language"),
            Mode = mode,
            OptOut = line.Get<bool>("opt_out"),
            Notice = BindNotice(line, notices, mode),
            AcceptKey = Key(keys, "accept") ?? '1',
            DeclineKey = Key(keys, "decline") ?? '2',
            RepeatKey = Key(keys, "repeat"),
            InfoKey = Key(keys, "info"),
            BargeIn = line.Get<bool>("barge_in"),
            MinimumHeard = line.Get<TimeSpan>("minimum_heard"),
            FirstDigitTimeout = line.Get<TimeSpan>("first_digit_timeout"),
            Repeats = line.Get<int>("repeats"),
            OnAccept = BindAfterwards(line, "on_accept"),
            OnDecline = BindAfterwards(line, "on_decline"),
            OnNoAnswer = BindAfterwards(line, "on_no_answer"),
            OnWrongKeys = BindAfterwards(line, "on_wrong_keys"),
            Confirm = line.Get<bool>("confirm"),
            ReceiptBySms = line.Get<string>("receipt") == "sms",
            RecordingFormat = line.Section("recording").Get<string>("format"),
            Channels = line.Section("recording").Get<string>("channels") == "stereo" ? RecordingChannels.Stereo : RecordingChannels.Mono,
        });
        return new LineSettings(options, line.PlaceOf("name"), line.PlaceOf("minimum_heard"));
    }

    private ImmutableArray<string> BindNumbers(SettingsMap line)
    {
        var numbers = line.Own("numbers")?.Value as IReadOnlyList<WrittenValue> ?? [];
        foreach (var number in numbers)
        {
            var text = (string)number.Value!;
            if (!owners.TryAdd(text, line.Path))
            {
                var owner = owners[text];
                problems.Add(
                    number.Place,
                    number.Path,
                    owner == line.Path ? $"{Shown.Quote(text)} is in this list twice" : $"{Shown.Quote(text)} belongs to {owner} already",
                    "each number on one line only",
                    "Delete it here or there.");
            }
        }

        return [.. numbers.Select(number => (string)number.Value!).Distinct()];
    }

    private NoticeOptions BindNotice(SettingsMap line, NoticeBinder notices, ConsentMode mode)
    {
        var id = line.Get<string>("notice");
        if (notices.All.TryGetValue(id, out var notice))
        {
            return notice.Prompt.Length > 0 ? notice : notice with { Prompt = line.Get<bool>("opt_out") ? PromptNames.NoticeOptOut : ModePolicy.NoticePrompt(mode) };
        }

        // Without any notice the missing notices are the problem, and that is said already.
        if (notices.All.Count > 0)
        {
            var known = notices.All.Keys.Select(Shown.Key).ToArray();
            var nearest = NearestWord.Find(id, known);
            problems.Add(
                line.PlaceOf("notice"),
                line.PathOf("notice"),
                $"there is no notice {Shown.Quote(id)}{(nearest is null ? "" : $" (did you mean {nearest}?)")}",
                $"one of {string.Join(", ", known)}",
                $"Write: notice: {nearest ?? known[0]}");
        }

        return new NoticeOptions(id, "");
    }

    private void CheckKeys(SettingsMap keys, SettingsMap at)
    {
        for (var later = 1; later < KeyNames.Length; later++)
        {
            for (var earlier = 0; earlier < later; earlier++)
            {
                if (Key(keys, KeyNames[earlier]) is { } key && key == Key(keys, KeyNames[later]))
                {
                    // The later of the two as written; where only one is written, that one.
                    var (blamed, other) = at.Own(KeyNames[later]) is null && at.Own(KeyNames[earlier]) is not null
                        ? (KeyNames[earlier], KeyNames[later])
                        : (KeyNames[later], KeyNames[earlier]);
                    problems.Add(at.PlaceOf(blamed), at.PathOf(blamed), $"\"{key}\" is also the key for {other}", "a key of its own for each", $"Write for example: {blamed}: \"{FreeKey(keys)}\"");
                }
            }
        }
    }

    private static char FreeKey(SettingsMap keys) =>
        "123456789".First(key => KeyNames.All(name => Key(keys, name) != key));

    private static char? Key(SettingsMap keys, string name) => keys.Get<string>(name) is [var key] ? key : null;
}
