using IvrConsent.Core.Calls;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Notices;
using IvrConsent.Core.Subjects;
using Xunit;

namespace IvrConsent.Core.Tests.Consent;

/// <summary>From a person's events to how the person stands.</summary>
public sealed class StandingConsentPolicyTests
{
    private static readonly DateTimeOffset Day = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly SubjectId Person = new(Guid.NewGuid());

    private static readonly LineOptions Line = new()
    {
        Name = "sales",
        Language = "en",
        Notice = new NoticeOptions("recording", "7"),
        Controller = new Core.Consent.PartyOptions { Id = "acme", Name = "Acme", Address = "1 Street", Country = "GB", Contact = "dpo@acme.example" },
        Purposes =
        [
            new PurposeOptions { Id = "quality", Retention = TimeSpan.FromDays(30) },
            new PurposeOptions { Id = "training", Retention = TimeSpan.FromDays(30) },
            new PurposeOptions { Id = "complaints", Basis = LawfulBasis.LegitimateInterests, Retention = TimeSpan.FromDays(30) },
        ],
    };

    private readonly List<LedgerLine> _lines = [];

    [Fact]
    public void Nothing_said_is_nothing_known() => Assert.Null(Fold());

    [Fact]
    public void A_yes_in_a_call_stands_with_its_notice_line_and_controller()
    {
        var call = Call("sales");
        Add(call, new NoticePlayed("recording", "7", "notice", "de", new string('a', 64), 1, 1, false, Day));
        var proof = Add(call, new ConsentGiven('1', Day, 1, 0) { Purposes = ["quality"] });

        var grant = Fold()!.Grants["quality"];

        Assert.Equal((StandingStatus.Given, Day, null, proof), (grant.Status, grant.Since, grant.Until, grant.Event));
        Assert.Equal(("recording", "7", "de", "sales", "acme"), (grant.Notice, grant.NoticeVersion, grant.Language, grant.Line, grant.Controller));
        Assert.Equal(["quality"], Fold()!.Grants.Keys);
    }

    [Fact]
    public void Where_the_settings_name_no_purposes_it_is_a_yes_to_recording()
    {
        Add(Call(null), new ConsentGiven('1', Day, 1, 0));
        Assert.Equal(StandingStatus.Given, Fold()!.Grants[StandingConsentPolicy.Recording].Status);
    }

    [Fact]
    public void A_no_is_to_all_that_the_line_asks_for_and_to_nothing_else()
    {
        Add(Call("sales"), new ConsentRefused('2', Day, 1, 0));
        Assert.Equal(["quality", "training"], Fold()!.Grants.Keys.Order());
        Assert.All(Fold()!.Grants.Values, grant => Assert.Equal(StandingStatus.Refused, grant.Status));
    }

    [Fact]
    public void Silence_is_no_answer()
    {
        Add(Call("sales"), new ConsentGiven('1', Day, 1, 0) { Purposes = ["quality"] });
        Add(Call("sales"), new ConsentNotObtained(ConsentStatus.NoResponse, 2, 0, null));
        Assert.Equal(StandingStatus.Given, Fold()!.Grants["quality"].Status);
    }

    [Fact]
    public void What_was_said_last_holds_also_when_it_was_entered_first()
    {
        Add(Call("sales"), new ConsentRefused('2', Day.AddDays(5), 1, 0));
        Add(Call(null), Entered(EntryStatus.Given, Day, "quality"));
        Assert.Equal(StandingStatus.Refused, Fold()!.Grants["quality"].Status);
    }

    [Fact]
    public void A_withdrawal_of_the_call_leaves_what_was_given_elsewhere_for_other_purposes()
    {
        Add(Call(null), Entered(EntryStatus.Given, Day, "newsletter"));
        var call = Call("sales");
        Add(call, new ConsentGiven('1', Day.AddDays(1), 1, 0) { Purposes = ["quality"] });
        Add(call, new ConsentWithdrawn("*9", Day.AddDays(2), WithdrawalScope.Call, WithdrawalAction.Erase));
        Assert.Equal(StandingStatus.Withdrawn, Fold()!.Grants["quality"].Status);
        Assert.Equal(StandingStatus.Given, Fold()!.Grants["newsletter"].Status);
    }

    [Fact]
    public void A_withdrawal_in_a_later_call_without_a_notice_is_from_the_words_that_were_agreed_to()
    {
        var call = Call("sales");
        Add(call, new NoticePlayed("recording", "7", "notice", "en", "sha", 4000, 4000, false, Day));
        Add(call, new ConsentGiven('1', Day.AddDays(1), 1, 0) { Purposes = ["quality"] });
        Add(Call("sales"), new ConsentWithdrawn("*9", Day.AddDays(2), WithdrawalScope.Call, WithdrawalAction.Erase));
        var grant = Fold()!.Grants["quality"];
        Assert.Equal((StandingStatus.Withdrawn, "recording", "7", "en"), (grant.Status, grant.Notice, grant.NoticeVersion, grant.Language));
    }

    [Fact]
    public void A_withdrawal_of_the_person_takes_back_all_that_was_given()
    {
        Add(Call(null), Entered(EntryStatus.Given, Day, "newsletter"));
        Add(Call(null), Entered(EntryStatus.Refused, Day, "profiling"));
        Add(Call("sales"), new ConsentWithdrawn("*9", Day.AddDays(2), WithdrawalScope.Person, WithdrawalAction.Erase));
        Assert.Equal(StandingStatus.Withdrawn, Fold()!.Grants["newsletter"].Status);
        Assert.Equal(StandingStatus.Refused, Fold()!.Grants["profiling"].Status);
    }

    [Fact]
    public void An_objection_is_to_what_rests_on_other_grounds()
    {
        Add(Call("sales"), new CallerObjected('2', Day, true));
        Assert.Equal(StandingStatus.Objected, Assert.Single(Fold()!.Grants.Values).Status);
        Assert.Equal("complaints", Fold()!.Grants.Keys.Single());
    }

    [Fact]
    public void A_corrected_entry_counts_as_corrected()
    {
        var wrong = Add(Call(null), Entered(EntryStatus.Given, Day, "newsletter"));
        Add(Call(null), new EntryCorrected(wrong, "clerk", "wrong person", null));
        Assert.Empty(Fold()!.Grants);

        Add(Call(null), new EntryCorrected(wrong, "clerk", "it was a no", Entered(EntryStatus.Refused, Day, "newsletter")));
        Assert.Equal(StandingStatus.Refused, Fold()!.Grants["newsletter"].Status);
    }

    [Theory]
    [InlineData(EntrySource.StaffWritten, true)]
    [InlineData(EntrySource.StaffSpoken, true)]
    [InlineData(EntrySource.Sms, true)]
    [InlineData(EntrySource.Import, false)]
    public void An_opt_out_is_lifted_only_by_the_persons_own_later_words(EntrySource source, bool lifted)
    {
        Add(Call(null), Entered(EntryStatus.OptedOut, Day, "newsletter"));
        Add(Call(null), Entered(EntryStatus.OptedOut, Day, StandingConsentPolicy.AllPurposes));
        Add(Call(null), Entered(EntryStatus.Given, Day.AddDays(1), "newsletter") with { Source = source });
        Assert.Equal(lifted, Fold()!.OptOutFrom("newsletter") is null);
        Assert.NotNull(Fold()!.OptOutFrom("surveys"));
    }

    [Fact]
    public void An_opt_out_is_not_lifted_by_what_was_said_before_it_or_by_a_yes_in_a_call()
    {
        Add(Call(null), Entered(EntryStatus.OptedOut, Day, StandingConsentPolicy.AllPurposes));
        Add(Call(null), Entered(EntryStatus.Given, Day.AddDays(-1), "quality") with { Source = EntrySource.StaffWritten });
        Add(Call("sales"), new ConsentGiven('1', Day.AddDays(3), 1, 0) { Purposes = ["quality"] });
        Assert.NotNull(Fold()!.OptOutFrom("quality"));
    }

    [Fact]
    public void A_second_opt_out_from_everything_covers_what_was_lifted_from_the_first()
    {
        Add(Call(null), Entered(EntryStatus.OptedOut, Day, StandingConsentPolicy.AllPurposes));
        Add(Call(null), Entered(EntryStatus.Given, Day.AddDays(1), "quality"));
        Add(Call(null), Entered(EntryStatus.OptedOut, Day.AddDays(2), StandingConsentPolicy.AllPurposes));
        Assert.Equal(Day.AddDays(2), Fold()!.OptOutFrom("quality")!.Since);
    }

    private static ConsentEntered Entered(EntryStatus status, DateTimeOffset at, params string[] purposes) =>
        new(status, purposes, EntrySource.StaffWritten, "clerk", "DOC-1", at);

    private static CallRow Call(string? line) =>
        new(CallId.FromChannel("lab", Guid.NewGuid().ToString(), Day), "lab", "c", line, "100", null, Day) { Subject = Person };

    private Guid Add(CallRow call, CallEvent fact)
    {
        var id = Guid.NewGuid();
        _lines.Add(new LedgerLine(_lines.Count + 1, call, new LedgerEntry(id, call.Id, _lines.Count + 1, Day, fact)));
        return id;
    }

    private StandingConsent? Fold() => StandingConsentPolicy.Fold(Person, _lines, name => name == "sales" ? Line : null);
}
