using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace IvrConsent.Storage.Recordings.Age;

/// <summary>
/// X25519 (RFC 7748) of the OpenSSL 3 that .NET itself uses for its cryptography on Linux: .NET 10 does not show it, and curve
/// arithmetic of our own is out of the question.
/// </summary>
internal static partial class X25519
{
    /// <summary>Bytes of a key, public or private, and of a shared secret.</summary>
    public const int KeyBytes = 32;

    private const string Library = "libcrypto.so.3";
    private const int Kind = 1034; // EVP_PKEY_X25519

    /// <summary>The public half.</summary>
    public static byte[] PublicKey(ReadOnlySpan<byte> privateKey)
    {
        using var key = Private(privateKey);
        var result = new byte[KeyBytes];
        nuint length = KeyBytes;
        Require(EVP_PKEY_get_raw_public_key(key, result, ref length) == 1 && length == KeyBytes);
        return result;
    }

    /// <summary>The shared secret. Throws where the other side's key is of low order, which would make the secret all zeros.</summary>
    public static byte[] Agree(ReadOnlySpan<byte> privateKey, ReadOnlySpan<byte> publicKey)
    {
        using var key = Private(privateKey);
        using var peer = EVP_PKEY_new_raw_public_key(Kind, 0, publicKey, (nuint)publicKey.Length);
        Require(!peer.IsInvalid);
        using var context = EVP_PKEY_CTX_new(key, 0);
        Require(!context.IsInvalid && EVP_PKEY_derive_init(context) == 1 && EVP_PKEY_derive_set_peer(context, peer) == 1);
        var result = new byte[KeyBytes];
        nuint length = KeyBytes;
        Require(EVP_PKEY_derive(context, result, ref length) == 1 && length == KeyBytes && result.AsSpan().ContainsAnyExcept((byte)0));
        return result;
    }

    private static KeyHandle Private(ReadOnlySpan<byte> privateKey)
    {
        var key = EVP_PKEY_new_raw_private_key(Kind, 0, privateKey, (nuint)privateKey.Length);
        Require(!key.IsInvalid);
        return key;
    }

    private static void Require(bool good)
    {
        if (!good)
        {
            throw new CryptographicException("OpenSSL refuses the X25519 key.");
        }
    }

    [LibraryImport(Library)]
    private static partial KeyHandle EVP_PKEY_new_raw_private_key(int type, nint engine, ReadOnlySpan<byte> key, nuint length);

    [LibraryImport(Library)]
    private static partial KeyHandle EVP_PKEY_new_raw_public_key(int type, nint engine, ReadOnlySpan<byte> key, nuint length);

    [LibraryImport(Library)]
    private static partial int EVP_PKEY_get_raw_public_key(KeyHandle key, Span<byte> result, ref nuint length);

    [LibraryImport(Library)]
    private static partial ContextHandle EVP_PKEY_CTX_new(KeyHandle key, nint engine);

    [LibraryImport(Library)]
    private static partial int EVP_PKEY_derive_init(ContextHandle context);

    [LibraryImport(Library)]
    private static partial int EVP_PKEY_derive_set_peer(ContextHandle context, KeyHandle peer);

    [LibraryImport(Library)]
    private static partial int EVP_PKEY_derive(ContextHandle context, Span<byte> secret, ref nuint length);

    [LibraryImport(Library)]
    private static partial void EVP_PKEY_free(nint key);

    [LibraryImport(Library)]
    private static partial void EVP_PKEY_CTX_free(nint context);

    private sealed class KeyHandle() : SafeHandle(0, ownsHandle: true)
    {
        public override bool IsInvalid => handle == 0;

        protected override bool ReleaseHandle()
        {
            EVP_PKEY_free(handle);
            return true;
        }
    }

    private sealed class ContextHandle() : SafeHandle(0, ownsHandle: true)
    {
        public override bool IsInvalid => handle == 0;

        protected override bool ReleaseHandle()
        {
            EVP_PKEY_CTX_free(handle);
            return true;
        }
    }
}
