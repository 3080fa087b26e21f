using System.Globalization;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Rights;
using Xunit;

namespace IvrConsent.Core.Tests.Rights;

public sealed class RequestPolicyTests
{
    private static readonly DateTimeOffset Received = new(2026, 3, 10, 9, 30, 0, TimeSpan.Zero);

    private static RequestCase Case => new(
        CallId.FromChannel("-", "case", Received), RequestKind.Access, null, null, Received, RequestPolicy.DueAt(Received), "anna");

    [Theory]
    [InlineData("2026-03-10T09:30:00Z", "2026-04-10T09:30:00Z", "2026-06-10T09:30:00Z")]
    [InlineData("2026-01-31T23:00:00Z", "2026-02-28T23:00:00Z", "2026-04-30T23:00:00Z")]
    [InlineData("2028-01-30T00:00:00Z", "2028-02-29T00:00:00Z", "2028-04-30T00:00:00Z")]
    [InlineData("2026-12-15T12:00:00Z", "2027-01-15T12:00:00Z", "2027-03-15T12:00:00Z")]
    [InlineData("2026-11-30T12:00:00Z", "2026-12-30T12:00:00Z", "2027-02-28T12:00:00Z")]
    [InlineData("2026-02-01T00:30:00+01:00", "2026-02-28T23:30:00Z", "2026-04-30T23:30:00Z")]
    public void Months_are_calendar_months_from_the_receipt(string received, string due, string extended)
    {
        var at = DateTimeOffset.Parse(received, CultureInfo.InvariantCulture);
        Assert.Equal(DateTimeOffset.Parse(due, CultureInfo.InvariantCulture), RequestPolicy.DueAt(at));
        Assert.Equal(DateTimeOffset.Parse(extended, CultureInfo.InvariantCulture), RequestPolicy.DueAt(at, extended: true));
    }

    [Fact]
    public void It_can_be_extended_once_within_its_month_and_with_a_reason()
    {
        Assert.Null(RequestPolicy.WhyNotExtend(Case, "many calls", Case.DueAt));
        Assert.Contains("within", RequestPolicy.WhyNotExtend(Case, "many calls", Case.DueAt.AddMilliseconds(1)), StringComparison.Ordinal);
        Assert.Contains("reason", RequestPolicy.WhyNotExtend(Case, " ", Received), StringComparison.Ordinal);
        Assert.Contains("once", RequestPolicy.WhyNotExtend(Case with { ExtensionReason = "before" }, "again", Received), StringComparison.Ordinal);
        Assert.Contains("closed", RequestPolicy.WhyNotExtend(Case with { State = RequestState.Answered }, "late", Received), StringComparison.Ordinal);
    }

    [Fact]
    public void It_is_closed_once_and_with_what_the_person_was_told()
    {
        foreach (var state in (RequestState[])[RequestState.Answered, RequestState.Refused, RequestState.TakenBack])
        {
            Assert.Null(RequestPolicy.WhyNotClose(Case, state, "letter of 2 April"));
            Assert.NotNull(RequestPolicy.WhyNotClose(Case, state, null));
            Assert.NotNull(RequestPolicy.WhyNotClose(Case with { State = state }, RequestState.Answered, "again"));
        }

        Assert.NotNull(RequestPolicy.WhyNotClose(Case, RequestState.Open, "reopened"));
    }

    [Fact]
    public void An_answer_to_access_is_whole_when_the_last_file_has_all_there_is()
    {
        PersonExported Exported(int? absent) => new(1, 9, "anna", "letter", new string('a', 64)) { Absent = absent };
        Assert.Null(RequestPolicy.Wanting(Case, [], 0));
        Assert.Contains("2 recordings of the person", RequestPolicy.Wanting(Case, [new RequestApproved("ben")], 2), StringComparison.Ordinal);
        Assert.Contains("3 recordings are not in", RequestPolicy.Wanting(Case, [Exported(0), Exported(3)], 4), StringComparison.Ordinal);
        Assert.Null(RequestPolicy.Wanting(Case, [Exported(3), Exported(0)], 4));
        Assert.Null(RequestPolicy.Wanting(Case, [Exported(null)], 4)); // of before they were counted
        Assert.Null(RequestPolicy.Wanting(Case with { Kind = RequestKind.Erasure }, [], 4));
    }

    [Fact]
    public void It_is_overdue_only_while_open()
    {
        Assert.False(Case.IsOverdue(Case.DueAt));
        Assert.True(Case.IsOverdue(Case.DueAt.AddMilliseconds(1)));
        Assert.False((Case with { State = RequestState.Answered }).IsOverdue(Case.DueAt.AddYears(1)));
    }

    [Theory]
    [InlineData("It was my sister who pressed the key on 2026-03-01 at 10:00:09.", true)]
    [InlineData("Nie ja, 1.03.2026 o 10:00, sprawa 123/26", true)]
    [InlineData("call me at +48 601 234 567", false)]
    [InlineData("(030) 123-45-67", false)]
    [InlineData("0601/234.567", false)]
    [InlineData("٠٦٠١٢٣٤٥٦٧", false)]
    [InlineData("two\nlines", false)]
    [InlineData("red \u001b[31m", false)]
    [InlineData("  ", false)]
    [InlineData(null, false)]
    public void A_statement_is_one_line_that_identifies_nobody(string? text, bool good) => Assert.Equal(good, RequestPolicy.WhyNotState(text) is null);

    [Fact]
    public void A_statement_has_an_end()
    {
        Assert.Null(RequestPolicy.WhyNotState(new string('a', RequestPolicy.LongestStatement)));
        Assert.NotNull(RequestPolicy.WhyNotState(new string('a', RequestPolicy.LongestStatement + 1)));
    }
}
