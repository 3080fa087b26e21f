using System.Security.Cryptography;
using System.Text;
using IvrConsent.Storage.Recordings.Age;

namespace IvrConsent.Storage.Keys;

/// <summary>
/// The master of recordings' keys, as an identity file of age: the newest is what keys are wrapped to, the older ones open what a rotation
/// has not come to yet. Its public half is a recipients file of age with one line.
/// </summary>
internal sealed class RecordingMaster : IDisposable
{
    private const string Head = "# IvrConsent: opens the keys of recordings. Secret. The first is the newest, the others only open. age -d -i THIS-FILE";
    private const string PublicHead = "# IvrConsent: the keys of recordings are wrapped to it; it opens none. age -e -R THIS-FILE";

    // Both keys, in some 62 and 74 characters, and what is around them.
    private const int LongestEntry = 200;

    private RecordingMaster(IReadOnlyList<AgeIdentity> identities) => Identities = identities;

    /// <summary>The newest first; never empty.</summary>
    public IReadOnlyList<AgeIdentity> Identities { get; }

    /// <summary>Their ids, the newest first.</summary>
    public IReadOnlyList<string> Ids => [.. Identities.Select(identity => IdOf(identity.Recipient))];

    /// <summary>The newest one's public half, as its file holds it.</summary>
    public string Public => $"{PublicHead}\n{Identities[0].Recipient}\n";

    /// <summary>A new master, as the file holds it.</summary>
    public static byte[] Make()
    {
        using var master = new RecordingMaster([AgeIdentity.Generate()]);
        return master.Write();
    }

    /// <summary>Reads a file's bytes; throws <see cref="FormatException"/> on anything else.</summary>
    public static RecordingMaster Parse(byte[] bytes)
    {
        var identities = new List<AgeIdentity>();
        try
        {
            foreach (var range in bytes.AsSpan().Split((byte)'\n'))
            {
                var line = bytes.AsSpan(range).Trim(" \t\r"u8);
                if (!line.IsEmpty && line[0] != '#')
                {
                    identities.Add(AgeIdentity.Parse(line));
                }
            }

            return identities.Count > 0 ? new RecordingMaster(identities) : throw new FormatException("There is no key in it.");
        }
        catch
        {
            identities.ForEach(identity => identity.Dispose());
            throw;
        }
    }

    /// <summary>Reads the public half's file; throws <see cref="FormatException"/> on anything else.</summary>
    public static AgeRecipient ParsePublic(byte[] bytes) => Encoding.ASCII.GetString(bytes)
        .Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
        .Where(line => !line.StartsWith('#'))
        .ToList() is [var line] ? AgeRecipient.Parse(line) : throw new FormatException("It does not hold exactly one public key.");

    /// <summary>Names a key pair by its public half.</summary>
    public static string IdOf(AgeRecipient recipient) => Convert.ToHexStringLower(SHA256.HashData(recipient.Key).AsSpan(0, 8));

    /// <summary>As the file holds them; to be zeroed when used.</summary>
    public byte[] Write()
    {
        // One buffer from the beginning: one that grows leaves copies behind.
        using var file = new MemoryStream(Head.Length + 1 + (Identities.Count * LongestEntry));
        file.Write(Encoding.ASCII.GetBytes(Head + '\n'));
        foreach (var identity in Identities)
        {
            var secret = identity.RevealBytes();
            file.Write(Encoding.ASCII.GetBytes($"# public key: {identity.Recipient}\n"));
            file.Write(secret);
            file.WriteByte((byte)'\n');
            CryptographicOperations.ZeroMemory(secret);
        }

        var bytes = file.ToArray();
        CryptographicOperations.ZeroMemory(file.GetBuffer());
        return bytes;
    }

    /// <summary>The file with a new one before the others; to be zeroed when used.</summary>
    public byte[] WriteRotated()
    {
        using var newest = AgeIdentity.Generate();
        return new RecordingMaster([newest, .. Identities]).Write();
    }

    /// <summary>The file without the older ones; to be zeroed when used.</summary>
    public byte[] WriteNewest() => new RecordingMaster([Identities[0]]).Write();

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var identity in Identities)
        {
            identity.Dispose();
        }
    }
}
