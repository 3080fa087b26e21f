using System.Data.Common;

namespace IvrConsent.Host.Settings.Reading;

/// <summary>Tells from a connection which database it is, and makes a relative SQLite path absolute. Shows nothing of it.</summary>
internal static class DatabaseConnection
{
    private static readonly string[] SqliteKeys = ["Data Source", "DataSource", "Filename"];
    private static readonly string[] PostgreSqlKeys = ["Host", "Server"];

    /// <summary>Kind and connection string, or null after telling what is wrong.</summary>
    public static (DatabaseKind Kind, Secret Connection)? Read(string text, string folder, SettingsPlace place, string key, ProblemList problems)
    {
        if (text.Contains("://", StringComparison.Ordinal))
        {
            problems.Add(place, key, "the connection is written as a URL", "a connection string", "Write for example: Host=db.example.org;Database=ivrconsent;Username=ivrconsent;Password=…");
            return null;
        }

        var builder = new DbConnectionStringBuilder();
        try
        {
            if (text.Contains('='))
            {
                builder.ConnectionString = text;
            }
            else
            {
                builder["Data Source"] = text;
            }
        }
        catch (ArgumentException)
        {
            problems.Add(place, key, "this is not a connection string", "Key=Value;Key=Value", "Put a value that holds ; or ' or \" in double quotes, and check each equals sign.");
            return null;
        }

        if (PostgreSqlKeys.Any(builder.ContainsKey))
        {
            return (DatabaseKind.PostgreSql, new Secret(text));
        }

        var pathKey = System.Array.Find(SqliteKeys, builder.ContainsKey);
        var path = pathKey is null ? null : builder[pathKey] as string;
        if (string.IsNullOrWhiteSpace(path))
        {
            problems.Add(place, key, "the connection names neither a file nor a host", "a file for SQLite, or Host=… for PostgreSQL", "Write for example: connection: /var/lib/ivrconsent/ledger.db");
            return null;
        }

        if (path.Contains(":memory:", StringComparison.OrdinalIgnoreCase) || path.StartsWith("file:", StringComparison.OrdinalIgnoreCase) || path.StartsWith('~'))
        {
            problems.Add(place, key, "the ledger must be a file named by its path (not :memory:, file: or ~)", null, "Write for example: connection: /var/lib/ivrconsent/ledger.db");
            return null;
        }

        builder[pathKey!] = Path.GetFullPath(path, folder);
        return (DatabaseKind.Sqlite, new Secret(builder.ConnectionString));
    }
}
