namespace IvrConsent.Host.Settings;

/// <summary>What of the settings is read once: connections are open and a server listens by then.</summary>
internal static class RestartOnly
{
    /// <summary>
    /// The changed settings with every section that needs a restart as it runs, and a warning for each such section that
    /// was changed.
    /// </summary>
    public static (HostSettings Settings, IReadOnlyList<SettingsProblem> Warnings) Keep(HostSettings running, HostSettings changed, string file)
    {
        var warnings = new List<SettingsProblem>();
        Compare("worker", running.WorkerName.Equals(changed.WorkerName, StringComparison.Ordinal));
        Compare("http", running.Http == changed.Http);
        Compare("api", running.Api == changed.Api);
        Compare("public", running.Public == changed.Public);
        Compare("sms", running.Sms == changed.Sms);
        Compare("vault", running.Vault == changed.Vault);
        Compare("database", running.Database == changed.Database);
        Compare("keys", running.Keys.Same(changed.Keys));
        Compare("access", running.Access.Same(changed.Access));
        Compare("prompts", running.PromptsFolder.Equals(changed.PromptsFolder, StringComparison.Ordinal));
        Compare("logging", running.Logging == changed.Logging);
        Compare("shutdown", running.FinishDialoguesWithin == changed.FinishDialoguesWithin);
        Compare("pbx", running.Pbxes.SequenceEqual(changed.Pbxes));
        Compare("webhooks", running.Webhooks.Count == changed.Webhooks.Count && running.Webhooks.Zip(changed.Webhooks).All(pair => pair.First.Same(pair.Second)));
        var kept = running with
        {
            Notices = changed.Notices,
            Purposes = changed.Purposes,
            Parties = changed.Parties,
            Agents = changed.Agents,
            Jurisdictions = changed.Jurisdictions,
            Lines = changed.Lines,
            UnknownLine = changed.UnknownLine,
            DefaultLanguage = changed.DefaultLanguage,
            Records = changed.Records,
        };
        return (kept, warnings);

        void Compare(string section, bool same)
        {
            if (!same)
            {
                warnings.Add(new(new SettingsPlace(file), section, "the change takes effect after a restart only", null, "Restart the worker when it suits; calls in progress are handed back first."));
            }
        }
    }
}
