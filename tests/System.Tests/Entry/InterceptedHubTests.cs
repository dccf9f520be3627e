using System.Net;
using System.Security.Cryptography;
using IotProperty.Edge.Enrolment;
using IotProperty.Protocols.Enrolment;
using IotProperty.Tests;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace IotProperty.SystemTests.Entry;

/// <summary>Somebody who stands between an edge and its hub, and knows what the hub tells everybody.</summary>
public sealed class InterceptedHubTests : IDisposable
{
    private readonly ServerCertificate _hub = ServerCertificate.For("hub", "the hub's authority");
    private readonly ServerCertificate _own = ServerCertificate.For("localhost");

    [Theory]
    [InlineData("own")]
    [InlineData("hub's")]
    [InlineData("hub's, own")]
    [InlineData("own, hub's")]
    public async Task Who_passes_on_the_hub_s_authority_with_a_root_of_his_own_beside_it_is_told_no_secret(string told)
    {
        string authority = string.Concat(told.Split(", ").Select(one => (one == "own" ? _own : _hub).Root.ExportCertificatePem() + "\n"));
        int secretsHeard = 0;
        await using WebApplication between = Serve(authority, () => Interlocked.Increment(ref secretsHeard));
        await between.StartAsync();
        int port = new Uri(between.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()).Port;
        EnrolmentCode code = new("00000001", new string('a', EnrolmentCode.SecretDigits), EnrolmentCode.FingerprintOf(_hub.Root));
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        await Assert.ThrowsAsync<EnrolmentException>(() => new EnrolmentClient(TimeProvider.System).EnrolAsync(new Uri($"https://localhost:{port}/"), code, key, default));
        Assert.Equal(0, secretsHeard);
    }

    [Fact]
    public async Task The_hub_itself_is_believed_by_the_same_way()
    {
        int secretsHeard = 0;
        await using WebApplication hub = Serve(_own.Root.ExportCertificatePem(), () => Interlocked.Increment(ref secretsHeard));
        await hub.StartAsync();
        int port = new Uri(hub.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()).Port;
        EnrolmentCode code = new("00000001", new string('a', EnrolmentCode.SecretDigits), EnrolmentCode.FingerprintOf(_own.Root));
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        await Assert.ThrowsAsync<EnrolmentException>(() => new EnrolmentClient(TimeProvider.System).EnrolAsync(new Uri($"https://localhost:{port}/"), code, key, default));
        Assert.Equal(1, secretsHeard);
    }

    public void Dispose()
    {
        _hub.Dispose();
        _own.Dispose();
    }

    /// <summary>Answers as a hub does about its authority, and refuses whoever asks for a certificate.</summary>
    private WebApplication Serve(string authority, Action secretHeard)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(_own.Server)));
        WebApplication app = builder.Build();
        app.MapGet(EnrolmentRoutes.Authority, () => authority);
        app.MapPost(EnrolmentRoutes.Enrol, () =>
        {
            secretHeard();
            return Results.StatusCode(StatusCodes.Status403Forbidden);
        });
        return app;
    }
}
