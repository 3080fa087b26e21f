using System.Collections.Immutable;
using System.Globalization;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Consent;

namespace IvrConsent.Host.Settings.Reading;

/// <summary>Purposes, parties, and what of them a line uses; and whether a line's mode fits them.</summary>
internal sealed class ConsentBinder
{
    private static readonly string[] _aboutRecording = ["purposes", "in_call", "ask_again", "recording", "override"];

    private readonly ProblemList _problems;

    private readonly IReadOnlyList<JurisdictionRow> _jurisdictions;

    public ConsentBinder(SettingsMap root, ProblemList problems, IReadOnlyList<JurisdictionRow> jurisdictions)
    {
        _problems = problems;
        _jurisdictions = jurisdictions;
        Purposes = root.Items("purposes").Select(BindPurpose).ToImmutableSortedDictionary(purpose => purpose.Id, purpose => purpose, StringComparer.Ordinal);
        Parties = root.Items("parties").Select(BindParty).ToImmutableSortedDictionary(party => party.Id, party => party, StringComparer.Ordinal);
        Agents = root.Entries("agents").ToImmutableSortedDictionary(
            agent => agent.Name, agent => new AgentOptions(agent.Name, agent.Value.Value is true), StringComparer.Ordinal);
    }

    public IReadOnlyDictionary<string, PurposeOptions> Purposes { get; }

    public IReadOnlyDictionary<string, PartyOptions> Parties { get; }

    public IReadOnlyDictionary<string, AgentOptions> Agents { get; }

    public static ConsentMode Mode(SettingsMap line) => (ConsentMode)Array.IndexOf(ConsentKeys.Modes, line.Get<string>("mode"));

    /// <summary>The line with purposes, parties, country, languages and the keys of the call.</summary>
    public LineOptions Bind(SettingsMap line, LineOptions options)
    {
        // Where there is but one, a line need not name it: the small file stays small.
        var purposes = line.Find("purposes") is null && Purposes.Count == 1 ? [.. Purposes.Values] : Named(line, "purposes", "purpose", Purposes);
        var controller = line.Find("controller") is { } written
            ? written.Value is string id ? Known(written, id, "party", "controller: ", Parties) : null
            : Parties.Count == 1 ? Parties.Values.First() : null;
        var bound = options with
        {
            Purposes = purposes,
            Controller = controller,
            Processors = Named(line, "processors", "party", Parties),
            Country = line.GetOrNull<string>("country"),
            Override = BindOverride(line),
            Languages = BindLanguages(line.Section("languages")),
            InCall = BindInCall(line.Section("in_call")),
            AskAgain = BindAskAgain(line.Section("ask_again")),
        };
        if (bound.OptOut)
        {
            return BindOptOut(line, bound);
        }

        var fit = new ModeFit(_problems, line, bound, Purposes.Count > 0);
        fit.WarnOfAskAgain();
        if (bound.Mode != ConsentMode.Never)
        {
            RequireWhatTheFileNames(line);
            fit.Check();
            CheckJurisdiction(line, bound);
        }

        return bound;
    }

    /// <summary>A line for opt-outs records nothing: what is about recording is refused in the line itself, and does not reach it from the defaults.</summary>
    private LineOptions BindOptOut(SettingsMap line, LineOptions bound)
    {
        if (bound.Mode != ConsentMode.Explicit)
        {
            _problems.Add(
                line.PlaceOf("mode"),
                line.PathOf("mode"),
                $"opt_out is true, and an opt-out takes a key: mode {ConsentKeys.Modes[(int)bound.Mode]} has none for it",
                "explicit",
                line.Own("mode") is null ? "Write in the line: mode: explicit" : "Delete it, or write: mode: explicit");
        }

        foreach (var key in _aboutRecording.Where(key => line.Own(key) is not null))
        {
            _problems.Add(
                line.PlaceOf(key),
                line.PathOf(key),
                $"opt_out is true, so nothing is recorded on this line, and {key} would mean nothing",
                null,
                key == "purposes" ? "Delete it: an opt-out is from calls for every purpose." : "Delete it here.");
        }

        if (line.Section("keys").Own("info") is { } info)
        {
            _problems.Add(info.Place, info.Path, "opt_out is true, and the long information is about recording", null, "Delete it here.");
        }

        if (Parties.Count > 1 && line.Find("controller") is null)
        {
            Missing(line, "controller", $"one of {Listed(Parties.Keys)}", Shown.Key(Parties.Keys.First()));
        }

        return bound with
        {
            Purposes = [],
            InfoKey = null,
            Override = null,
            InCall = new InCallOptions { WithdrawKeys = null, GiveKeys = null, PauseKeys = null },
            AskAgain = new AskAgainOptions(),
        };
    }

    private static PurposeOptions BindPurpose(SettingsMap purpose) => new()
    {
        Id = purpose.Name,
        Basis = (LawfulBasis)Array.IndexOf(ConsentKeys.Bases, purpose.Get<string>("basis")),
        Retention = TimeSpan.FromDays(purpose.Find("retention_days")?.Value as int? ?? 1),
        Texts = purpose.Entries("texts").ToImmutableSortedDictionary(text => text.Name, text => (string)text.Value.Value!, StringComparer.Ordinal),
        Key = purpose.Get<string>("key") is [var key] ? key : null,
    };

    private static PartyOptions BindParty(SettingsMap party) => new()
    {
        Id = party.Name,
        Name = party.GetOrNull<string>("name") ?? "",
        Address = party.GetOrNull<string>("address") ?? "",
        Country = party.GetOrNull<string>("country") ?? "",
        Contact = party.GetOrNull<string>("contact") ?? "",
        DataProtectionOfficer = party.GetOrNull<string>("dpo"),
    };

    private static string? BindOverride(SettingsMap line)
    {
        if (line.Find("override")?.Value is not SettingsMap decision)
        {
            return null;
        }

        return $"{decision.GetOrNull<string>("by")}: {decision.GetOrNull<string>("reason")}";
    }

    private static LanguageOptions BindLanguages(SettingsMap languages)
    {
        var (byPrefix, byKey) = (languages.Entries("by_prefix"), languages.Entries("by_key"));
        return byPrefix.Count + byKey.Count == 0 ? new() : new LanguageOptions
        {
            ByPrefix = byPrefix.ToImmutableSortedDictionary(pair => pair.Name, pair => (string)pair.Value.Value!, StringComparer.Ordinal),
            ByKey = byKey.ToImmutableSortedDictionary(pair => pair.Name[0], pair => (string)pair.Value.Value!),
        };
    }

    private static AskAgainOptions BindAskAgain(SettingsMap section)
    {
        var (reuse, respect) = (section.Get<TimeSpan>("reuse_consent_days"), section.Get<TimeSpan>("respect_refusal_days"));
        return new AskAgainOptions { ReuseConsent = reuse > TimeSpan.Zero ? reuse : null, RespectRefusal = respect > TimeSpan.Zero ? respect : null };
    }

    private InCallOptions BindInCall(SettingsMap call)
    {
        string[] names = ["withdraw", "give", "pause"];
        var keys = names.Select(name => call.Get<string>(name) is { Length: > 0 } sequence ? sequence : null).ToArray();
        for (var later = 1; later < names.Length; later++)
        {
            for (var earlier = 0; earlier < later; earlier++)
            {
                // Sequences are found wherever they stand, so one inside another would be obeyed before the other is complete.
                if (keys[later] is { } one && keys[earlier] is { } other && (one.Contains(other, StringComparison.Ordinal) || other.Contains(one, StringComparison.Ordinal)))
                {
                    var blamed = call.Own(names[later]) is null && call.Own(names[earlier]) is not null ? earlier : later;
                    var against = blamed == later ? earlier : later;
                    _problems.Add(
                        call.PlaceOf(names[blamed]),
                        call.PathOf(names[blamed]),
                        $"\"{keys[blamed]}\" and \"{keys[against]}\" of {names[against]} cannot be told apart",
                        "sequences of which none is contained in another",
                        $"Write for example: {names[blamed]}: \"{FreeSequence(keys, blamed)}\"");
                }
            }
        }

        return new InCallOptions
        {
            WithdrawKeys = keys[0],
            GiveKeys = keys[1],
            PauseKeys = keys[2],
            KeyGap = call.Get<TimeSpan>("key_gap"),
            OnWithdraw = call.Get<string>("on_withdraw") == "keep" ? WithdrawalAction.Keep : WithdrawalAction.Erase,
            Scope = call.Get<string>("scope") == "person" ? WithdrawalScope.Person : WithdrawalScope.Call,
        };
    }

    private static string FreeSequence(string?[] keys, int but) =>
        "9128304567".Select(digit => $"*{digit}").FirstOrDefault(
            candidate => keys.Where((_, index) => index != but).All(other => other is null || (!candidate.Contains(other, StringComparison.Ordinal) && !other.Contains(candidate, StringComparison.Ordinal))))
        ?? DigitKeyKind.None;

    private void CheckJurisdiction(SettingsMap line, LineOptions bound)
    {
        var forbidding = JurisdictionPolicy.RowsOf(_jurisdictions, bound.Country).Where(row => !JurisdictionPolicy.Allows(row, bound.Mode)).ToArray();
        if (forbidding.Length > 0 && bound.Override is null)
        {
            _problems.Add(
                line.PlaceOf("mode"),
                line.PathOf("mode"),
                $"the jurisdiction table does not allow {ConsentKeys.Modes[(int)bound.Mode]} in {string.Join(", ", forbidding.Select(row => row.Code))} ({forbidding[0].Source})",
                "another mode, or an override that names who decided so and why",
                "Write for example: mode: explicit (or: override: { by: …, reason: … })");
        }
    }

    private void RequireWhatTheFileNames(SettingsMap line)
    {
        if ((Purposes.Count > 1 && line.Find("purposes") is null) || (Purposes.Count > 0 && line.Find("purposes") is { Value: IReadOnlyList<WrittenValue> { Count: 0 } }))
        {
            Missing(line, "purposes", $"one or more of {Listed(Purposes.Keys)}", $"[{Shown.Key(Purposes.Keys.First())}]");
        }

        if (Parties.Count > 1 && line.Find("controller") is null)
        {
            Missing(line, "controller", $"one of {Listed(Parties.Keys)}", Shown.Key(Parties.Keys.First()));
        }
    }

    private void Missing(SettingsMap line, string key, string expected, string example) =>
        _problems.Add(line.PlaceOf(key), line.PathOf(key), "the line names none, and the file has several to choose from", expected, $"Write for example: {key}: {example}");

    private T[] Named<T>(SettingsMap line, string key, string noun, IReadOnlyDictionary<string, T> all)
        where T : class
    {
        var found = new List<T>();
        foreach (var written in line.Scalars(key))
        {
            if (Known(written, (string)written.Value!, noun, "", all) is { } item && !found.Contains(item))
            {
                found.Add(item);
            }
        }

        return found.Count == 0 ? [] : [.. found];
    }

    private T? Known<T>(WrittenValue written, string id, string noun, string write, IReadOnlyDictionary<string, T> all)
        where T : class
    {
        if (all.TryGetValue(id, out var item))
        {
            return item;
        }

        var section = noun == "party" ? "parties" : "purposes";
        var nearest = NearestWord.Find(id, all.Keys);
        _problems.Add(
            written.Place,
            written.Path,
            string.Create(CultureInfo.InvariantCulture, $"there is no {noun} {Shown.Quote(id)}{(nearest is null ? "" : $" (did you mean {Shown.Key(nearest)}?)")}"),
            all.Count == 0 ? $"a name from {section}, which is not in the file" : $"one of {Listed(all.Keys)}",
            all.Count == 0 ? $"Describe it under {section}: in the first column." : $"Write: {write}{Shown.Key(nearest ?? all.Keys.First())}");
        return null;
    }

    private static string Listed(IEnumerable<string> names) => string.Join(", ", names.Select(Shown.Key));
}
