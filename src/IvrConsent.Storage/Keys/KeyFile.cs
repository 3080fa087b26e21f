using System.Text;

namespace IvrConsent.Storage.Keys;

/// <summary>One file of the key folder: what it is for and how it is made. <see cref="KeyFiles.All"/> is the table of them.</summary>
/// <param name="Name">The file's name in the folder.</param>
/// <param name="Purpose">What it is for, and what its loss means; for a person.</param>
/// <param name="Make">Makes a new key, as the file is to hold it.</param>
/// <param name="Describe">What may be shown of it; throws <see cref="FormatException"/> where the bytes are no such key.</param>
public sealed record KeyFile(string Name, string Purpose, Func<byte[]> Make, Func<byte[], KeyDescription> Describe)
{
    /// <summary>Where its public half lies beside it, for handing out; null where it has none.</summary>
    public string? PublicName { get; init; }

    /// <summary>Whether the worker cannot do without it; where <see cref="DescribePublic"/> is set, without its public half.</summary>
    public bool Required { get; init; } = true;

    /// <summary>
    /// What may be shown of the public half's file, where a worker needs only that and the private half may live on another machine; null
    /// where every machine needs the key itself. Throws <see cref="FormatException"/> like <see cref="Describe"/>.
    /// </summary>
    public Func<byte[], KeyDescription>? DescribePublic { get; init; }
}

/// <summary>What may be shown of a key.</summary>
/// <param name="Ids">Its id; more than one where older keys are kept to read with, the newest first.</param>
/// <param name="PublicKey">Its public half as its file holds it (PEM of a SubjectPublicKeyInfo, or a line of age); null where it has none.</param>
public sealed record KeyDescription(IReadOnlyList<string> Ids, string? PublicKey);

/// <summary>The table of keys.</summary>
public static class KeyFiles
{
    /// <summary>Finds and encrypts phone numbers.</summary>
    public static KeyFile Numbers { get; } = new(
        "numbers.key",
        "finds phone numbers (HMAC-SHA-256) and encrypts them (AES-256-GCM); without it nobody can tell whose a call was",
        NumberKeys.Make,
        bytes => new KeyDescription(NumberKeys.Parse(bytes).Ids, null));

    /// <summary>Signs the ledger's checkpoints.</summary>
    public static KeyFile Seal { get; } = new(
        "seal.pem",
        "signs the ledger's checkpoints (ECDSA P-256); hand the public half out, so that others can check them",
        SealKey.Make,
        bytes =>
        {
            using var key = SealKey.Parse(bytes);
            return new KeyDescription([key.Id], key.PublicPem);
        })
    {
        PublicName = "seal.pub.pem",
    };

    /// <summary>Opens the keys of recordings; recording itself needs only its public half.</summary>
    public static KeyFile Recordings { get; } = new(
        "recordings.key",
        "opens the key of each recording (age, X25519); without it no recording can ever be heard; recording needs only recordings.pub",
        RecordingMaster.Make,
        bytes =>
        {
            using var master = RecordingMaster.Parse(bytes);
            return new KeyDescription(master.Ids, master.Public);
        })
    {
        PublicName = "recordings.pub",
        DescribePublic = bytes =>
        {
            var recipient = RecordingMaster.ParsePublic(bytes);
            return new KeyDescription([RecordingMaster.IdOf(recipient)], Encoding.ASCII.GetString(bytes));
        },
    };

    /// <summary>All of them, in the order in which they are shown.</summary>
    public static IReadOnlyList<KeyFile> All { get; } = [Numbers, Seal, Recordings];

    /// <summary>Those that a worker cannot start without; with a command that wraps, the master of recordings is not among them.</summary>
    public static IReadOnlyList<KeyFile> NeededToRecord(KeyCommandOptions commands)
    {
        ArgumentNullException.ThrowIfNull(commands);
        return [.. All.Where(key => key.Required && (key != Recordings || commands.Wrap.Count == 0))];
    }
}
