using System.Text;
using IvrConsent.Host.Settings;
using Xunit;

namespace IvrConsent.Host.Tests.Settings;

/// <summary>Every mistake is named with line, column and key, and with what to write instead.</summary>
public sealed class BrokenSettingsTests
{
    // piece of the good file | what stands there instead | line | column | key | part of the message
    public static TheoryData<string, string, int, int, string, string> Mistakes => new()
    {
        { "worker:", "wroker:", 1, 1, "wroker", "did you mean worker" },
        { "name: worker-1", "name: \"a b\"", 1, 17, "worker.name", "letters, digits" },
        { "connection: ledger.db", "connection: \":memory:\"", 3, 15, "database.connection", "path" },
        { "connection: ledger.db", "connection: postgres://u:pw@h/d", 3, 15, "database.connection", "Host=" },
        { "800ms", "800", 4, 17, "database.commit_limit", "800ms" },
        { "800ms", "5s", 4, 17, "database.commit_limit", "1s" },
        { "800ms", "soon", 4, 17, "database.commit_limit", "100ms to 1s" },
        { "  - name: main\n    url", "  - url", 6, 5, "pbx[#1].name", "missing" },
        { "name: main", "name: \"ma/in\"", 6, 11, "pbx[ma/in].name", "letters" },
        { "http://127.0.0.1:8088", "127.0.0.1:8088", 7, 10, "pbx[main].url", "http" },
        { "http://127.0.0.1:8088", "ftp://127.0.0.1", 7, 10, "pbx[main].url", "http" },
        { "http://127.0.0.1:8088", "http://u:p@127.0.0.1:8088", 7, 10, "pbx[main].url", "password" },
        { "http://127.0.0.1:8088", "http://127.0.0.1:8088/ari", 7, 10, "pbx[main].url", "/ari" },
        { "    password: \"wholly-secret\"\n", "", 6, 5, "pbx[main].password", "password_file" },
        { "password: \"wholly-secret\"", "password_file: /no/such/file", 8, 20, "pbx[main].password_file", "chmod 600" },
        { "password: \"wholly-secret\"", "password: \"wholly-secret\"\n    application: \"a b\"", 9, 18, "pbx[main].application", "letters" },
        { "password: \"wholly-secret\"", "password: \"wholly-secret\"\n    prompts: ftp", 9, 14, "pbx[main].prompts", "http" },
        { "password: \"wholly-secret\"", "password: \"wholly-secret\"\n    prompts: folder", 9, 14, "pbx[main].prompts_folder", "/var/lib/asterisk" },
        { "password: \"wholly-secret\"", "password: \"wholly-secret\"\n    prompt_rate: 44100", 9, 18, "pbx[main].prompt_rate", "16000" },
        { "password: \"wholly-secret\"", "password: \"wholly-secret\"\n    request_timeout: 1ms", 9, 22, "pbx[main].request_timeout", "100ms" },
        { "password: \"wholly-secret\"", "password: \"wholly-secret\"\n  - name: main\n    url: http://127.0.0.1:8089\n    password: \"x\"", 9, 11, "pbx[main]", "this name" },
        { "recording: { version: \"1\" }", "recording: { prompt: notice }", 10, 3, "notices[recording].version", "missing" },
        { "{ version: \"1\" }", "{ version: \"1\", prompt: ../notice }", 10, 38, "notices[recording].prompt", "without folder" },
        { "language: en", "language: english-language", 12, 13, "defaults.language", "en" },
        { "language: en", "language: 12", 12, 13, "defaults.language", "language tag" },
        { "accept: \"1\"", "accept: \"12\"", 13, 19, "defaults.keys.accept", "0-9" },
        { "decline: \"2\"", "decline: \"1\"", 13, 33, "defaults.keys.decline", "also the key" },
        { "decline: \"2\"", "declne: \"2\"", 13, 24, "defaults.keys.declne", "did you mean decline" },
        { "first_digit_timeout: 5s", "first_digit_timeout: 5 minutes", 17, 26, "lines[demo].first_digit_timeout", "1s to 60s" },
        { "first_digit_timeout: 5s", "first_digit_timeout: [5s]", 17, 26, "lines[demo].first_digit_timeout", "1s to 60s" },
        { "on_decline: hangup", "on_decline: explode", 18, 17, "lines[demo].on_decline", "hangup" },
        { "on_decline: hangup", "on_decline: { extension: s }", 18, 17, "lines[demo].on_decline.context", "missing" },
        { "on_decline: hangup", "on_decline: { context: c, priority: 0 }", 18, 41, "lines[demo].on_decline.priority", "1 to 9999" },
        { "name: sales", "name: demo", 19, 11, "lines[demo]", "this name" },
        { "numbers: [\"200\"]", "numbers: [\"100\"]", 20, 15, "lines[sales].numbers", "demo" },
        { "numbers: [\"200\"]", "numbers: \"200\"", 20, 14, "lines[sales].numbers", "[" },
        { "numbers: [\"200\"]", "numbers: [\"2 0\"]", 20, 15, "lines[sales].numbers", "without spaces" },
        { "repeats: 2", "repeats: many", 21, 14, "lines[sales].repeats", "0 to 5" },
        { "repeats: 2", "repeats: 9", 21, 14, "lines[sales].repeats", "0 to 5" },
        { "repeats: 2", "repeats: 2\n    repeats: 3", 22, 5, "lines[sales].repeats", "twice" },
        { "repeats: 2", "notice: marketing", 21, 13, "lines[sales].notice", "recording" },
        { "repeats: 2", "barge_in: maybe", 21, 15, "lines[sales].barge_in", "true" },
        { "repeats: 2", "recording: { format: mp3 }", 21, 26, "lines[sales].recording.format", "wav16" },
        { "unknown_line: continue", "unknown_line: [continue]", 22, 15, "unknown_line", "hangup" },
    };

    [Theory]
    [MemberData(nameof(Mistakes))]
    public void A_mistake_is_named_with_its_place_and_its_remedy(string piece, string instead, int line, int column, string key, string says)
    {
        var result = SettingsScene.Read(SettingsScene.With(piece, instead));

        Assert.Null(result.Settings);
        var all = string.Join("\n", result.Problems);
        var problem = result.Problems.FirstOrDefault(problem => problem.Key.StartsWith(key, StringComparison.Ordinal));
        Assert.True(problem is not null, $"no problem of {key} among:\n{all}");
        Assert.True((line, column) == (problem.Place.Line, problem.Place.Column), $"expected {line}:{column}\n{all}");
        Assert.Contains(says, problem.ToString(), StringComparison.Ordinal);
        Assert.NotEmpty(problem.Remedy);
        Assert.DoesNotContain("wholly-secret", all, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("pbx:\n\t- name: x\n", 2, 1, "tab")]
    [InlineData("pbx: [\n", null, null, "")]
    [InlineData("a: b\n---\nc: d\n", 2, 1, "document")]
    [InlineData("- a\n- b\n", 1, 1, "keys such as pbx")]
    [InlineData("", null, null, "")]
    public void What_is_not_a_settings_file_is_refused_with_its_place(string text, int? line, int? column, string says)
    {
        var result = SettingsScene.Read(text);
        Assert.Null(result.Settings);
        var problem = result.Problems[0];
        Assert.Contains(says, problem.ToString(), StringComparison.OrdinalIgnoreCase);
        if (line is not null)
        {
            Assert.Equal((line, column), (problem.Place.Line, problem.Place.Column));
        }
    }

    [Fact]
    public void All_mistakes_are_told_at_once()
    {
        var text = SettingsScene.With("800ms", "soon").Replace("repeats: 2", "repeats: 9", StringComparison.Ordinal).Replace("accept: \"1\"", "accept: \"x\"", StringComparison.Ordinal);
        Assert.Equal(["database.commit_limit", "defaults.keys.accept", "lines[sales].repeats"], SettingsScene.Read(text).Problems.Select(problem => problem.Key));
    }

    [Fact]
    public void Text_that_is_not_UTF8_and_a_file_too_large_are_refused()
    {
        Assert.Contains("UTF-8", SettingsScene.Read([0x77, 0xE9, 0x3A, 0x0A]).Problems[0].ToString(), StringComparison.Ordinal);
        Assert.Contains("1 MB", SettingsScene.Read(new byte[1024 * 1024 + 1]).Problems[0].ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Aliases_cannot_blow_up_the_memory()
    {
        var bomb = new StringBuilder("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for (var i = 1; i < 12; i++)
        {
            bomb.Append(System.Globalization.CultureInfo.InvariantCulture, $"a{i}: &a{i} [{string.Join(", ", Enumerable.Repeat($"*a{i - 1}", 10))}]\n");
        }

        Assert.NotEmpty(SettingsScene.Read(bomb.ToString()).Problems);
    }

    [Fact]
    public void Random_edits_of_the_shipped_file_never_throw()
    {
        var shipped = File.ReadAllText(Path.Combine(Cli.Installation.Repository, "config", "ivrconsent.yaml"));
        var random = new Random(20261122);
        const string Snippets = "{}[]:#&*!|>'\"%@`-?,\n\t\0 é0";
        for (var round = 0; round < 1500; round++)
        {
            var text = new StringBuilder(shipped);
            for (var edit = random.Next(1, 6); edit > 0; edit--)
            {
                var at = random.Next(text.Length);
                switch (random.Next(4))
                {
                    case 0: text.Remove(at, Math.Min(random.Next(1, 40), text.Length - at)); break;
                    case 1: text.Insert(at, Snippets[random.Next(Snippets.Length)]); break;
                    case 2: text[at] = Snippets[random.Next(Snippets.Length)]; break;
                    default: text.Insert(at, text.ToString(at, Math.Min(random.Next(1, 60), text.Length - at))); break;
                }
            }

            var result = SettingsScene.Read(text.ToString());
            Assert.Equal(result.Settings is null, result.Problems.Count > 0);
        }
    }
}
