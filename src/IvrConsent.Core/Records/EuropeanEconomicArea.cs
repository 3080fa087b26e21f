namespace IvrConsent.Core.Records;

/// <summary>The countries in which the GDPR is law; what goes elsewhere goes to a third country (art. 44 to 49).</summary>
public static class EuropeanEconomicArea
{
    private static readonly HashSet<string> Countries = new(StringComparer.OrdinalIgnoreCase)
    {
        "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IS", "IT", "LI", "LT", "LU", "LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK",
    };

    /// <summary>Whether a country, ISO 3166-1 alpha-2 or a US state as <c>US-CA</c>, is one of them.</summary>
    public static bool Has(string country) => Countries.Contains(country);
}
