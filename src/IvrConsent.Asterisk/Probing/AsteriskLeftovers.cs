using System.Text.Json;
using IvrConsent.Asterisk.Ari;
using IvrConsent.Core.Calls;
using Microsoft.Extensions.Logging.Abstractions;

namespace IvrConsent.Asterisk.Probing;

/// <summary>
/// What rehearsals left behind that could not tidy up: killed, or the PBX stopped answering under them. The next one takes it away.
/// One that may still be under way is left alone.
/// </summary>
internal static class AsteriskLeftovers
{
    private static readonly TimeSpan Old = TimeSpan.FromSeconds(60);

    /// <summary>Takes away what is old of all things whose names begin so. Best effort: a failure is nobody's concern.</summary>
    public static async Task SweepAsync(AsteriskOptions options, string prefix, TimeProvider time, CancellationToken cancel)
    {
        using var http = new HttpAriTransport(options, new AsteriskLimits(), time);
        try
        {
            var names = (await ListAsync("applications", AriJson.Default.AriApplicationArray)).Select(application => application.Name).OfType<string>()
                .Where(name => name.StartsWith(prefix, StringComparison.Ordinal)).ToArray();
            var things = (await ListAsync("bridges", AriJson.Default.AriThingArray)).Select(bridge => (Path: "bridges/", Thing: bridge))
                .Concat((await ListAsync("channels", AriJson.Default.AriThingArray)).Select(channel => (Path: "channels/", Thing: channel)))
                .Where(found => found.Thing.Id?.StartsWith(prefix, StringComparison.Ordinal) == true)
                .ToArray();

            // By the PBX's own clock, which made the times.
            var now = (await AskAsync(AriRequests.Ping with { WantsBody = true }, AriJson.Default.AriPing))?.Timestamp;
            var young = things.Where(found => !(now - found.Thing.Creationtime > Old)).Select(found => RunOf(found.Thing.Id!, prefix)).ToHashSet();
            foreach (var (path, thing) in things.Where(found => !young.Contains(RunOf(found.Thing.Id!, prefix))))
            {
                await http.SendAsync(new AriRequest(HttpMethod.Delete, path + Uri.EscapeDataString(thing.Id!)), options.RequestTimeout, cancel);
            }

            foreach (var name in names.Where(name => !young.Contains(name) && things.Any(found => RunOf(found.Thing.Id!, prefix) == name)))
            {
                // An application goes when somebody who has attached under its name leaves.
                await using var session = new AriSession(options with { Application = name }, new AsteriskLimits(), time, NullLogger.Instance);
                await session.OpenAsync(new Deaf(), cancel);
            }
        }
        catch (Exception e) when (e is PbxException or JsonException)
        {
            // The trials that follow will tell what is wrong.
        }

        async Task<T[]> ListAsync<T>(string path, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T[]> type) =>
            await AskAsync(new AriRequest(HttpMethod.Get, path) { WantsBody = true }, type) ?? [];

        async Task<T?> AskAsync<T>(AriRequest request, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type)
            where T : class
        {
            var response = await http.SendAsync(request, options.RequestTimeout, cancel);
            return response.Ok ? JsonSerializer.Deserialize(response.Body ?? [], type) : null;
        }
    }

    // Prefix and eight digits name a rehearsal; what it makes has more behind.
    private static string RunOf(string id, string prefix) => id[..Math.Min(id.Length, prefix.Length + 8)];

    private sealed class Deaf : IAriEventSink
    {
        public void OnEvent(AriEvent e)
        {
        }
    }
}
