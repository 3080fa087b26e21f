namespace IvrConsent.Storage.Prompts;

/// <summary>What <see cref="PromptPublisher.PublishAsync"/> did.</summary>
/// <param name="Written">Files that were missing or damaged and were written.</param>
/// <param name="Kept">Files that were there already.</param>
/// <param name="Deleted">Files that nobody had used for a week and were deleted.</param>
public sealed record PromptPublication(int Written, int Kept, int Deleted);

/// <summary>
/// Lays the prompts into a folder that the PBX reads, as <c>SHA256.wav</c> and <c>SHA256.wav16</c>: the name is the content, so
/// nothing is ever replaced, several workers can share the folder, and a call under way plays what its snapshot names.
/// </summary>
/// <remarks>
/// Each publication sets the time of the files in use to now; a file is deleted once no worker has done so for a week. Publish
/// at start, at every change, and once a day.
/// </remarks>
/// <param name="folder">The shared folder, made when it is missing.</param>
/// <param name="time">The clock.</param>
public sealed class PromptPublisher(string folder, TimeProvider time) : IDisposable
{
    /// <summary>How long a file is kept after the last worker used it.</summary>
    public static readonly TimeSpan KeepUnused = TimeSpan.FromDays(7);

    private readonly SemaphoreSlim _one = new(1, 1);
    private HashSet<string> _inUse = new(StringComparer.Ordinal);

    /// <summary>Makes the folder hold every file of the catalogue. Doing it again changes nothing.</summary>
    /// <exception cref="PromptException">The folder cannot be written; what was there before is untouched.</exception>
    public async Task<PromptPublication> PublishAsync(PromptCatalogue catalogue, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(catalogue);
        await _one.WaitAsync(cancel);
        try
        {
            Directory.CreateDirectory(folder);
            var now = time.GetUtcNow().UtcDateTime;
            var wanted = new HashSet<string>(StringComparer.Ordinal);
            var written = 0;
            foreach (var audio in catalogue.Audio)
            {
                cancel.ThrowIfCancellationRequested();
                var path = Path.Combine(folder, audio.FileName);
                wanted.Add(audio.FileName);
                if (!await HoldsAsync(path, audio.Content, cancel))
                {
                    using var staged = await StagedFile.WriteAsync(path, audio.Content, cancel);
                    staged.Commit();
                    written++;
                }

                File.SetLastWriteTimeUtc(path, now);
            }

            // What this worker used until now is still played by calls under way: its week begins today.
            foreach (var path in _inUse.Except(wanted).Select(f => Path.Combine(folder, f)).Where(File.Exists))
            {
                File.SetLastWriteTimeUtc(path, now);
            }

            _inUse = wanted;
            return new PromptPublication(written, wanted.Count - written, DeleteUnused(wanted, now - KeepUnused));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new PromptException(
                $"The shared prompt folder {folder} cannot be written: {e.Message}",
                "Let the worker's user write there and the PBX's user read there, and see that the disk has room.",
                e);
        }
        finally
        {
            _one.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _one.Dispose();

    private static async Task<bool> HoldsAsync(string path, ReadOnlyMemory<byte> content, CancellationToken cancel)
    {
        var file = new FileInfo(path);
        return file is { Exists: true, LinkTarget: null }
            && file.Length == content.Length
            && (await File.ReadAllBytesAsync(path, cancel)).AsSpan().SequenceEqual(content.Span);
    }

    private int DeleteUnused(HashSet<string> wanted, DateTime before)
    {
        var deleted = 0;
        foreach (var path in Directory.EnumerateFiles(folder))
        {
            var name = Path.GetFileName(path);

            // Only what has a name that we give: whatever else lies in the folder is somebody else's.
            var ours = PromptDownload.TryParse(name, out _, out _)
                || (name.StartsWith(StagedFile.Prefix, StringComparison.Ordinal) && name.EndsWith(StagedFile.Suffix, StringComparison.Ordinal));
            if (ours && !wanted.Contains(name) && File.GetLastWriteTimeUtc(path) < before)
            {
                File.Delete(path);
                deleted++;
            }
        }

        return deleted;
    }
}
