using System.CommandLine;
using System.CommandLine.Invocation;
using IvrConsent.Host.Cli;

// The table of contents: one line a command. `serve` is the worker itself; Cli/ServeCommand shows what it is made of.
var root = new RootCommand("IvrConsent: recording consent for telephone calls. Tells callers, takes a key for yes or no, records or does not, and proves it.")
{
    ServeCommand.Create(),
    KeysCommand.Create(),
    MigrateCommand.Create(),
    CheckConfigCommand.Create(),
    DoctorCommand.Create(),
    PromptsCommand.Create(),
    EventsCommand.Create(),
    LedgerCommand.Create(),
    RecordsCommand.Create(),
    WebhooksCommand.Create(),
    SubjectsCommand.Create(),
    RequestsCommand.Create(),
    HoldsCommand.Create(),
    ExportsCommand.Create(),
    RecordingsCommand.Create(),
    VaultCommand.Create(),
    RetentionCommand.Create(),
    RecordOfProcessingCommand.Create(),
    HealthCommand.Create(),
    ApiKeysCommand.Create(),
    ConsentsCommand.Create(),
};

var command = root.Parse(args);
var invocation = new InvocationConfiguration();
if (command.CommandResult.Command.Name == ServeCommand.Name)
{
    // The host ends the worker itself on SIGTERM and Ctrl+C, and gives callers the time that the settings say. The command line's
    // own handling would cut it off after two seconds, with exit code 143.
    invocation.ProcessTerminationTimeout = null;
}

var code = await command.InvokeAsync(invocation);
return command.Action is ParseErrorAction ? ExitCodes.Usage : code;
