using System.ComponentModel;
using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace IvrConsent.Storage.Keys;

/// <summary>
/// Runs one command on a key: the key goes in by standard input and comes out by standard output, never in an argument, a file or the
/// environment, where others could see it.
/// </summary>
internal sealed partial class KeyCommand(string setting, IReadOnlyList<string> command, TimeSpan limit, TimeProvider time)
{
    private const int MostOutput = 64 * 1024;
    private const int MostSaid = 200;

    /// <summary>What the command wrote; to be zeroed when it is a secret.</summary>
    /// <exception cref="KeyFolderException">It cannot be started, failed, took too long or wrote too much.</exception>
    public async Task<byte[]> RunAsync(string recording, ReadOnlyMemory<byte> input, CancellationToken cancel)
    {
        using var process = Start(recording);
        using var timer = new CancellationTokenSource(limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, timer.Token);
        var output = new byte[MostOutput + 1];
        var said = new byte[MostOutput];
        try
        {
            var written = WriteAsync(process, input, either.Token);
            var read = ReadOutputAsync(process, output, either);
            var complaint = ReadAsync(process.StandardError.BaseStream, said, either.Token);

            // What outlives the command may keep its pipes open: do not wait for those longer either.
            await Task.WhenAll(written, read, complaint, process.WaitForExitAsync(either.Token)).WaitAsync(either.Token);
            return process.ExitCode == 0
                ? output[..await read]
                : throw new KeyFolderException($"{setting} ended with exit code {process.ExitCode}{Quote(said.AsSpan(0, await complaint))}. Put right what it needs.");
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new KeyFolderException(timer.IsCancellationRequested
                ? $"{setting} was still busy after {limit.TotalSeconds:0} s and was stopped. Look why it is slow, or change keys.command_timeout."
                : $"{setting} wrote more than {MostOutput / 1024} KiB and was stopped. It must write the key, and nothing else, to its standard output.");
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }

            CryptographicOperations.ZeroMemory(output);
            CryptographicOperations.ZeroMemory(said);
        }
    }

    private static async Task WriteAsync(Process process, ReadOnlyMemory<byte> input, CancellationToken cancel)
    {
        try
        {
            await using var stream = process.StandardInput.BaseStream;
            await stream.WriteAsync(input, cancel);
        }
        catch (IOException)
        {
            // It ended before it read: its exit code says why.
        }
    }

    private static async Task<int> ReadOutputAsync(Process process, byte[] output, CancellationTokenSource stop)
    {
        var length = await process.StandardOutput.BaseStream.ReadAtLeastAsync(output, output.Length, throwOnEndOfStream: false, stop.Token);
        if (length == output.Length)
        {
            await stop.CancelAsync();
        }

        return length;
    }

    /// <summary>Reads to the end, also where there is no room: a full pipe would stop the command.</summary>
    private static async Task<int> ReadAsync(Stream stream, byte[] kept, CancellationToken cancel)
    {
        var length = await stream.ReadAtLeastAsync(kept, kept.Length, throwOnEndOfStream: false, cancel);
        var rest = new byte[4096];
        while (await stream.ReadAsync(rest, cancel) > 0)
        {
        }

        return length;
    }

    /// <summary>The last line that the command complained with, without anything that is as long as a key, in whatever form.</summary>
    private static string Quote(ReadOnlySpan<byte> said)
    {
        var last = Encoding.UTF8.GetString(said).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).LastOrDefault();
        if (last is null)
        {
            return "";
        }

        var text = LongRun().Replace(new string([.. last.Where(letter => !char.IsControl(letter))]), "…");
        return $" ({text[..Math.Min(text.Length, MostSaid)].TrimEnd('.')})";
    }

    private Process Start(string recording)
    {
        var start = new ProcessStartInfo(command[0], command.Skip(1))
        {
            WorkingDirectory = "/",
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment[KeyCommandOptions.RecordingVariable] = recording;
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception error)
        {
            throw new KeyFolderException($"{setting} cannot be started as {command[0]}: {error.Message}. Put the program there, and let the worker's user execute it.", error);
        }
    }

    [GeneratedRegex("[A-Za-z0-9+/=_-]{24,}")]
    private static partial Regex LongRun();
}
