using IvrConsent.Core.Access;

namespace IvrConsent.TestKit.Fakes;

/// <summary>API keys in memory, with the contract of the real ones.</summary>
public sealed class FakeApiKeys : IApiKeys
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, ApiKey> _byHash = new(StringComparer.Ordinal);

    /// <summary>Thrown by each use, when set.</summary>
    public Exception? Fault { get; set; }

    /// <summary>How often a key was looked for.</summary>
    public int Lookups { get; private set; }

    /// <summary>Adds a key and gives its secret.</summary>
    public string Add(string name, DateTimeOffset expiresAt, params string[] scopes)
    {
        var secret = ApiKeySecret.New();
        _byHash.Add(ApiKeySecret.HashOf(secret)!, new ApiKey(name, scopes, DateTimeOffset.UnixEpoch, expiresAt, null));
        return secret;
    }

    public Task<bool> AddAsync(ApiKey key, string secretHash, CancellationToken cancel)
    {
        lock (_gate)
        {
            return Task.FromResult(_byHash.Values.All(other => other.Name != key.Name) && _byHash.TryAdd(secretHash, key));
        }
    }

    public Task<ApiKey?> FindAsync(string secretHash, CancellationToken cancel)
    {
        lock (_gate)
        {
            Lookups++;
            return Fault is null ? Task.FromResult(_byHash.GetValueOrDefault(secretHash)) : Task.FromException<ApiKey?>(Fault);
        }
    }

    public Task<IReadOnlyList<ApiKey>> ListAsync(CancellationToken cancel) => Task.FromResult<IReadOnlyList<ApiKey>>([.. _byHash.Values]);

    public Task<bool> RevokeAsync(string name, DateTimeOffset at, CancellationToken cancel)
    {
        lock (_gate)
        {
            var hash = _byHash.Where(pair => pair.Value.Name == name).Select(pair => pair.Key).FirstOrDefault();
            if (hash is not null)
            {
                _byHash[hash] = _byHash[hash] with { RevokedAt = _byHash[hash].RevokedAt ?? at };
            }

            return Task.FromResult(hash is not null);
        }
    }
}
