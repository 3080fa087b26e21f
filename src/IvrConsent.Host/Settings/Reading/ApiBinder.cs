using System.Net;

namespace IvrConsent.Host.Settings.Reading;

/// <summary>The section <c>api</c>.</summary>
internal sealed class ApiBinder(string folder, ProblemList problems)
{
    /// <summary>Its keys.</summary>
    public static MapKind Keys { get; } = new(
    [
        new("enabled", new BoolKind(), "Whether the API is served at all.") { Default = "false" },
        new("listen", new ListenKind(), "Where the API is served. Only this machine can reach a 127.0.0.1.") { Default = "127.0.0.1:8091" },
        .. TlsBinder.KeysOf("api"),
        new("behind_proxy", new BoolKind(), "Whether a proxy that speaks TLS stands before it and is the only one that reaches it.") { Default = "false" },
    ]);

    public ApiSettings Bind(SettingsMap section)
    {
        var enabled = section.Get<bool>("enabled");
        var listen = section.Get<IPEndPoint>("listen");
        var behindProxy = section.Get<bool>("behind_proxy");
        var tls = new TlsBinder(folder, problems).Bind(section, enabled);
        if (enabled && tls is null && !behindProxy && !IPAddress.IsLoopback(listen.Address) && section.Own("tls_certificate") is null && section.Own("tls_key") is null)
        {
            problems.Add(
                section.PlaceOf("listen"),
                section.PathOf("listen"),
                "other machines reach this address, and keys and numbers would travel in clear",
                "an address of this machine only, or tls_certificate and tls_key, or behind_proxy: true",
                "Write for example: listen: 127.0.0.1:8091");
        }

        return new ApiSettings(enabled, listen, tls, behindProxy);
    }
}
