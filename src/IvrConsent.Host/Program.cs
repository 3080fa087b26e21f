using System.CommandLine;
using IvrConsent.Host.Cli;

// The table of contents: one line a command. `serve` is the worker itself; Cli/ServeCommand shows what it is made of.
var root = new RootCommand("IvrConsent: recording consent for telephone calls. Tells callers, takes a key for yes or no, records or does not, and proves it.")
{
    ServeCommand.Create(),
    MigrateCommand.Create(),
    CheckConfigCommand.Create(),
    DoctorCommand.Create(),
    PromptsCommand.Create(),
    EventsCommand.Create(),
    HealthCommand.Create(),
};

return await root.Parse(args).InvokeAsync();
