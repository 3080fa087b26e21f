using System.Security.Cryptography;
using System.Text;

namespace IvrConsent.Storage.Keys;

/// <summary>The key that signs checkpoints: ECDSA on P-256, PKCS#8 in PEM.</summary>
internal sealed class SealKey : IDisposable
{
    private SealKey(ECDsa key) => Key = key;

    /// <summary>The key pair.</summary>
    public ECDsa Key { get; }

    /// <summary>The first eight bytes of the SHA-256 of the public half (SubjectPublicKeyInfo), in hexadecimal; a note's key id is the first four.</summary>
    public string Id => Convert.ToHexStringLower(SHA256.HashData(Key.ExportSubjectPublicKeyInfo()).AsSpan(0, 8));

    /// <summary>The public half.</summary>
    public string PublicPem => Key.ExportSubjectPublicKeyInfoPem() + "\n";

    /// <summary>A new key, as the file holds it.</summary>
    public static byte[] Make()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return Encoding.ASCII.GetBytes(key.ExportPkcs8PrivateKeyPem() + "\n");
    }

    /// <summary>Reads a file's bytes; throws <see cref="FormatException"/> on anything else than a P-256 key.</summary>
    public static SealKey Parse(byte[] bytes)
    {
        var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(Encoding.ASCII.GetString(bytes));
            if (key.KeySize != 256 || key.ExportParameters(includePrivateParameters: true).D is null)
            {
                throw new FormatException("No private key on P-256.");
            }

            return new SealKey(key);
        }
        catch (Exception error) when (error is ArgumentException or CryptographicException)
        {
            key.Dispose();
            throw new FormatException("No private key on P-256.", error);
        }
        catch
        {
            key.Dispose();
            throw;
        }
    }

    public void Dispose() => Key.Dispose();
}
