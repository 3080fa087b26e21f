using System.Globalization;

namespace IvrConsent.Host.Cli;

/// <summary>
/// Who sits at the keyboard. The worker's files belong to the worker's user, so commands are run by sudo as that user: its name would
/// be the actor of everything. The login's own id is set once by the system when somebody logs in, and sudo leaves it as it is.
/// </summary>
internal static class CliActor
{
    private const uint NotSet = uint.MaxValue;

    /// <summary>The name of who logged in; where nobody did (a timer, a container), of the user that runs the program.</summary>
    public static string Name { get; } = FromLogin("/proc/self/loginuid", "/etc/passwd") ?? Environment.UserName;

    internal static string? FromLogin(string loginFile, string usersFile)
    {
        try
        {
            if (!uint.TryParse(File.ReadAllText(loginFile), NumberStyles.None, CultureInfo.InvariantCulture, out var id) || id == NotSet)
            {
                return null;
            }

            var user = File.ReadLines(usersFile).Select(line => line.Split(':')).FirstOrDefault(user => user.Length > 2 && user[2] == id.ToString(CultureInfo.InvariantCulture));

            // A directory's user is not in the file; his number is as good a name as any, and nobody else's.
            return user?[0] ?? string.Create(CultureInfo.InvariantCulture, $"uid-{id}");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
