using IvrConsent.Core.Calls;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace IvrConsent.Asterisk;

/// <summary>Adds Asterisk to a host.</summary>
public static class AsteriskServices
{
    /// <summary>
    /// Adds one Asterisk as an <see cref="IPbx"/>; call it once for each. Throws <see cref="ArgumentException"/> when the settings are
    /// wrong (see <see cref="AsteriskOptions.FindProblems"/>). A registered <see cref="TimeProvider"/> is used. Measurements are
    /// under the meter <c>IvrConsent.Asterisk</c>.
    /// </summary>
    public static IServiceCollection AddAsterisk(this IServiceCollection services, AsteriskOptions options)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(options);
        if (options.FindProblems() is { Count: > 0 } problems)
        {
            throw new ArgumentException($"Asterisk {options.Name}: {string.Join("; ", problems)}", nameof(options));
        }

        return services.AddSingleton<IPbx>(provider => new AsteriskPbx(
            options,
            provider.GetRequiredService<ILogger<AsteriskPbx>>(),
            provider.GetService<TimeProvider>()));
    }
}
