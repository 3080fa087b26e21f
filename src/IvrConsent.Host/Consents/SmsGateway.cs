using System.Text;
using System.Text.Json;
using IvrConsent.Host.Settings;

namespace IvrConsent.Host.Consents;

/// <summary>Hands text messages to the gateway. Once: a message that may have been sent is not sent again.</summary>
internal sealed class SmsGateway(SmsSettings settings) : IDisposable
{
    private readonly HttpClient _client = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5) })
    {
        Timeout = TimeSpan.FromSeconds(10),
        MaxResponseContentBufferSize = 64 * 1024,
    };

    /// <summary>The key by which it signs what it hands in; null: none.</summary>
    public Secret? Signature => settings.Signature;

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    /// <summary>Null when the gateway took it; else why not, for a person and without the message.</summary>
    public async Task<string?> SendAsync(string id, string number, string text, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, settings.Url) { Content = new StringContent(Fill(settings, id, number, text), Encoding.UTF8, settings.ContentType) };
        if (settings.Authorization is { } authorization)
        {
            request.Headers.TryAddWithoutValidation("Authorization", authorization.Reveal());
        }

        try
        {
            using var response = await _client.SendAsync(request, cancel);
            return response.IsSuccessStatusCode ? null : $"The gateway answered with status {(int)response.StatusCode}.";
        }
        catch (HttpRequestException exception)
        {
            return $"The gateway cannot be reached ({exception.HttpRequestError}).";
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return "The gateway did not answer within 10 s. Whether it sent the message is not known.";
        }
    }

    /// <summary>The body. Each placeholder is replaced where the template has it, so that nothing in a text can be taken for another.</summary>
    internal static string Fill(SmsSettings settings, string id, string number, string text)
    {
        var body = new StringBuilder();
        var rest = settings.Body.AsSpan();
        (string Name, string Value)[] values = [("{number}", number), ("{text}", text), ("{id}", id)];
        while (rest.Length > 0)
        {
            var found = false;
            foreach (var (name, value) in values)
            {
                if (rest.StartsWith(name, StringComparison.Ordinal))
                {
                    body.Append(settings.ContentType == "application/json" ? JsonSerializer.Serialize(value) : Uri.EscapeDataString(value));
                    rest = rest[name.Length..];
                    found = true;
                    break;
                }
            }

            if (!found)
            {
                body.Append(rest[0]);
                rest = rest[1..];
            }
        }

        return body.ToString();
    }
}
