using System.Runtime.InteropServices;
using System.Text;

namespace IvrConsent.Storage.Database;

/// <summary>Makes what was created, renamed or deleted in a folder durable, for which .NET has no way.</summary>
internal static class DiskFolder
{
    /// <summary>Syncs the folder. On Windows nothing: a crash of the machine may lose a new file's name there.</summary>
    public static void Sync(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        var folder = Open(Encoding.UTF8.GetBytes(path + "\0"), 0);
        if (folder < 0)
        {
            throw new IOException($"The folder {path} cannot be opened.");
        }

        var synced = Fsync(folder);
        _ = Close(folder);
        if (synced != 0)
        {
            throw new IOException($"The folder {path} cannot be synced.");
        }
    }

    [DllImport("libc", EntryPoint = "open")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Open(byte[] path, int flags);

    [DllImport("libc", EntryPoint = "fsync")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Fsync(int file);

    [DllImport("libc", EntryPoint = "close")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Close(int file);
}
