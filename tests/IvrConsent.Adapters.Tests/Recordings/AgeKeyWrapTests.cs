using System.Security.Cryptography;
using System.Text;
using IvrConsent.Storage.Keys;
using IvrConsent.Storage.Recordings.Age;
using Xunit;

namespace IvrConsent.Adapters.Tests.Recordings;

/// <summary>A recording's key under the master of the key folder, and what of that folder which machine needs.</summary>
public sealed class AgeKeyWrapTests : IDisposable
{
    private const string Name = "call-1/caller é";
    private readonly string _folder = Directory.CreateTempSubdirectory("key-wrap-test-").FullName;
    private readonly KeyFolder _keys;

    public AgeKeyWrapTests()
    {
        _keys = new KeyFolder(Path.Combine(_folder, "keys"));
        _keys.MakeMissing();
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string PrivateFile => Path.Combine(_keys.Path, "recordings.key");

    private string PublicFile => Path.Combine(_keys.Path, "recordings.pub");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task The_stock_program_unwraps_a_key_and_decrypts_the_recording_with_it()
    {
        using var own = AgeIdentity.Generate();
        var sound = RandomNumberGenerator.GetBytes(200_000);
        var wrapped = await WriteAsync("wrapped.age", await new AgeKeyWrap(_keys).WrapAsync(Name, Secret(own), Cancel));
        var recording = await WriteAsync("recording.age", await AgeTests.EncryptAsync(sound, own.Recipient));

        var key = await WriteAsync("key.txt", await AgeTests.RunAsync("age", "-d", "-i", PrivateFile, wrapped));
        Assert.Equal($"# recording: {Name}\n{own.Reveal()}\n", await File.ReadAllTextAsync(key, Cancel));
        Assert.Equal(sound, await AgeTests.RunAsync("age", "-d", "-i", key, recording));
    }

    [Fact]
    public async Task We_unwrap_what_the_stock_program_wrapped_with_the_public_half()
    {
        using var own = AgeIdentity.Generate();
        var plain = await WriteAsync("plain", Encoding.UTF8.GetBytes($"# recording: {Name}\n{own.Reveal()}\n"));
        var wrapped = await AgeTests.RunAsync("age", "-e", "-R", PublicFile, plain);
        Assert.Equal(Secret(own), await new AgeKeyWrap(_keys).UnwrapAsync(Name, wrapped, Cancel));
        Assert.Equal(
            File.ReadLines(PublicFile).Last(), Encoding.ASCII.GetString(await AgeTests.RunAsync("age-keygen", "-y", PrivateFile)).Trim());
    }

    [Fact]
    public async Task The_public_half_is_all_that_recording_needs()
    {
        using var own = AgeIdentity.Generate();
        var elsewhere = new KeyFolder(Path.Combine(_folder, "recorder"));
        Directory.CreateDirectory(elsewhere.Path);
        File.Copy(PublicFile, Path.Combine(elsewhere.Path, "recordings.pub"));
        var recorder = new AgeKeyWrap(elsewhere);

        // Nor does it get a private half of its own, that would open nothing.
        Assert.Equal(["numbers.key", "seal.pem", "seal.pub.pem"], elsewhere.MakeMissing());
        Assert.Equal(_keys.Describe(KeyFiles.Recordings).Ids, elsewhere.Describe(KeyFiles.Recordings).Ids);
        Assert.False(recorder.CanUnwrap);
        var wrapped = await recorder.WrapAsync(Name, Secret(own), Cancel);
        var error = await Assert.ThrowsAsync<KeyFolderException>(() => recorder.UnwrapAsync(Name, wrapped, Cancel));
        Assert.Contains("recordings.key", error.Message, StringComparison.Ordinal);

        var player = new AgeKeyWrap(_keys);
        Assert.True(player.CanUnwrap);
        Assert.Equal(Secret(own), await player.UnwrapAsync(Name, wrapped, Cancel));
    }

    [Fact]
    public async Task Without_the_public_half_nothing_is_wrapped_and_the_message_says_where_to_get_it()
    {
        var before = await File.ReadAllTextAsync(PublicFile, Cancel);
        File.Delete(PublicFile);
        var error = await Assert.ThrowsAsync<KeyFolderException>(() => new AgeKeyWrap(_keys).WrapAsync(Name, "AGE-X"u8.ToArray(), Cancel));
        Assert.Contains("copy the recordings.pub", error.Message, StringComparison.Ordinal);
        Assert.Throws<KeyFolderException>(() => _keys.Describe(KeyFiles.Recordings));

        // It is made again from the private one, which is not touched.
        var secret = await File.ReadAllBytesAsync(PrivateFile, Cancel);
        Assert.Equal(["recordings.pub"], _keys.MakeMissing());
        Assert.Equal(before, await File.ReadAllTextAsync(PublicFile, Cancel));
        Assert.Equal(secret, await File.ReadAllBytesAsync(PrivateFile, Cancel));
    }

    [Fact]
    public async Task Halves_of_two_keys_are_refused()
    {
        var other = new KeyFolder(Path.Combine(_folder, "other"));
        other.MakeMissing();
        File.Copy(Path.Combine(other.Path, "recordings.pub"), PublicFile, overwrite: true);
        Assert.Contains("not the public half", Assert.Throws<KeyFolderException>(() => _keys.Describe(KeyFiles.Recordings)).Message, StringComparison.Ordinal);
        var wrapped = await new AgeKeyWrap(_keys).WrapAsync(Name, "AGE-X"u8.ToArray(), Cancel);
        await Assert.ThrowsAsync<KeyFolderException>(() => new AgeKeyWrap(_keys).UnwrapAsync(Name, wrapped, Cancel));
    }

    [Fact]
    public async Task A_key_moved_to_another_recording_does_not_unwrap()
    {
        var wrap = new AgeKeyWrap(_keys);
        var wrapped = await wrap.WrapAsync("a", "AGE-X"u8.ToArray(), Cancel);
        foreach (var other in (string[])["b", "a\u00a0", "A", "aa"])
        {
            var error = await Assert.ThrowsAsync<KeyFolderException>(() => wrap.UnwrapAsync(other, wrapped, Cancel));
            Assert.Contains("another one's", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Any_changed_byte_is_refused()
    {
        var wrap = new AgeKeyWrap(_keys);
        var wrapped = await wrap.WrapAsync(Name, "AGE-X"u8.ToArray(), Cancel);
        for (var at = 0; at < wrapped.Length; at++)
        {
            var changed = wrapped.ToArray();
            changed[at] ^= 1;
            await Assert.ThrowsAsync<KeyFolderException>(() => wrap.UnwrapAsync(Name, changed, Cancel));
        }

        foreach (var junk in (byte[][])[[], wrapped[..^1], [.. wrapped, 0], new byte[100_000]])
        {
            await Assert.ThrowsAsync<KeyFolderException>(() => wrap.UnwrapAsync(Name, junk, Cancel));
        }
    }

    [Theory]
    [InlineData("", "AGE-X")]
    [InlineData("a\nAGE-SECRET-KEY-1Y", "AGE-X")]
    [InlineData("a", "")]
    [InlineData("a", "AGE-X\nAGE-Y")]
    [InlineData("a", "AGE X")]
    public async Task What_would_not_be_two_lines_is_not_wrapped(string name, string secret)
    {
        var error = await Assert.ThrowsAnyAsync<ArgumentException>(() => new AgeKeyWrap(_keys).WrapAsync(name, Encoding.ASCII.GetBytes(secret), Cancel));
        Assert.DoesNotContain("AGE-", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_folder_shows_no_secret_of_it()
    {
        var secret = File.ReadLines(PrivateFile).Last();
        Assert.StartsWith("AGE-SECRET-KEY-1", secret, StringComparison.Ordinal);
        var shown = _keys.Describe(KeyFiles.Recordings);
        Assert.Single(shown.Ids);
        Assert.Equal(File.ReadAllText(PublicFile), shown.PublicKey);
        Assert.DoesNotContain("SECRET", shown.PublicKey, StringComparison.Ordinal);
        File.WriteAllText(PrivateFile, secret[..^1] + "\n");
        Assert.DoesNotContain("SECRET", Assert.Throws<KeyFolderException>(() => _keys.Describe(KeyFiles.Recordings)).Message, StringComparison.Ordinal);
    }

    private static byte[] Secret(AgeIdentity identity) => Encoding.ASCII.GetBytes(identity.Reveal());

    private async Task<string> WriteAsync(string name, byte[] content)
    {
        var path = Path.Combine(_folder, name);
        await File.WriteAllBytesAsync(path, content, Cancel);
        return path;
    }
}
