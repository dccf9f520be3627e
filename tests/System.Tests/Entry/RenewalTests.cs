using IotProperty.Edge.Enrolment;
using IotProperty.Edge.Uplink;
using IotProperty.Protocols.Uplink;
using Microsoft.Extensions.Logging.Abstractions;

namespace IotProperty.SystemTests.Entry;

/// <summary>An edge whose certificate grows old, at a hub whose clock goes with it.</summary>
public sealed class RenewalTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task An_edge_renews_its_certificate_at_two_thirds_of_its_life_and_is_let_in_by_the_new_one_when_the_old_one_is_over()
    {
        MovedTime time = new();
        await using EntryHub hub = await EntryHub.StartAsync(time);
        IdentityFolder folder = new(Path.Combine(hub.Folder, "edge"));
        string first = (await hub.EnrolAsync("riverside", folder)).Certificate.SerialNumber;
        using IdentityKeeper keeper = Keeper(folder, time);
        UplinkIdentity old = keeper.Current;
        TaskCompletionSource replaced = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using CancellationTokenRegistration told = old.Replaced.Register(replaced.SetResult);

        time.Move(TimeSpan.FromDays(59));
        using (CancellationTokenSource stop = new())
        {
            // Not yet: it looks at the clock, finds that there is time, and asks nobody.
            Task early = keeper.RunAsync(stop.Token);
            Assert.False(early.IsCompleted);
            Assert.Equal((0, 0), (keeper.Snapshot.Renewals, keeper.Snapshot.Failures));
            await stop.CancelAsync();
            await early.WaitAsync(Patience);
        }

        time.Move(TimeSpan.FromDays(2));
        using (CancellationTokenSource stop = new())
        {
            Task renewing = keeper.RunAsync(stop.Token);
            await replaced.Task.WaitAsync(Patience);
            await stop.CancelAsync();
            await renewing.WaitAsync(Patience);
        }

        Assert.Equal((1, 0), (keeper.Snapshot.Renewals, keeper.Snapshot.Failures));
        Assert.NotEqual(first, keeper.Identity.Certificate.SerialNumber);
        Assert.Equal(keeper.Identity.Certificate.SerialNumber, folder.Read().Certificate.SerialNumber);

        time.Move(TimeSpan.FromDays(35));
        Assert.Contains("the certificate ended on", (await Assert.ThrowsAsync<MqttLinkClosedException>(() => ConnectAsync(hub, old))).Message, StringComparison.Ordinal);
        await using IMqttLink link = await ConnectAsync(hub, keeper.Current);
        await link.SubscribeAsync(UplinkTopics.Receipt("riverside"), default);
    }

    [Fact]
    public async Task A_hub_that_is_away_costs_no_certificate_and_is_asked_again()
    {
        MovedTime time = new();
        IdentityFolder folder;
        string kept = Directory.CreateTempSubdirectory("iotp-renewal-").FullName;
        try
        {
            string serial;
            await using (EntryHub hub = await EntryHub.StartAsync(time))
            {
                folder = new IdentityFolder(Path.Combine(kept, "edge"));
                serial = (await hub.EnrolAsync("riverside", folder)).Certificate.SerialNumber;
            }

            time.Move(TimeSpan.FromDays(61));
            using IdentityKeeper keeper = Keeper(folder, time);
            using CancellationTokenSource stop = new();
            Task renewing = keeper.RunAsync(stop.Token);
            using CancellationTokenSource patience = new(Patience);
            while (keeper.Snapshot.Failures == 0)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, patience.Token);
            }

            Assert.False(renewing.IsCompleted);
            Assert.Equal(serial, keeper.Identity.Certificate.SerialNumber);
            Assert.Equal(serial, folder.Read().Certificate.SerialNumber);
            await stop.CancelAsync();
            await renewing.WaitAsync(Patience);
        }
        finally
        {
            Directory.Delete(kept, recursive: true);
        }
    }

    private static IdentityKeeper Keeper(IdentityFolder folder, TimeProvider time) =>
        new(folder, null, new EnrolmentClient(time), time, new Random(1), NullLogger<IdentityKeeper>.Instance);

    private static Task<IMqttLink> ConnectAsync(EntryHub hub, UplinkIdentity identity) => new MqttConnector(TimeProvider.System).ConnectAsync(
        new MqttLinkOptions("localhost", hub.MqttPort, Tls: true, "riverside", "", "", Will: null) { ClientCertificate = identity.Certificate, TrustedRoots = identity.Roots }, default);
}
