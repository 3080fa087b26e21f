using IvrConsent.Host.Cli;
using IvrConsent.Host.Settings;
using Xunit;

namespace IvrConsent.Host.Tests.Settings;

/// <summary>The section keys.</summary>
public sealed class KeySettingsTests
{
    [Fact]
    public void Without_commands_the_folder_s_own_master_is_used()
    {
        var commands = CommandContext.KeyCommands(Samples.Settings(Samples.Minimal));
        Assert.Empty(commands.Wrap);
        Assert.Empty(commands.Unwrap);
        Assert.Equal(TimeSpan.FromSeconds(10), commands.Limit);
    }

    [Fact]
    public void A_command_is_a_program_and_its_arguments_as_they_stand()
    {
        var commands = CommandContext.KeyCommands(Samples.Settings(
            $"{Samples.Minimal}keys: {{ wrap_command: [/opt/kms, wrap, \"two words; $HOME\"], unwrap_command: [/opt/kms, unwrap], command_timeout: 3s }}\n"));
        Assert.Equal(["/opt/kms", "wrap", "two words; $HOME"], commands.Wrap);
        Assert.Equal(["/opt/kms", "unwrap"], commands.Unwrap);
        Assert.Equal(TimeSpan.FromSeconds(3), commands.Limit);
    }

    [Theory]
    [InlineData("wrap_command: [kms, wrap]", "keys.wrap_command[#1]")]
    [InlineData("unwrap_command: [../kms]", "keys.unwrap_command[#1]")]
    [InlineData("wrap_command: /opt/kms wrap", "keys.wrap_command")]
    [InlineData("wrap_command: [/opt/kms, \"\"]", "keys.wrap_command[#2]")]
    [InlineData("command_timeout: 2m", "keys.command_timeout")]
    public void What_cannot_be_started_is_refused(string section, string key) => Assert.Equal(key, Samples.Problem($"{Samples.Minimal}keys: {{ {section} }}\n").Key);

    [Fact]
    public void A_change_needs_a_restart()
    {
        var one = Samples.Settings($"{Samples.Minimal}keys: {{ wrap_command: [/opt/kms, a] }}\n");
        Assert.Empty(RestartOnly.Keep(one, Samples.Settings($"{Samples.Minimal}keys: {{ wrap_command: [/opt/kms, a] }}\n"), "f").Warnings);
        Assert.Equal("keys", Assert.Single(RestartOnly.Keep(one, Samples.Settings($"{Samples.Minimal}keys: {{ wrap_command: [/opt/kms, b] }}\n"), "f").Warnings).Key);
    }
}
