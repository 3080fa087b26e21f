using System.CommandLine;
using System.Globalization;
using System.Text.RegularExpressions;
using IvrConsent.Core.Access;

namespace IvrConsent.Host.Cli;

/// <summary><c>ivrconsent apikeys</c>: the keys of the HTTP API.</summary>
internal static partial class ApiKeysCommand
{
    public static Command Create() => new("apikeys", "Make, list and revoke keys of the HTTP API.") { CreateCreate(), CreateList(), CreateRevoke() };

    private static Command CreateCreate()
    {
        var config = CommandContext.ConfigOption();
        var json = CommandContext.JsonOption();
        var name = new Argument<string>("name") { Description = "Who will use it, for example crm. Stands in the ledger as the actor, so no name is given twice." };
        name.Validators.Add(result =>
        {
            if (!Name().IsMatch(result.GetValueOrDefault<string>() ?? ""))
            {
                result.AddError("A name is 1 to 64 letters, digits, dots, hyphens and underscores, and begins with a letter.");
            }
        });
        var scopes = new Option<string[]>("--scope", "-s") { Description = $"What it opens; several may be given: {string.Join(", ", ApiScopes.All)}.", Required = true, AllowMultipleArgumentsPerToken = true };
        scopes.AcceptOnlyFromAmong([.. ApiScopes.All]);
        var days = CommandContext.NumberOption("--days", "For how many days", 365, 1, 730);
        var output = new Option<string?>("--output", "-o") { Description = "File for the key (made anew, readable by its owner only). Default: standard output." };
        var command = new Command("create", "Make a key. It is shown this once: only its hash is kept.") { name, scopes, days, output, config, json };
        command.SetAction((parsed, cancel) => WithKeysAsync(parsed.GetValue(config)!, Act.Administer, async keys =>
        {
            var now = TimeProvider.System.GetUtcNow();
            var key = new ApiKey(parsed.GetValue(name)!, [.. parsed.GetValue(scopes)!.Distinct()], now, now.AddDays(parsed.GetValue(days)), null);
            var secret = ApiKeySecret.New();

            // The file first: a key that nobody has is a nuisance, one that is not in the database is nothing.
            var file = parsed.GetValue(output);
            if (file is not null)
            {
                await using var stream = new FileStream(file, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite });
                await using var writer = new StreamWriter(stream);
                await writer.WriteLineAsync(secret);
            }

            if (!await keys.AddAsync(key, ApiKeySecret.HashOf(secret)!, cancel))
            {
                if (file is not null)
                {
                    File.Delete(file);
                }

                await Console.Error.WriteLineAsync($"There is, or was, a key named {key.Name}. Take another name: events in the ledger bear it.");
                return ExitCodes.Failed;
            }

            if (parsed.GetValue(json))
            {
                CommandContext.WriteJson(new { key.Name, key.Scopes, ExpiresAt = LedgerExport.Time(key.ExpiresAt), Key = file is null ? secret : null, File = file });
                return ExitCodes.Ok;
            }

            if (file is null)
            {
                Console.Out.WriteLine(secret);
            }

            await Console.Error.WriteLineAsync($"Key {key.Name}, until {LedgerExport.Time(key.ExpiresAt)}{(file is null ? ". It is shown this once." : $", written to {file}.")} To be sent as: Authorization: Bearer KEY");
            return ExitCodes.Ok;
        }));
        return command;
    }

    private static Command CreateList()
    {
        var config = CommandContext.ConfigOption();
        var json = CommandContext.JsonOption();
        var command = new Command("list", "List all keys, those that expired or were revoked included.") { config, json };
        command.SetAction((parsed, cancel) => WithKeysAsync(parsed.GetValue(config)!, Act.ReadEvents, async keys =>
        {
            var now = TimeProvider.System.GetUtcNow();
            var all = (await keys.ListAsync(cancel)).Select(key => new
            {
                key.Name,
                State = key.RevokedAt is not null ? "revoked" : key.Holds(now) ? "valid" : "expired",
                key.Scopes,
                CreatedAt = LedgerExport.Time(key.CreatedAt),
                ExpiresAt = LedgerExport.Time(key.ExpiresAt),
                RevokedAt = key.RevokedAt is { } at ? LedgerExport.Time(at) : null,
            }).ToArray();
            if (parsed.GetValue(json))
            {
                CommandContext.WriteJson(all);
            }
            else
            {
                CommandContext.WriteTable(
                    ["Name", "State", "Scopes", "Created (UTC)", "Expires", "Revoked"],
                    all.Select(key => (IReadOnlyList<string>)[key.Name, key.State, string.Join(' ', key.Scopes), key.CreatedAt, key.ExpiresAt, key.RevokedAt ?? ""]));
            }

            return ExitCodes.Ok;
        }));
        return command;
    }

    private static Command CreateRevoke()
    {
        var config = CommandContext.ConfigOption();
        var json = CommandContext.JsonOption();
        var name = new Argument<string>("name") { Description = "The key's name." };
        var command = new Command("revoke", "Revoke a key, for good: the next request with it is refused.") { name, config, json };
        command.SetAction((parsed, cancel) => WithKeysAsync(parsed.GetValue(config)!, Act.Administer, async keys =>
        {
            var revoked = await keys.RevokeAsync(parsed.GetValue(name)!, TimeProvider.System.GetUtcNow(), cancel);
            if (parsed.GetValue(json))
            {
                CommandContext.WriteJson(new { Name = parsed.GetValue(name), Revoked = revoked });
            }
            else if (revoked)
            {
                Console.Out.WriteLine($"Revoked: {parsed.GetValue(name)}");
            }
            else
            {
                await Console.Error.WriteLineAsync("There is no key of this name. See: ivrconsent apikeys list");
            }

            return revoked ? ExitCodes.Ok : ExitCodes.Failed;
        }));
        return command;
    }

    /// <summary>A key opens what its scopes say to whoever has it: who may not administer must not make himself one.</summary>
    private static Task<int> WithKeysAsync(string config, Act act, Func<IApiKeys, Task<int>> use) => CommandContext.WithStorageAsync(
        config,
        (_, services) => use(services.GetRequiredService<IApiKeys>()),
        CommandContext.Only(act),
        "a key's file never overwrites another");

    [GeneratedRegex(@"^[A-Za-z][A-Za-z0-9._-]{0,63}\z")]
    private static partial Regex Name();
}
