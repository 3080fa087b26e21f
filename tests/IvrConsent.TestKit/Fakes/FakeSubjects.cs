using System.Collections.Concurrent;
using IvrConsent.Core.Subjects;

namespace IvrConsent.TestKit.Fakes;

/// <summary>The mapping between numbers and subjects in memory, with the contract of the real one.</summary>
public sealed class FakeSubjects : ISubjects
{
    private readonly ConcurrentDictionary<string, SubjectId> _subjects = new(StringComparer.Ordinal);

    public Task<SubjectId?> FindAsync(string number, CancellationToken cancel) =>
        Task.FromResult(PhoneNumber.Normalise(number) is { } key && _subjects.TryGetValue(key, out var subject) ? subject : (SubjectId?)null);

    public Task<SubjectId?> FindOrAddAsync(string? number, CancellationToken cancel) =>
        Task.FromResult(PhoneNumber.Normalise(number) is { } key ? _subjects.GetOrAdd(key, _ => new SubjectId(Guid.NewGuid())) : (SubjectId?)null);

    public Task<string?> RevealAsync(SubjectId subject, CancellationToken cancel) =>
        Task.FromResult(_subjects.Where(pair => pair.Value == subject).Select(pair => pair.Key).FirstOrDefault());

    public Task<bool> DeleteAsync(SubjectId subject, CancellationToken cancel) =>
        Task.FromResult(_subjects.Where(pair => pair.Value == subject).Select(pair => pair.Key).FirstOrDefault() is { } number && _subjects.TryRemove(number, out _));
}
