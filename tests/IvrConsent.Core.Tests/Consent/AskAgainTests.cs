using IvrConsent.Core.Calls;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Diagnostics;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Subjects;
using IvrConsent.Core.Tests.Calls;
using IvrConsent.TestKit.Fakes;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace IvrConsent.Core.Tests.Consent;

public sealed class AskAgainTests
{
    private readonly CallScene _scene = new();
    private readonly FakeSubjects _subjects = new();
    private readonly Guid _earlier = Guid.NewGuid();

    private LineOptions Line
    {
        get => _scene.Settings.Line;
        set => _scene.Settings.Line = value;
    }

    public AskAgainTests() => Line = Line with
    {
        Purposes = [new PurposeOptions { Id = "quality", Retention = TimeSpan.FromDays(30) }, new PurposeOptions { Id = "contract", Retention = TimeSpan.FromDays(30), Basis = LawfulBasis.Contract }],
        AskAgain = new AskAgainOptions { ReuseConsent = TimeSpan.FromDays(100), RespectRefusal = TimeSpan.FromDays(7) },
    };

    private StandingConsent Standing(StandingStatus status, double daysAgo, Func<StandingGrant, StandingGrant>? change = null, string purpose = "quality")
    {
        var grant = new StandingGrant(purpose, status, _scene.Time.GetUtcNow().AddDays(-daysAgo), null, _earlier, default) { Notice = "recording", NoticeVersion = "7", Line = "demo" };
        return new StandingConsent(new SubjectId(Guid.NewGuid()), new Dictionary<string, StandingGrant> { [purpose] = change?.Invoke(grant) ?? grant }, [], new Dictionary<string, DateTimeOffset>());
    }

    private EarlierAnswer? Find(StandingConsent? standing) => AskAgainPolicy.Find(Line, standing, _scene.Time.GetUtcNow());

    [Theory]
    [InlineData(StandingStatus.Given, 99.9, ConsentStatus.Given)]
    [InlineData(StandingStatus.Given, 100, null)]
    [InlineData(StandingStatus.Refused, 6.9, ConsentStatus.Refused)]
    [InlineData(StandingStatus.Refused, 7, null)]
    [InlineData(StandingStatus.Withdrawn, 6.9, ConsentStatus.Refused)]
    [InlineData(StandingStatus.Objected, 1, null)]
    public void An_answer_stands_for_its_time(StandingStatus status, double daysAgo, ConsentStatus? expected) =>
        Assert.Equal(expected, Find(Standing(status, daysAgo))?.Status);

    [Fact]
    public void Another_notice_version_controller_purpose_or_an_end_of_its_own_is_another_question()
    {
        Assert.Null(Find(null));
        Assert.Null(Find(Standing(StandingStatus.Given, 1, grant => grant with { NoticeVersion = "6" })));
        Assert.Null(Find(Standing(StandingStatus.Given, 1, grant => grant with { Notice = "other" })));
        Assert.Null(Find(Standing(StandingStatus.Given, 1, grant => grant with { Controller = "other-company" })));
        Assert.Null(Find(Standing(StandingStatus.Given, 1, grant => grant with { Until = _scene.Time.GetUtcNow() })));
        Assert.Null(Find(Standing(StandingStatus.Given, 1, purpose: "training")));
        var more = Standing(StandingStatus.Given, 1);
        var old = more.Grants["quality"] with { Purpose = "training" };
        Assert.Null(Find(more with { Grants = new Dictionary<string, StandingGrant>(more.Grants) { ["training"] = old } }));
        Assert.NotNull(Find(more with { Grants = new Dictionary<string, StandingGrant>(more.Grants) { ["training"] = old with { Event = Guid.NewGuid() } } }));
        Line = Line with { Mode = ConsentMode.Inform };
        Assert.Null(Find(Standing(StandingStatus.Given, 1)));
    }

    private FakeCall Call(Func<Task<StandingConsent?>> find, string? caller = "+48221234501", AppendResult append = AppendResult.Committed, double hangUpAfter = 60)
    {
        var handler = new CallHandler(_scene.Ledger, _scene.Settings, new CallMetrics(new TestMeters()), _scene.Time, NullLogger<CallHandler>.Instance, _subjects, new History(find));
        _scene.Ledger.Fault = batch => (batch.Entries.Any(entry => entry.Event is ConsentReused) ? append : AppendResult.Committed, TimeSpan.FromMilliseconds(1));
        FakeCall? call = null;
        _scene.Simulation.Run(async () =>
        {
            await _subjects.FindOrAddAsync("+48221234501", default);
            call = _scene.Pbx.Ring(caller: caller);
            var handled = handler.HandleAsync(_scene.Pbx, call);
            await _scene.After(hangUpAfter);
            call.HangUp();
            await handled;
        });
        return call!;
    }

    [Fact]
    public void An_earlier_consent_is_recorded_on_and_the_ledger_says_why()
    {
        var call = Call(() => Task.FromResult<StandingConsent?>(Standing(StandingStatus.Given, 1)));

        Assert.Equal("CallArrived ConsentReused RecordingStarted CallContinued RecordingStopped CallEnded", _scene.Course(call));
        var reused = _scene.The<ConsentReused>(call);
        Assert.Equal((_earlier, ConsentStatus.Given, "quality"), (reused.Earlier, reused.Status, Assert.Single(reused.Purposes!)));
        Assert.Equal(reused.SaidAt.AddDays(100), reused.Until);
        Assert.Equal(ConsentStatus.Given, _scene.The<CallEnded>(call).Consent);
    }

    [Fact]
    public void It_records_only_once_that_is_in_the_ledger()
    {
        var call = Call(() => Task.FromResult<StandingConsent?>(Standing(StandingStatus.Given, 1)), append: AppendResult.Deferred);

        Assert.Equal(SuppressionReasons.LedgerUnavailable, _scene.The<RecordingSuppressed>(call).Reason);
        Assert.Null(call.Recording!.StartedAt);
    }

    [Fact]
    public void Who_said_no_of_late_is_left_in_peace()
    {
        var call = Call(() => Task.FromResult<StandingConsent?>(Standing(StandingStatus.Refused, 1)));

        Assert.Equal("CallArrived ConsentReused RecordingSuppressed CallContinued CallEnded", _scene.Course(call));
        Assert.Equal(SuppressionReasons.RefusedBefore, _scene.The<RecordingSuppressed>(call).Reason);
        Assert.Equal(ConsentStatus.Refused, _scene.The<CallEnded>(call).Consent);
    }

    [Fact]
    public void Hidden_numbers_and_lookups_that_fail_or_hang_are_asked()
    {
        var asked = new List<FakeCall>
        {
            Call(() => throw new InvalidOperationException("must not be looked up"), caller: null),
            Call(() => throw new InvalidOperationException("The database is away.")),
            Call(async () =>
            {
                await _scene.After(30);
                return Standing(StandingStatus.Given, 1);
            }),
        };

        Assert.All(asked, call => Assert.Equal(["answer", "play en/notice"], call.Orders.Take(2)));
        Assert.All(asked, call => Assert.InRange((_scene.The<NoticePlayed>(call, 0).StartedAt!.Value - call.Arrival.ArrivedAt).TotalMilliseconds, 0, 220));
    }

    [Fact]
    public void Hanging_up_during_the_lookup_is_an_abandoned_call()
    {
        var call = Call(
            async () =>
            {
                await _scene.After(30);
                return null;
            },
            hangUpAfter: 0.1);

        Assert.Equal("CallArrived ConsentNotObtained RecordingSuppressed CallEnded", _scene.Course(call));
        Assert.Equal(ConsentStatus.Abandoned, _scene.The<CallEnded>(call).Consent);
    }

    private sealed class History(Func<Task<StandingConsent?>> find) : IConsentHistory
    {
        public Task<StandingConsent?> FindAsync(SubjectId subject, CancellationToken cancel) => find();
    }
}
