using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace IvrConsent.Host.Settings.Reading;

/// <summary>Certificate and key of a server of ours: the keys <c>tls_certificate</c> and <c>tls_key</c> of its section.</summary>
internal sealed class TlsBinder(string folder, ProblemList problems)
{
    /// <summary>The two keys of a section.</summary>
    public static IReadOnlyList<SettingKey> KeysOf(string section) =>
    [
        new("tls_certificate", new PathKind(absolute: false, $"{section}.crt"), "The certificate with its chain, as a PEM file."),
        new("tls_key", new PathKind(absolute: false, $"{section}.key"), "The certificate's private key, as a PEM file."),
    ];

    /// <summary>The certificate that the section names and that can be used; null when it names none, or the server is off.</summary>
    public ServerTlsSettings? Bind(SettingsMap section, bool enabled)
    {
        var (certificate, key) = (section.GetOrNull<string>("tls_certificate"), section.GetOrNull<string>("tls_key"));
        if (!enabled || (certificate is null && key is null))
        {
            return null;
        }

        if (certificate is null || key is null)
        {
            var (there, missing) = certificate is null ? ("tls_key", "tls_certificate") : ("tls_certificate", "tls_key");
            problems.Add(section.PlaceOf(there), section.PathOf(missing), $"the key is missing and {there} is given", "both or none", $"Write for example: {missing}: {section.Path}.{(missing == "tls_key" ? "key" : "crt")}");
            return null;
        }

        var tls = new ServerTlsSettings(Path.GetFullPath(certificate, folder), Path.GetFullPath(key, folder));
        Try(section, tls);
        return tls;
    }

    private void Try(SettingsMap section, ServerTlsSettings tls)
    {
        foreach (var (name, path) in new[] { ("tls_certificate", tls.Certificate), ("tls_key", tls.Key) })
        {
            if (!File.Exists(path))
            {
                problems.Add(section.PlaceOf(name), section.PathOf(name), "the file does not exist", "a PEM file", $"A relative name starts at {folder}");
                return;
            }
        }

        SecretFile.WarnIfAnyoneCanRead(tls.Key, section.PlaceOf("tls_key"), section.PathOf("tls_key"), problems);
        try
        {
            X509Certificate2.CreateFromPemFile(tls.Certificate, tls.Key).Dispose();
        }
        catch (Exception wrong) when (wrong is CryptographicException or ArgumentException or IOException or UnauthorizedAccessException)
        {
            problems.Add(
                section.PlaceOf("tls_certificate"),
                section.PathOf("tls_certificate"),
                "certificate and key cannot be read, or do not belong together",
                "a certificate and its unencrypted private key, both PEM",
                "Check: openssl x509 -in FILE -noout -pubkey and openssl pkey -in FILE -pubout print the same");
        }
    }
}
