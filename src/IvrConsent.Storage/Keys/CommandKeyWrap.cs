using System.Security.Cryptography;

namespace IvrConsent.Storage.Keys;

/// <summary>Wraps and unwraps by commands of the house; what either command is not there for, the key folder's master does.</summary>
internal sealed class CommandKeyWrap(KeyCommandOptions commands, AgeKeyWrap own, TimeProvider time) : IRecordingKeyWrap
{
    /// <inheritdoc/>
    public bool CanUnwrap => commands.Unwrap.Count > 0 || own.CanUnwrap;

    /// <inheritdoc/>
    public async Task<byte[]> WrapAsync(string recording, ReadOnlyMemory<byte> secret, CancellationToken cancel)
    {
        if (commands.Wrap.Count == 0)
        {
            return await own.WrapAsync(recording, secret, cancel);
        }

        var bound = BoundSecret.Bind(recording, secret.Span);
        try
        {
            var wrapped = await RunAsync("wrap_command", commands.Wrap, recording, bound, cancel);

            // cat in its place must not put private keys in clear into the database.
            return wrapped.Length > 0 && wrapped.AsSpan().IndexOf(secret.Span) < 0
                ? wrapped
                : throw new KeyFolderException($"keys.wrap_command gave {(wrapped.Length == 0 ? "nothing" : "the key in clear")} back. It must write the wrapped key to its standard output.");
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bound);
        }
    }

    /// <inheritdoc/>
    public async Task<byte[]> UnwrapAsync(string recording, ReadOnlyMemory<byte> wrapped, CancellationToken cancel)
    {
        // A command may make files of age as well: what the folder's master does not open is the command's.
        if (commands.Unwrap.Count == 0 || (own.CanUnwrap && await own.OpensAsync(wrapped, cancel)))
        {
            return await own.UnwrapAsync(recording, wrapped, cancel);
        }

        var bound = await RunAsync("unwrap_command", commands.Unwrap, recording, wrapped, cancel);
        try
        {
            return BoundSecret.Release(recording, bound);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bound);
        }
    }

    private Task<byte[]> RunAsync(string setting, IReadOnlyList<string> command, string recording, ReadOnlyMemory<byte> input, CancellationToken cancel) =>
        new KeyCommand($"keys.{setting}", command, commands.Limit, time).RunAsync(recording, input, cancel);
}
