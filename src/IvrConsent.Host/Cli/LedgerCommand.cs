using System.CommandLine;
using System.Text.Json;
using IvrConsent.Core.Access;
using IvrConsent.Core.Ledger.Proof;
using IvrConsent.Storage.Proof;

namespace IvrConsent.Host.Cli;

/// <summary><c>ivrconsent ledger</c>: the ledger as proof.</summary>
internal static class LedgerCommand
{
    public static Command Create() => new("ledger", "Check the whole ledger, and prove single events to others.")
    {
        CreateVerify(), CreateProve(), CreateCheckpoint(), CreateSeal(), CreateCheckProof(),
    };

    private static Command CreateVerify()
    {
        var config = CommandContext.ConfigOption();
        var json = CommandContext.JsonOption();
        var publicKey = new Option<string?>("--public-key") { Description = "A file with the public key (PEM) that checkpoints must be signed by. Default: the key folder's own." };
        var from = new Option<string?>("--from-checkpoint") { Description = "A file with a checkpoint kept elsewhere: the ledger must still begin with what it covers." };
        var command = new Command("verify", "Hash every event anew and compare with every checkpoint. Names the first position that is wrong; exit code 1 then.") { config, json, publicKey, from };
        command.SetAction((parsed, cancel) => WithProofAsync(parsed.GetValue(config)!, async proof =>
        {
            var verdict = await proof.VerifyAsync(ReadFile(parsed.GetValue(publicKey)), ReadFile(parsed.GetValue(from)), cancel);
            if (parsed.GetValue(json))
            {
                CommandContext.WriteJson(verdict);
            }
            else
            {
                Console.Out.WriteLine($"{verdict.Events} events, {verdict.Sealed} of them under {verdict.Checkpoints} checkpoints.");
                Console.Out.WriteLine(verdict.Fault is { } fault
                    ? $"WRONG {(fault.Exact ? "at" : "from")} position {fault.Position}: {fault.What}."
                    : $"Nothing was changed, removed or reordered.{(verdict.Root is { } root ? $" Root {root}." : "")}{(verdict.Events > verdict.Sealed ? $" The newest {verdict.Events - verdict.Sealed} are not sealed yet." : "")}");
            }

            return verdict.Fault is null ? ExitCodes.Ok : ExitCodes.Failed;
        }));
        return command;
    }

    private static Command CreateProve()
    {
        var config = CommandContext.ConfigOption();
        var id = new Argument<string>("event") { Description = "The event's id, as `events show CALL --json` has it." };
        var output = new Option<string?>("--output", "-o") { Description = "File to write (never overwritten). Default: standard output." };
        var command = new Command("prove", "Write a proof (JSON) that an event stands in the ledger: others check it offline with the public key.") { id, config, output };
        command.SetAction((parsed, cancel) => WithProofAsync(parsed.GetValue(config)!, async proof =>
        {
            if (!Guid.TryParse(parsed.GetValue(id), out var eventId))
            {
                await Console.Error.WriteLineAsync($"\"{parsed.GetValue(id)}\" is not an event's id: 32 hexadecimal digits, with or without hyphens, are expected.");
                return ExitCodes.Usage;
            }

            Write(JsonSerializer.Serialize(await proof.ProveAsync(eventId, cancel), ProofJson.Default.LedgerProofBundle) + "\n", parsed.GetValue(output));
            return ExitCodes.Ok;
        }, Act.ReadEvents));
        return command;
    }

    private static Command CreateCheckpoint()
    {
        var config = CommandContext.ConfigOption();
        var json = CommandContext.JsonOption();
        var since = new Option<string?>("--since") { Description = "A file with an older checkpoint: write a proof (JSON) that the ledger only grew since." };
        var output = new Option<string?>("--output", "-o") { Description = "File to write (never overwritten). Default: standard output." };
        var command = new Command("checkpoint", "Print the newest checkpoint, a C2SP signed note. One kept elsewhere shows later that nothing before it was touched.") { config, json, since, output };
        command.SetAction((parsed, cancel) => WithProofAsync(parsed.GetValue(config)!, async proof =>
        {
            if (ReadFile(parsed.GetValue(since)) is { } old)
            {
                Write(JsonSerializer.Serialize(await proof.ProveGrowthAsync(old, cancel), ProofJson.Default.LedgerConsistencyBundle) + "\n", parsed.GetValue(output));
                return ExitCodes.Ok;
            }

            if (await proof.ReadCheckpointAsync(cancel) is not { } note)
            {
                await Console.Error.WriteLineAsync("Nothing is sealed yet. A running worker seals within ten seconds of an event; or run: ivrconsent ledger seal");
                return ExitCodes.Failed;
            }

            if (parsed.GetValue(json))
            {
                var head = Checkpoint.Parse(note).Checkpoint;
                CommandContext.WriteJson(new { origin = head.Origin, size = head.Size, root = Convert.ToHexStringLower(head.Root.Span), note });
            }
            else
            {
                Write(note, parsed.GetValue(output));
            }

            return ExitCodes.Ok;
        }));
        return command;
    }

    private static Command CreateSeal()
    {
        var config = CommandContext.ConfigOption();
        var json = CommandContext.JsonOption();
        var command = new Command("seal", "Sign a checkpoint over all that is not sealed yet, as a running worker does by itself.") { config, json };
        command.SetAction((parsed, cancel) => WithProofAsync(parsed.GetValue(config)!, async proof =>
        {
            var events = await proof.SealAsync(cancel);
            if (parsed.GetValue(json))
            {
                CommandContext.WriteJson(new { sealed_events = events });
            }
            else
            {
                Console.Out.WriteLine(events == 0 ? "Nothing was new, or a worker is sealing now." : $"Sealed {events} events.");
            }

            return ExitCodes.Ok;
        }));
        return command;
    }

    private static Command CreateCheckProof()
    {
        var json = CommandContext.JsonOption();
        var file = new Argument<string>("file") { Description = "A proof, as `ledger prove` or `ledger checkpoint --since` writes it." };
        var publicKey = new Option<string>("--public-key") { Description = "A file with the public key (PEM), from the controller; not the one in the proof.", Required = true };
        var command = new Command("check-proof", "Check a proof offline: no settings, no database. Exit code 1 where it does not hold.") { file, publicKey, json };
        command.SetAction(parsed => Guard(() =>
        {
            using var key = LedgerProof.ReadPublicKey(ReadFile(parsed.GetValue(publicKey))!);
            var (fault, size, leaf) = Check(ReadFile(parsed.GetValue(file))!, key);
            if (parsed.GetValue(json))
            {
                CommandContext.WriteJson(new { valid = fault is null, fault, size, leaf });
            }
            else
            {
                Console.Out.WriteLine(fault is null ? $"The proof holds: checkpoint of {size} events." : $"The proof does not hold: {fault}.");
                if (fault is null && leaf is not null)
                {
                    Console.Out.WriteLine(string.Join('\n', leaf.Split('\n').Select(LedgerExport.Printable)));
                }
            }

            return fault is null ? ExitCodes.Ok : ExitCodes.Failed;
        }));
        return command;
    }

    private static (string? Fault, long? Size, string? Leaf) Check(string json, System.Security.Cryptography.ECDsa key)
    {
        try
        {
            if (ProofJson.FormatOf(json) == LedgerConsistencyBundle.ConsistencyFormat)
            {
                var growth = JsonSerializer.Deserialize(json, ProofJson.Default.LedgerConsistencyBundle) ?? throw new JsonException();
                var wrong = growth.FindFault(key);
                return (wrong, wrong is null ? Checkpoint.Parse(growth.New).Checkpoint.Size : null, null);
            }

            var bundle = JsonSerializer.Deserialize(json, ProofJson.Default.LedgerProofBundle) ?? throw new JsonException();
            var fault = bundle.FindFault(key);
            return (fault, fault is null ? Checkpoint.Parse(bundle.Checkpoint).Checkpoint.Size : null, fault is null ? bundle.Leaf : null);
        }
        catch (JsonException)
        {
            return ("the file is no proof in JSON", null, null);
        }
    }

    private static string? ReadFile(string? path)
    {
        try
        {
            return path is null ? null : File.ReadAllText(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new LedgerProofException($"{path} cannot be read: {error.Message}", error);
        }
    }

    private static void Write(string text, string? file)
    {
        if (file is null)
        {
            Console.Out.Write(text);
            return;
        }

        try
        {
            using var stream = new FileStream(file, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite });
            using var writer = new StreamWriter(stream);
            writer.Write(text);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new LedgerProofException($"{file} cannot be written: {error.Message}", error);
        }
    }

    private static int Guard(Func<int> run)
    {
        try
        {
            return run();
        }
        catch (LedgerProofException error)
        {
            Console.Error.WriteLine(error.Message);
            return ExitCodes.Usage;
        }
    }

    private static Task<int> WithProofAsync(string config, Func<LedgerProof, Task<int>> run, Act? act = null) => CommandContext.WithSettingsAsync(
        config,
        async settings =>
        {
            await using var proof = new LedgerProof(CommandContext.LedgerOptions(settings));
            return await run(proof);
        },
        act is { } needed ? CommandContext.Only(needed) : null);
}
