using System.Buffers.Text;
using System.Globalization;
using System.IO.MemoryMappedFiles;
using System.Security.Cryptography;
using System.Text;
using IvrConsent.TestKit.Lab;
using Xunit;

namespace IvrConsent.Host.Tests.RealCalls;

/// <summary>The search that <see cref="NothingInClearTests"/> rest on finds what is there, wherever and in whichever form.</summary>
public sealed class DiskSearchTests : IDisposable
{
    private static readonly string[] _folders = ["/tmp", "/dev/shm", "/var/tmp", AppContext.BaseDirectory];
    private readonly List<string> _planted = [];

    [Fact]
    public async Task What_is_planted_in_any_folder_and_form_is_found_and_nothing_else()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess || LabEnvironment.Required, "Others' files are read by root only.");
        var search = new DiskSearch();
        var samples = RandomNumberGenerator.GetBytes(64);
        var number = RandomNumberGenerator.GetString("0123456789", 14);
        search.For("samples", samples).For("number", number);
        byte[][] forms =
        [
            samples,
            .. Enumerable.Range(0, 3).Select(before => Base64Url.EncodeToUtf8([.. new byte[before], .. samples, 7])),
            Encoding.ASCII.GetBytes(Convert.ToHexStringLower(samples)),
            Encoding.ASCII.GetBytes("+" + number),
            Encoding.Unicode.GetBytes($"tel:{number};"),
            Encoding.ASCII.GetBytes(Convert.ToBase64String(Encoding.ASCII.GetBytes($"\"{number}\""))),
            Encoding.ASCII.GetBytes(Convert.ToHexString(Encoding.ASCII.GetBytes(number))),
        ];
        var expected = new List<string>();
        foreach (var folder in _folders.Where(Directory.Exists))
        {
            expected.AddRange(forms.Select(form => Plant(folder, form)));
        }

        // Across the border of two pieces that are read, renamed from elsewhere, and dated back.
        expected.Add(Plant("/var/tmp", [.. new byte[(8 << 20) - 10], .. samples]));
        var old = Plant("/var/tmp", samples);
        File.SetLastWriteTimeUtc(old, DateTime.UnixEpoch);
        File.Move(old, _planted[^1] = old + "-renamed");
        expected.Add(_planted[^1]);
        Plant("/tmp", [.. samples.Reverse()]);

        var finds = await search.RunAsync(TestContext.Current.CancellationToken);

        Assert.Equal(expected.Order(StringComparer.Ordinal), finds.Found.Select(find => find.Path).Order(StringComparer.Ordinal));
        Assert.Empty(finds.Unread);
    }

    [Fact]
    public async Task What_is_planted_in_the_pbx_own_memory_file_system_is_found()
    {
        var pbx = RealLab.RequirePbx("22");
        var search = new DiskSearch();
        var secret = RandomNumberGenerator.GetBytes(32);
        search.For("secret", secret);

        // A folder of the PBX's mounts alone: nobody sees it under its own name.
        var planted = Plant(string.Create(CultureInfo.InvariantCulture, $"/proc/{pbx.ProcessId}/root/tmp"), secret);
        var finds = await search.RunAsync(TestContext.Current.CancellationToken);

        Assert.EndsWith(Path.GetFileName(planted), Assert.Single(finds.Found).Path, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_not_changed_is_not_read_but_where_a_process_writes_into_it_by_memory()
    {
        var search = new DiskSearch(TimeProvider.System.GetUtcNow() + TimeSpan.FromDays(1));
        var secret = RandomNumberGenerator.GetBytes(32);
        search.For("secret", secret);
        Plant("/var/tmp", secret);
        var mapped = Plant("/dev/shm", new byte[4096]);
        using var memory = MemoryMappedFile.CreateFromFile(mapped, FileMode.Open);
        using var view = memory.CreateViewAccessor();
        view.WriteArray(1000, secret, 0, secret.Length);

        var finds = await search.RunAsync(TestContext.Current.CancellationToken);

        Assert.Equal(mapped, Assert.Single(finds.Found).Path);
    }

    public void Dispose() => _planted.ForEach(File.Delete);

    private string Plant(string folder, byte[] content)
    {
        var path = Path.Combine(folder, $"planted-{Guid.NewGuid():N}");
        _planted.Add(path);
        File.WriteAllBytes(path, content);
        return path;
    }
}
