using System.Numerics;
using System.Runtime.Versioning;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using IotProperty.Hub.Enrolment;
using IotProperty.Hub.Hosting.Configuration;
using IotProperty.Hub.Tests.Storage;
using IotProperty.Hub.Tests.Support;
using IotProperty.Tests;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;

namespace IotProperty.Hub.Tests.Enrolment;

/// <summary>The list of revoked certificates that the hub keeps for a broker: always there, always right, never too old.</summary>
[SupportedOSPlatform("linux")]
public sealed class BrokerListTests : IDisposable
{
    private readonly EnrolmentBench _bench = new(LedgerEngine.Sqlite);
    private readonly BrokerList _list;

    public BrokerListTests() => _list = new BrokerList(
        _bench.Certificates, _bench.Services.GetRequiredService<AuthoritySource>(), _bench.Folder, _bench.Ledger.Clock, NullLogger<BrokerList>.Instance);

    private string File => _bench.Folder.BrokerListFile;

    public void Dispose()
    {
        _list.Dispose();
        _bench.Dispose();
    }

    [Fact]
    public async Task List_is_there_from_the_start_without_an_authority_there_is_none()
    {
        await _list.LookAsync(default);
        Assert.False(Path.Exists(File));
        Assert.Null(_list.DaysLeft);
        _ = _bench.Authority;
        await _list.LookAsync(default);
        Assert.False(Lists("01"));
        Assert.Equal(UnixFileMode.OtherRead, System.IO.File.GetUnixFileMode(File) & UnixFileMode.OtherRead);
    }

    [Fact]
    public async Task Revocation_is_on_the_next_list_and_goes_when_its_certificate_is_over()
    {
        using ECDsa key = EnrolmentBench.NewKey();
        X509Certificate2 certificate = (await _bench.EnrolAsync(await _bench.InviteAsync(), key)).Certificate!;
        await _list.LookAsync(default);
        Assert.False(Lists(certificate.SerialNumber));
        _bench.Ledger.Clock.Advance(BrokerList.Every);
        await _bench.Certificates.RevokeSiteAsync("riverside", "stolen", default);
        await _list.LookAsync(default);
        Assert.True(Lists(certificate.SerialNumber));

        _bench.Ledger.Clock.Advance(TimeSpan.FromDays(91));
        await _list.LookAsync(default);
        Assert.False(Lists(certificate.SerialNumber));
    }

    [Fact]
    public async Task List_is_written_again_after_a_day_and_not_before_and_when_the_clock_was_set_back()
    {
        _ = _bench.Authority;
        await _list.LookAsync(default);
        BigInteger first = Number();
        _bench.Ledger.Clock.Advance(BrokerList.RenewedAfter - TimeSpan.FromSeconds(1));
        await _list.LookAsync(default);
        Assert.Equal(first, Number());
        _bench.Ledger.Clock.Advance(TimeSpan.FromSeconds(1));
        await _list.LookAsync(default);
        BigInteger second = Number();
        Assert.True(second > first);

        // Whatever was there: a hub that starts writes one of its own.
        System.IO.File.Delete(File);
        using BrokerList next = new(_bench.Certificates, _bench.Services.GetRequiredService<AuthoritySource>(), _bench.Folder, _bench.Ledger.Clock, NullLogger<BrokerList>.Instance);
        await next.LookAsync(default);
        Assert.Equal(second, Number());
        _bench.Ledger.Clock.Advance(TimeSpan.FromHours(-1));
        await next.LookAsync(default);
        Assert.True(Number() < second);
    }

    [Fact]
    public async Task List_that_could_not_be_written_is_tried_again()
    {
        _ = _bench.Authority;
        Directory.CreateDirectory(File);
        await Assert.ThrowsAnyAsync<SystemException>(() => _list.LookAsync(default));
        Assert.Empty(Directory.EnumerateFileSystemEntries(_bench.Folder.Path, "*.tmp"));
        Assert.Equal(0, _list.DaysLeft);
        Directory.Delete(File);
        await _list.LookAsync(default);
        Assert.Equal(30, _list.DaysLeft);

        // And later again: what was written last gets older, which the alert sees.
        System.IO.File.Delete(File);
        Directory.CreateDirectory(File);
        _bench.Ledger.Clock.Advance(TimeSpan.FromDays(3));
        await Assert.ThrowsAnyAsync<SystemException>(() => _list.LookAsync(default));
        Assert.Equal(27, _list.DaysLeft);
        Directory.Delete(File);
        await _list.LookAsync(default);
        Assert.False(Lists("01"));
    }

    [Fact]
    public async Task Hub_that_takes_from_a_broker_keeps_a_list_and_tells_how_long_it_is_good()
    {
        await using HubUnderTest alone = await HubUnderTest.StartAsync();
        Assert.Empty(alone.Services.GetServices<IHostedService>().OfType<BrokerList>());
        BrokerSettings broker = new() { Host = "127.0.0.1", Port = FreePort.Next() };
        await using HubUnderTest hub = await HubUnderTest.StartAsync(change: settings => settings with { Configuration = settings.Configuration with { Broker = broker } });
        _ = hub.Services.GetRequiredService<AuthoritySource>().GetOrCreate();
        await hub.Services.GetServices<IHostedService>().OfType<BrokerList>().Single().LookAsync(default);
        Assert.True(Path.Exists(Path.Combine(hub.Folder, "broker.crl")));
        using HttpClient client = await hub.ProgramAsync(IotProperty.Hub.People.Roles.Administrator);
        string left = (await client.GetStringAsync(new Uri("/metrics", UriKind.Relative))).Split('\n').Single(line => line.StartsWith("iotp_broker_list_days_left ", StringComparison.Ordinal));
        Assert.InRange(double.Parse(left.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture), 29.9, 30);
    }

    private BigInteger Number()
    {
        CertificateRevocationListBuilder.LoadPem(System.IO.File.ReadAllText(File), out BigInteger number);
        return number;
    }

    /// <summary>Whether the list names the certificate; a list that cannot be read throws.</summary>
    private bool Lists(string serial) =>
        CertificateRevocationListBuilder.LoadPem(System.IO.File.ReadAllText(File), out _).RemoveEntry(Convert.FromHexString(serial));
}
