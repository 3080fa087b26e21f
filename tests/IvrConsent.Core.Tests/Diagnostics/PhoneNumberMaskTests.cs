using IvrConsent.Core.Diagnostics;
using Xunit;

namespace IvrConsent.Core.Tests.Diagnostics;

public sealed class PhoneNumberMaskTests
{
    [Theory]
    [InlineData("+48221234501", "+48 22 ••• •• 01")]
    [InlineData("48221234501", "••• •• 01")]
    [InlineData("123456", "••• •• 56")]
    [InlineData("100", "•••")]
    [InlineData("alice", "•••")]
    [InlineData("'; DROP TABLE events;--", "•••")]
    [InlineData("", "withheld")]
    [InlineData(null, "withheld")]
    public void Shows_enough_to_tell_apart_and_not_to_call(string? number, string masked) => Assert.Equal(masked, PhoneNumberMask.Mask(number));
}
