namespace IvrConsent.Storage.Database;

/// <summary>The ledger's database cannot be read now; the message says what to do and holds no secret.</summary>
public sealed class LedgerUnavailableException : IOException
{
    /// <summary>With a message for a person.</summary>
    public LedgerUnavailableException(string message)
        : base(message)
    {
    }

    /// <summary>With a message for a person and what was behind it.</summary>
    public LedgerUnavailableException(string message, Exception? inner)
        : base(message, inner)
    {
    }

    /// <summary>Without a message of its own.</summary>
    public LedgerUnavailableException()
    {
    }
}

/// <summary>The database's tables do not fit this program: newer than it, or changed after they were made.</summary>
public sealed class LedgerMigrationException : Exception
{
    /// <summary>With a message for a person.</summary>
    public LedgerMigrationException(string message)
        : base(message)
    {
    }

    /// <summary>With a message for a person and what was behind it.</summary>
    public LedgerMigrationException(string message, Exception? inner)
        : base(message, inner)
    {
    }

    /// <summary>Without a message of its own.</summary>
    public LedgerMigrationException()
    {
    }
}

/// <summary>The spool folder cannot be used: another process has it, or it cannot be written.</summary>
public sealed class SpoolFolderException : IOException
{
    /// <summary>With a message for a person.</summary>
    public SpoolFolderException(string message)
        : base(message)
    {
    }

    /// <summary>With a message for a person and what was behind it.</summary>
    public SpoolFolderException(string message, Exception? inner)
        : base(message, inner)
    {
    }

    /// <summary>Without a message of its own.</summary>
    public SpoolFolderException()
    {
    }
}
