using System.Security.Cryptography.X509Certificates;
using IotProperty.Protocols.Mqtt;

namespace IotProperty.Hub.Ingest;

/// <summary>Whether a CONNECT may enter, and as which site.</summary>
/// <param name="Topics">What the edge may use; null when it is refused.</param>
/// <param name="Site">Empty when it is refused.</param>
/// <param name="Code">For the CONNACK of a refusal.</param>
/// <param name="Why">For the edge and the log.</param>
internal readonly record struct FrontDoorAdmission(FrontDoorTopics? Topics, string Site, MqttReasonCode Code, string Why)
{
    /// <summary>By which certificate the edge is in; null: by its password.</summary>
    public CertificateVerdict? Certificate { get; init; }

    /// <param name="connect">What the edge says of itself.</param>
    /// <param name="shown">The certificate that it showed, if any: it decides the site, whatever else is said.</param>
    /// <param name="judge">Of certificates.</param>
    /// <param name="credentials">Of passwords; null: this peer may not enter with one.</param>
    /// <param name="cancellationToken">Cancelled when the peer has left.</param>
    public static async ValueTask<FrontDoorAdmission> DecideAsync(
        MqttConnect connect, X509Certificate2? shown, IEdgeCertificates? judge, IEdgeCredentials? credentials, CancellationToken cancellationToken)
    {
        if (connect.ClientId.Length == 0)
        {
            return Refused(MqttReasonCode.ClientIdentifierNotValid, "the client id must be the site's id [MQTT-3.1.3-8]");
        }

        FrontDoorAdmission admission = shown is not null
            ? await ByCertificateAsync(connect, shown, judge, cancellationToken).ConfigureAwait(false)
            : await ByPasswordAsync(connect, credentials, cancellationToken).ConfigureAwait(false);
        return admission.Topics is { } topics && connect.Will is { } will && !topics.IsState(will.Topic)
            ? Refused(MqttReasonCode.NotAuthorized, $"the will must go to {topics.State}")
            : admission;
    }

    public static FrontDoorAdmission Refused(MqttReasonCode code, string why) => new(null, "", code, why);

    private static async ValueTask<FrontDoorAdmission> ByCertificateAsync(
        MqttConnect connect, X509Certificate2 shown, IEdgeCertificates? judge, CancellationToken cancellationToken)
    {
        if (judge is null)
        {
            return Refused(MqttReasonCode.NotAuthorized, "this front door knows no certificates");
        }

        CertificateVerdict verdict = await judge.JudgeAsync(shown, cancellationToken).ConfigureAwait(false);
        if (verdict.Site is not { } site)
        {
            return Refused(MqttReasonCode.NotAuthorized, verdict.Why);
        }

        if (!string.Equals(connect.ClientId, site, StringComparison.Ordinal))
        {
            return Refused(MqttReasonCode.NotAuthorized, $"the certificate is for site {site} and not for client id {FrontDoorLog.Bounded(connect.ClientId)}");
        }

        return string.IsNullOrEmpty(connect.UserName) || string.Equals(connect.UserName, site, StringComparison.Ordinal)
            ? new FrontDoorAdmission(new FrontDoorTopics(site), site, MqttReasonCode.Success, "") { Certificate = verdict }
            : Refused(MqttReasonCode.NotAuthorized, $"the certificate is for site {site} and not for user {FrontDoorLog.Bounded(connect.UserName)}");
    }

    private static async ValueTask<FrontDoorAdmission> ByPasswordAsync(MqttConnect connect, IEdgeCredentials? credentials, CancellationToken cancellationToken)
    {
        if (credentials is null)
        {
            return Refused(MqttReasonCode.NotAuthorized, "a client certificate is demanded here; enrol the edge with 'iotp-edge enroll'");
        }

        string? site = await credentials.AuthenticateAsync(connect.ClientId, connect.UserName ?? "", connect.Password ?? default, cancellationToken)
            .ConfigureAwait(false);
        return site is null
            ? Refused(MqttReasonCode.BadUserNameOrPassword, "client id, user name and password do not belong together")
            : new FrontDoorAdmission(new FrontDoorTopics(site), site, MqttReasonCode.Success, "");
    }
}
