using System.Security.Cryptography.X509Certificates;
using IotProperty.Hub.Enrolment;
using IotProperty.Hub.Ingest;
using IotProperty.Hub.Tests.Storage;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Tests.Control;

public sealed class CommandKeyTests
{
    [Fact]
    public async Task Signature_holds_before_the_own_authority_alone()
    {
        await using CommandWorld world = await CommandWorld.StartAsync(LedgerEngine.Sqlite);
        byte[] payload = world.Key.Sign(Command(world));
        SignedCommand envelope = SignedCommand.Decode(payload).Value!;
        Assert.NotNull(envelope.Open([.. world.Authority!.Chain], world.Time.GetUtcNow()).Value);
        using CertificateAuthority foreign = CertificateAuthority.Create(world.Time.GetUtcNow());
        Assert.Null(envelope.Open([.. foreign.Chain], world.Time.GetUtcNow()).Value);
    }

    [Fact]
    public async Task Certificate_is_renewed_at_half_of_its_time_so_that_no_edge_sees_one_that_ends()
    {
        await using CommandWorld world = await CommandWorld.StartAsync(LedgerEngine.Sqlite);
        string first = SerialOf(world.Key.Sign(Command(world)));
        world.Time.Advance((CertificateAuthority.CommandSignerLifetime / 2) - TimeSpan.FromSeconds(1));
        Assert.Equal(first, SerialOf(world.Key.Sign(Command(world))));
        world.Time.Advance(TimeSpan.FromSeconds(1));
        byte[] renewed = world.Key.Sign(Command(world));
        Assert.NotEqual(first, SerialOf(renewed));
        for (int i = 0; i < 40; i++)
        {
            world.Time.Advance(TimeSpan.FromDays(1));
            Decoded<SiteCommand> read = SignedCommand.Decode(world.Key.Sign(Command(world))).Value!.Open([.. world.Authority!.Chain], world.Time.GetUtcNow());
            Assert.True(read.Value is not null, read.Why);
        }
    }

    [Fact]
    public async Task Hub_without_authority_refuses_with_the_mend_and_orders_nothing_until_it_has_one()
    {
        await using CommandWorld world = await CommandWorld.StartAsync(LedgerEngine.Sqlite, withAuthority: false);
        Refusal refusal = (await world.Desk.OrderAsync(CommandWorld.Site, CommandWorld.Unlock(), "wang", default)).Refusal!;
        Assert.Equal((RefusalKind.Unavailable, "no-authority"), (refusal.Kind, refusal.Reasons[0].Code));
        Assert.Contains("iotp-hub edge invite", refusal.Reasons[0].Detail, StringComparison.Ordinal);
        Assert.Empty((await world.Desk.ListAsync(default, PageRequest.First, default)).Items);

        // Made by a command beside the running hub.
        ScriptedDownlink downlink = new(DownlinkOutcome.Acknowledged);
        await world.SendByAsync(downlink);
        world.Source.GetOrCreate();
        await world.OrderAsync(CommandWorld.Unlock());
        Sent sent = await downlink.NextAsync();
        Assert.NotNull(SignedCommand.Decode(sent.Payload).Value!.Open([.. world.Source.GetOrCreate().Chain], world.Time.GetUtcNow()).Value);
    }

    [Fact]
    public async Task Authority_that_is_over_is_told_and_not_used()
    {
        await using CommandWorld world = await CommandWorld.StartAsync(LedgerEngine.Sqlite);
        world.Time.Advance(TimeSpan.FromDays(3652));
        Assert.Null(world.Key.WhyNot());
        Assert.NotNull(SignedCommand.Decode(world.Key.Sign(Command(world))).Value!.Open([.. world.Authority!.Chain], world.Time.GetUtcNow()).Value);
        world.Time.Advance(TimeSpan.FromDays(2));
        Assert.Contains("ended on 2036-", world.Key.WhyNot(), StringComparison.Ordinal);
        Assert.Equal(RefusalKind.Unavailable, (await world.Desk.OrderAsync(CommandWorld.Site, CommandWorld.Unlock(), "wang", default)).Refusal!.Kind);
    }

    private static SiteCommand Command(CommandWorld world) => new(CommandWorld.Site, "c1", world.NowMs, world.NowMs + 10_000, "wang", new UnlockAction("door-1"));

    /// <summary>Of the certificate in the envelope: a DER certificate begins with a sequence of a two-byte length (X.690 §8.1).</summary>
    private static string SerialOf(byte[] payload)
    {
        for (int at = 0; at + 4 < payload.Length; at++)
        {
            int length = payload[at] == 0x30 && payload[at + 1] == 0x82 ? (payload[at + 2] << 8) + payload[at + 3] + 4 : 0;
            if (length > 200 && at + length <= payload.Length)
            {
                using X509Certificate2 certificate = X509CertificateLoader.LoadCertificate(payload.AsSpan(at, length));
                return certificate.SerialNumber;
            }
        }

        throw new InvalidOperationException("the payload holds no certificate");
    }
}
