using IvrConsent.Core.Retention;
using IvrConsent.Core.Rights;
using IvrConsent.Storage.Database;
using Microsoft.Extensions.DependencyInjection;

namespace IvrConsent.Storage.Rights;

/// <summary>Adds the tables of retention, holds and requests, which stand in the ledger's database.</summary>
internal static class RightsServices
{
    public static IServiceCollection AddRights(this IServiceCollection services)
    {
        services.AddSingleton(provider => new HoldTable(provider.GetRequiredService<LedgerDatabase>()));
        services.AddSingleton<IHolds>(provider => provider.GetRequiredService<HoldTable>());
        services.AddSingleton<IRetention>(provider => new RetentionTable(provider.GetRequiredService<LedgerDatabase>(), provider.GetRequiredService<HoldTable>()));
        services.AddSingleton<ILedgerRetention>(provider => new LedgerRetentionTable(provider.GetRequiredService<LedgerDatabase>()));
        services.AddSingleton<IRequests>(provider => new RequestTable(provider.GetRequiredService<LedgerDatabase>()));
        return services;
    }
}
