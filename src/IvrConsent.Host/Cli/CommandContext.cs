using System.CommandLine;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using IvrConsent.Core.Access;
using IvrConsent.Host.Settings;
using IvrConsent.Storage;
using IvrConsent.Storage.Database;
using IvrConsent.Storage.Keys;
using Spectre.Console;

namespace IvrConsent.Host.Cli;

/// <summary>Exit codes of every command.</summary>
internal static class ExitCodes
{
    /// <summary>Done, nothing wrong.</summary>
    public const int Ok = 0;

    /// <summary>Done, and something is wrong: a check failed, a prompt was refused, nothing was found.</summary>
    public const int Failed = 1;

    /// <summary>The settings or the command line cannot be used.</summary>
    public const int Usage = 2;

    /// <summary>The database, the PBX or the worker cannot be reached.</summary>
    public const int Unavailable = 3;
}

/// <summary>Options and output that commands share.</summary>
internal static class CommandContext
{
    /// <summary>Where the settings are when nobody says otherwise.</summary>
    public const string DefaultSettings = "/etc/ivrconsent/ivrconsent.yaml";

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter() },
    };

    /// <summary>A new <c>--config</c>.</summary>
    public static Option<string> ConfigOption() => new("--config", "-c")
    {
        Description = $"The settings file. Default: the environment variable IVRCONSENT_CONFIG, else {DefaultSettings}, else config/ivrconsent.yaml here.",
        DefaultValueFactory = _ => Environment.GetEnvironmentVariable("IVRCONSENT_CONFIG")
            ?? (File.Exists(DefaultSettings) ? DefaultSettings : "config/ivrconsent.yaml"),
    };

    /// <summary>A new <c>--json</c>.</summary>
    public static Option<bool> JsonOption() => new("--json") { Description = "Write JSON instead of text." };

    /// <summary>A time on the command line.</summary>
    public static Option<DateTimeOffset?> TimeOption(string name, string description) => new(name)
    {
        Description = description,
        CustomParser = result =>
        {
            if (DateTimeOffset.TryParse(result.Tokens[0].Value, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time))
            {
                return time;
            }

            result.AddError($"\"{result.Tokens[0].Value}\" is not a time. Write for example {name} 2026-11-01T08:00:00");
            return null;
        },
    };

    /// <summary>A number on the command line, in a range.</summary>
    public static Option<int> NumberOption(string name, string description, int byDefault, int least, int most, string hint = "") => new(name)
    {
        Description = $"{description} ({least} to {most}).",
        DefaultValueFactory = _ => byDefault,
        CustomParser = result =>
        {
            if (int.TryParse(result.Tokens[0].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most)
            {
                return number;
            }

            result.AddError($"{name} must be {least} to {most}. {hint}".TrimEnd());
            return byDefault;
        },
    };

    /// <summary>A new <c>--limit</c>.</summary>
    public static Option<int> LimitOption(string hint = "")
    {
        var limit = NumberOption("--limit", "At most so many, the newest", 50, 1, 10_000, hint);
        limit.Aliases.Add("-n");
        return limit;
    }

    /// <summary>The settings; null after telling on standard error why they cannot be used.</summary>
    public static HostSettings? Load(string path)
    {
        var result = SettingsFile.Load(path, SettingsFile.ProcessEnvironment());
        foreach (var problem in result.Problems)
        {
            Console.Error.WriteLine(problem);
        }

        return result.Settings;
    }

    /// <summary>The settings, for who may (<paramref name="whyNot"/> says why somebody may not); else null, after telling on standard error why, and the exit code.</summary>
    public static HostSettings? LoadFor(string path, Func<AccessSettings, string?>? whyNot, out int exitCode)
    {
        exitCode = ExitCodes.Usage;
        if (Load(path) is not { } settings)
        {
            return null;
        }

        if (whyNot?.Invoke(settings.Access) is { } why)
        {
            Console.Error.WriteLine(why);
            exitCode = ExitCodes.Failed;
            return null;
        }

        return settings;
    }

    /// <summary>Who may do it: told why not, where the settings give roles and the login that asks has none that may.</summary>
    public static Func<AccessSettings, string?> Only(Act act) => access => access.WhyNot(CliActor.Name, act);

    /// <summary>
    /// Runs a command on the settings, for who may, with what is expected to go wrong told and turned into an exit code.
    /// </summary>
    public static async Task<int> WithSettingsAsync(string config, Func<HostSettings, Task<int>> run, Func<AccessSettings, string?>? whyNot = null, string? ofFiles = null) =>
        LoadFor(config, whyNot, out var refused) is { } settings ? await CommandErrors.GuardAsync(() => run(settings), ofFiles) : refused;

    /// <summary>The same with the database's services.</summary>
    public static Task<int> WithStorageAsync(string config, Func<HostSettings, IServiceProvider, Task<int>> run, Func<AccessSettings, string?>? whyNot = null, string? ofFiles = null) => WithSettingsAsync(
        config,
        async settings =>
        {
            await using var services = new ServiceCollection().AddLogging().AddStorage(LedgerOptions(settings)).BuildServiceProvider();
            return await run(settings, services);
        },
        whyNot,
        ofFiles);

    /// <summary>The ledger's options as the settings have them.</summary>
    public static LedgerOptions LedgerOptions(HostSettings settings) => new()
    {
        Connection = settings.Database.Connection.Reveal(),
        SpoolFolder = settings.Database.SpoolFolder,
        KeyFolder = settings.KeysFolder,
        CommitLimit = settings.Database.CommitLimit,
    };

    /// <summary>The commands that wrap and unwrap the keys of recordings, as the settings have them.</summary>
    public static KeyCommandOptions KeyCommands(HostSettings settings) => new()
    {
        Wrap = settings.Keys.WrapCommand,
        Unwrap = settings.Keys.UnwrapCommand,
        Limit = settings.Keys.CommandTimeout,
    };

    /// <summary>An argument that is one of a few words, shown and taken in small letters.</summary>
    public static Argument<T> WordArgument<T>(string name)
        where T : struct, Enum
    {
        var words = Enum.GetNames<T>().Select(word => word.ToLowerInvariant()).ToArray();
        return new Argument<T>(name)
        {
            HelpName = string.Join('|', words),
            CustomParser = result =>
            {
                if (words.Contains(result.Tokens[0].Value, StringComparer.OrdinalIgnoreCase))
                {
                    return Enum.Parse<T>(result.Tokens[0].Value, ignoreCase: true);
                }

                result.AddError($"\"{result.Tokens[0].Value}\" is none of {string.Join(", ", words)}.");
                return default;
            },
        };
    }

    /// <summary>Where a telephone number comes from. Not from the command line itself: every process of the machine sees that.</summary>
    public static Argument<string> NumberFrom() => new("number-from")
    {
        Description = "A file whose first line is the number; - is standard input. The number itself is not taken here: every process of the machine sees a command line.",
    };

    /// <summary>The first line of what <see cref="NumberFrom"/> names; null when it has none.</summary>
    /// <exception cref="CommandUsageException">There is no such file.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static async Task<string?> ReadNumberAsync(string source, CancellationToken cancel)
    {
        if (source == "-")
        {
            return await Console.In.ReadLineAsync(cancel);
        }

        // Perhaps the number itself: it is not told again.
        return File.Exists(source)
            ? (await File.ReadAllLinesAsync(source, cancel)).FirstOrDefault()
            : throw new CommandUsageException("There is no such file. The number itself is not taken on the command line, where every process sees it: write it into a file, or give - and type it.");
    }

    /// <summary>Why somebody looks: goes into the ledger, and so is never blank.</summary>
    public static Option<string> ReasonOption(string description = "Why, for the ledger.", bool required = true)
    {
        var reason = new Option<string>("--reason") { Description = description, Required = required };
        reason.Validators.Add(result =>
        {
            if (result is { Implicit: false, Tokens: [{ Value: var text }] } && string.IsNullOrWhiteSpace(text))
            {
                result.AddError("--reason is empty: it goes into the ledger.");
            }
        });
        return reason;
    }

    /// <summary>
    /// Why a new file cannot be written there; null where nothing stands against it. Asked before what cannot be undone or goes on record: a
    /// mistake in the name is to be known by then.
    /// </summary>
    public static string? WhyNoNewFile(string file) =>
        Path.Exists(file) ? $"{file} is there already and is not overwritten."
        : Directory.Exists(Path.GetDirectoryName(Path.GetFullPath(file))) ? null
        : $"There is no folder {Path.GetDirectoryName(Path.GetFullPath(file))}.";

    /// <summary>Writes a value as indented JSON.</summary>
    public static void WriteJson<T>(T value) => Console.Out.WriteLine(JsonSerializer.Serialize(value, Json));

    /// <summary>Writes a table; cells are plain text, never markup.</summary>
    public static void WriteTable(IReadOnlyList<string> columns, IEnumerable<IReadOnlyList<string>> rows)
    {
        var table = new Table { Border = TableBorder.Rounded };
        foreach (var column in columns)
        {
            table.AddColumn(new TableColumn(new Text(column)));
        }

        foreach (var row in rows)
        {
            table.AddRow(row.Select(cell => new Text(cell)).ToArray());
        }

        if (Console.IsOutputRedirected)
        {
            // Into a file or a pipe: whole rows, however long.
            AnsiConsole.Profile.Width = 4096;
        }

        AnsiConsole.Write(table);
    }
}
