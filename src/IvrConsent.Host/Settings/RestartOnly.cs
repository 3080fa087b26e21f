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
        Compare("database", running.Database == changed.Database);
        Compare("prompts", running.PromptsFolder.Equals(changed.PromptsFolder, StringComparison.Ordinal));
        Compare("logging", running.Logging == changed.Logging);
        Compare("shutdown", running.FinishDialoguesWithin == changed.FinishDialoguesWithin);
        Compare("pbx", running.Pbxes.SequenceEqual(changed.Pbxes));
        var kept = running with
        {
            Notices = changed.Notices,
            Lines = changed.Lines,
            UnknownLine = changed.UnknownLine,
            DefaultLanguage = changed.DefaultLanguage,
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
