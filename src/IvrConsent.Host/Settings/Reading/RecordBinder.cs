using IvrConsent.Core.Calls;
using IvrConsent.Core.Records;
using IvrConsent.Core.Webhooks;

namespace IvrConsent.Host.Settings.Reading;

/// <summary>The sections <c>records</c> and <c>webhooks</c>.</summary>
internal sealed class RecordBinder(string folder, ProblemList problems)
{
    private const int UnsaidNamed = 8;

    /// <summary>What consent records say; null when nothing is written.</summary>
    public static RecordOptions? BindRecords(SettingsMap root)
    {
        var records = root.Section("records");
        var options = new RecordOptions
        {
            StorageLocations = Texts(records, "storage_locations"),
            Recipients = Texts(records, "recipients"),
            Withdrawal = records.GetOrNull<string>("withdrawal"),
            Rights = Texts(records, "rights"),
            Authority = records.GetOrNull<string>("authority"),
            NoticeUrl = records.GetOrNull<Uri>("notice_url")?.AbsoluteUri,
        };
        return options == new RecordOptions() ? null : options;
    }

    /// <summary>
    /// Names what no setting says and a consent's ISO/IEC TS 27560 record must: of a call that was it cannot be said later, and who
    /// finds out with the first request for access finds out too late.
    /// </summary>
    public static void WarnOfUnsaid(SettingsMap root, RecordOptions? records, IReadOnlyList<LineOptions> lines, ProblemList problems)
    {
        string[] unsaid = [.. lines.SelectMany(line => Iso27560.Unsaid(line, records)).Distinct()];
        if (unsaid.Length > 0)
        {
            var named = string.Join(", ", unsaid.Take(UnsaidNamed)) + (unsaid.Length > UnsaidNamed ? $" and {unsaid.Length - UnsaidNamed} more" : "");
            problems.Warn(
                root.Find("records")?.Place ?? root.PlaceOf("vault"),
                "records",
                $"consents of the calls that are recorded from now on have no ISO/IEC TS 27560 record, as these are not said: {named}",
                null,
                "Write them before the first call that counts: for a call that was they cannot be said later.");
        }
    }

    /// <summary>The webhooks.</summary>
    public IReadOnlyList<WebhookSettings> BindWebhooks(SettingsMap root) => [.. root.Items("webhooks").Select(BindWebhook)];

    private WebhookSettings BindWebhook(SettingsMap hook)
    {
        var url = hook.GetOrNull<Uri>("url");
        if (url is { IsLoopback: false } && url.Scheme != Uri.UriSchemeHttps)
        {
            problems.Add(hook.PlaceOf("url"), hook.PathOf("url"), "the address is not https, and not on this machine", "https, or http to 127.0.0.1", "Write https://: what is sent may be read on the way.");
        }

        return new WebhookSettings(
            new WebhookOptions
            {
                Name = hook.GetOrNull<string>("name") ?? "",
                Url = url ?? new Uri("http://127.0.0.1"),
                Events = Texts(hook, "events"),
                Fields = Texts(hook, "fields") ?? [],
                Timeout = hook.Get<TimeSpan>("timeout"),
            },
            BindSecret(hook) ?? new Secret(""));
    }

    private Secret? BindSecret(SettingsMap hook)
    {
        if (hook.Own("secret_file") is not { Value: not null } written || SecretFile.Read(folder, written, problems) is not { } secret)
        {
            return null;
        }

        if (WebhookSignature.ReadSecret(secret.Reveal()) is null)
        {
            problems.Add(
                written.Place,
                written.Path,
                "the file does not hold a webhook's secret",
                "whsec_ and 24 to 64 bytes in base64, as the only line",
                "Make one: printf 'whsec_%s\\n' \"$(openssl rand -base64 32)\" > FILE && chmod 600 FILE");
        }

        return secret;
    }

    private static string[]? Texts(SettingsMap map, string key) =>
        map.Find(key)?.Value is IReadOnlyList<WrittenValue> values ? [.. values.Select(value => value.Value).OfType<string>()] : null;
}
