using System.Data.Common;
using IvrConsent.Host.Settings;
using IvrConsent.Storage.Database;

namespace IvrConsent.Host.Doctor;

/// <summary>The ledger's database and the folder that stands in for it.</summary>
internal static class StorageChecks
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(8);
    private static readonly string[] SqliteKeys = ["Data Source", "DataSource", "Filename"];
    private static readonly string[] Network = ["nfs", "nfs4", "nfsd", "cifs", "smb", "smb2", "smb3", "smbfs", "sshfs", "fuse.sshfs", "ceph", "glusterfs", "fuse.glusterfs", "9p", "v9fs", "afs", "lustre", "ncp", "coda", "gfs", "gfs2", "ocfs2"];

    /// <summary>Database and spool folder.</summary>
    public static async Task<IReadOnlyList<Finding>> RunAsync(HostSettings settings, LedgerOptions options, string file, CancellationToken cancel)
    {
        var findings = new List<Finding> { await DatabaseAsync(settings, options, cancel) };
        if (settings.Database.Kind == DatabaseKind.Sqlite && SqliteFile(options) is { } path)
        {
            findings.Add(Disk(Checks.DatabaseDisk, Path.GetDirectoryName(path)!, "SQLite's file", $"connection under database in {file}"));
        }

        findings.Add(Spool(settings.Database.SpoolFolder, file));
        return findings;
    }

    /// <summary>Whether files can be made in a folder; makes and deletes one. Null when they can.</summary>
    public static string? FindWriteTrouble(string folder)
    {
        var probe = Path.Combine(folder, $".ivrconsent-doctor-{Guid.NewGuid():N}");
        try
        {
            using var stream = new FileStream(probe, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Options = FileOptions.DeleteOnClose });
            stream.WriteByte(0);
            stream.Flush(flushToDisk: true);
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return e.Message;
        }
    }

    /// <summary>Judges the kind of a disk.</summary>
    public static Finding Disk(string check, string folder, string what, string setting)
    {
        var nearest = Nearest(folder);
        string format;
        try
        {
            format = new DriveInfo(nearest).DriveFormat;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return Finding.Skipped(check, $"the kind of disk under {nearest} cannot be told", $"Look yourself: findmnt -T {nearest}. It must be a disk of this machine.");
        }

        return JudgeDisk(check, nearest, format, what, setting);
    }

    internal static Finding JudgeDisk(string check, string folder, string format, string what, string setting) =>
        Network.Contains(format) ? Finding.Failed(check, $"{folder} is on the network ({format}): when it stalls, calls stall", $"{what} belongs on a disk of this machine: change {setting}.")
        : format is "tmpfs" or "ramfs" ? Finding.Warning(check, $"{folder} is in memory ({format}): gone with the next restart of the machine", $"{what} belongs on a disk: change {setting}.")
        : format is "overlay" or "overlayfs" or "aufs" ? Finding.Warning(check, $"{folder} is part of a container's image layer ({format}): gone with the container", $"Mount a volume there, or change {setting}.")
        : Finding.Ok(check, $"{folder} is on a local disk ({format})");

    private static async Task<Finding> DatabaseAsync(HostSettings settings, LedgerOptions options, CancellationToken cancel)
    {
        if (settings.Database.Kind == DatabaseKind.Sqlite && SqliteFile(options) is { } path && !File.Exists(path))
        {
            var folder = Path.GetDirectoryName(path)!;
            return FindWriteTrouble(Nearest(folder)) is { } trouble
                ? Finding.Failed(Checks.Database, $"there is no database {path} yet, and it cannot be made: {trouble}", $"As root: install -d -o ivrconsent -m 750 {folder}, with the worker's user in place of ivrconsent.")
                : Finding.Warning(Checks.Database, $"there is no database {path} yet; it can be made", "ivrconsent migrate makes it, or the worker at its first start. If there has been one, restore it first.");
        }

        if (settings.Database.Kind == DatabaseKind.Sqlite && SqliteFile(options) is { } ledger && FindOpenTrouble(ledger) is { } closed)
        {
            return Finding.Failed(Checks.Database, $"{ledger} cannot be opened to write: {closed}", $"Give it to the worker's user, with its folder: chown ivrconsent {Path.GetDirectoryName(ledger)} {ledger}*; chmod 600 {ledger}*");
        }

        try
        {
            // In a task of its own: SQLite waits for a lock without giving its thread back.
            return await Task.Run(() => TryDatabaseAsync(options, cancel), cancel).WaitAsync(Limit, cancel);
        }
        catch (TimeoutException)
        {
            return Finding.Failed(Checks.Database, $"the database does not answer within {Limit.TotalSeconds:0} s", "Look at its load and its locks: another program may hold the database (SQLite: fuser FILE; PostgreSQL: pg_locks).");
        }
    }

    private static async Task<Finding> TryDatabaseAsync(LedgerOptions options, CancellationToken cancel)
    {
        try
        {
            await using var migrator = new LedgerMigrator(options);
            var schema = await migrator.ReadAsync(cancel);
            if (schema.Applied < schema.Known)
            {
                return Finding.Warning(Checks.Database, $"the tables have version {schema.Applied}, this program has {schema.Known}", "Run: ivrconsent migrate (the worker does it at its start, too).");
            }

            // With nothing to apply this is an empty transaction under the write lock, which a database that takes no writes refuses.
            await migrator.MigrateAsync(cancel);
            return Finding.Ok(Checks.Database, $"reached, tables at version {schema.Applied}, takes transactions that write");
        }
        catch (Exception e) when (e is LedgerUnavailableException or LedgerMigrationException or ArgumentException)
        {
            return Finding.Failed(Checks.Database, e.Message);
        }
    }

    // SQLite opens a file that it may not write for reading only, and then takes BEGIN IMMEDIATE for the beginning of a read: an empty
    // transaction proves nothing there. (No connection of ours is open now: closing the file would drop its locks.)
    private static string? FindOpenTrouble(string path)
    {
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return e.Message;
        }
    }

    private static Finding Spool(string folder, string file)
    {
        var nearest = Nearest(folder);
        return FindWriteTrouble(nearest) is { } trouble
            ? Finding.Failed(Checks.Spool, $"{nearest} cannot be written: {trouble}", $"As root: install -d -o ivrconsent -m 700 {folder}, with the worker's user in place of ivrconsent; or change spool under database in {file}.")
            : Disk(Checks.Spool, folder, "What a database that is away could not take", $"spool under database in {file}") is { Status: not FindingStatus.Ok } disk ? disk
            : Finding.Ok(Checks.Spool, nearest == folder ? $"{folder} can be written and is on a local disk" : $"{folder} is not there yet and can be made, on a local disk");
    }

    private static string? SqliteFile(LedgerOptions options)
    {
        if (!options.Connection.Contains('=', StringComparison.Ordinal) || options.Connection.StartsWith('/'))
        {
            return Path.GetFullPath(options.Connection);
        }

        var pairs = new DbConnectionStringBuilder { ConnectionString = options.Connection };
        return SqliteKeys.Select(key => pairs.TryGetValue(key, out var path) ? path as string : null).FirstOrDefault(path => path is not null);
    }

    // The folder itself, or the nearest above it that is there.
    private static string Nearest(string folder)
    {
        while (!Directory.Exists(folder) && Path.GetDirectoryName(folder) is { Length: > 0 } above)
        {
            folder = above;
        }

        return folder;
    }
}
