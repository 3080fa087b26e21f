using System.Security.Cryptography;
using IvrConsent.Core.Recordings;
using IvrConsent.Host.Cli;
using IvrConsent.Host.Settings;
using IvrConsent.Storage;
using IvrConsent.Storage.Database;
using IvrConsent.Storage.Recordings;

namespace IvrConsent.Host.Doctor;

/// <summary>The vault's store, and where the PBX keeps a recording until the vault has it.</summary>
internal static class VaultChecks
{
    private const long LittleRoom = 2L << 30;
    private const string DebianFolder = "/var/spool/asterisk/recording";
    private const UnixFileMode Others = UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;
    private const UnixFileMode Group = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    /// <summary>All of it; where there is no vault, that there is none.</summary>
    public static async Task<IReadOnlyList<Finding>> RunAsync(VaultSettings? vault, IReadOnlyList<PbxSettings> pbxes, string file, TimeProvider time, CancellationToken cancel)
    {
        if (vault is null)
        {
            return [Finding.Warning(Checks.Vault, "there is none: recordings stay on the PBX, in clear", "Set vault.store, for example vault: { store: folder }; the annotated settings file tells more.")];
        }

        var store = RecordingStoreFactory.Create(vault, time);
        using var owned = store as IDisposable;
        var findings = new List<Finding> { await StoreAsync(store, vault.S3?.Lock is not null, time, cancel) };
        if (vault.Store == VaultStoreKind.Folder && Directory.Exists(vault.Folder))
        {
            findings.Add(JudgeMode(vault.Folder, File.GetUnixFileMode(vault.Folder)));
            findings.Add(Room(vault.Folder));
        }

        findings.AddRange(pbxes.Select(pbx => Memory(pbx, file)));
        return findings;
    }

    /// <summary>
    /// Whether recordings are locked away that somebody has to decide about, or wait for a PBX that is not in the settings; nothing where the database does
    /// not tell, which its own check says.
    /// </summary>
    public static async Task<IReadOnlyList<Finding>> ContentsAsync(VaultSettings? vault, IReadOnlyList<PbxSettings> pbxes, LedgerOptions options, CancellationToken cancel)
    {
        try
        {
            await using var services = new ServiceCollection().AddLogging().AddStorage(options)
                .AddVault(_ => throw new InvalidOperationException("Nothing is opened here."), _ => throw new InvalidOperationException("Nothing is opened here.")).BuildServiceProvider();
            var index = services.GetRequiredService<IVaultIndex>();

            // In a task of its own: SQLite waits for a lock without giving its thread back.
            var (counts, absent) = await Task.Run(
                async () => (await index.CountAsync(cancel), await PbxBacklog.FindAbsentAsync(index, pbxes.Select(pbx => pbx.Name), TimeProvider.System.GetUtcNow(), cancel)), cancel).WaitAsync(Limit, cancel);
            return
            [
                .. vault is null ? [] : new[] { JudgeQuarantine(counts.Quarantined) },
                .. absent.Select(JudgeAbsent),
            ];
        }
        catch (Exception e) when (e is LedgerUnavailableException or TimeoutException)
        {
            return [];
        }
    }

    internal static Finding JudgeAbsent(PbxBacklog absent) => Finding.Warning(
        Checks.AbsentPbx,
        $"{absent.Words}: these recordings wait for the PBX {absent.Pbx}, which is not in the settings",
        $"{PbxBacklog.Remedy} What is to be erased has no key any more; that it is gone is told when its copy there is.");

    internal static Finding JudgeQuarantine(long locked) => locked == 0
        ? Finding.Ok(Checks.Quarantine, "every recording in the vault has a ground")
        : Finding.Warning(
            Checks.Quarantine,
            $"{locked} recordings are quarantined: the ledger has no ground for them",
            $"{QuarantineCommand.Hint} shows why: release each with its ground, or delete it. What nobody decides about is erased after {TakeInPolicy.Quarantine.TotalDays:0} days.");

    /// <summary>Puts a few bytes, reads them back and deletes them; where every object would be locked, only looks.</summary>
    internal static async Task<Finding> StoreAsync(IRecordingStore store, bool locks, TimeProvider time, CancellationToken cancel)
    {
        using var limit = new CancellationTokenSource(Limit, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancel, limit.Token);
        try
        {
            if (locks)
            {
                await using var names = store.ListAsync(both.Token).GetAsyncEnumerator(both.Token);
                await names.MoveNextAsync();
                return Finding.Ok(Checks.Vault, $"{store.Name} answers; nothing was written for a trial, because it would be locked");
            }

            return await ProbeAsync(store, both.Token)
                ? Finding.Ok(Checks.Vault, $"{store.Name} takes, gives back and deletes")
                : Finding.Failed(Checks.Vault, $"{store.Name} does not give back what it took", "Look at the server's or disk's own log before you trust it with a recording.");
        }
        catch (RecordingStoreException e)
        {
            return Finding.Failed(Checks.Vault, e.Message);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return Finding.Failed(Checks.Vault, $"{store.Name} does not answer within {Limit.TotalSeconds:0} s", "Look whether it runs and is reached from this machine, and at its load.");
        }
    }

    internal static Finding JudgeMode(string folder, UnixFileMode mode) =>
        (mode & Others) != 0 ? Finding.Failed(Checks.VaultFolder, $"every user of this machine gets into {folder}", $"chmod 700 {folder}")
        : (mode & Group) != 0 ? Finding.Warning(Checks.VaultFolder, $"a group gets into {folder}", $"chmod 700 {folder}, unless the group is there for the backup.")
        : Finding.Ok(Checks.VaultFolder, $"{folder} is its owner's alone");

    internal static Finding JudgeRoom(string folder, string format, long free) =>
        format is "tmpfs" or "ramfs" ? Finding.Failed(Checks.VaultDisk, $"{folder} is in memory ({format}): recordings are gone with the next restart of the machine", "Put the vault's folder on a disk.")
        : format is "overlay" or "overlayfs" or "aufs" ? Finding.Warning(Checks.VaultDisk, $"{folder} is part of a container's image layer ({format}): gone with the container", "Mount a volume there.")
        : free < LittleRoom ? Finding.Warning(Checks.VaultDisk, $"{free >> 20} MiB are left for {folder}", "Make room: a minute of a call takes about 1 MB, or 2 with wideband. What does not fit waits on the PBX.")
        : Finding.Ok(Checks.VaultDisk, $"{free >> 30} GiB are left for {folder} ({format})");

    /// <summary>With a vault, voice in clear is to rest in the PBX's memory only.</summary>
    internal static Finding JudgeMemory(string pbx, string folder, string? format) => format switch
    {
        "tmpfs" or "ramfs" => new(Checks.RecordingMemory, pbx, FindingStatus.Ok, $"recordings wait for the vault in memory only: {folder} ({format})", null),
        null => new(Checks.RecordingMemory, pbx, FindingStatus.Skipped, "its folder of recordings is not seen from this machine", $"On the PBX, findmnt -T {folder} should say tmpfs: config/asterisk/README.md tells how."),
        _ => new(Checks.RecordingMemory, pbx, FindingStatus.Warning, $"recordings wait for the vault on a disk ({format}): what was deleted from {folder} can be read from it", "Put the folder on a memory file system: config/asterisk/README.md tells how (systemd: config/systemd/var-spool-asterisk-recording.mount)."),
    };

    private static async Task<bool> ProbeAsync(IRecordingStore store, CancellationToken cancel)
    {
        var name = $"doctor-{Guid.NewGuid():N}";
        var content = RandomNumberGenerator.GetBytes(1_000);
        await store.PutAsync(name, new MemoryStream(content), cancel);
        var back = new MemoryStream();
        await using (var stream = await store.OpenAsync(name, cancel))
        {
            await (stream ?? Stream.Null).CopyToAsync(back, cancel);
        }

        await store.DeleteAsync(name, cancel);
        return back.ToArray().AsSpan().SequenceEqual(content) && await store.FindAsync(name, cancel) is null;
    }

    private static Finding Room(string folder)
    {
        try
        {
            var disk = new DriveInfo(folder);
            return JudgeRoom(folder, disk.DriveFormat, disk.AvailableFreeSpace);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return Finding.Skipped(Checks.VaultDisk, $"the disk under {folder} cannot be looked at", $"Look yourself: df -h {folder}");
        }
    }

    private static Finding Memory(PbxSettings pbx, string file)
    {
        // A PBX on this machine with Debian's folder is looked at without being told.
        var folder = pbx.RecordingsFolder ?? DebianFolder;
        string? format = null;
        if (Directory.Exists(folder) && (pbx.RecordingsFolder is not null || pbx.Url.IsLoopback))
        {
            try
            {
                format = new DriveInfo(folder).DriveFormat;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
            {
                return new(Checks.RecordingMemory, pbx.Name, FindingStatus.Skipped, $"the kind of disk under {folder} cannot be told", $"findmnt -T {folder} should say tmpfs; see recordings_folder in {file}.");
            }
        }

        return JudgeMemory(pbx.Name, folder, format);
    }
}
