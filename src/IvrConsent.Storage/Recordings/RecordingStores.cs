using IvrConsent.Core.Recordings;

namespace IvrConsent.Storage.Recordings;

/// <summary>The stores for recordings that there are.</summary>
public static class RecordingStores
{
    /// <summary>Files in a folder of this machine; the folder must be there, with mode 0700.</summary>
    /// <param name="root">The folder.</param>
    public static IRecordingStore OpenFolder(string root) => new FolderRecordingStore(root);

    /// <summary>A bucket of a server that speaks S3. Nothing is sent yet. To be disposed of.</summary>
    /// <param name="options">Where it is and who we are there.</param>
    /// <param name="time">For time limits and the date until which objects are locked.</param>
    /// <exception cref="ArgumentException">An option is none.</exception>
    public static IRecordingStore OpenS3(S3StoreOptions options, TimeProvider time) => new S3RecordingStore(options, time);
}
