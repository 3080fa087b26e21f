namespace IvrConsent.Host.Settings;

/// <summary>
/// The operating system's reports that something changed in a folder. Only a hint: they are lost on network file systems,
/// when the system's limit of watches is reached, and when a folder is replaced, so nobody may depend on them.
/// </summary>
internal sealed partial class ChangeReports : IDisposable
{
    private readonly List<FileSystemWatcher> watchers = [];

    public ChangeReports(IEnumerable<string> files, string? folder, Action changed, ILogger log)
    {
        foreach (var file in files)
        {
            // The folder, not the file: editors and Kubernetes put another file in its place. Names only: the ledger or a log
            // may lie in the same folder, and each write to it would be reported. An edit in place is for the poll to find.
            Watch(Path.GetDirectoryName(Path.GetFullPath(file))!, deep: false, NotifyFilters.FileName | NotifyFilters.DirectoryName, changed, log);
        }

        if (folder is not null)
        {
            Watch(folder, deep: true, NotifyFilters.FileName | NotifyFilters.DirectoryName | NotifyFilters.LastWrite, changed, log);
        }
    }

    public void Dispose()
    {
        foreach (var watcher in watchers)
        {
            watcher.Dispose();
        }
    }

    private void Watch(string folder, bool deep, NotifyFilters what, Action changed, ILogger log)
    {
        FileSystemWatcher? watcher = null;
        try
        {
            watcher = new FileSystemWatcher(folder) { IncludeSubdirectories = deep, NotifyFilter = what };
            watcher.Changed += (_, _) => changed();
            watcher.Created += (_, _) => changed();
            watcher.Deleted += (_, _) => changed();
            watcher.Renamed += (_, _) => changed();
            watcher.EnableRaisingEvents = true;
            watchers.Add(watcher);
        }
        catch (Exception wrong) when (wrong is IOException or ArgumentException or UnauthorizedAccessException)
        {
            watcher?.Dispose();
            LogPollOnly(log, folder, wrong);
        }
    }

    [LoggerMessage(6, LogLevel.Debug, "No reports of changes in {Folder}; it is looked at every two seconds all the same")]
    private static partial void LogPollOnly(ILogger log, string folder, Exception exception);
}
