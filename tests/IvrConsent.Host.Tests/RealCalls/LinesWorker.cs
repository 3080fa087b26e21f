using IvrConsent.TestKit.Lab;
using Xunit;

namespace IvrConsent.Host.Tests.RealCalls;

/// <summary>A worker for the tests of one class, on Asterisk 22, with lines of its own.</summary>
/// <param name="purposes">The purposes, as YAML.</param>
/// <param name="lines">The lines, as YAML.</param>
public abstract class LinesWorker(string purposes, string lines) : IAsyncLifetime
{
    private TestWorker? _worker;

    /// <summary>The worker; skips the test where that Asterisk is not there.</summary>
    internal TestWorker Worker
    {
        get
        {
            RealLab.RequirePbx("22");
            return _worker!;
        }
    }

    public async ValueTask InitializeAsync()
    {
        if (LabEnvironment.Find()?.FindPbx("22") is { } pbx)
        {
            _worker = await TestWorker.StartAsync(pbx, setup => setup with { Purposes = purposes, Lines = lines });
        }
    }

    public ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return _worker?.DisposeAsync() ?? default;
    }
}
