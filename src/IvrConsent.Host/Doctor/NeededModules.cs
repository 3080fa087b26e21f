using IvrConsent.Host.Settings;

namespace IvrConsent.Host.Doctor;

/// <summary>A module of Asterisk that calls need.</summary>
/// <param name="Name">Its file name.</param>
/// <param name="Purpose">What for.</param>
/// <param name="Vital">Whether calls fail without it.</param>
internal sealed record NeededModule(string Name, string Purpose, bool Vital = true);

/// <summary>The modules of Asterisk that calls need.</summary>
internal static class NeededModules
{
    private const string Dialplan = "the context ivrconsent";

    private static readonly NeededModule[] Always =
    [
        .. Vital("ARI", "res_http_websocket", "res_ari", "res_ari_applications", "res_ari_asterisk", "res_ari_channels", "res_ari_events", "res_ari_model", "res_ari_playbacks", "res_ari_recordings"),
        .. Vital("calls in an application", "app_stasis", "res_stasis", "res_stasis_answer", "res_stasis_playback", "res_stasis_recording", "res_stasis_snoop"),
        .. Vital("sound files", "format_wav"),
        .. Vital(Dialplan, "app_stack", "func_callerid", "func_dialplan", "func_logic", "func_module", "func_strings"),
        .. Vital("the trials of this command only", "res_ari_bridges").Select(module => module with { Vital = false }),
        new("app_exec.so", Dialplan),
        new("func_timeout.so", "the dead man's switch: without it a call stays with a worker that died", Vital: false),
        new("func_volume.so", "keys in a call that is not recorded: without it *1 and *9 do not reach the worker there", Vital: false),
        new("codec_alaw.so", "callers with A-law", Vital: false),
        new("codec_ulaw.so", "callers with mu-law", Vital: false),
    ];

    /// <summary>Those for a PBX that gets its prompts so, and has StasisBroadcast or has not.</summary>
    public static IReadOnlyList<NeededModule> For(PromptDelivery prompts, bool broadcast) =>
    [
        .. Always,
        .. prompts == PromptDelivery.Http ? Vital("prompts over HTTP", "res_curl", "res_http_media_cache") : [],
        .. broadcast ? Vital("several workers at one PBX", "app_stasis_broadcast", "res_stasis_broadcast").Select(module => module with { Vital = false }) : [],
    ];

    private static IEnumerable<NeededModule> Vital(string purpose, params string[] names) => names.Select(name => new NeededModule(name + ".so", purpose));
}
