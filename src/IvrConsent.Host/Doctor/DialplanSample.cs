namespace IvrConsent.Host.Doctor;

/// <summary>
/// What tells the context of <c>config/asterisk/ivrconsent.conf</c> in this release from that of another. The PBX says of each place
/// in its dialplan only whether it is there, so this is its shape; a test holds it against the file.
/// </summary>
internal static class DialplanSample
{
    /// <summary>The place that the Gosub of the admin's own dialplan goes to.</summary>
    public const string Entry = "s,1";

    /// <summary>Places, as <c>extension,priority</c> or <c>extension,label</c>, that the context has.</summary>
    public static IReadOnlyList<string> Present { get; } =
        ["s,one", "s,back", "s,leave", "s,whither", "s,home", "s,elsewhere", "s,30", "T,2", "h,5", "h,end"];

    /// <summary>The places right behind its last ones.</summary>
    public static IReadOnlyList<string> Absent { get; } = ["s,31", "T,3", "h,6"];

    /// <summary>The dialplan function that tells of a place whether it is there.</summary>
    public static string Question(string place) => $"DIALPLAN_EXISTS(ivrconsent,{place})";
}
