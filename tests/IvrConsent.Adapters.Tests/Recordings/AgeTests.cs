using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using IvrConsent.Storage.Recordings.Age;
using IvrConsent.TestKit.Lab;
using Xunit;

namespace IvrConsent.Adapters.Tests.Recordings;

/// <summary>The format of a file in the vault, against the stock program and against whoever changes a byte.</summary>
public sealed class AgeTests : IDisposable
{
    private const int Chunk = AgePayload.ChunkBytes;
    private readonly string _folder = Directory.CreateTempSubdirectory("age-test-").FullName;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<int> Lengths => [0, 1, 44, Chunk - 1, Chunk, Chunk + 1, (2 * Chunk) - 1, 2 * Chunk, (3 * Chunk) + 17];

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [MemberData(nameof(Lengths))]
    public async Task What_goes_in_comes_out(int length)
    {
        using var identity = AgeIdentity.Generate();
        var plain = RandomNumberGenerator.GetBytes(length);
        Assert.Equal(plain, await DecryptAsync(await EncryptAsync(plain, identity.Recipient), identity));
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public async Task The_stock_program_decrypts_what_we_encrypt(int length)
    {
        using var identity = AgeIdentity.Generate();
        var plain = RandomNumberGenerator.GetBytes(length);
        var key = await WriteAsync("key.txt", Encoding.ASCII.GetBytes(identity.Reveal() + "\n"));
        var cipher = await WriteAsync("cipher", await EncryptAsync(plain, identity.Recipient));

        // From its output: with -o it makes no file at all for a recording of no bytes.
        Assert.Equal(plain, await RunAsync("age", "-d", "-i", key, cipher));
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public async Task We_decrypt_what_the_stock_program_encrypts_to_its_own_key(int length)
    {
        var key = Path.Combine(_folder, "key.txt");
        await RunAsync("age-keygen", "-o", key);
        using var identity = AgeIdentity.Parse((await File.ReadAllLinesAsync(key, Cancel)).Single(line => !line.StartsWith('#')));
        Assert.Equal(Encoding.ASCII.GetString(await RunAsync("age-keygen", "-y", key)).Trim(), identity.Recipient.ToString());
        using var other = AgeIdentity.Generate();
        var plain = RandomNumberGenerator.GetBytes(length);
        var cipher = Path.Combine(_folder, "cipher");

        // A second recipient before ours: its part of the head is passed over.
        await RunAsync("age", "-r", other.Recipient.ToString(), "-r", identity.Recipient.ToString(), "-o", cipher, await WriteAsync("plain", plain));
        Assert.Equal(plain, await DecryptAsync(await File.ReadAllBytesAsync(cipher, Cancel), identity));
    }

    [Fact]
    public async Task Any_bit_flipped_is_found_and_nothing_changed_is_given_out()
    {
        using var identity = AgeIdentity.Generate();
        var plain = RandomNumberGenerator.GetBytes(300);
        var cipher = await EncryptAsync(plain, identity.Recipient);
        for (var bit = 0; bit < cipher.Length * 8; bit++)
        {
            var changed = cipher.ToArray();
            changed[bit / 8] ^= (byte)(1 << (bit % 8));
            var given = new MemoryStream();
            await Assert.ThrowsAsync<AgeException>(() => DecryptToAsync(changed, identity, given));
            Assert.Equal(0, given.Length);
        }
    }

    [Fact]
    public async Task A_changed_chunk_ends_the_reading_at_the_chunk_before_for_good()
    {
        using var identity = AgeIdentity.Generate();
        var plain = RandomNumberGenerator.GetBytes(4 * Chunk);
        var cipher = await EncryptAsync(plain, identity.Recipient);
        cipher[^(2 * (Chunk + AgePayload.TagBytes))] ^= 1;
        using var stream = await AgeDecryptStream.OpenAsync(new MemoryStream(cipher), identity, Cancel);
        var begin = new byte[2 * Chunk];
        await stream.ReadExactlyAsync(begin, Cancel);
        Assert.Equal(plain[..begin.Length], begin);
        for (var i = 0; i < 3; i++)
        {
            await Assert.ThrowsAsync<AgeException>(() => stream.ReadAsync(begin, Cancel).AsTask());
        }
    }

    [Theory]
    [InlineData("cut at a chunk's end")]
    [InlineData("cut by one byte")]
    [InlineData("two chunks exchanged")]
    [InlineData("one byte more")]
    [InlineData("another file's chunks")]
    public async Task Chunks_cannot_be_left_out_moved_or_added(string how)
    {
        using var identity = AgeIdentity.Generate();
        var cipher = await EncryptAsync(RandomNumberGenerator.GetBytes(3 * Chunk), identity.Recipient);
        var other = await EncryptAsync(RandomNumberGenerator.GetBytes(3 * Chunk), identity.Recipient);
        const int Sealed = Chunk + AgePayload.TagBytes;
        var head = cipher.Length - (3 * Sealed);
        byte[] changed = how switch
        {
            "cut at a chunk's end" => cipher[..^Sealed],
            "cut by one byte" => cipher[..^1],
            "two chunks exchanged" => [.. cipher[..head], .. cipher[(head + Sealed)..(head + (2 * Sealed))], .. cipher[head..(head + Sealed)], .. cipher[(head + (2 * Sealed))..]],
            "one byte more" => [.. cipher, 0],
            _ => [.. cipher[..head], .. other[head..]],
        };
        await Assert.ThrowsAsync<AgeException>(() => DecryptAsync(changed, identity));
    }

    [Fact]
    public async Task Another_key_opens_nothing()
    {
        using var identity = AgeIdentity.Generate();
        using var other = AgeIdentity.Generate();
        var cipher = await EncryptAsync([1, 2, 3], identity.Recipient);
        Assert.Contains("another key", (await Assert.ThrowsAsync<AgeException>(() => DecryptAsync(cipher, other))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_same_sound_twice_is_two_different_files()
    {
        using var identity = AgeIdentity.Generate();
        Assert.NotEqual(await EncryptAsync([1, 2, 3], identity.Recipient), await EncryptAsync([1, 2, 3], identity.Recipient));
    }

    [Fact]
    public void X25519_is_that_of_RFC_7748()
    {
        // Its section 6.1: the keys of both sides, and what they share.
        var alice = Convert.FromHexString("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a");
        var bob = Convert.FromHexString("de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
        Assert.Equal("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a", Convert.ToHexStringLower(X25519.PublicKey(alice)));
        Assert.Equal("4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742", Convert.ToHexStringLower(X25519.Agree(alice, bob)));
        Assert.Throws<CryptographicException>(() => X25519.Agree(alice, new byte[32]));
    }

    [Theory]
    [InlineData("")]
    [InlineData("age1")]
    [InlineData("AGE1ZVKYG2LQZRAA2LNJVQEJ32NKUU0UES2S82HZRYE869XEEXVN73EQUNUJWJ")]
    [InlineData("age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwk")]
    public void A_mistyped_key_is_refused(string text)
    {
        Assert.Throws<FormatException>(() => AgeRecipient.Parse(text));
        Assert.Throws<FormatException>(() => AgeIdentity.Parse(text));
    }

    [Fact]
    public void A_private_key_shows_itself_only_when_asked()
    {
        using var identity = AgeIdentity.Generate();
        Assert.DoesNotContain("SECRET", identity.ToString(), StringComparison.OrdinalIgnoreCase);
        using var again = AgeIdentity.Parse(identity.Reveal());
        Assert.Equal(identity.Recipient.ToString(), again.Recipient.ToString());
        Assert.DoesNotContain("ABC", Assert.Throws<FormatException>(() => AgeIdentity.Parse("AGE-SECRET-KEY-1ABC")).Message, StringComparison.Ordinal);
    }

    internal static async Task<byte[]> EncryptAsync(byte[] plain, AgeRecipient recipient)
    {
        using var stream = new AgeEncryptStream(new MemoryStream(plain), recipient);
        var cipher = new MemoryStream();
        await stream.CopyToAsync(cipher, 1000, Cancel);
        return cipher.ToArray();
    }

    internal static async Task<byte[]> DecryptAsync(byte[] cipher, AgeIdentity identity)
    {
        var plain = new MemoryStream();
        await DecryptToAsync(cipher, identity, plain);
        return plain.ToArray();
    }

    private static async Task DecryptToAsync(byte[] cipher, AgeIdentity identity, MemoryStream plain)
    {
        using var stream = await AgeDecryptStream.OpenAsync(new MemoryStream(cipher), identity, Cancel);
        await stream.CopyToAsync(plain, 1000, Cancel);
    }

    private async Task<string> WriteAsync(string name, byte[] content)
    {
        var path = Path.Combine(_folder, name);
        await File.WriteAllBytesAsync(path, content, Cancel);
        return path;
    }

    /// <summary>Debian's package <c>age</c>; without it these tests are skipped, or fail where the lab must be whole.</summary>
    internal static async Task<byte[]> RunAsync(string program, params string[] arguments)
    {
        if (!File.Exists($"/usr/bin/{program}"))
        {
            Assert.SkipUnless(LabEnvironment.Required, $"No {program}: install Debian's package age.");
            throw new InvalidOperationException($"No /usr/bin/{program}, and IVRCONSENT_LAB_REQUIRED=1. Install Debian's package age.");
        }

        using var process = Process.Start(new ProcessStartInfo($"/usr/bin/{program}", arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEndAsync(Cancel);
        var output = new MemoryStream();
        await process.StandardOutput.BaseStream.CopyToAsync(output, Cancel);
        await process.WaitForExitAsync(Cancel);
        Assert.True(process.ExitCode == 0, await error);
        return output.ToArray();
    }
}
