using IotProperty.Protocols.Mqtt;

namespace IotProperty.Hub.Ingest;

/// <summary>Whether a CONNECT may enter, and as which site.</summary>
/// <param name="Topics">What the edge may use; null when it is refused.</param>
/// <param name="Site">Empty when it is refused.</param>
/// <param name="Code">For the CONNACK of a refusal.</param>
/// <param name="Why">For the edge and the log.</param>
internal readonly record struct FrontDoorAdmission(FrontDoorTopics? Topics, string Site, MqttReasonCode Code, string Why)
{
    public static async ValueTask<FrontDoorAdmission> DecideAsync(MqttConnect connect, IEdgeCredentials credentials, CancellationToken cancellationToken)
    {
        if (connect.ClientId.Length == 0)
        {
            return Refused(MqttReasonCode.ClientIdentifierNotValid, "the client id must be the site's id [MQTT-3.1.3-8]");
        }

        string? site = await credentials.AuthenticateAsync(connect.ClientId, connect.UserName ?? "", connect.Password ?? default, cancellationToken)
            .ConfigureAwait(false);
        if (site is null)
        {
            return Refused(MqttReasonCode.BadUserNameOrPassword, "client id, user name and password do not belong together");
        }

        FrontDoorTopics topics = new(site);
        return connect.Will is { } will && !topics.IsState(will.Topic)
            ? Refused(MqttReasonCode.NotAuthorized, $"the will must go to {topics.State}")
            : new FrontDoorAdmission(topics, site, MqttReasonCode.Success, "");
    }

    public static FrontDoorAdmission Refused(MqttReasonCode code, string why) => new(null, "", code, why);
}
