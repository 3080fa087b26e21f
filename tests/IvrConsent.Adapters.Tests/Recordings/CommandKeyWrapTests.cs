using System.Text;
using IvrConsent.Storage.Keys;
using IvrConsent.TestKit.Time;
using Xunit;

namespace IvrConsent.Adapters.Tests.Recordings;

/// <summary>A recording's key wrapped by a command of the house; the commands of these tests are a shell's.</summary>
public sealed class CommandKeyWrapTests : IDisposable
{
    private const string Secret = "AGE-SECRET-KEY-1QQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQ";
    private static readonly byte[] Key = Encoding.ASCII.GetBytes(Secret);
    private readonly string _folder = Directory.CreateTempSubdirectory("key-command-test-").FullName;
    private readonly ManualTimeProvider _time = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task What_one_command_wraps_the_other_unwraps_without_any_key_in_the_folder()
    {
        var wrap = Create(["/usr/bin/base64", "-w0"], ["/usr/bin/base64", "-d"]);
        var wrapped = await wrap.WrapAsync("a recording", Key, Cancel);
        Assert.Equal($"# recording: a recording\n{Secret}\n", Encoding.ASCII.GetString(Convert.FromBase64String(Encoding.ASCII.GetString(wrapped))));
        Assert.True(wrap.CanUnwrap);
        Assert.Equal(Key, await wrap.UnwrapAsync("a recording", wrapped, Cancel));
        Assert.Contains("another one's", (await FailAsync(wrap.UnwrapAsync("another", wrapped, Cancel))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_recording_is_named_in_the_environment_and_the_key_is_nowhere_but_in_the_input()
    {
        var seen = Path.Combine(_folder, "seen");
        var wrap = Create(["/bin/sh", "-c", $"(printf '%s\\n' \"$IVRCONSENT_RECORDING\"; tr '\\0' '\\n' < /proc/$$/environ; tr '\\0' '\\n' < /proc/$$/cmdline) > {seen}; base64"], []);
        await wrap.WrapAsync("x; $(reboot) 'é", Key, Cancel);
        var lines = await File.ReadAllLinesAsync(seen, Cancel);
        Assert.Equal("x; $(reboot) 'é", lines[0]);
        Assert.DoesNotContain(lines, line => line.Contains("AGE-", StringComparison.Ordinal));
        Assert.False(wrap.CanUnwrap);
    }

    [Theory]
    [InlineData("exit 3", "exit code 3. ")]
    [InlineData("echo first >&2; echo access denied. >&2; exit 3", "exit code 3 (access denied). ")]
    [InlineData("cat >&2; exit 1", "exit code 1 (…). ")]
    [InlineData("base64 -w0 >&2; exit 1", "exit code 1 (…). ")]
    [InlineData("exec 0<&-; exit 7", "exit code 7")]
    [InlineData("kill -9 $$", "exit code 137")]
    [InlineData("cat", "the key in clear")]
    [InlineData("cat > /dev/null", "nothing")]
    [InlineData("head -c 70000 /dev/zero; exec cat /dev/zero", "more than 64 KiB")]
    [InlineData("head -c 70000 /dev/zero >&2; base64 >/dev/null; exit 4", "exit code 4")]
    public async Task A_command_that_fails_is_told_without_the_key(string script, string expected)
    {
        var error = await FailAsync(Create(["/bin/sh", "-c", script], []).WrapAsync("r", Key, Cancel));
        Assert.StartsWith("keys.wrap_command ", error.Message, StringComparison.Ordinal);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("QQQQ", error.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("UVFR", error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("exec sleep 600")]
    [InlineData("cat > /dev/null; sleep 30 & exit 0")]
    public async Task A_command_that_hangs_is_stopped_at_the_limit(string script)
    {
        var waiting = Create(["/bin/sh", "-c", script], []).WrapAsync("r", Key, Cancel);
        Assert.False(waiting.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.Contains("busy after 10 s", (await FailAsync(waiting)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whoever_gives_the_wait_up_gets_no_error_of_the_command()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var waiting = Create(["/bin/sleep", "600"], []).WrapAsync("r", Key, stop.Token);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }

    [Theory]
    [InlineData("/no/such/program")]
    [InlineData("/etc/passwd")]
    public async Task A_program_that_cannot_be_started_is_named(string program) =>
        Assert.Contains($"cannot be started as {program}", (await FailAsync(Create([program], []).WrapAsync("r", Key, Cancel))).Message, StringComparison.Ordinal);

    [Fact]
    public async Task Keys_of_before_and_after_a_change_of_the_settings_open()
    {
        Keys.MakeMissing();
        var old = await Create([], []).WrapAsync("r", Key, Cancel);
        var both = Create(["/usr/bin/base64"], ["/usr/bin/base64", "-d"]);
        Assert.Equal(Key, await both.UnwrapAsync("r", old, Cancel));
        var commands = await both.WrapAsync("r", Key, Cancel);
        Assert.NotEqual(old, commands);

        // Back again: the folder's master wraps, the command unwraps what it did.
        var back = Create([], ["/usr/bin/base64", "-d"]);
        Assert.Equal(Key, await back.UnwrapAsync("r", commands, Cancel));
        Assert.Equal(Key, await Create([], []).UnwrapAsync("r", await back.WrapAsync("r", Key, Cancel), Cancel));
    }

    [Fact]
    public async Task A_command_may_make_files_of_age_with_a_master_of_its_own()
    {
        Keys.MakeMissing();
        var key = Path.Combine(_folder, "hsm.txt");
        await AgeTests.RunAsync("age-keygen", "-o", key);
        var recipient = Encoding.ASCII.GetString(await AgeTests.RunAsync("age-keygen", "-y", key)).Trim();
        var wrap = Create(["/usr/bin/age", "-r", recipient], ["/usr/bin/age", "-d", "-i", key]);
        Assert.Equal(Key, await wrap.UnwrapAsync("r", await wrap.WrapAsync("r", Key, Cancel), Cancel));
    }

    private KeyFolder Keys => new(Path.Combine(_folder, "keys"));

    private IRecordingKeyWrap Create(string[] wrap, string[] unwrap) => RecordingKeyWraps.Create(Keys, new KeyCommandOptions { Wrap = wrap, Unwrap = unwrap }, _time);

    private static Task<KeyFolderException> FailAsync(Task task) => Assert.ThrowsAsync<KeyFolderException>(() => task);
}
