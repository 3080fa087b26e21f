using IvrConsent.Core.Calls;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Recordings;
using IvrConsent.Core.Records;
using IvrConsent.Core.Retention;
using IvrConsent.Core.Rights;

namespace IvrConsent.Host;

/// <summary>Puts the desks of retention and rights into a host.</summary>
internal static class RightsHost
{
    /// <summary>The desks, on the storage that was added before.</summary>
    /// <param name="services">The services.</param>
    /// <param name="findLine">The line of a name, as the settings have it now; null: there is none.</param>
    /// <param name="ledger">How long the ledger can tell whose its entries are.</param>
    public static IServiceCollection AddRightsDesks(this IServiceCollection services, Func<IServiceProvider, string, LineOptions?> findLine, LedgerRetentionOptions? ledger = null) => services
        .AddSingleton(ledger ?? new LedgerRetentionOptions())
        .AddSingleton<LedgerRetention>()
        .AddSingleton(provider => new WithdrawalActions(line => line is null ? WithdrawalAction.Erase : findLine(provider, line)?.InCall.OnWithdraw ?? WithdrawalAction.Erase))
        .AddSingleton<WithdrawalSweep>()
        .AddSingleton<RightsLog>()
        .AddSingleton<HoldDesk>()
        .AddSingleton<ExportDesk>()
        .AddSingleton<WaitingRecordings>()
        .AddSingleton<RequestDesk>()
        .AddSingleton(provider => new RectificationDesk(
            provider.GetRequiredService<RequestDesk>(),
            provider.GetRequiredService<IRecordLookup>(),
            provider.GetRequiredService<ILedger>(),
            ActivatorUtilities.CreateInstance<ConsentDesk>(provider, new ConsentHistory(provider.GetRequiredService<ILedgerReader>(), name => findLine(provider, name))),
            provider.GetRequiredService<RightsLog>()))
        .AddSingleton<ReclassifyDesk>()
        .AddSingleton<ErasureFinisher>()
        .AddSingleton<RetentionSweep>();
}

/// <summary>The copy that the PBX may still have.</summary>
internal sealed class PbxRemains(IEnumerable<IPbx> pbxes, IEnumerable<IVaultIndex> vault) : IRecordingRemains
{
    public async Task<bool> EraseAsync(RetainedRecording recording, CancellationToken cancel)
    {
        if (pbxes.FirstOrDefault(pbx => pbx.Name == recording.Pbx) is not { } owner)
        {
            // Another worker's, or one that is no longer in the settings. What is wholly in the vault was seen to be gone from it; else whoever has it deletes it.
            foreach (var index in vault)
            {
                if (await index.FindAsync(recording.Name, cancel) is { State: VaultState.Done })
                {
                    return true;
                }
            }

            return false;
        }

        try
        {
            await owner.DeleteStoredRecordingAsync(recording.Name, cancel);
            return await owner.FindStoredRecordingAsync(recording.Name, cancel) is null;
        }
        catch (PbxException)
        {
            return false;
        }
    }
}
