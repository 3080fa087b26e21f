using System.Text.Json.Nodes;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Webhooks;
using IvrConsent.Host.Webhooks;
using IvrConsent.TestKit.Fakes;
using IvrConsent.TestKit.Time;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace IvrConsent.Host.Tests.Webhooks;

/// <summary>Order, repetition and death of messages, against a ledger in memory and a clock that the test moves.</summary>
public sealed class WebhookDelivererTests
{
    private readonly ManualTimeProvider _time = new(RecordScene.Start.AddDays(1));
    private readonly RecordScene _scene = new();
    private readonly FakeSession _session = new();
    private readonly List<(string Id, WebhookResult Result)> _sent = [];
    private Func<string, WebhookResult> _receiver = _ => WebhookResult.Delivered;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_wanted_event_is_sent_once_in_order()
    {
        var call = Add("1");
        var hook = Deliverer("consent.given", "call.ended");

        Assert.Equal(WebhookDeliverer.Poll, await hook.RoundAsync(_session, Cancel));
        await hook.RoundAsync(_session, Cancel);

        Assert.Equal([Id(call[2]), Id(call[3])], _sent.Select(sent => sent.Id));
        Assert.Equal(call[^1].Position, _session.Position);
        Assert.Empty(_session.Kept);
    }

    [Fact]
    public async Task Behind_a_refused_message_its_call_waits_and_others_do_not()
    {
        var one = Add("1");
        var two = Add("2");
        _receiver = id => id == Id(one[0]) ? WebhookResult.Refused : WebhookResult.Delivered;
        var hook = Deliverer();

        await hook.RoundAsync(_session, Cancel);
        Assert.Equal([Id(one[0]), Id(two[0]), Id(two[2]), Id(two[3])], _sent.Select(sent => sent.Id));
        Assert.Equal(3, _session.Kept.Count);

        _receiver = _ => WebhookResult.Delivered;
        _sent.Clear();
        await hook.RoundAsync(_session, Cancel);
        Assert.Empty(_sent);

        _time.Advance(TimeSpan.FromSeconds(7));
        await hook.RoundAsync(_session, Cancel);
        Assert.Equal([Id(one[0]), Id(one[2]), Id(one[3])], _sent.Select(sent => sent.Id));
        Assert.Empty(_session.Kept);
    }

    [Fact]
    public async Task A_receiver_that_is_away_is_left_alone_longer_and_longer_and_loses_nothing()
    {
        _receiver = _ => WebhookResult.Unavailable;
        var hook = Deliverer();
        var calls = Enumerable.Range(0, 10).Select(n => Add($"{n}")).ToArray();
        var pauses = new List<TimeSpan>();
        for (var round = 0; round < 6; round++)
        {
            pauses.Add(await hook.RoundAsync(_session, Cancel));
            _time.Advance(pauses[^1]);
        }

        // One attempt a round, not one for each message.
        Assert.Equal(6, _sent.Count);
        Assert.All(pauses.Zip(pauses.Skip(1)), pair => Assert.True(pair.First < pair.Second));

        _receiver = _ => WebhookResult.Delivered;
        _sent.Clear();
        for (var round = 0; round < 10; round++)
        {
            await hook.RoundAsync(_session, Cancel);
            _time.Advance(TimeSpan.FromHours(40));
        }

        Assert.Empty(_session.Kept);
        Assert.Equal(calls.SelectMany(call => new[] { call[0], call[2], call[3] }).Select(Id).Order(), _sent.Select(sent => sent.Id).Order());
        foreach (var call in calls)
        {
            Assert.Equal([Id(call[0]), Id(call[2]), Id(call[3])], _sent.Select(sent => sent.Id).Where(id => call.Any(line => Id(line) == id)));
        }
    }

    [Fact]
    public async Task A_message_that_is_never_taken_dies_and_its_call_goes_on()
    {
        var call = Add("1");
        _receiver = id => id == Id(call[0]) ? WebhookResult.Refused : WebhookResult.Delivered;
        var hook = Deliverer();
        for (var round = 0; round < WebhookRetryPolicy.Attempts + 2; round++)
        {
            await hook.RoundAsync(_session, Cancel);
            _time.Advance(TimeSpan.FromHours(48));
        }

        Assert.Equal(WebhookRetryPolicy.Attempts, _sent.Count(sent => sent.Id == Id(call[0])));
        var dead = Assert.Single(_session.Kept);
        Assert.Null(dead.NextAt);
        Assert.Equal(WebhookRetryPolicy.Attempts, dead.Attempts);
        Assert.Equal([Id(call[2]), Id(call[3])], _sent.Where(sent => sent.Result == WebhookResult.Delivered).Select(sent => sent.Id));
    }

    [Fact]
    public async Task What_was_sent_and_not_committed_is_sent_again_with_the_same_id()
    {
        var call = Add("1");
        _session.Fault = true;
        await Assert.ThrowsAsync<InvalidOperationException>(() => Deliverer().RoundAsync(_session, Cancel));
        _session.Fault = false;
        await Deliverer().RoundAsync(_session, Cancel);

        Assert.Equal([Id(call[0]), Id(call[0]), Id(call[2]), Id(call[3])], _sent.Select(sent => sent.Id));
    }

    private static string Id(LedgerLine line) => line.Entry.EventId.ToString();

    private IReadOnlyList<LedgerLine> Add(string channel)
    {
        var call = _scene.Call(channel, null, RecordScene.Heard(), new ConsentGiven('1', RecordScene.Start, 1, 0), RecordScene.Ended);
        _session.Lines.AddRange(call);
        return call;
    }

    private WebhookDeliverer Deliverer(params string[] events)
    {
        var options = new WebhookOptions { Name = "crm", Url = new Uri("http://127.0.0.1"), Events = events.Length == 0 ? null : events };
        return new WebhookDeliverer(
            options,
            (id, body, _) =>
            {
                Assert.Equal(id, (string?)JsonNode.Parse(body)!["data"]!["event_id"]);
                var result = _receiver(id);
                _sent.Add((id, result));
                return Task.FromResult(new WebhookAttempt(result, result.ToString()));
            },
            _time,
            NullLogger.Instance);
    }

    private sealed class FakeSession : IWebhookSession
    {
        public List<LedgerLine> Lines { get; } = [];

        public List<WebhookDelivery> Kept { get; } = [];

        public bool Fault { get; set; }

        public long Position { get; private set; }

        public Task<IReadOnlyList<LedgerLine>> ReadNextAsync(int limit, CancellationToken cancel) =>
            Task.FromResult<IReadOnlyList<LedgerLine>>([.. Lines.Where(line => line.Position > Position).OrderBy(line => line.Position).Take(limit)]);

        public Task<IReadOnlyList<WebhookDelivery>> ReadWaitingAsync(CancellationToken cancel) =>
            Task.FromResult<IReadOnlyList<WebhookDelivery>>([.. Kept.Where(delivery => delivery.NextAt is not null).OrderBy(delivery => delivery.Position)]);

        public Task<LedgerLine?> ReadAsync(long position, CancellationToken cancel) => Task.FromResult(Lines.Find(line => line.Position == position));

        public Task<IReadOnlyList<LedgerLine>> ReadCallAsync(Core.Calls.CallId call, CancellationToken cancel) =>
            Task.FromResult<IReadOnlyList<LedgerLine>>(Lines.FindAll(line => line.Entry.CallId == call));

        public Task AdvanceAsync(long position, IReadOnlyList<WebhookDelivery> kept, CancellationToken cancel)
        {
            if (Fault)
            {
                throw new InvalidOperationException("The database is away.");
            }

            Kept.AddRange(kept);
            Position = position;
            return Task.CompletedTask;
        }

        public Task SettleAsync(WebhookDelivery delivery, bool delivered, CancellationToken cancel)
        {
            Kept.RemoveAll(other => other.Position == delivery.Position);
            if (!delivered)
            {
                Kept.Add(delivery);
            }

            return Task.CompletedTask;
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
