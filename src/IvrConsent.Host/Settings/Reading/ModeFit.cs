using IvrConsent.Core.Calls;
using IvrConsent.Core.Consent;

namespace IvrConsent.Host.Settings.Reading;

/// <summary>Whether a line's mode, its purposes, its keys and its languages go together.</summary>
internal sealed class ModeFit(ProblemList problems, SettingsMap map, LineOptions line, bool fileNamesPurposes)
{
    public void Check()
    {
        CheckGrounds();
        CheckTexts();
        if (line.Mode == ConsentMode.Granular)
        {
            CheckPurposeKeys();
        }
    }

    /// <summary>What has no effect is no slip that should stop anybody, and is no promise either: an admin may believe in it.</summary>
    public void WarnOfAskAgain()
    {
        if (AskAgainPolicy.CanSpare(line.Mode))
        {
            return;
        }

        var section = map.Section("ask_again");
        (string Key, bool Set)[] written = [("reuse_consent_days", line.AskAgain.ReuseConsent is not null), ("respect_refusal_days", line.AskAgain.RespectRefusal is not null)];
        foreach (var (key, _) in written.Where(one => one.Set))
        {
            problems.Warn(
                section.PlaceOf(key),
                section.PathOf(key),
                $"it has no effect: mode is {Word}, which puts no question at the call's beginning that an earlier answer could spare",
                "a mode that asks: explicit, granular or announce",
                $"Remove {key}, or write for example: mode: explicit");
        }
    }

    private void CheckGrounds()
    {
        var (named, consent, other) = (
            line.Purposes.Count > 0,
            line.Purposes.Any(purpose => purpose.Basis == LawfulBasis.Consent),
            line.Purposes.Any(purpose => purpose.Basis != LawfulBasis.Consent));
        switch (line.Mode)
        {
            // Where the file has purposes and the line names none of them, that is the problem, and said already.
            case ConsentMode.Inform or ConsentMode.Granular when !fileNamesPurposes && map.Scalars("purposes").Count == 0:
                Add("purposes", $"mode is {Word} and the line has no purposes", "a purpose with its lawful basis", "Describe purposes: in the first column and name them in the line.");
                break;
            case ConsentMode.Inform when named && !other:
                Add("mode", "inform records on another ground than consent, and all purposes of the line rest on consent", "a purpose with another basis", "Write for example: mode: explicit (or give a purpose the basis that it has)");
                break;
            case ConsentMode.Explicit or ConsentMode.Granular or ConsentMode.Announce when named && !consent:
                Add("mode", $"{Word} asks for consent, and no purpose of the line rests on consent", "a purpose with basis: consent", "Write for example: mode: inform");
                break;
            default:
                break;
        }
    }

    private void CheckTexts()
    {
        string[] languages = [.. line.SpokenLanguages()];
        foreach (var purpose in line.Purposes)
        {
            foreach (var language in languages.Where(language => !purpose.Texts.ContainsKey(language)))
            {
                Add("purposes", $"the line speaks {Shown.Key(language)}, and purpose {purpose.Id} has no text in it", "a text in each language of the line", $"Write under purposes, {purpose.Id}, texts: {Shown.Key(language)}: \"…\"");
            }
        }
    }

    private void CheckPurposeKeys()
    {
        var taken = new Dictionary<char, string> { [line.AcceptKey] = "accept" };
        taken.TryAdd(line.DeclineKey, "decline");
        if (line.RepeatKey is { } repeat)
        {
            taken.TryAdd(repeat, "repeat");
        }

        if (line.InfoKey is { } info)
        {
            taken.TryAdd(info, "info");
        }

        foreach (var purpose in line.Purposes.Where(purpose => purpose.Basis == LawfulBasis.Consent))
        {
            if (purpose.Key is not { } key)
            {
                Add("purposes", $"mode is granular, and purpose {purpose.Id} has no key", "a key for each purpose that rests on consent", $"Write under purposes, {purpose.Id}: key: \"{Free(taken)}\"");
            }
            else if (!taken.TryAdd(key, $"purpose {purpose.Id}"))
            {
                Add("purposes", $"mode is granular, and \"{key}\" of purpose {purpose.Id} is also the key for {taken[key]}", "a key of its own for each", $"Write under purposes, {purpose.Id}: key: \"{Free(taken)}\"");
            }
        }
    }

    private string Word => ConsentKeys.Modes[(int)line.Mode];

    private char Free(Dictionary<char, string> taken) =>
        "3456789012*#".Where(key => !taken.ContainsKey(key) && line.Purposes.All(purpose => purpose.Key != key)).DefaultIfEmpty('A').First();

    private void Add(string key, string what, string expected, string remedy) =>
        problems.Add(map.PlaceOf(key), map.PathOf(key), what, expected, remedy);
}
