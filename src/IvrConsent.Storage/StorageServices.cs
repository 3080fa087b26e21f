using IvrConsent.Core.Access;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Records;
using IvrConsent.Core.Subjects;
using IvrConsent.Core.Webhooks;
using IvrConsent.Storage.Database;
using IvrConsent.Storage.Keys;
using IvrConsent.Storage.Proof;
using IvrConsent.Storage.Rights;
using IvrConsent.Storage.Webhooks;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace IvrConsent.Storage;

/// <summary>Puts the storage into the host.</summary>
public static class StorageServices
{
    /// <summary>
    /// Adds <see cref="ILedger"/>, <see cref="ILedgerReader"/>, <see cref="ISubjects"/>, <see cref="IApiKeys"/>, what retention, holds and
    /// requests are kept in, and <see cref="LedgerMigrator"/>. To be called before the services
    /// that append are added: hosted services are stopped in reverse order, and the ledger must be the last.
    /// </summary>
    /// <exception cref="ArgumentException">The options make no sense; the message says which, and holds no password.</exception>
    public static IServiceCollection AddStorage(this IServiceCollection services, LedgerOptions ledger)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(ledger);
        ledger.Check();
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(_ => LedgerDatabase.Create(ledger));
        services.AddSingleton(provider => new LedgerMigrator(
            provider.GetRequiredService<LedgerDatabase>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<LedgerMigrator>>()));
        services.AddSingleton(provider => new DatabaseLedger(
            ledger,
            provider.GetRequiredService<LedgerDatabase>(),
            provider.GetRequiredService<LedgerMigrator>(),
            new SpoolFolder(ledger.SpoolFolder),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<DatabaseLedger>>()));
        services.AddSingleton<ILedger>(provider => provider.GetRequiredService<DatabaseLedger>());
        services.AddSingleton<ILedgerReader>(provider => new LedgerReader(provider.GetRequiredService<LedgerDatabase>()));
        services.AddSingleton<IApiKeys>(provider => new ApiKeyStore(provider.GetRequiredService<LedgerDatabase>()));
        services.AddSingleton<ISubjects>(provider => new DatabaseSubjects(
            provider.GetRequiredService<LedgerDatabase>(), provider.GetRequiredService<TimeProvider>()));

        // Before the ledger, so that it stops after it: the last checkpoint covers the last event.
        services.AddSingleton(provider => new LedgerSealer(
            provider.GetRequiredService<LedgerDatabase>(),
            new KeyFolder(ledger.KeyFolder),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<LedgerSealer>>()));
        services.AddSingleton<IHostedService>(provider => provider.GetRequiredService<LedgerSealer>());
        services.AddSingleton<IRecordLookup>(provider => new RecordLookup(provider.GetRequiredService<LedgerDatabase>()));
        services.AddSingleton<IWebhookStore>(provider => new DatabaseWebhooks(provider.GetRequiredService<LedgerDatabase>()));
        services.AddRights();
        services.AddSingleton<IHostedService>(provider => provider.GetRequiredService<DatabaseLedger>());
        return services;
    }
}
