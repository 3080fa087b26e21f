using IvrConsent.Core.Recordings;

namespace IvrConsent.Storage.Recordings.Age;

/// <summary>The file is no whole, unchanged age file for this key; nothing of the part that failed was handed out.</summary>
internal sealed class AgeException(string message, Exception? inner = null) : RecordingDamagedException(message, inner!);
