using System.Text;
using IvrConsent.Host.Settings;
using Xunit;

namespace IvrConsent.Host.Tests.Settings;

/// <summary>
/// What an admin may get wrong, one slip a row: the place, the key and what to write must be said, the slip alone must be
/// reported, and the password of the file must not show.
/// </summary>
public class BrokenFilesTests
{
    public static TheoryData<string, string, int, int, string, string, string> OneSlip => new()
    {
        // old → new, line, column, key, what, remedy
        { "language: en", "langauge: en", 10, 5, "lines[demo].langauge", "not known (did you mean language?)", "Write: language:" },
        { "language: en", "barge-in: true", 10, 5, "lines[demo].barge-in", "did you mean barge_in?", "Write: barge_in:" },
        { "language: en", "FirstDigitTimeout: 5s", 10, 5, "lines[demo].FirstDigitTimeout", "did you mean first_digit_timeout?", "Write: first_digit_timeout:" },
        { "language: en", "colour: red", 10, 5, "lines[demo].colour", "the key is not known", "Correct or delete it." },
        { "language: en", "listen: 127.0.0.1:8090", 10, 5, "lines[demo].listen", "does not belong here", "Move it to http." },
        { "language: en", "version: 2", 10, 5, "lines[demo].version", "does not belong here", "Move it to notices[…]." },
        { "lines:\n", "pbxs: []\nlines:\n", 7, 1, "pbxs", "did you mean pbx?", "Write: pbx:" },
        { "language: en", "language: en\n    language: pl", 11, 5, "lines[demo].language", "written twice, first in line 10", "Keep one of them." },
        { "language: en", "language: \"\"", 10, 15, "lines[demo].language", "the value is empty", "Write for example: language: en" },
        { "language: en", "language:", 10, 14, "lines[demo].language", "nothing is written here", "Write for example: language: en" },
        { "language: en", "language: [en, pl]", 10, 15, "lines[demo].language", "a list stands here", "Write for example: language: en" },
        { "language: en", "language: english language", 10, 15, "lines[demo].language", "\"english language\" does not fit", "language: en" },
        { "language: en", "keys: { accept: \"12\" }", 10, 21, "lines[demo].keys.accept", "\"12\" is not a key. Expected one of 0-9, *, #, A-D", "Write for example: accept: \"1\"" },
        { "language: en", "keys: { accept: 12 }", 10, 21, "lines[demo].keys.accept", "\"12\" is not a key", "accept: \"1\"" },
        { "language: en", "keys: { accept: \"a\" }", 10, 21, "lines[demo].keys.accept", "did you mean \"A\"?", "accept: \"1\"" },
        { "language: en", "keys:\n      decline: #", 11, 15, "lines[demo].keys.decline", "nothing is written here", "the key # needs its quotes: \"#\"" },
        { "language: en", "keys:\n      repeat: *", 11, 15, "", "a star without quotes is an alias", "Put it in quotes: \"*\"" },
        { "language: en", "keys: { accept: none }", 10, 21, "lines[demo].keys.accept", "\"none\" is not a key", "accept: \"1\"" },
        { "language: en", "keys: { accept: \"2\" }", 10, 21, "lines[demo].keys.accept", "\"2\" is also the key for decline", "Write for example: accept: \"1\"" },
        { "language: en", "keys: { accept: 3, decline: 3 }", 10, 33, "lines[demo].keys.decline", "\"3\" is also the key for accept", "decline: \"1\"" },
        { "language: en", "keys: { repeat: 1 }", 10, 21, "lines[demo].keys.repeat", "\"1\" is also the key for accept", "repeat: \"3\"" },
        { "language: en", "keys: \"12\"", 10, 11, "lines[demo].keys", "a single value stands here", "keys: " },
        { "language: en", "barge_in: yes", 10, 15, "lines[demo].barge_in", "did you mean true?", "barge_in: true" },
        { "language: en", "confirm: maybe", 10, 14, "lines[demo].confirm", "neither true nor false", "confirm: true" },
        { "language: en", "repeats: 6", 10, 14, "lines[demo].repeats", "\"6\" is out of range. Expected a whole number from 0 to 5", "repeats: 1" },
        { "language: en", "repeats: two", 10, 14, "lines[demo].repeats", "is not a whole number", "repeats: 1" },
        { "language: en", "first_digit_timeout: 5", 10, 26, "lines[demo].first_digit_timeout", "\"5\" has no unit", "first_digit_timeout: 5s" },
        { "language: en", "first_digit_timeout: 0.5s", 10, 26, "lines[demo].first_digit_timeout", "is not a time", "first_digit_timeout: 5s" },
        { "language: en", "first_digit_timeout: 2m", 10, 26, "lines[demo].first_digit_timeout", "out of range. Expected a time from 1s to 60s", "first_digit_timeout: 5s" },
        { "language: en", "first_digit_timeout: 999999999h", 10, 26, "lines[demo].first_digit_timeout", "out of range", "first_digit_timeout: 5s" },
        { "language: en", "notice: recordng", 10, 13, "lines[demo].notice", "no notice \"recordng\" (did you mean recording?)", "Write: notice: recording" },
        { "language: en", "on_decline: hang-up", 10, 17, "lines[demo].on_decline", "did you mean hangup?", "on_decline: continue" },
        { "language: en", "on_decline: { extension: s }", 10, 17, "lines[demo].on_decline.context", "the key is missing", "context: declined" },
        { "language: en", "on_decline: { context: a, priority: 0 }", 10, 41, "lines[demo].on_decline.priority", "out of range", "priority: 1" },
        { "language: en", "on_decline: { context: a, extension: \"1,2\" }", 10, 42, "lines[demo].on_decline.extension", "does not fit", "extension: s" },
        { "language: en", "recording: { format: mp3 }", 10, 26, "lines[demo].recording.format", "Expected wav or wav16", "format: wav" },
        { "language: en", "<<: { language: pl }", 10, 5, "lines[demo].<<", "merge keys are not read", "Write under defaults: what all lines share." },
        { "numbers: [\"100\"]", "numbers: \"100\"", 9, 14, "lines[demo].numbers", "a single value stands here", "numbers: [\"100\", \"+48221234567\"]" },
        { "numbers: [\"100\"]", "numbers: [100, +48 22 123]", 9, 20, "lines[demo].numbers[#2]", "\"+48 22 123\" does not fit. Expected a called number or name as the dialplan passes it, without spaces", "numbers: [" },
        { "numbers: [\"100\"]", "numbers: [100, [101]]", 9, 20, "lines[demo].numbers[#2]", "a list stands here", "numbers: [" },
        { "numbers: [\"100\"]", "numbers: [100, \"100\"]", 9, 20, "lines[demo].numbers[#2]", "in this list twice", "Delete it here or there." },
        { "    language: en", "  - name: other\n    numbers: [101, 100]", 11, 20, "lines[other].numbers[#2]", "\"100\" belongs to lines[demo] already", "Delete it here or there." },
        { "    language: en", "  - name: demo", 10, 11, "lines[demo]", "two line entries have this name, the first in line 8", "Give each its own name." },
        { "    language: en", "  - language: en", 10, 5, "lines[#2].name", "the key is missing", "Write for example: name: demo" },
        { "    language: en", "  - other", 10, 5, "lines[#2]", "a single value stands where a line is expected", "{ name: demo }" },
        { "name: demo", "name: \"demo line\"", 8, 11, "lines[demo line].name", "does not fit. Expected 1 to 64 letters", "name: demo" },
        { "name: main", "name: [main]", 2, 11, "pbx[#1].name", "a list stands here", "name: main" },
        { "url: http://127.0.0.1:8088", "url: 127.0.0.1:8088", 3, 10, "pbx[main].url", "is not an address", "url: http://127.0.0.1:8088" },
        { "url: http://127.0.0.1:8088", "url: http://me:secret-word@127.0.0.1:8088", 3, 10, "pbx[main].url", "the value (not shown, it may hold a password) holds a user or password", "url: http://127.0.0.1:8088" },
        { "url: http://127.0.0.1:8088", "url: http://127.0.0.1:8088/ari", 3, 10, "pbx[main].url", "ends with /ari", "Write: url: http://127.0.0.1:8088" },
        { "    url: http://127.0.0.1:8088\n", "", 2, 5, "pbx[main].url", "the key is missing", "Write for example: url: http://127.0.0.1:8088" },
        { "password: secret-word", "password: [secret-word]", 4, 15, "pbx[main].password", "a list stands here", "password: \"…\"" },
        { "password: secret-word", "username: ivrconsent", 2, 5, "pbx[main].password", "the key is missing. Expected password_file or password", "password_file: ari-password" },
        { "password: secret-word", "password_file: secret-word", 4, 20, "pbx[main].password_file", "the file does not exist", "chmod 600" },
        { "password: secret-word", "password: secret-word\n    password_file: secret-word", 5, 20, "pbx[main].password_file", "both password and password_file are given", "Delete password and keep password_file." },
        { "password: secret-word", "pasword: secret-word\n    password: x", 4, 5, "pbx[main].pasword", "did you mean password?", "Write: password:" },
        { "password: secret-word", "password: secret-word\n    rest: web", 5, 11, "pbx[main].rest", "Expected auto, websocket or http", "rest: auto" },
        { "password: secret-word", "password: secret-word\n    prompt_rate: 44100", 5, 18, "pbx[main].prompt_rate", "Expected 8000 or 16000", "prompt_rate: 8000" },
        { "password: secret-word", "password: secret-word\n    prompts: folder", 5, 14, "pbx[main].prompts_folder", "is missing and prompts is folder", "/var/lib/asterisk/sounds/ivrconsent" },
        { "password: secret-word", "password: secret-word\n    prompts: folder\n    prompts_folder: sounds", 6, 21, "pbx[main].prompts_folder", "is not an absolute path", "prompts_folder: /var/lib" },
        { "notices:\n", "  - name: main\n    url: http://10.0.0.1:8088\n    password: secret-word\nnotices:\n", 5, 11, "pbx[main]", "two PBX entries have this name, the first in line 2", "Give each its own name." },
        { "notices:\n", "  - name: second\n    url: http://127.0.0.1:8088\n    password: secret-word\nnotices:\n", 6, 10, "pbx[second].url", "pbx[main] has the same url and application", "another application" },
        { "recording: { version: \"1\" }", "recording: { prompt: notice }", 6, 3, "notices[recording].version", "the key is missing", "version: \"1\"" },
        { "recording: { version: \"1\" }", "recording: { version: \"1\", prompt: ../etc/passwd }", 6, 38, "notices[recording].prompt", "does not fit", "prompt: notice" },
        { "recording: { version: \"1\" }", "recording: \"1\"", 6, 14, "notices[recording]", "a single value stands where a notice is expected", "recording: { version: \"1\" }" },
        { "lines:\n", "http: { listen: \"8090\" }\nlines:\n", 7, 17, "http.listen", "is not an address with a port", "listen: 127.0.0.1:8090" },
        { "lines:\n", "http: { listen: \"127.0.0.1:70000\" }\nlines:\n", 7, 17, "http.listen", "Expected an IP address (or localhost), a colon and a port", "listen: 127.0.0.1:8090" },
        { "lines:\n", "http: { listen: \"0.0.0.0:8090\" }\nlines:\n", 2, 5, "pbx[main].prompts_url", "is missing, and http.listen is no address that the PBX could call", "prompts_url: http://192.0.2.10:8090" },
        { "lines:\n", "database: Host=db;Password=secret-word\nlines:\n", 7, 11, "database", "a single value stands here", "database: " },
        { "lines:\n", "database: { connection: \"postgresql://u:secret-word@db/x\" }\nlines:\n", 7, 25, "database.connection", "written as a URL", "Host=db.example.org" },
        { "lines:\n", "database: { connection: \"User=me;Password=secret-word\" }\nlines:\n", 7, 25, "database.connection", "names neither a file nor a host", "connection: /var/lib/ivrconsent/ledger.db" },
        { "lines:\n", "database: { connection: \"Host=db;secret-word\" }\nlines:\n", 7, 25, "database.connection", "this is not a connection string", "double quotes" },
        { "lines:\n", "database: { connection: \":memory:\" }\nlines:\n", 7, 25, "database.connection", "must be a file", "connection: /var/lib/ivrconsent/ledger.db" },
        { "lines:\n", "database: { commit_limit: 3s }\nlines:\n", 7, 27, "database.commit_limit", "Expected a time from 100ms to 1s", "commit_limit: 800ms" },
        { "lines:\n", "database: { spool: ~/spool }\nlines:\n", 7, 20, "database.spool", "begins with ~", "spool: /var/lib/ivrconsent/spool" },
        { "lines:\n", "logging: { level: verbose }\nlines:\n", 7, 19, "logging.level", "\"verbose\" is not one of the choices", "level: information" },
        { "lines:\n", "defaults: { numbers: [1] }\nlines:\n", 7, 13, "defaults.numbers", "does not belong here", "Move it to lines[…]." },
        { "lines:\n", "defaults: { notice: other }\nlines:\n", 7, 21, "defaults.notice", "no notice \"other\"", "Write: notice: recording" },
        { "lines:\n", "defaults: { keys: { accept: 2 } }\nlines:\n", 7, 29, "defaults.keys.accept", "also the key for decline", "accept: \"1\"" },
        { "lines:\n", "unknown_line: agent\nlines:\n", 7, 15, "unknown_line", "Expected continue or hangup, or a place in the dialplan", "unknown_line: continue" },
        { "lines:\n  - name: demo\n    numbers: [\"100\"]\n    language: en\n", "lines: []\n", 7, 8, "lines", "the list is empty", "- name: …" },
        { "    language: en", "\tlanguage: en", 10, 1, "", "a tab is used to indent", "Replace the tab by two spaces." },
        { "    language: en", "   language: en", 10, 4, "", "this is not YAML", "Look at this line and the one before it" },
        { "language: en", "language: \"en", 10, 15, "", "this is not YAML", "every quote and bracket is closed" },
        { "language: en", "language: @en", 10, 15, "", "a value cannot begin with @", "Put the value in quotes." },
        { "language: en", "language: !include en", 10, 15, "", "the tag \"!include\" is not read here", "Delete the word" },
        { "language: en", "language: *lang", 10, 15, "", "the alias *lang has no anchor &lang before it", "put it in quotes" },
        { "language: en", "on_accept: &x { context: *x }", 10, 30, "", "the alias *x stands inside its own anchor", "Write the values out." },
        { "language: en", "? [a, b]\n    : c", 10, 7, "", "a key is a list", "Write: key: value" },
        { "lines:\n", "---\nlines:\n", 7, 1, "", "a second document begins here", "Delete the line with ---" },
        { "language: en", "language: e\u0001n", 10, 16, "", "a control character (U+0001)", "Delete it" },
        { "language: en", "language: e\0n", 10, 16, "", "a control character (U+0000)", "saved as UTF-16" },
    };

    [Theory]
    [MemberData(nameof(OneSlip))]
    public void One_slip_is_told_with_place_key_and_remedy(string old, string replacement, int line, int column, string key, string what, string remedy)
    {
        var result = Samples.Parse(Samples.With(old, replacement));

        Assert.Null(result.Settings);
        var problem = Assert.Single(result.Problems);
        Assert.Equal((Samples.FileName, line, column, key), (problem.Place.File, problem.Place.Line ?? 0, problem.Place.Column ?? 0, problem.Key));
        Assert.Contains(what, $"{problem.What}. Expected {problem.Expected}", StringComparison.Ordinal);
        Assert.Contains(remedy, problem.Remedy, StringComparison.Ordinal);
        Assert.DoesNotContain("secret-word", problem.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_message_reads_as_place_key_found_expected_remedy()
    {
        var problem = Samples.Problem(Samples.With("language: en", "keys: { accept: \"12\" }"));

        Assert.Equal(
            "etc/ivrconsent.yaml:10:21: lines[demo].keys.accept: \"12\" is not a key. Expected one of 0-9, *, #, A-D. Write for example: accept: \"1\"",
            problem.ToString());
    }

    [Fact]
    public void All_problems_are_told_at_once_in_the_order_of_the_file()
    {
        var result = Samples.Parse("""
            http: { listen: here }
            pbx:
              - name: main
                url: ftp://x
                rest: carrier-pigeon
            notices:
              recording: {}
            lines:
              - name: a
                repeats: 9
                colour: red
              - name: a
                keys: { accept: "77", decline: "2" }
            unknown_line: 7
            """);

        Assert.Equal(
            ["http.listen", "pbx[main].password", "pbx[main].url", "pbx[main].rest", "notices[recording].version", "lines[a].repeats", "lines[a].colour", "lines[a]", "lines[a].keys.accept", "unknown_line"],
            result.Problems.Select(problem => problem.Key));
    }

    [Fact]
    public void An_empty_file_tells_what_is_required()
    {
        var result = Samples.Parse("");

        Assert.Equal(["pbx", "notices", "lines"], result.Problems.Select(problem => problem.Key));
        Assert.All(result.Problems, problem => Assert.Equal("the key is missing", problem.What));
    }

    [Theory]
    [InlineData("- a\n- b\n", "the file holds a list")]
    [InlineData("just words\n", "the file holds a single value")]
    public void A_file_that_is_no_map_is_refused(string yaml, string what) =>
        Assert.Equal(what, Samples.Problem(yaml).What);

    [Fact]
    public void A_file_that_is_not_UTF_8_is_refused_at_its_first_wrong_byte()
    {
        byte[] latin = [.. Encoding.ASCII.GetBytes("worker:\n  name: caf"), 0xE9, .. Encoding.ASCII.GetBytes("\n")];

        var problem = Assert.Single(SettingsFile.Parse("s.yaml", latin, Samples.NoEnvironment).Problems);

        Assert.Equal((2, 12), (problem.Place.Line, problem.Place.Column));
        Assert.Contains("not UTF-8", problem.What, StringComparison.Ordinal);
        Assert.Contains("iconv -f ISO-8859-1 -t UTF-8 s.yaml", problem.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void UTF_16_is_refused_and_a_byte_order_mark_of_UTF_8_is_not()
    {
        var utf16 = SettingsFile.Parse("s.yaml", [.. Encoding.Unicode.Preamble, .. Encoding.Unicode.GetBytes(Samples.Minimal)], Samples.NoEnvironment);
        var utf8 = SettingsFile.Parse("s.yaml", [.. Encoding.UTF8.Preamble, .. Encoding.UTF8.GetBytes(Samples.Minimal)], Samples.NoEnvironment);

        Assert.Contains("not UTF-8", Assert.Single(utf16.Problems).What, StringComparison.Ordinal);
        Assert.Empty(utf8.Problems);
    }

    [Fact]
    public void A_file_larger_than_1_MB_is_refused()
    {
        var problem = Samples.Problem(Samples.Minimal + "#" + new string('x', 1024 * 1024));

        Assert.Contains("larger than 1 MB", problem.What, StringComparison.Ordinal);
    }

    [Fact]
    public void Aliases_that_multiply_are_bounded()
    {
        var bomb = new StringBuilder("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for (var i = 1; i < 12; i++)
        {
            bomb.Append(System.Globalization.CultureInfo.InvariantCulture, $"a{i}: &a{i} [{string.Join(", ", Enumerable.Repeat($"*a{i - 1}", 10))}]\n");
        }

        var problem = Samples.Problem(bomb.ToString());

        Assert.Contains("aliases multiply them", problem.What, StringComparison.Ordinal);
        Assert.NotNull(problem.Place.Line);
    }

    [Theory]
    [InlineData('[')]
    [InlineData('{')]
    public void Nesting_is_bounded_before_the_stack_is(char bracket)
    {
        var problem = Samples.Problem("pbx: " + new string(bracket, 500_000));

        Assert.Contains("nested too deep", problem.What, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_file_and_a_folder_are_told_apart()
    {
        using var folder = new TemporaryFolder();

        var missing = Assert.Single(SettingsFile.Load(Path.Combine(folder.Path, "none.yaml"), Samples.NoEnvironment).Problems);
        var isFolder = Assert.Single(SettingsFile.Load(folder.Path, Samples.NoEnvironment).Problems);

        Assert.Equal("the file does not exist", missing.What);
        Assert.Equal("this is a folder", isFolder.What);
    }

    [Fact]
    public void A_message_does_not_hand_control_characters_to_the_terminal()
    {
        var problem = Samples.Problem(Samples.With("language: en", "language: \"\\e[31mred\\e]0;x\\a\""));

        Assert.DoesNotContain(problem.ToString(), char.IsControl);
        Assert.Contains("\\u001B[31mred", problem.What, StringComparison.Ordinal);
    }

    [Fact]
    public void Names_with_control_characters_are_harmless_in_messages_about_others()
    {
        var result = Samples.Parse(Samples.With("recording: {", "\"a\\eb\": {"));

        Assert.Equal(["notices[a\\u001Bb]", "lines[demo].notice"], result.Problems.Select(problem => problem.Key));
        Assert.All(result.Problems, problem => Assert.DoesNotContain(problem.ToString(), char.IsControl));
    }

    [Fact]
    public void What_a_broken_quote_has_swallowed_is_not_shown()
    {
        // The quote of the url ends behind the password: the value found is both.
        var result = Samples.Parse(Samples.With("url: http://127.0.0.1:8088\n    password: secret-word", "url: \"http:/127.0.0.1:8088\n      password: secret-word\""));

        Assert.NotEmpty(result.Problems);
        Assert.All(result.Problems, problem => Assert.DoesNotContain("secret-word", problem.ToString(), StringComparison.Ordinal));
    }
}
