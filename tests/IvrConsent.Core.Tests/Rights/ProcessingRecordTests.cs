using IvrConsent.Core.Calls;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Records;
using IvrConsent.Core.Rights;
using Xunit;

namespace IvrConsent.Core.Tests.Rights;

public sealed class ProcessingRecordTests
{
    private static readonly PartyOptions Bank = new() { Id = "bank", Name = "Example | Bank", Address = "Main St 1", Country = "PL", Contact = "privacy@example.test", DataProtectionOfficer = "dpo@example.test" };
    private static readonly PartyOptions Cloud = new() { Id = "cloud", Name = "Cloud", Address = "Far Rd 2", Country = "US", Contact = "c@example.test" };
    private static readonly PurposeOptions Quality = new() { Id = "quality", Retention = TimeSpan.FromDays(30), Texts = new Dictionary<string, string> { ["en"] = "Better service" } };

    private static LineOptions Line(string name, PartyOptions? controller = null, params PurposeOptions[] purposes) => new()
    {
        Name = name, Language = "en", Notice = new NoticeOptions("n", "1"), Controller = controller, Purposes = purposes, Processors = [Cloud],
    };

    [Fact]
    public void It_has_what_article_30_lists()
    {
        var (records, missing) = ProcessingRecord.From([Line("sales", Bank, Quality), Line("support", Bank, Quality), Line("never") with { Mode = ConsentMode.Never }], new RecordOptions { Recipients = ["Auditor"], StorageLocations = ["PL", "US-CA"] }, "en");
        Assert.Empty(missing);
        var record = Assert.Single(records);
        Assert.Equal(["sales", "support"], Assert.Single(record.Purposes).Lines);
        Assert.True(Assert.Single(record.Processors).ThirdCountry);
        Assert.Equal(["Auditor"], record.Recipients);
        Assert.Equal([new StoragePlace("PL", false), new StoragePlace("US-CA", true)], record.Stored);
    }

    [Fact]
    public void What_is_missing_is_named_and_nothing_is_made_up()
    {
        var (records, missing) = ProcessingRecord.From([Line("sales", null, Quality), Line("support", Bank)], null, "en");
        Assert.Empty(records);
        Assert.Equal(2, missing.Count);
        Assert.StartsWith("lines.sales.controller", missing[0], StringComparison.Ordinal);
        Assert.StartsWith("lines.support.purposes", missing[1], StringComparison.Ordinal);
    }
}
