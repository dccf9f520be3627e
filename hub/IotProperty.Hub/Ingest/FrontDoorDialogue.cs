using System.Collections.Immutable;
using IotProperty.Protocols.Mqtt;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Ingest;

/// <summary>
/// Answers what an edge says on one connection: lets it in or not, hands its messages to the <see cref="FrontDoorIntake"/>, and grants only its own site's topics.
/// Called by the connection's reading loop; takes the connection's lock for the session.
/// </summary>
internal sealed class FrontDoorDialogue(Lock gate, FrontDoor door, FrontDoorConnection connection, MqttServerSession session, FrontDoorIntake intake)
{
    private bool _topicRefusalLogged;

    /// <summary>Where the connection entered; null before that.</summary>
    public FrontDoorSite? Site { get; private set; }

    /// <summary>What the edge may use; null before it is let in.</summary>
    public FrontDoorTopics? Topics { get; private set; }

    /// <summary>By which certificate the edge is in; null: by its password, or not in.</summary>
    public CertificateVerdict? Certificate { get; private set; }

    public async ValueTask HandleAsync(MqttServerEvent step)
    {
        switch (step.Kind)
        {
            case MqttServerEventKind.Message:
                OnMessage(step.Publish);
                break;
            case MqttServerEventKind.Published:
                connection.Delivered(step.PacketId, step.ReasonCode);
                break;
            case MqttServerEventKind.Subscribe:
                OnSubscribe(step.Subscribe!);
                break;
            case MqttServerEventKind.Connect:
                await OnConnectAsync(session.Connect!).ConfigureAwait(false);
                break;
            case MqttServerEventKind.Ended:
                lock (gate)
                {
                    connection.KeepEnd(step);
                }

                break;
        }
    }

    private async ValueTask OnConnectAsync(MqttConnect connect)
    {
        FrontDoorAdmission admission = await door.Checks.DecideAsync(connect, connection.ShownCertificate, connection.RemoteEndPoint, connection.Closed).ConfigureAwait(false);
        if (admission.Topics is null)
        {
            lock (gate)
            {
                session.Refuse(admission.Code, admission.Why);
                connection.KeepEnd(admission.Code, admission.Why);
            }

            return;
        }

        FrontDoorSite entered = door.Site(admission.Site);
        await entered.EnterAsync(connection).ConfigureAwait(false);
        lock (gate)
        {
            Site = entered;
            Topics = admission.Topics;
            Certificate = admission.Certificate;
            if (session.HasEnded)
            {
                // Taken over in its turn while it waited for its predecessor: session and will are its successor's.
                return;
            }

            if (!session.Accept(entered.Resume(connect.CleanStart), assignedClientId: null))
            {
                connection.KeepEnd(MqttReasonCode.PacketTooLarge, "the client's Maximum Packet Size leaves no room for CONNACK");
                return;
            }

            connection.LetIn();
        }

        door.Counters.Accepted();
        FrontDoorLog.EdgeConnected(door.Logger, admission.Site, connection.Remote);
    }

    private void OnMessage(in MqttPublish publish)
    {
        door.Counters.Published(publish.Payload.Length);
        FrontDoorTopics topics = Topics!;
        bool isUp = topics.IsUp(publish.Topic, out Lane lane);
        if (!isUp && !topics.IsState(publish.Topic))
        {
            RefuseTopic(publish);
            return;
        }

        intake.Take(Site!, isUp ? lane : null, publish);
    }

    private void RefuseTopic(in MqttPublish publish)
    {
        NoteTopic(publish.Topic);
        const string why = "an edge may publish only its own site's batches and state";
        if (publish.Qos == MqttQos.AtLeastOnce)
        {
            door.Counters.Refused(MqttReasonCode.NotAuthorized);
            lock (gate)
            {
                session.Acknowledge(publish.PacketId, MqttReasonCode.NotAuthorized, why);
            }

            return;
        }

        // At QoS 0 there is no acknowledgement to say it with.
        connection.End(MqttReasonCode.NotAuthorized, why);
    }

    private void OnSubscribe(MqttSubscribe subscribe)
    {
        ImmutableArray<MqttReasonCode> codes =
        [
            .. subscribe.Subscriptions.Select(s => Topics!.MaySubscribe(s.Filter)
                ? (MqttReasonCode)Math.Min((byte)s.MaximumQos, (byte)MqttQos.AtLeastOnce)
                : MqttReasonCode.NotAuthorized),
        ];
        for (int i = 0; i < codes.Length; i++)
        {
            if (codes[i].IsFailure())
            {
                door.Counters.Refused(codes[i]);
                NoteTopic(subscribe.Subscriptions[i].Filter);
            }
        }

        lock (gate)
        {
            session.Grant(subscribe, codes);
        }
    }

    private void NoteTopic(string topic)
    {
        if (!_topicRefusalLogged)
        {
            _topicRefusalLogged = true;
            FrontDoorLog.TopicRefused(door.Logger, Site!.Name, FrontDoorLog.Bounded(topic));
        }
    }
}
