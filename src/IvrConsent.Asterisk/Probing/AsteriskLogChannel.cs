namespace IvrConsent.Asterisk.Probing;

/// <summary>A log of the PBX.</summary>
/// <param name="Channel">Its file, or what else it goes to.</param>
/// <param name="Type"><c>File</c>, <c>Syslog</c> or <c>Console</c>.</param>
/// <param name="Levels">What is written, for example <c>NOTICE</c>.</param>
public sealed record AsteriskLogChannel(string Channel, string Type, IReadOnlyList<string> Levels);
