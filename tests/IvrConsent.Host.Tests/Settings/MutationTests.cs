using System.Diagnostics;
using System.Text;
using IvrConsent.Host.Settings;
using Xunit;

namespace IvrConsent.Host.Tests.Settings;

/// <summary>Whatever becomes of the file, the reader answers: with settings or with problems, soon, and without the password.</summary>
public class MutationTests
{
    private static readonly string[] Pieces =
        ["\t", "\n", ": ", "- ", "*", "&a ", "*a", "[", "]", "{", "}", "\"", "'", "#", "|", ">", "!x ", "!!str ", "---\n", "...\n", "%YAML 1.2\n", "? ", "<<: ", "~", "\0", "\uFEFF", "é", "🎧", "@", "`", "0x", "999999999999", "null", "\r", "\u2028", "  ", ",", "null: ", "\\", "\ud800"];

    [Theory]
    [InlineData(1, 4000)]
    [InlineData(2, 4000)]
    public void Random_edits_of_the_sample_give_settings_or_problems(int seed, int rounds)
    {
        // Comments off: an edit then nearly always hits a setting.
        var sample = string.Join('\n', File.ReadLines(Samples.ShippedFile).Where(line => !line.TrimStart().StartsWith("# ", StringComparison.Ordinal) && line.Trim().Length > 0))
            .Replace("password_file: ari-password", "password: secret-word", StringComparison.Ordinal);
        var random = new Random(seed);
        var watch = Stopwatch.StartNew();
        var good = 0;
        for (var round = 0; round < rounds; round++)
        {
            var text = Mutate(sample, random);
            good += Check(Encoding.UTF8.GetBytes(text)) ? 1 : 0;
        }

        Assert.InRange(good, 1, rounds - 1);
        Assert.True(watch.Elapsed < TimeSpan.FromMinutes(2), $"{rounds} readings took {watch.Elapsed}.");
    }

    [Fact]
    public void Random_bytes_give_problems()
    {
        var random = new Random(3);
        for (var round = 0; round < 2000; round++)
        {
            var bytes = new byte[random.Next(200)];
            random.NextBytes(bytes);
            Check(bytes);
        }
    }

    private static bool Check(byte[] bytes)
    {
        SettingsResult result;
        try
        {
            result = SettingsFile.Parse(Samples.FileName, bytes, Samples.NoEnvironment);
        }
        catch (Exception wrong)
        {
            throw new InvalidOperationException($"The reader threw on:\n{Encoding.UTF8.GetString(bytes)}", wrong);
        }

        // An edit may well write the password where it is no password; then nobody can know.
        var secretInPlace = Encoding.UTF8.GetString(bytes).Split("secret-word") is [var before, _] && before.EndsWith(" password: ", StringComparison.Ordinal);
        Assert.Equal(result.Settings is null, result.Problems.Count > 0);
        Assert.All(result.Problems.Concat(result.Warnings), problem =>
        {
            Assert.NotEmpty(problem.Remedy);
            Assert.False(secretInPlace && problem.ToString().Contains("secret-word", StringComparison.Ordinal), problem.ToString());
            Assert.DoesNotContain(problem.ToString(), char.IsControl);
        });
        return result.Settings is not null;
    }

    private static string Mutate(string text, Random random)
    {
        for (var edits = random.Next(1, 4); edits > 0; edits--)
        {
            var at = random.Next(text.Length);
            var length = random.Next(Math.Min(30, text.Length - at));
            text = random.Next(5) switch
            {
                0 => text.Remove(at, length),
                1 => text.Insert(at, Pieces[random.Next(Pieces.Length)]),
                2 => text.Insert(random.Next(text.Length), text.Substring(at, length)),
                3 => text.Remove(at, 1).Insert(at, ((char)random.Next(32, 127)).ToString()),
                _ => SwapLines(text, random),
            };
        }

        return text;
    }

    private static string SwapLines(string text, Random random)
    {
        var lines = text.Split('\n');
        var (left, right) = (random.Next(lines.Length), random.Next(lines.Length));
        (lines[left], lines[right]) = (lines[right], lines[left]);
        return string.Join('\n', lines);
    }
}
