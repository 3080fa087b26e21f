using System.Text.Json.Nodes;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Webhooks;
using IvrConsent.Host.Tests.Cli;
using IvrConsent.TestKit.Fakes;
using IvrConsent.TestKit.Lab;
using Xunit;

namespace IvrConsent.Host.Tests.Webhooks;

/// <summary>The real program: <c>serve</c> delivers what another process writes, and the commands see and repeat it.</summary>
public sealed class WebhooksProcessTests : IDisposable
{
    private readonly Installation _here = new();
    private readonly Receiver _receiver = new();
    private readonly int _port = FreePort.Take();

    public WebhooksProcessTests()
    {
        File.WriteAllText(Path.Combine(_here.Folder, "webhook-secret"), WebhookClientTests.Secret + "\n");
        File.AppendAllText(_here.Settings, $"webhooks: [{{ name: crm, url: {_receiver.Url}, secret_file: webhook-secret, events: [consent.given, call.ended], fields: [keys] }}]\n");
        File.WriteAllText(_here.Settings, File.ReadAllText(_here.Settings).Replace("listen: 127.0.0.1:9 ", $"listen: 127.0.0.1:{_port} ", StringComparison.Ordinal));
    }

    public void Dispose()
    {
        _receiver.Dispose();
        _here.Dispose();
    }

    [Fact]
    public async Task A_message_is_delivered_once_after_a_kill_of_the_worker_too_and_the_terms_are_on_record()
    {
        await using var worker = new WorkerProcess(Ivrconsent.Dll, _here.Settings, new Uri($"http://127.0.0.1:{_port}"));
        worker.Start();
        await UntilAsync(async () => (await ListAsync()) is { } hook && (long?)hook["position"] >= 0, worker);
        await UntilAsync(() => Task.FromResult(worker.LogText.Contains("Terms of line demo are on record", StringComparison.Ordinal)), worker);

        var scene = new RecordScene();
        await AppendAsync(scene, "1");
        await UntilAsync(() => Task.FromResult(_receiver.All.Count == 2), worker);
        Assert.Equal(["consent.given", "call.ended"], _receiver.All.Select(received => (string?)JsonNode.Parse(received.Body)!["type"]));
        Assert.Equal("1", (string?)JsonNode.Parse(_receiver.All.First().Body)!["data"]!["key"]);
        Assert.All(_receiver.All, received => Assert.Equal(
            WebhookSignature.Sign(WebhookSignature.ReadSecret(WebhookClientTests.Secret), received.Id, DateTimeOffset.FromUnixTimeSeconds(long.Parse(received.Timestamp)), received.Body),
            received.Signature));

        // Killed while a message is refused: it is kept, and comes when the next worker finds the receiver well.
        _receiver.Answer = _ => Receiver.Status(400);
        await AppendAsync(scene, "2");
        await UntilAsync(async () => (long?)(await ListAsync())!["waiting"] == 2, worker);
        await worker.KillAsync();
        var before = _receiver.All.Count;
        _receiver.Answer = _ => Receiver.Status(200);
        worker.Start();
        await UntilAsync(() => Task.FromResult(_receiver.All.Count == before + 2), worker);
        await UntilAsync(async () => (long?)(await ListAsync())!["waiting"] == 0, worker);
        Assert.DoesNotContain("whsec_", worker.LogText, StringComparison.Ordinal);

        var test = await Ivrconsent.RunAsync("webhooks", "test", "crm", "-c", _here.Settings);
        Assert.Equal(0, test.ExitCode);
        Assert.Equal(WebhookEvents.Test, (string?)JsonNode.Parse(_receiver.All.Last().Body)!["type"]);
        Assert.Equal(1, (await Ivrconsent.RunAsync("webhooks", "replay", "crm", "--all", "-c", _here.Settings)).ExitCode);
        Assert.Equal(0, (await Ivrconsent.RunAsync("webhooks", "dead", "--json", "-c", _here.Settings)).ExitCode);
        Assert.Equal(2, (await Ivrconsent.RunAsync("webhooks", "test", "nobody", "-c", _here.Settings)).ExitCode);
    }

    private Task AppendAsync(RecordScene scene, string channel)
    {
        var call = scene.Call(channel, null, RecordScene.Heard(), new ConsentGiven('1', RecordScene.Start, 1, 0), RecordScene.Ended);
        return _here.AppendAsync("spool-of-another", new LedgerBatch(call[0].Call, [.. call.Select(line => line.Entry)]));
    }

    private async Task<JsonObject?> ListAsync()
    {
        var list = await Ivrconsent.RunAsync("webhooks", "list", "--json", "-c", _here.Settings);
        return list.ExitCode == 0 ? JsonNode.Parse(list.Output)![0]!.AsObject() : null;
    }

    private static async Task UntilAsync(Func<Task<bool>> condition, WorkerProcess worker)
    {
        // Not a limit of the product: only an end for a test that would never come to one.
        for (var round = 0; round < 200; round++)
        {
            if (await condition())
            {
                return;
            }

            await Task.Delay(300, TestContext.Current.CancellationToken);
        }

        Assert.Fail(worker.LogText);
    }
}
