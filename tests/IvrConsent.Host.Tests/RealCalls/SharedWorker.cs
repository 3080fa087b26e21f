using IvrConsent.Host.Tests.RealCalls;
using IvrConsent.TestKit.Lab;
using Xunit;

[assembly: AssemblyFixture(typeof(SharedWorker))]

// Calls mostly wait: some more at once than there are processors keep the suite short. Many more would starve the PBX, which waits
// half a second for a worker to take a call, and the worker, whose ledger has a second to commit.
[assembly: CollectionBehavior(MaxParallelThreads = 5)]

namespace IvrConsent.Host.Tests.RealCalls;

/// <summary>
/// The one worker for all tests that do it no harm, attached to every Asterisk of the lab; started when the first test asks for
/// it. Calls go to it under <c>lab22</c> and <c>lab16</c>, and under the names of <see cref="PromptTrouble"/> where prompts are
/// in a bad way.
/// </summary>
public sealed class SharedWorker : IAsyncDisposable
{
    private const string Lines = """
          - { name: demo }
          - { name: "2001" }
          - { name: "2002", language: pl }
          - { name: "2003", on_decline: hangup, on_no_answer: hangup }
          - { name: "2004", on_decline: { context: declined, extension: s } }
          - { name: "2005", keys: { repeat: "9" }, repeats: 2 }
          - { name: "2006", repeats: 0, first_digit_timeout: 5s }
          - { name: "2007", repeats: 2 }
          - { name: "2008", barge_in: false, confirm: false }
          - { name: "2009", minimum_heard: 2s }
          - { name: "2010", recording: { format: wav16 } }
          - { name: "by-number", numbers: ["2011"] }
          - { name: "2020" }
          - { name: "2021" }
          - { name: "2022" }
          - { name: "2030" }
          - { name: "2031" }
          - { name: "2032" }
          - { name: "2033" }
          - { name: "2034" }
          - { name: "2035" }
          - { name: "2036" }
        """;

    private readonly SemaphoreSlim _gate = new(1);
    private TestWorker? _worker;
    private PromptTrouble? _trouble;

    /// <summary>The worker; skips the test where that version of Asterisk is not there.</summary>
    internal async Task<TestWorker> UseAsync(string version = "22")
    {
        RealLab.RequirePbx(version);
        await _gate.WaitAsync();
        try
        {
            return _worker ??= await StartAsync();
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Where the worker's prompts are in trouble.</summary>
    internal PromptTrouble Trouble => _trouble!;

    public async ValueTask DisposeAsync()
    {
        await (_worker?.DisposeAsync() ?? default);
        await (_trouble?.DisposeAsync() ?? default);
        _gate.Dispose();
    }

    private async Task<TestWorker> StartAsync()
    {
        var lab = RealLab.Require();
        List<Attachment> attachments = [];
        foreach (var version in (string[])["22", "16"])
        {
            if (lab.FindPbx(version) is { } pbx)
            {
                // Finished recordings are looked at over HTTP on the one, in the PBX's folder on the other.
                attachments.Add(new(pbx, "lab" + version, TestWorker.NewApplication(), version == "16" ? $"recordings_folder: \"{pbx.Recordings}\"" : ""));
            }
        }

        _trouble ??= new PromptTrouble();
        if (lab.FindPbx("22") is { } main)
        {
            attachments.AddRange(_trouble.Attachments(main));
        }

        var worker = new TestWorker(new WorkerSetup { Attachments = attachments, Lines = Lines });
        _trouble.Prompts = worker.Prompts;
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
}
