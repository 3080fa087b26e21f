using IvrConsent.Core.Records;
using Xunit;

namespace IvrConsent.Core.Tests.Records;

public sealed class ReceiptReferenceTests
{
    public static TheoryData<long> Positions => [1, 2, 9, 12_345, 999_999_999, 1_000_000_000, 1_000_000_001, 999_999_999_999];

    [Theory]
    [MemberData(nameof(Positions))]
    public void It_leads_back_to_its_position(long position)
    {
        var reference = ReceiptReference.Of(position);

        Assert.Equal(position < 1_000_000_000 ? 10 : 13, reference.Length);
        Assert.True(ReceiptReference.TryRead(ReceiptReference.Grouped(reference), out var found));
        Assert.Equal(position, found);
    }

    [Fact]
    public void No_two_positions_have_the_same()
    {
        var seen = new HashSet<string>();
        for (var position = 1L; position <= 200_000; position++)
        {
            Assert.True(seen.Add(ReceiptReference.Of(position)));
        }
    }

    [Fact]
    public void Every_wrong_digit_and_every_two_that_changed_places_are_found()
    {
        foreach (var position in Positions.Select(row => row.Data))
        {
            var reference = ReceiptReference.Of(position);
            for (var place = 0; place < reference.Length; place++)
            {
                for (var digit = '0'; digit <= '9'; digit++)
                {
                    if (digit != reference[place])
                    {
                        Assert.False(ReceiptReference.TryRead(reference[..place] + digit + reference[(place + 1)..], out _));
                    }
                }

                if (place > 0 && reference[place] != reference[place - 1])
                {
                    Assert.False(ReceiptReference.TryRead(reference[..(place - 1)] + reference[place] + reference[place - 1] + reference[(place + 1)..], out _));
                }
            }
        }
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("123")]
    [InlineData("12345678901")]
    [InlineData("１２３４５６７８９０")]
    [InlineData("abcdefghij")]
    public void What_is_none_is_refused(string? text) => Assert.False(ReceiptReference.TryRead(text, out _));

    [Fact]
    public void It_is_read_out_in_groups()
    {
        Assert.Equal("123 456 7890", ReceiptReference.Grouped("1234567890"));
        Assert.Equal("123 456 789 0123", ReceiptReference.Grouped("1234567890123"));
    }
}
