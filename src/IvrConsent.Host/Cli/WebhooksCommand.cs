using System.CommandLine;
using System.Globalization;
using IvrConsent.Core.Access;
using IvrConsent.Core.Webhooks;
using IvrConsent.Host.Consents;
using IvrConsent.Host.Settings;
using IvrConsent.Host.Webhooks;

namespace IvrConsent.Host.Cli;

/// <summary><c>ivrconsent webhooks</c>: how far receivers are, what they did not take, and sending it again.</summary>
internal static class WebhooksCommand
{
    public static Command Create() => new("webhooks", "Who is told of events, how far, and what was not taken.") { CreateList(), CreateDead(), CreateReplay(), CreateTest() };

    private static Command CreateList()
    {
        var config = CommandContext.ConfigOption();
        var json = CommandContext.JsonOption();
        var command = new Command("list", "List the webhooks: how far behind the ledger, how many messages wait, how many are dead.") { config, json };
        command.SetAction((parsed, cancel) => WithStoreAsync(parsed.GetValue(config)!, Act.SeeHealth, async (settings, store) =>
        {
            var served = await store.ReadProgressAsync(cancel);
            var names = settings.Webhooks.Select(hook => hook.Options.Name).Union(served.Select(progress => progress.Hook)).Order(StringComparer.Ordinal);
            var rows = names.Select(name => (
                Name: name,
                Hook: settings.Webhooks.FirstOrDefault(hook => hook.Options.Name == name)?.Options,
                Progress: served.FirstOrDefault(progress => progress.Hook == name))).ToArray();
            if (parsed.GetValue(json))
            {
                CommandContext.WriteJson(rows.Select(row => new
                {
                    row.Name,
                    Configured = row.Hook is not null,
                    row.Progress?.Position,
                    row.Progress?.Behind,
                    row.Progress?.Waiting,
                    row.Progress?.Dead,
                }));
                return ExitCodes.Ok;
            }

            CommandContext.WriteTable(
                ["Webhook", "Events", "Fields", "Behind", "Waiting", "Dead"],
                rows.Select(row => (IReadOnlyList<string>)[
                    row.Name,
                    row.Hook is null ? row.Name == ReceiptWorker.Place ? "receipts by text message" : "not in the settings" : row.Hook.Events is { } events ? string.Join(' ', events) : "all",
                    row.Hook is { Fields.Count: > 0 } ? string.Join(' ', row.Hook.Fields) : "-",
                    row.Progress is null ? "never served" : Number(row.Progress.Behind),
                    Number(row.Progress?.Waiting ?? 0),
                    Number(row.Progress?.Dead ?? 0)]));
            return ExitCodes.Ok;
        }));
        return command;
    }

    private static Command CreateDead()
    {
        var config = CommandContext.ConfigOption();
        var json = CommandContext.JsonOption();
        var hook = new Option<string?>("--hook") { Description = "Only of this webhook." };
        var command = new Command("dead", "List the messages that were given up, oldest first (at most 1000).") { config, json, hook };
        command.SetAction((parsed, cancel) => WithStoreAsync(parsed.GetValue(config)!, Act.ReadEvents, async (_, store) =>
        {
            var dead = await store.ReadDeadAsync(parsed.GetValue(hook), 1000, cancel);
            if (parsed.GetValue(json))
            {
                CommandContext.WriteJson(dead.Select(delivery => new { delivery.Hook, delivery.EventId, Call = delivery.Call.ToString(), delivery.Position, delivery.Attempts, delivery.Error }));
                return ExitCodes.Ok;
            }

            CommandContext.WriteTable(
                ["Webhook", "Event", "Call", "Attempts", "Why"],
                dead.Select(delivery => (IReadOnlyList<string>)[delivery.Hook, delivery.EventId.ToString(), delivery.Call.ToString(), Number(delivery.Attempts), LedgerExport.Printable(delivery.Error ?? "")]));
            return ExitCodes.Ok;
        }));
        return command;
    }

    private static Command CreateReplay()
    {
        var config = CommandContext.ConfigOption();
        var hook = new Argument<string>("hook") { Description = "The webhook's name." };
        var one = new Option<Guid?>("--event")
        {
            Description = "Only this event.",
            CustomParser = result =>
            {
                if (Guid.TryParse(result.Tokens[0].Value, out var id))
                {
                    return id;
                }

                result.AddError($"\"{result.Tokens[0].Value}\" is not an event's id: 32 hexadecimal digits are expected, hyphens allowed.");
                return null;
            },
        };
        var all = new Option<bool>("--all") { Description = "All dead messages of the webhook." };
        var command = new Command("replay", "Send dead messages again: the running worker does so within a second, in order within each call.") { hook, config, one, all };
        command.Validators.Add(result =>
        {
            if (result.GetResult(one) is { Implicit: false } == result.GetValue(all))
            {
                result.AddError("Say which: one of --event ID and --all.");
            }
        });
        command.SetAction((parsed, cancel) => WithStoreAsync(parsed.GetValue(config)!, Act.Administer, async (_, store) =>
        {
            var count = await store.ReplayAsync(parsed.GetValue(hook)!, parsed.GetValue(one), TimeProvider.System.GetUtcNow(), cancel);
            Console.Out.WriteLine(count == 1 ? "1 message is sent again." : $"{count} messages are sent again.");
            return count > 0 ? ExitCodes.Ok : ExitCodes.Failed;
        }));
        return command;
    }

    private static Command CreateTest()
    {
        var config = CommandContext.ConfigOption();
        var json = CommandContext.JsonOption();
        var hook = new Argument<string>("hook") { Description = "The webhook's name." };
        var command = new Command("test", $"Send a signed message of type {WebhookEvents.Test} now, and say what the receiver answered.") { hook, config, json };
        command.SetAction(async (parsed, cancel) =>
        {
            if (CommandContext.LoadFor(parsed.GetValue(config)!, CommandContext.Only(Act.Administer), out var refused) is not { } settings)
            {
                return refused;
            }

            var name = parsed.GetValue(hook)!;
            if (settings.Webhooks.FirstOrDefault(other => other.Options.Name == name) is not { } found)
            {
                await Console.Error.WriteLineAsync($"There is no webhook \"{LedgerExport.Printable(name)}\" in the settings. There are: {string.Join(", ", settings.Webhooks.Select(other => other.Options.Name))}");
                return ExitCodes.Usage;
            }

            using var client = new WebhookClient(found, TimeProvider.System);
            var attempt = await client.SendAsync(Guid.CreateVersion7().ToString(), WebhookBody.WriteTest(TimeProvider.System.GetUtcNow()), cancel);
            if (parsed.GetValue(json))
            {
                CommandContext.WriteJson(new { Hook = name, attempt.Result, attempt.Detail });
            }
            else
            {
                Console.Out.WriteLine($"{name}: {(attempt.Result == WebhookResult.Delivered ? "taken" : "not taken")} ({attempt.Detail})");
            }

            return attempt.Result switch
            {
                WebhookResult.Delivered => ExitCodes.Ok,
                WebhookResult.Refused => ExitCodes.Failed,
                _ => ExitCodes.Unavailable,
            };
        });
        return command;
    }

    private static Task<int> WithStoreAsync(string config, Act act, Func<HostSettings, IWebhookStore, Task<int>> run) =>
        CommandContext.WithStorageAsync(config, (settings, services) => run(settings, services.GetRequiredService<IWebhookStore>()), CommandContext.Only(act));

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
}
