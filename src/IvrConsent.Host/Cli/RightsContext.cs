using System.CommandLine;
using System.Globalization;
using IvrConsent.Core.Access;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Recordings;
using IvrConsent.Core.Records;
using IvrConsent.Core.Retention;
using IvrConsent.Core.Rights;
using IvrConsent.Core.Subjects;
using IvrConsent.Host.Settings;
using IvrConsent.Storage;
using IvrConsent.Storage.Database;

namespace IvrConsent.Host.Cli;

/// <summary>What the commands of rights work with: the desks, the ledger, and who is asking.</summary>
/// <param name="Services">The services.</param>
/// <param name="Settings">The settings.</param>
/// <param name="Actor">Who.</param>
internal sealed record RightsContext(IServiceProvider Services, HostSettings Settings, string Actor)
{
    private const int CommandsAtOnce = 16;

    private static readonly TimeSpan ConnectLimit = TimeSpan.FromSeconds(15);

    public T Get<T>()
        where T : notnull => Services.GetRequiredService<T>();

    /// <summary>Runs a command for somebody who may do it; everything that can go wrong becomes a line on standard error and an exit code.</summary>
    public static Task<int> RunAsync(string config, Act act, Func<RightsContext, Task<int>> run) => RunAsync(config, access => access.WhyNot(CliActor.Name, act), needsVault: false, run);

    /// <summary>The same for a command that is of single lines, for who may do it on some of them: on which is for the command to ask.</summary>
    public static Task<int> RunOnLinesAsync(string config, Act act, Func<RightsContext, Task<int>> run) => RunAsync(config, access => access.WhyNowhere(CliActor.Name, act), needsVault: false, run);

    /// <summary>
    /// The same for a command of the vault. Where it is of single lines, it runs for who may do it on some of them: on which is for the
    /// command to ask (<see cref="Require"/>, <see cref="LinesOf"/>).
    /// </summary>
    public static Task<int> RunOnVaultAsync(string config, Act act, bool ofLines, Func<RightsContext, Task<int>> run) =>
        RunAsync(config, access => ofLines ? access.WhyNowhere(CliActor.Name, act) : access.WhyNot(CliActor.Name, act), needsVault: true, run);

    private static Task<int> RunAsync(string config, Func<AccessSettings, string?> whyNot, bool needsVault, Func<RightsContext, Task<int>> run) => CommandContext.WithSettingsAsync(config, async settings =>
    {
        if (whyNot(settings.Access) is { } why)
        {
            return await FailAsync(ExitCodes.Failed, why);
        }

        if (needsVault && settings.Vault is null)
        {
            return await FailAsync(ExitCodes.Usage, VaultHost.NoVault);
        }

        using var host = await StartAsync(settings);
        try
        {
            var health = await WaitAsync(host.Services.GetRequiredService<ILedger>(), host.Services.GetRequiredService<TimeProvider>());
            return health.Available ? await run(new RightsContext(host.Services, settings, CliActor.Name)) : await FailAsync(ExitCodes.Unavailable, health.Detail);
        }
        finally
        {
            await host.StopAsync();
        }
    });

    /// <summary>Refuses who may not do it on the line; null: on something that is of no one line.</summary>
    public void Require(Act act, string? line)
    {
        if (Settings.Access.WhyNot(Actor, act, line) is { } why)
        {
            throw new RightsRefusedException(why);
        }
    }

    /// <summary>Where the settings ask for four eyes: throws, and the export waits, unless somebody else approved it (<see cref="ExportDesk"/>).</summary>
    /// <param name="what">What exactly is exported; no number in it.</param>
    /// <param name="reason">Why.</param>
    /// <param name="cancel">Gives it up.</param>
    public Task RequireExportApprovalAsync(string what, string reason, CancellationToken cancel) =>
        Settings.Access.FourEyesExport ? Get<ExportDesk>().RequireApprovalAsync(what, reason.Trim(), Actor, cancel) : Task.CompletedTask;

    /// <summary>The lines that who is asking may do it on; null: all.</summary>
    public IReadOnlyList<string>? LinesOf(Act act) => Settings.Access.LinesOf(Actor, act);

    /// <summary>
    /// Asks before what cannot be undone: the word must be typed. Without a terminal nobody can be asked: then only --yes goes on.
    /// </summary>
    public static async Task<bool> ConfirmAsync(bool yes, string question, string word)
    {
        if (yes)
        {
            return true;
        }

        if (Console.IsInputRedirected)
        {
            await Console.Error.WriteLineAsync($"{question} This cannot be undone. Nothing was done: there is no terminal to ask; give --yes.");
            return false;
        }

        await Console.Error.WriteAsync($"{question} This cannot be undone. Type {word} to go on: ");
        if (string.Equals(Console.In.ReadLine()?.Trim(), word, StringComparison.Ordinal))
        {
            return true;
        }

        await Console.Error.WriteLineAsync("Nothing was done.");
        return false;
    }

    /// <summary>
    /// The person of a number that is read from standard input or a file, never from the command line, where every process sees it. That somebody
    /// asked is put on record before it is told whether the ledger knows the number.
    /// </summary>
    /// <param name="source">The file; <c>-</c> is standard input.</param>
    /// <param name="reason">Why it is asked for.</param>
    /// <param name="cancel">Gives it up.</param>
    /// <exception cref="CommandUsageException">It holds no number.</exception>
    public async Task<SubjectId?> FindPersonAsync(string source, string reason, CancellationToken cancel)
    {
        var number = PhoneNumber.Normalise(await CommandContext.ReadNumberAsync(source, cancel))
            ?? throw new CommandUsageException($"{(source == "-" ? "Standard input" : source)} holds no telephone number in its first line; write it as +48221234567.");
        var subject = await Get<ISubjects>().FindAsync(number, cancel);
        await Get<RightsLog>().TellSearchAsync(subject, Actor, reason.Trim());
        if (subject is null && !number.StartsWith('+'))
        {
            await Console.Error.WriteLineAsync("It has no country code, and was looked for as it stands: the ledger has numbers as the PBX gave them. Try it as +48221234567 as well, before you tell anybody that there is nothing.");
        }

        return subject;
    }

    /// <summary>The call or entry that a receipt's reference names.</summary>
    public async Task<CallId> FindReceiptAsync(string reference, CancellationToken cancel)
    {
        if (!ReceiptReference.TryRead(reference, out var position))
        {
            throw new RightsRefusedException("that is no receipt's reference: a digit is wrong, or two have changed places");
        }

        return await new ConsentCases(Get<ILedgerReader>()).OfReceiptAsync(Get<IRecordLookup>(), position, cancel) is { } consent
            ? consent.Call.Id
            : throw new RightsRefusedException("the ledger has no consent, and no refusal, with this reference");
    }

    /// <summary>Reads a record's or a call's id.</summary>
    public static CallId Id(string? text) =>
        CallId.TryParse(text, out var id) ? id : throw new RightsRefusedException($"\"{text}\" is no id: 32 hexadecimal digits are expected");

    /// <summary>
    /// A host with a spool of its own: a worker that runs has the settings' one, and other commands at the same time have others. What
    /// waits in one is taken up by the next command that gets it.
    /// </summary>
    private static async Task<IHost> StartAsync(HostSettings settings)
    {
        var options = CommandContext.LedgerOptions(settings);
        for (var spool = 1; ; spool++)
        {
            var builder = new HostApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
            builder.Services.AddStorage(new LedgerOptions
            {
                Connection = options.Connection,
                SpoolFolder = string.Create(CultureInfo.InvariantCulture, $"{options.SpoolFolder}-cli{spool}"),
                KeyFolder = options.KeyFolder,
                CommitLimit = TimeSpan.FromSeconds(10),
            });
            builder.Services.AddRightsDesks((_, name) => settings.Lines.Select(line => line.Options).FirstOrDefault(line => line.Name == name), new LedgerRetentionOptions(settings.Database.LedgerKeptFor));
            builder.Services.AddVault(settings);
            var host = builder.Build();
            try
            {
                await host.StartAsync();
                return host;
            }
            catch (SpoolFolderException) when (spool < CommandsAtOnce)
            {
                host.Dispose();
            }
            catch
            {
                host.Dispose();
                throw;
            }
        }
    }

    /// <summary>The ledger gives a database that is slow to connect only as long as a caller can wait. Staff can wait longer.</summary>
    private static async Task<LedgerHealth> WaitAsync(ILedger ledger, TimeProvider time)
    {
        for (var started = time.GetTimestamp(); !ledger.Health.Available && time.GetElapsedTime(started) < ConnectLimit;)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(100), time, CancellationToken.None);
        }

        return ledger.Health;
    }

    private static async Task<int> FailAsync(int code, string message)
    {
        await Console.Error.WriteLineAsync(message);
        return code;
    }
}
