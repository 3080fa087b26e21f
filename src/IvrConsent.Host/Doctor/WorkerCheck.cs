using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using IvrConsent.Host.Health;
using IvrConsent.Storage.Prompts;

namespace IvrConsent.Host.Doctor;

/// <summary>The worker that runs at the address of the settings, or that none does.</summary>
/// <param name="Running">Whether one runs.</param>
/// <param name="Answer">What it says of itself; null when none runs.</param>
/// <param name="Finding">The finding.</param>
internal sealed record WorkerCheck(bool Running, HealthAnswer? Answer, Finding Finding)
{
    /// <summary>Where to ask a server that listens at that address.</summary>
    public static Uri Base(IPEndPoint listen)
    {
        var address = listen.Address.Equals(IPAddress.Any) ? IPAddress.Loopback
            : listen.Address.Equals(IPAddress.IPv6Any) ? IPAddress.IPv6Loopback : listen.Address;
        return new Uri($"http://{new IPEndPoint(address, listen.Port)}");
    }

    /// <summary>Asks /readyz.</summary>
    public static async Task<WorkerCheck> RunAsync(IPEndPoint listen, string file, CancellationToken cancel)
    {
        using var client = NewClient(listen);
        try
        {
            using var answer = await client.GetAsync(new Uri("/readyz", UriKind.Relative), cancel);
            return Judge((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(cancel), listen.ToString(), file);
        }
        catch (HttpRequestException e) when (e.HttpRequestError == HttpRequestError.ConnectionError)
        {
            return new WorkerCheck(false, null, Finding.Ok(Checks.Worker, $"none runs at {listen}; this command serves the prompts while it looks"));
        }
        catch (Exception e) when (e is HttpRequestException || (e is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            return Stranger(listen.ToString(), file, e is HttpRequestException ? e.Message : "no answer within 3 s");
        }
    }

    internal static WorkerCheck Judge(int status, string body, string listen, string file)
    {
        HealthAnswer? answer = null;
        try
        {
            answer = JsonSerializer.Deserialize(body, HealthJson.Default.HealthAnswer);
        }
        catch (JsonException)
        {
            // Told below.
        }

        if (answer?.Parts is null)
        {
            return Stranger(listen, file, $"it answers {status} to /readyz, and not as our worker does");
        }

        var wrong = answer.Parts.Where(part => !part.Ok).ToArray();
        return new WorkerCheck(true, answer, wrong.Length == 0
            ? Finding.Ok(Checks.Worker, $"{answer.Worker} runs at {listen} and is ready for calls ({answer.InHand} in hand)")
            : Finding.Warning(
                Checks.Worker,
                $"{answer.Worker} runs at {listen}, {(answer.Ready ? "ready" : "not ready")}: {string.Join("; ", wrong.Select(part => $"{part.Name}: {part.Detail}"))}",
                "Mend what fails below; the worker takes it up by itself. Its log says more."));
    }

    /// <summary>Names of the prompts that it does not serve as they are in the folder.</summary>
    public static async Task<IReadOnlyList<string>> FindNotServedAsync(IPEndPoint listen, IEnumerable<(string Name, PromptAudio Audio)> prompts, CancellationToken cancel)
    {
        using var client = NewClient(listen);
        var missing = new List<string>();
        foreach (var (name, audio) in prompts)
        {
            try
            {
                var content = await client.GetByteArrayAsync(new Uri("/prompts/" + audio.FileName, UriKind.Relative), cancel);
                if (Convert.ToHexStringLower(SHA256.HashData(content)) == audio.Sha256)
                {
                    continue;
                }
            }
            catch (HttpRequestException)
            {
                // As one that has another content.
            }

            missing.Add(name);
        }

        return missing;
    }

    private static WorkerCheck Stranger(string listen, string file, string what) => new(false, null, Finding.Failed(
        Checks.Worker,
        $"something that is not our worker has {listen}: {what}",
        $"Write another port behind listen under http in {file}, or stop what has it: ss -ltnp"));

    private static HttpClient NewClient(IPEndPoint listen) =>
        new(new SocketsHttpHandler { UseProxy = false, ConnectTimeout = TimeSpan.FromSeconds(2) }) { BaseAddress = Base(listen), Timeout = TimeSpan.FromSeconds(3) };
}
