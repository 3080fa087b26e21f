using IvrConsent.Core.Retention;

namespace IvrConsent.Core.Rights;

/// <summary>Opens recordings, where the private key is at hand.</summary>
public interface IRecordingAudio
{
    /// <summary>The recording as WAV; null when it cannot be opened here: no key, no file.</summary>
    Task<Stream?> OpenWavAsync(RetainedRecording recording, CancellationToken cancel);
}
