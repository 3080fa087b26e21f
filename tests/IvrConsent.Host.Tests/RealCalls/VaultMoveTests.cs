using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using IvrConsent.Core.Ledger;
using IvrConsent.TestKit.Audio;
using IvrConsent.TestKit.Lab;
using Xunit;

namespace IvrConsent.Host.Tests.RealCalls;

/// <summary>A vault that moves from a folder to a real S3 server while calls go on.</summary>
public sealed class VaultMoveTests
{
    private const string Purposes = "  quality: { retention_days: 30, texts: { en: quality } }\n";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Recordings_are_moved_to_a_bucket_while_a_call_goes_on_and_can_be_heard_from_there()
    {
        var pbx = RealLab.RequirePbx("22");
        if (LabEnvironment.Find()?.FindS3() is not { } server)
        {
            Assert.SkipUnless(LabEnvironment.Required, "No S3 server: start it with tests/lab/lab up s3.");
            throw new InvalidOperationException("No S3 server, and IVRCONSENT_LAB_REQUIRED=1.");
        }

        var bucket = $"move-{Guid.NewGuid():N}";
        using var s3 = new AmazonS3Client(new BasicAWSCredentials(server.AccessKey, server.SecretKey), new AmazonS3Config
        {
            ServiceURL = server.Endpoint.ToString(), UseHttp = true, ForcePathStyle = true, AuthenticationRegion = "us-east-1",
        });
        await s3.PutBucketAsync(new PutBucketRequest { BucketName = bucket, UseClientRegion = true }, Cancel);

        const string Folder = "{ store: folder, folder: vault }";
        const string Lines = "  - { name: demo, purposes: [quality] }\n  - { name: \"2001\", purposes: [quality] }\n";
        await using var worker = await TestWorker.StartAsync(pbx, setup => setup with { Vault = Folder, Purposes = Purposes, Lines = Lines });
        var first = await RecordAsync(worker);
        var secret = Path.Combine(worker.Folder, "s3-secret");
        await File.WriteAllTextAsync(secret, server.SecretKey, Cancel);
        File.SetUnixFileMode(secret, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        worker.Process.Terminate();
        Assert.Equal(0, await worker.Process.WaitForExitAsync());
        worker.WriteSettings(worker.Settings(Lines).Replace(
            Folder,
            $"{{ store: s3, s3: {{ endpoint: \"{server.Endpoint}\", bucket: {bucket}, access_key: \"{server.AccessKey}\", secret_key_file: \"{secret}\" }}, migrate_from: {Folder} }}",
            StringComparison.Ordinal));
        await worker.Process.StartAndWaitAsync();

        await using (var talking = await worker.CallAsync("2001"))
        {
            await talking.HearsAsync("en/notice");
            await talking.AcceptAsync();
            await talking.TalksAsync();
            Assert.Equal(0, await worker.RunAsync("vault", "migrate"));
            await talking.HangUpAsync();
            await worker.Ledger.WaitForAsync(talking, call => call.Has<RecordingStored>());
        }

        var second = await RecordAsync(worker);
        Assert.Empty(Directory.GetFiles(Path.Combine(worker.Folder, "vault"), "*.age", SearchOption.AllDirectories));
        var objects = (await s3.ListObjectsV2Async(new ListObjectsV2Request { BucketName = bucket }, Cancel)).S3Objects.Select(one => one.Key).ToList();
        Assert.Contains(objects, key => key.EndsWith(first.StoredAs, StringComparison.Ordinal));
        Assert.Contains(objects, key => key.EndsWith(second.StoredAs, StringComparison.Ordinal));
        Assert.Equal(0, await worker.RunAsync("vault", "verify"));
        foreach (var stored in (RecordingStored[])[first, second])
        {
            var wav = Path.Combine(worker.Folder, "heard.wav");
            Assert.Equal(0, await worker.RunAsync("recordings", "export", stored.Recording, "--reason", "test", "--out", wav));
            Assert.True(WavFile.Read(wav).Tones(LabTones.Agent).DurationOf(LabTones.Agent) > TimeSpan.FromSeconds(0.5));
            File.Delete(wav);
        }
    }

    private static async Task<RecordingStored> RecordAsync(TestWorker worker)
    {
        await using var caller = await worker.CallAsync("2001");
        await caller.HearsAsync("en/notice");
        await caller.AcceptAsync();
        await caller.TalksAsync();
        await caller.HangUpAsync();
        return (await worker.Ledger.WaitForAsync(caller, call => call.Has<RecordingStored>())).Single<RecordingStored>();
    }
}
