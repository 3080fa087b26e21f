using IvrConsent.Core.Calls;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Records;
using IvrConsent.Host.Consents;
using IvrConsent.Host.Settings;

namespace IvrConsent.Host.Api;

/// <summary>Puts the HTTP API into the worker.</summary>
internal static class ApiServices
{
    /// <summary>Adds it where the settings say so. To be called after the storage and before the calls: calls are let go first, the API next, the ledger last.</summary>
    public static IServiceCollection AddApi(this IServiceCollection services, ApiSettings api, SmsSettings? sms = null)
    {
        services.AddSingleton<IConsentHistory>(provider => new ConsentHistory(provider.GetRequiredService<ILedgerReader>(), name => provider.GetRequiredService<ICallSettingsSource>().Current.FindLine(name, name)));
        services.AddSingleton<ConsentDesk>();
        services.AddSingleton(provider => new PurposeBook(
            () => provider.GetRequiredService<SettingsStore>().Settings.Lines.Select(line => line.Options),
            () => provider.GetRequiredService<SettingsStore>().Settings.Purposes.Keys));
        if (sms is not null)
        {
            services.AddSingleton(_ => new SmsGateway(sms));
            services.AddSingleton<IReceiptSender, SmsReceiptSender>();
        }

        if (api.Enabled)
        {
            services.AddHostedService<ApiServer>();
        }

        return services;
    }
}
