using System.Globalization;
using IvrConsent.Storage.Keys;
using IvrConsent.TestKit.Lab;
using IvrConsent.TestKit.Sip;

namespace IvrConsent.Host.Tests.RealCalls;

/// <summary>One way of a worker to a PBX: with an application of its own, so that a call can be meant for it.</summary>
/// <param name="Pbx">The PBX.</param>
/// <param name="Name">Its name in the settings and the ledger.</param>
/// <param name="Application">Its ARI application.</param>
/// <param name="Delivery">Further keys of the PBX in the settings: where prompts come from.</param>
internal sealed record Attachment(LabPbx Pbx, string Name, string Application, string Delivery = "");

/// <summary>What a test's worker is to be.</summary>
internal sealed record WorkerSetup
{
    public required IReadOnlyList<Attachment> Attachments { get; init; }

    /// <summary>The lines, as YAML under <c>lines:</c>.</summary>
    public string Lines { get; init; } = """
          - { name: demo }
          - { name: "2001" }
        """;

    /// <summary>The purposes, as YAML under <c>purposes:</c>; empty: none.</summary>
    public string Purposes { get; init; } = "";

    /// <summary>The vault, as a YAML map; empty: none, recordings stay on the PBX.</summary>
    public string Vault { get; init; } = "";

    /// <summary>The database; null: an SQLite file in the worker's folder.</summary>
    public string? Connection { get; init; }

    /// <summary>The folder of keys, which workers on one database share; null: one of its own.</summary>
    public string? Keys { get; init; }

    /// <summary>How long to wait for a key.</summary>
    public string FirstDigitTimeout { get; init; } = "2s";

    /// <summary>How long dialogues may go on when the worker is told to stop.</summary>
    public string FinishDialoguesWithin { get; init; } = "20s";
}

/// <summary>A real worker in a folder of its own, and the calls that go to it.</summary>
internal sealed class TestWorker : IAsyncDisposable
{
    private static readonly int _firstCaller = Random.Shared.Next(100_000, 900_000);
    private static int _callers;

    private readonly WorkerSetup _setup;
    private readonly int _port = FreePort.Take();

    public TestWorker(WorkerSetup setup)
    {
        _setup = setup;
        // In memory where there is such a place: how long the disk of a busy machine takes to sync is not what these tests are about.
        Folder = Path.Combine(Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath(), $"ivrconsent-calls-{Guid.NewGuid():N}");
        Prompts = Path.Combine(Folder, "prompts");
        CopyFolder(Path.Combine(setup.Attachments[0].Pbx.Sounds, "prompts"), Prompts);
        new KeyFolder(Keys).MakeMissing();
        Directory.CreateDirectory(Path.Combine(Folder, "vault"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        WriteSettings(Settings(setup.Lines));
        Process = new WorkerProcess(Path.Combine(AppContext.BaseDirectory, "ivrconsent.dll"), SettingsFile, new Uri($"http://127.0.0.1:{_port}"));
        Ledger = new WorkerLedger(setup.Connection ?? LedgerFile, Path.Combine(Folder, "spool"), Keys);
    }

    public string Folder { get; }

    public string Prompts { get; }

    public string SettingsFile => Path.Combine(Folder, "ivrconsent.yaml");

    public string LedgerFile => Path.Combine(Folder, "ledger.db");

    public string Keys => _setup.Keys ?? Path.Combine(Folder, "keys");

    public WorkerProcess Process { get; }

    public WorkerLedger Ledger { get; }

    /// <summary>A name for an application that no other worker has. All are of one length: the dialplan offers calls by the beginning of the name.</summary>
    public static string NewApplication() => $"calls-{Guid.NewGuid():N}";

    /// <summary>A worker on one PBX, started, ready, and warm: it has led one call, so the next finds its code compiled.</summary>
    public static async Task<TestWorker> StartAsync(LabPbx pbx, Func<WorkerSetup, WorkerSetup>? change = null)
    {
        var setup = new WorkerSetup { Attachments = [new(pbx, "lab" + pbx.Version, NewApplication())] };
        var worker = new TestWorker(change?.Invoke(setup) ?? setup);
        try
        {
            await worker.StartAsync();
            return worker;
        }
        catch
        {
            await worker.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts it for the first time and lets it lead a call of which nothing is expected.</summary>
    public async Task StartAsync()
    {
        await Process.StartAndWaitAsync();
        await using var caller = await CallAsync("2001");

        // Pressed before the worker has the call, the key is nobody's, and the wait for another may be long.
        await WaitForStepAsync(caller, "plays ");
        await caller.PressAsync("1");
        await caller.HearsAsync("agent");
        await caller.HangUpAsync();
    }

    /// <summary>Runs another command of the program with this worker's settings, and gives its exit code.</summary>
    public async Task<int> RunAsync(params string[] command)
    {
        var start = new System.Diagnostics.ProcessStartInfo("dotnet") { RedirectStandardOutput = true };
        foreach (var argument in (string[])[Path.Combine(AppContext.BaseDirectory, "ivrconsent.dll"), .. command, "--config", SettingsFile])
        {
            start.ArgumentList.Add(argument);
        }

        using var process = System.Diagnostics.Process.Start(start)!;
        await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode;
    }

    public Attachment To(string name) => _setup.Attachments.Single(attachment => attachment.Name == name);

    /// <summary>A caller's number that nobody had before.</summary>
    public static string NewCaller() =>
        string.Create(CultureInfo.InvariantCulture, $"48{_firstCaller}{Interlocked.Increment(ref _callers):D4}");

    /// <summary>Calls a number of the lab with this worker behind it, and returns when the call is answered.</summary>
    public async Task<TestCaller> CallAsync(string number, CallOptions? options = null, string? to = null)
    {
        var caller = Dial(number, options, to);
        try
        {
            await caller.Call.WaitForAnswerAsync();
            return caller;
        }
        catch
        {
            await caller.DisposeAsync();
            throw;
        }
    }

    /// <summary>Calls and returns at once.</summary>
    public TestCaller Dial(string number, CallOptions? options = null, string? to = null)
    {
        var attachment = to is null ? _setup.Attachments[0] : To(to);
        return TestCaller.Dial(attachment.Pbx, attachment.Application, number, options);
    }

    /// <summary>Waits until the worker's log tells a step of that caller's call, so many times in all.</summary>
    public async Task WaitForStepAsync(TestCaller caller, string step, int times = 1)
    {
        var call = await Ledger.WaitForAsync(caller, call => call.Has<Core.Ledger.CallArrived>());
        await Process.WaitForLogAsync($"{call.Id} {step}", times);
    }

    /// <summary>Settings with these lines (YAML under <c>lines:</c>), ready to be written.</summary>
    public string Settings(string lines) => string.Create(CultureInfo.InvariantCulture, $"""
        worker: {"{"} name: tests {"}"}
        http: {"{"} listen: 127.0.0.1:{_port} {"}"}
        database: {"{"} connection: "{_setup.Connection ?? "ledger.db"}", spool: spool, commit_limit: 1s {"}"}
        keys: {"{"} folder: "{Keys}" {"}"}
        {(_setup.Vault.Length > 0 ? "vault: " + _setup.Vault : "")}
        prompts: {"{"} folder: prompts {"}"}
        shutdown: {"{"} finish_dialogues_within: {_setup.FinishDialoguesWithin} {"}"}
        pbx:
        {string.Join('\n', _setup.Attachments.Select(Pbx))}
        notices:
          recording: {"{"} version: "7" {"}"}
        {(_setup.Purposes.Length > 0 ? "purposes:\n" + _setup.Purposes : "")}
        defaults: {"{"} first_digit_timeout: {_setup.FirstDigitTimeout} {"}"}
        lines:
        {lines}
        """);

    /// <summary>Puts the settings file in place in one step, as an editor does.</summary>
    public void WriteSettings(string settings)
    {
        var next = SettingsFile + ".new";
        File.WriteAllText(next, settings);
        File.SetUnixFileMode(next, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.Move(next, SettingsFile, overwrite: true);
    }

    public async ValueTask DisposeAsync()
    {
        await Process.DisposeAsync();
        await Ledger.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
    }

    private static string Pbx(Attachment to) => $$"""
          - { name: {{to.Name}}, url: "{{to.Pbx.Http}}", username: {{to.Pbx.Username}}, password_file: "{{to.Pbx.PasswordFile}}", application: {{to.Application}}{{(to.Delivery.Length > 0 ? ", " + to.Delivery : "")}} }
        """;

    private static void CopyFolder(string from, string to)
    {
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
    }
}
