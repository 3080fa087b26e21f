using IvrConsent.Core.Recordings;
using IvrConsent.Core.Retention;
using IvrConsent.Core.Rights;
using IvrConsent.Storage.Database;
using IvrConsent.Storage.Keys;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace IvrConsent.Storage.Recordings;

/// <summary>Puts the vault into the host.</summary>
public static class VaultServices
{
    /// <summary>
    /// Adds what the vault knows, opens and erases, on the storage that was added before. What takes recordings in needs the PBXs as well:
    /// <see cref="AddTakeIn"/>.
    /// </summary>
    public static IServiceCollection AddVault(this IServiceCollection services, Func<IServiceProvider, IRecordingStore> store, Func<IServiceProvider, IRecordingKeyWrap> wrap)
    {
        services.AddSingleton(store);
        services.AddSingleton<IVaultIndex>(provider => new VaultTable(provider.GetRequiredService<LedgerDatabase>()));
        services.AddSingleton<IRecordingCipher>(provider => new AgeRecordingCipher(wrap(provider)));
        services.AddSingleton<IRecordingAudio, VaultAudio>();
        return services;
    }

    /// <summary>Adds what takes recordings in and deletes what is erased: for the process that is attached to the PBXs.</summary>
    public static IServiceCollection AddTakeIn(this IServiceCollection services, TakeInOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        services.TryAddSingleton(options);
        services.AddSingleton<TakeIn>();
        services.AddSingleton<VaultReconciler>();
        services.AddSingleton<IRecordingRemains, VaultRemains>();
        return services;
    }
}
