using IvrConsent.Core.Recordings;
using IvrConsent.Core.Retention;
using IvrConsent.Host.Cli;
using IvrConsent.Host.Settings;
using IvrConsent.Host.Workers;
using IvrConsent.Storage.Keys;
using IvrConsent.Storage.Recordings;

namespace IvrConsent.Host;

/// <summary>Puts the vault, and what works with it, into a host: the worker's or a command's.</summary>
internal static class VaultHost
{
    /// <summary>What is said where there is none.</summary>
    public const string NoVault = "There is no vault in the settings: set vault.store";

    /// <summary>The vault where the settings have one, on the storage and the desks that were added before; else nothing.</summary>
    public static IServiceCollection AddVault(this IServiceCollection services, HostSettings settings)
    {
        if (settings.Vault is not { } vault)
        {
            return services;
        }

        return services
            .AddVault(
                _ => RecordingStoreFactory.Create(vault),
                provider => RecordingKeyWraps.Create(new KeyFolder(settings.KeysFolder), CommandContext.KeyCommands(settings), provider.GetRequiredService<TimeProvider>()))
            .AddSingleton<ListeningDesk>()
            .AddSingleton<QuarantineDesk>()
            .AddSingleton<VaultVerifier>();
    }

    /// <summary>What takes recordings in, for the process that is attached to the PBXs.</summary>
    public static IServiceCollection AddVaultWorker(this IServiceCollection services, HostSettings settings) => settings.Vault is { } vault
        ? services.AddVault(settings).AddTakeIn(new TakeInOptions { TakeUnknown = vault.TakeUnknown }).AddSingleton<CallHolds>().AddHostedService<TakeInWorker>()
        : services;
}
