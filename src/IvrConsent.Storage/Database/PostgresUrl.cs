using Npgsql;

namespace IvrConsent.Storage.Database;

/// <summary>Reads the two forms of a PostgreSQL connection; its errors never quote what they read, as it may hold a password.</summary>
internal static class PostgresUrl
{
    /// <summary>From <c>Host=…;Database=…</c>.</summary>
    public static NpgsqlConnectionStringBuilder Keywords(string connection)
    {
        try
        {
            return new NpgsqlConnectionStringBuilder(connection);
        }
        catch (Exception error) when (error is ArgumentException or FormatException or InvalidCastException)
        {
            throw new ArgumentException(
                "The ledger's PostgreSQL connection string has a keyword or a value that is not known. Expected is "
                + "Host=…;Port=…;Database=…;Username=…;Password=…");
        }
    }

    /// <summary>From <c>postgres://user:password@host:port/database?sslmode=require</c>.</summary>
    public static NpgsqlConnectionStringBuilder Read(string connection)
    {
        if (!Uri.TryCreate(connection, UriKind.Absolute, out var url) || url.Host.Length == 0)
        {
            throw new ArgumentException(
                "The ledger's PostgreSQL URL cannot be read. Expected is postgres://user:password@host:5432/database; "
                + "characters such as @ : / in a password are written as %40 %3A %2F.");
        }

        var builder = new NpgsqlConnectionStringBuilder
        {
            Host = url.Host.Trim('[', ']'),
            Port = url.Port > 0 ? url.Port : NpgsqlConnection.DefaultPort,
        };
        var user = url.UserInfo.Split(':', 2);
        if (user[0].Length > 0)
        {
            builder.Username = Uri.UnescapeDataString(user[0]);
        }

        if (user.Length == 2)
        {
            builder.Password = Uri.UnescapeDataString(user[1]);
        }

        if (url.AbsolutePath.Length > 1)
        {
            builder.Database = Uri.UnescapeDataString(url.AbsolutePath[1..]);
        }

        foreach (var pair in url.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var parts = pair.Split('=', 2);
            var value = Uri.UnescapeDataString(parts.ElementAtOrDefault(1) ?? string.Empty);
            try
            {
                switch (parts[0].ToLowerInvariant())
                {
                    case "sslmode":
                        builder["SSL Mode"] = value.Replace("-", string.Empty, StringComparison.Ordinal);
                        break;
                    case "sslrootcert":
                        builder.RootCertificate = value;
                        break;
                    case "application_name":
                        builder.ApplicationName = value;
                        break;
                    default:
                        builder[parts[0]] = value;
                        break;
                }
            }
            catch (Exception error) when (error is ArgumentException or FormatException or InvalidCastException)
            {
                throw new ArgumentException("The ledger's PostgreSQL URL has a parameter or a value behind '?' that is not known.");
            }
        }

        return builder;
    }
}
