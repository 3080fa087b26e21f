using IvrConsent.Core.Calls;

namespace IvrConsent.Asterisk.Ari;

/// <summary>The PBX refuses us in a way that only a person can mend: retried, but slowly.</summary>
internal sealed class AriRefusedException(string message) : PbxException(message);

/// <summary>What goes wrong between us and a PBX, said so that the reader knows what to do. Never with a password in it.</summary>
internal static class AriTroubles
{
    public const string Replaced = "another client attached under our application name: give each worker an application of its own";

    public static string Unreachable(AsteriskOptions options, PbxException e) =>
        $"cannot reach {options.Url.Host}:{options.Url.Port} ({e.InnerException?.Message ?? e.Message}): is Asterisk running, and do enabled, bindaddr and bindport of its http.conf match our url?";

    public static string NoRequestsOverSocket(string version, string reason) =>
        $"Asterisk {version} takes no requests over the event socket (20.14, 21.9, 22.4 and later do): set the transport to auto or http ({reason})";

    public static void ThrowIfRefused(AsteriskOptions options, int status)
    {
        switch (status)
        {
            case 401:
                throw new AriRefusedException($"user {options.Username} or its password is refused (401): compare [{options.Username}] and password in the PBX's ari.conf with our settings, then `module reload res_ari`");
            case 403:
                throw new AriRefusedException($"user {options.Username} may not do this (403): read_only in the PBX's ari.conf must be no");
            case 404:
                throw new AriRefusedException($"no ARI at {options.Url} (404): check our url and prefix in the PBX's http.conf, that enabled=yes in ari.conf, and that res_ari is loaded");
            case >= 400:
                throw new PbxException($"the PBX answers {status} at {options.Url}: is it still starting?");
        }
    }
}
