using System.Security.Cryptography;
using System.Text;

namespace IvrConsent.Storage.Keys;

/// <summary>A key is missing, unreadable or no key; the message says what to do and holds nothing of it.</summary>
public sealed class KeyFolderException : IOException
{
    /// <summary>With a message for a person.</summary>
    public KeyFolderException(string message)
        : base(message)
    {
    }

    /// <summary>With a message for a person and what was behind it.</summary>
    public KeyFolderException(string message, Exception? inner)
        : base(message, inner)
    {
    }

    /// <summary>Without a message of its own.</summary>
    public KeyFolderException()
    {
    }
}

/// <summary>
/// The folder of keys. All that is asked of it is files of the right names: one made by <c>keys init</c>, systemd's credentials, or a
/// mounted secret do alike.
/// </summary>
public sealed class KeyFolder(string path)
{
    private const int LargestKey = 64 * 1024;
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode Others = UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    /// <summary>The folder, absolute.</summary>
    public string Path { get; } = System.IO.Path.GetFullPath(path);

    /// <summary>Whether the file of a key is there.</summary>
    public bool Has(KeyFile key) => File.Exists(In(key.Name));

    /// <summary>Whether it is there and this user may read it: the private half may belong to another user of the machine.</summary>
    public bool CanRead(KeyFile key)
    {
        try
        {
            using var file = File.OpenRead(In(key.Name));
            return true;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Whether a key's public half is there.</summary>
    public bool HasPublic(KeyFile key) => key.PublicName is { } name && File.Exists(In(name));

    /// <summary>
    /// Makes the keys that are not there, and never touches one that is. Where the public half is all that a worker needs, a machine that has
    /// it gets no private one: that would be another key's. Where a command wraps, no master is made, which nothing would be wrapped to.
    /// </summary>
    /// <param name="commands">The commands in place of the folder's master; null: none.</param>
    /// <returns>The names of the files made.</returns>
    /// <exception cref="KeyFolderException">The folder cannot be made or written.</exception>
    public IReadOnlyList<string> MakeMissing(KeyCommandOptions? commands = null)
    {
        var made = new List<string>();
        try
        {
            if (!Directory.Exists(Path))
            {
                Directory.CreateDirectory(Path, OwnerOnly | UnixFileMode.UserExecute);
            }

            foreach (var key in KeyFiles.NeededToRecord(commands ?? KeyCommandOptions.None))
            {
                Make(key, made);
            }

            return made;
        }
        catch (Exception error) when (error is UnauthorizedAccessException or IOException && error is not KeyFolderException)
        {
            throw new KeyFolderException($"The key folder {Path} cannot be written. Give this user the right to write it, or change keys.folder.", error);
        }
    }

    /// <summary>The bytes of a key's file.</summary>
    /// <exception cref="KeyFolderException">It is not there or cannot be read.</exception>
    public byte[] Read(KeyFile key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return Read(key.Name, "If there were keys, restore them: what the lost one encrypted cannot be read without it.");
    }

    /// <summary>What may be shown of a key; of its public half, where that is all that is here for this user, and all that a worker needs.</summary>
    /// <exception cref="KeyFolderException">It is not there, cannot be read, or is no such key; or the public half beside it is another key's.</exception>
    public KeyDescription Describe(KeyFile key)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (key.DescribePublic is not { } describePublic)
        {
            return Parse(key, key.Describe);
        }

        var half = ParsePublic(key, describePublic);
        if (!CanRead(key))
        {
            return half;
        }

        var whole = Parse(key, key.Describe);

        // An older one's: a rotation was cut off there, or the new public half is still to be handed out.
        return whole.Ids.Contains(half.Ids[0]) ? whole : throw new KeyFolderException(
            $"{In(key.PublicName!)} is not the public half of {In(key.Name)}: what is recorded with it could not be heard. Restore the two that belong together.");
    }

    /// <summary>Whether a key is here, for this user to read, together with older ones.</summary>
    /// <exception cref="KeyFolderException">It cannot be read, or is no such key.</exception>
    public bool IsRotating(KeyFile key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return CanRead(key) && Parse(key, key.Describe).Ids.Count > 1;
    }

    /// <summary>The path of a key, where every user of the machine may read it; null where it is as it should be.</summary>
    public string? FindTooOpen() => OperatingSystem.IsWindows() ? null : KeyFiles.All
        .Where(Has)
        .Select(key => In(key.Name))
        .FirstOrDefault(file => (File.GetUnixFileMode(file) & Others) != 0);

    /// <summary>Reads a key; an error in its bytes is told with the file's name, and nothing of its content.</summary>
    internal T Parse<T>(KeyFile key, Func<byte[], T> parse) => ParseBytes(In(key.Name), Read(key), parse);

    /// <summary>Reads a key's public half alike.</summary>
    internal T ParsePublic<T>(KeyFile key, Func<byte[], T> parse) => ParseBytes(
        In(key.PublicName!),
        Read(key.PublicName!, $"If {key.Name} lives on another machine, copy the {key.PublicName} beside it here."),
        parse);

    /// <summary>When a key's file was last changed.</summary>
    internal DateTime Changed(KeyFile key) => File.GetLastWriteTimeUtc(In(key.Name));

    /// <summary>When its public half's was.</summary>
    internal DateTimeOffset ChangedPublic(KeyFile key) => new(File.GetLastWriteTimeUtc(In(key.PublicName!)));

    /// <summary>Puts a changed key in the place of the old one: whole, synced, in one step.</summary>
    internal void Replace(KeyFile key, byte[] bytes) => Write(key.Name, bytes, replace: true);

    /// <summary>Puts a changed public half in the place of the old one alike.</summary>
    internal void ReplacePublic(KeyFile key, string text) => Write(key.PublicName!, Encoding.ASCII.GetBytes(text), replace: true);

    private static T ParseBytes<T>(string path, byte[] bytes, Func<byte[], T> parse)
    {
        try
        {
            return parse(bytes);
        }
        catch (FormatException error)
        {
            throw new KeyFolderException($"{path} is no such key, or damaged. Restore it from a backup.", error);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
        }
    }

    private void Make(KeyFile key, List<string> made)
    {
        var isNew = !Has(key);
        if (key.DescribePublic is null ? !isNew : HasPublic(key))
        {
            return;
        }

        var bytes = isNew ? key.Make() : Read(key);
        try
        {
            if (isNew)
            {
                Write(key.Name, bytes, replace: false);
                made.Add(key.Name);
            }

            if (key.PublicName is { } name && ParseBytes(In(key.Name), bytes, key.Describe).PublicKey is { } text)
            {
                Write(name, Encoding.ASCII.GetBytes(text), replace: true);
                made.Add(name);
            }
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
        }
    }

    private byte[] Read(string name, string otherwise)
    {
        var bytes = new byte[LargestKey + 1];
        try
        {
            using var file = new FileStream(In(name), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            var read = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            return read <= LargestKey ? bytes[..read] : throw new KeyFolderException($"{In(name)} is too large for a key. Put the right file there.");
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new KeyFolderException($"There is no key {In(name)}. A new installation makes its keys once: ivrconsent keys init. {otherwise}", error);
        }
        catch (UnauthorizedAccessException error)
        {
            throw new KeyFolderException($"The worker's user may not read {In(name)}. Give it the file: chown <worker's user> FILE && chmod 600 FILE", error);
        }
        catch (IOException error) when (error is not KeyFolderException)
        {
            throw new KeyFolderException($"{In(name)} cannot be read. Check the disk and keys.folder.", error);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
        }
    }

    private void Write(string name, byte[] bytes, bool replace)
    {
        var next = In($".{name}.new");
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = OwnerOnly };
        using (var file = new FileStream(next, options))
        {
            file.Write(bytes);
            file.Flush(flushToDisk: true);
        }

        try
        {
            // Two at once: the second finds the first one's key and fails, rather than replace it.
            File.Move(next, In(name), overwrite: replace);
        }
        catch
        {
            File.Delete(next);
            throw;
        }

        Database.DiskFolder.Sync(Path);
    }

    private string In(string name) => System.IO.Path.Combine(Path, name);
}
