using System.Buffers;
using System.Collections.Immutable;
using IotProperty.Protocols.Framing;

namespace IotProperty.Protocols.Mqtt;

/// <summary>
/// The server's side of one MQTT 5.0 connection. Protocol of use: the shell calls <see cref="Step"/> with what has arrived until it says NeedMore,
/// answers Connect, Message and Subscribe with the command that each names (in its own time and order), calls <see cref="Tick"/> no later than
/// <see cref="NextDeadlineMs"/>, and after each call sends what stands in the output. Between Connect and its answer <see cref="Step"/> must not be called.
/// After <see cref="HasEnded"/> every call is without effect.
/// Not safe for concurrent callers: the shell holds a lock. Knows no clock: <c>nowMs</c> is any monotonic count of milliseconds.
/// </summary>
public sealed class MqttServerSession
{
    private readonly MqttServerLimits _limits;
    private readonly IBufferWriter<byte> _output;
    private readonly HashSet<ushort> _unanswered = [];
    private MqttSessionState _state = new();
    private int _peerMaximumPacketSize = int.MaxValue;
    private int _window;
    private long _keepAliveMs;
    private long _lastReceivedMs;
    private bool _problemInformation = true;

    public MqttServerSession(MqttServerLimits limits, IBufferWriter<byte> output, long nowMs)
    {
        ArgumentNullException.ThrowIfNull(limits);
        ArgumentNullException.ThrowIfNull(output);
        _limits = limits;
        _output = output;
        _lastReceivedMs = nowMs;
    }

    /// <summary>The client's CONNECT; null before it came.</summary>
    public MqttConnect? Connect { get; private set; }

    public bool IsConnected { get; private set; }

    public bool HasEnded { get; private set; }

    /// <summary>What outlives the connection when <see cref="SessionExpirySeconds"/> is not 0.</summary>
    public MqttSessionState State => _state;

    /// <summary>How long the session outlives its connection, as granted in CONNACK or changed by the client's DISCONNECT.</summary>
    public uint SessionExpirySeconds { get; private set; }

    /// <summary>The will that the end of this connection sets free; null when there is none or a normal DISCONNECT deleted it [MQTT-3.1.2-10].</summary>
    public MqttWill? WillToPublish { get; private set; }

    /// <summary>How long the will waits for the client to come back: no longer than the session lives [MQTT-3.1.3-9].</summary>
    public uint WillDelaySeconds => Math.Min(WillToPublish?.Properties.WillDelayIntervalSeconds ?? 0, SessionExpirySeconds);

    /// <summary>When <see cref="Tick"/> must be called; null while keep-alive is off or the connection is not accepted.</summary>
    public long? NextDeadlineMs => IsConnected && _keepAliveMs > 0 ? _lastReceivedMs + (_keepAliveMs * 3 / 2) : null;

    /// <summary>Takes one packet off the buffer.</summary>
    public MqttServerEvent Step(ref ReadOnlySequence<byte> buffer, long nowMs)
    {
        if (HasEnded)
        {
            return new MqttServerEvent(MqttServerEventKind.NeedMore);
        }

        switch (MqttPacketScanner.Take(ref buffer, _limits.MaximumPacketSize, out MqttFixedHeader header, out ReadOnlyMemory<byte> body, out MqttFault fault))
        {
            case ScanStatus.NeedMore:
                return new MqttServerEvent(MqttServerEventKind.NeedMore);
            case ScanStatus.Malformed:
                return Fail(fault);
        }

        _lastReceivedMs = nowMs;
        if (Connect is null)
        {
            return header.Type == MqttPacketType.Connect
                ? OnConnect(body)
                : End(MqttReasonCode.ProtocolError, $"the first packet is {header.Type}, not CONNECT [MQTT-3.1.0-1]");
        }

        return header.Type switch
        {
            MqttPacketType.Connect => Fail(MqttFault.Protocol("a second CONNECT [MQTT-3.1.0-2]")),
            MqttPacketType.Publish => OnPublish(header, body),
            MqttPacketType.Puback => OnPuback(body),
            MqttPacketType.Subscribe => OnSubscribe(body),
            MqttPacketType.Unsubscribe => OnUnsubscribe(body),
            MqttPacketType.Pingreq => OnPingreq(body),
            MqttPacketType.Disconnect => OnDisconnect(body),
            _ => Fail(MqttFault.Protocol($"{header.Type} may not come from this client at this time (§4.13)")),
        };
    }

    /// <summary>
    /// Accepts the connection. <paramref name="kept"/> is the state of the client's earlier session; it is resumed unless the client asked for a clean
    /// start, and then what was not acknowledged is sent again [MQTT-4.4.0-1]. False when the client's Maximum Packet Size leaves no room for what CONNACK must say:
    /// the connection has ended then.
    /// </summary>
    public bool Accept(MqttSessionState? kept, string? assignedClientId)
    {
        MqttConnect connect = Connect ?? throw new InvalidOperationException("there is no CONNECT to accept");
        if (HasEnded)
        {
            return false;
        }

        // A state that the client's smaller Receive Maximum could not take again is given up, which Session Present 0 says.
        bool resumed = kept is not null && !connect.CleanStart && kept.Unacknowledged.Count <= _window;
        _state = resumed ? kept! : new MqttSessionState();
        if (!MqttPacketWriter.TryWrite(
            _output, new MqttConnack(resumed, MqttReasonCode.Success) { Properties = Declare(connect, assignedClientId) }, _peerMaximumPacketSize))
        {
            Refuse(MqttReasonCode.PacketTooLarge, "the client's Maximum Packet Size leaves no room for CONNACK");
            return false;
        }

        IsConnected = true;
        WillToPublish = connect.Will;
        for (int i = 0; i < _state.Unacknowledged.Count; i++)
        {
            MqttPublish again = _state.Unacknowledged[i] with { Duplicate = true };
            _state.Unacknowledged[i] = again;
            MqttPacketWriter.TryWrite(_output, again, _peerMaximumPacketSize);
        }

        return true;
    }

    /// <summary>Refuses the connection with a CONNACK and ends it.</summary>
    public void Refuse(MqttReasonCode code, string why)
    {
        if (!HasEnded)
        {
            WriteRefusal(code, why);
            HasEnded = true;
        }
    }

    /// <summary>Writes the PUBACK of a QoS 1 message that was taken over or refused.</summary>
    public void Acknowledge(ushort packetId, MqttReasonCode code, string why)
    {
        if (IsConnected && _unanswered.Remove(packetId))
        {
            MqttAcknowledgement puback = new(MqttPacketType.Puback, packetId, code, Why(why));
            _ = MqttPacketWriter.TryWrite(_output, puback, _peerMaximumPacketSize)
                || MqttPacketWriter.TryWrite(_output, puback with { Properties = MqttProperties.None }, _peerMaximumPacketSize);
        }
    }

    /// <summary>Writes the SUBACK with one code for each filter, in their order; what is granted counts from now on.</summary>
    public void Grant(MqttSubscribe subscribe, ImmutableArray<MqttReasonCode> codes)
    {
        ArgumentNullException.ThrowIfNull(subscribe);
        if (!IsConnected)
        {
            return;
        }

        for (int i = 0; i < codes.Length; i++)
        {
            MqttSubscription subscription = subscribe.Subscriptions[i];
            if (codes[i].IsFailure())
            {
                continue;
            }

            if (_state.Subscriptions.Count >= _limits.MaximumSubscriptions && !_state.Subscriptions.ContainsKey(subscription.Filter))
            {
                codes = codes.SetItem(i, MqttReasonCode.QuotaExceeded);
                continue;
            }

            _state.Subscriptions[subscription.Filter] = subscription;
        }

        MqttPacketWriter.TryWrite(_output, new MqttSuback(MqttPacketType.Suback, subscribe.PacketId, codes), _peerMaximumPacketSize);
    }

    /// <summary>Whether <see cref="Publish"/> would find room in the client's Receive Maximum.</summary>
    public bool CanPublish => IsConnected && _state.Unacknowledged.Count < _window;

    /// <summary>Writes a PUBLISH at QoS 1. The payload must stay unchanged until its acknowledgement, for a resumed session sends it again.</summary>
    public MqttPublishOutcome Publish(string topic, ReadOnlyMemory<byte> payload, out ushort packetId)
    {
        packetId = 0;
        if (!IsConnected)
        {
            return MqttPublishOutcome.NotConnected;
        }

        if (_state.Unacknowledged.Count >= _window)
        {
            return MqttPublishOutcome.WindowFull;
        }

        packetId = NextPacketId();
        MqttPublish publish = new(topic, payload, MqttQos.AtLeastOnce, Retain: false, Duplicate: false, packetId, MqttProperties.None);
        if (!MqttPacketWriter.TryWrite(_output, publish, _peerMaximumPacketSize))
        {
            packetId = 0;
            return MqttPublishOutcome.PacketTooLarge;
        }

        _state.Unacknowledged.Add(publish);
        return MqttPublishOutcome.Written;
    }

    /// <summary>Writes DISCONNECT and ends the connection: take-over, shutdown, an administrator's wish.</summary>
    public void Disconnect(MqttReasonCode code, string why)
    {
        if (IsConnected)
        {
            WriteDisconnect(code, why);
        }

        IsConnected = false;
        HasEnded = true;
    }

    /// <summary>Ends the connection when the client was silent for one and a half times its keep-alive [MQTT-3.1.2-22].</summary>
    public MqttServerEvent Tick(long nowMs) => NextDeadlineMs is { } deadline && nowMs >= deadline
        ? Fail(new MqttFault(MqttReasonCode.KeepAliveTimeout, "nothing came for one and a half times the keep-alive"))
        : new MqttServerEvent(MqttServerEventKind.Handled);

    private MqttServerEvent OnConnect(ReadOnlyMemory<byte> body)
    {
        if (!MqttConnect.TryRead(body, out MqttConnect? connect, out MqttFault fault))
        {
            return Fail(fault);
        }

        MqttProperties properties = connect.Properties;
        _peerMaximumPacketSize = (int)Math.Min(properties.MaximumPacketSize ?? int.MaxValue, int.MaxValue);
        _window = Math.Min(properties.ReceiveMaximum ?? ushort.MaxValue, _limits.MaximumInFlight);
        _problemInformation = properties.RequestProblemInformation ?? true;
        if (properties.AuthenticationMethod is not null)
        {
            return Fail(new MqttFault(MqttReasonCode.BadAuthenticationMethod, "enhanced authentication is not offered [MQTT-4.12.0-1]"));
        }

        if (connect.Will is { Qos: MqttQos.ExactlyOnce })
        {
            return Fail(new MqttFault(MqttReasonCode.QosNotSupported, "the will asks for QoS 2; the Maximum QoS is 1 [MQTT-3.2.2-12]"));
        }

        if (connect.Will?.Topic.Length > _limits.MaximumTopicLength)
        {
            return Fail(new MqttFault(MqttReasonCode.TopicNameInvalid, "the will topic is too long"));
        }

        Connect = connect;
        SessionExpirySeconds = Math.Min(properties.SessionExpiryIntervalSeconds ?? 0, _limits.MaximumSessionExpirySeconds);
        bool tooPatient = connect.KeepAliveSeconds == 0 || connect.KeepAliveSeconds > _limits.MaximumKeepAliveSeconds;
        _keepAliveMs = (tooPatient ? _limits.MaximumKeepAliveSeconds : connect.KeepAliveSeconds) * 1000L;
        return new MqttServerEvent(MqttServerEventKind.Connect);
    }

    /// <summary>CONNACK says what this server lacks, so that a client need not find out by being disconnected.</summary>
    private MqttProperties Declare(MqttConnect connect, string? assignedClientId) => new()
    {
        // Batches carry their own key and receipts, so QoS 2 would pay two more packets for nothing.
        MaximumQos = MqttQos.AtLeastOnce,

        // Retain stays available, that is unsaid: the state message and the will are retained, by the hub's ledger, which is the only one that reads
        // them. On other topics the flag changes nothing, for nobody can subscribe to them.
        ReceiveMaximum = _limits.ReceiveMaximum,
        MaximumPacketSize = (uint)_limits.MaximumPacketSize,

        // "command/+" needs wildcards; shared subscriptions and subscription identifiers have no use with one subscriber to a topic.
        // Topic Alias Maximum is left out, which means 0 (§3.2.2.3.8).
        SharedSubscriptionAvailable = false,
        SubscriptionIdentifiersAvailable = false,
        AssignedClientIdentifier = assignedClientId,
        ServerKeepAliveSeconds = _keepAliveMs == connect.KeepAliveSeconds * 1000L ? null : (ushort)(_keepAliveMs / 1000),
        SessionExpiryIntervalSeconds =
            SessionExpirySeconds == (connect.Properties.SessionExpiryIntervalSeconds ?? 0) ? null : SessionExpirySeconds,
    };

    private MqttServerEvent OnPublish(in MqttFixedHeader header, ReadOnlyMemory<byte> body)
    {
        if (!MqttPublish.TryRead(header, body, out MqttPublish publish, out MqttFault fault))
        {
            return Fail(fault);
        }

        if (publish.Qos == MqttQos.ExactlyOnce)
        {
            return Fail(new MqttFault(MqttReasonCode.QosNotSupported, "QoS 2, though CONNACK declares Maximum QoS 1 [MQTT-3.2.2-11]"));
        }

        if (publish.Properties.TopicAlias is not null)
        {
            return Fail(new MqttFault(MqttReasonCode.TopicAliasInvalid, "a Topic Alias, though the Topic Alias Maximum is 0 [MQTT-3.3.2-9]"));
        }

        if (!publish.Properties.SubscriptionIdentifiers.IsEmpty)
        {
            return Fail(MqttFault.Protocol("a Subscription Identifier in a PUBLISH of a client [MQTT-3.3.4-6]"));
        }

        if (publish.Topic.Length > _limits.MaximumTopicLength)
        {
            return Fail(new MqttFault(MqttReasonCode.TopicNameInvalid, $"a topic of more than {_limits.MaximumTopicLength} characters"));
        }

        if (publish.Qos == MqttQos.AtLeastOnce)
        {
            if (_unanswered.Contains(publish.PacketId))
            {
                return Fail(MqttFault.Protocol($"packet identifier {publish.PacketId} is still in use [MQTT-2.2.1-3]"));
            }

            if (_unanswered.Count == _limits.ReceiveMaximum)
            {
                return Fail(new MqttFault(MqttReasonCode.ReceiveMaximumExceeded, $"more than {_limits.ReceiveMaximum} publishes in work [MQTT-3.3.4-9]"));
            }

            _unanswered.Add(publish.PacketId);
        }

        return new MqttServerEvent(MqttServerEventKind.Message) { PacketId = publish.PacketId, Publish = publish };
    }

    private MqttServerEvent OnPuback(ReadOnlyMemory<byte> body)
    {
        if (!MqttAcknowledgement.TryRead(MqttPacketType.Puback, body, out MqttAcknowledgement puback, out MqttFault fault))
        {
            return Fail(fault);
        }

        int index = IndexOf(puback.PacketId);
        if (index < 0)
        {
            return Fail(MqttFault.Protocol($"PUBACK for packet {puback.PacketId}, which is not in flight"));
        }

        _state.Unacknowledged.RemoveAt(index);
        return new MqttServerEvent(MqttServerEventKind.Published)
        {
            PacketId = puback.PacketId,
            ReasonCode = puback.ReasonCode,
            Reason = puback.Properties.ReasonString ?? "",
        };
    }

    private MqttServerEvent OnSubscribe(ReadOnlyMemory<byte> body)
    {
        if (!MqttSubscribe.TryRead(body, out MqttSubscribe? subscribe, out MqttFault fault))
        {
            return Fail(fault);
        }

        if (!subscribe.Properties.SubscriptionIdentifiers.IsEmpty)
        {
            return Fail(new MqttFault(
                MqttReasonCode.SubscriptionIdentifiersNotSupported, "a Subscription Identifier, though CONNACK says that there are none (§3.2.2.3.12)"));
        }

        foreach (MqttSubscription subscription in subscribe.Subscriptions)
        {
            if (MqttTopic.IsShared(subscription.Filter))
            {
                return Fail(new MqttFault(
                    MqttReasonCode.SharedSubscriptionsNotSupported, "a shared subscription, though CONNACK says that there are none (§3.2.2.3.13)"));
            }

            if (subscription.Filter.Length > _limits.MaximumTopicLength)
            {
                return Fail(new MqttFault(MqttReasonCode.TopicFilterInvalid, $"a filter of more than {_limits.MaximumTopicLength} characters"));
            }
        }

        return new MqttServerEvent(MqttServerEventKind.Subscribe) { PacketId = subscribe.PacketId, Subscribe = subscribe };
    }

    private MqttServerEvent OnUnsubscribe(ReadOnlyMemory<byte> body)
    {
        if (!MqttUnsubscribe.TryRead(body, out MqttUnsubscribe? unsubscribe, out MqttFault fault))
        {
            return Fail(fault);
        }

        ImmutableArray<MqttReasonCode> codes =
        [
            .. unsubscribe.Filters.Select(f => _state.Subscriptions.Remove(f) ? MqttReasonCode.Success : MqttReasonCode.NoSubscriptionExisted),
        ];
        MqttPacketWriter.TryWrite(_output, new MqttSuback(MqttPacketType.Unsuback, unsubscribe.PacketId, codes), _peerMaximumPacketSize);
        return new MqttServerEvent(MqttServerEventKind.Handled);
    }

    private MqttServerEvent OnPingreq(ReadOnlyMemory<byte> body)
    {
        if (!MqttPing.TryRead(body, out MqttFault fault))
        {
            return Fail(fault);
        }

        MqttPacketWriter.TryWrite(_output, new MqttPing(MqttPacketType.Pingresp), _peerMaximumPacketSize);
        return new MqttServerEvent(MqttServerEventKind.Handled);
    }

    private MqttServerEvent OnDisconnect(ReadOnlyMemory<byte> body)
    {
        if (!MqttDisconnect.TryRead(body, out MqttDisconnect? disconnect, out MqttFault fault))
        {
            return Fail(fault);
        }

        if (disconnect.Properties.SessionExpiryIntervalSeconds is { } expiry)
        {
            if (expiry > 0 && (Connect!.Properties.SessionExpiryIntervalSeconds ?? 0) == 0)
            {
                return Fail(MqttFault.Protocol("DISCONNECT sets a Session Expiry Interval, though CONNECT had none (§3.14.2.2.2)"));
            }

            SessionExpirySeconds = Math.Min(expiry, _limits.MaximumSessionExpirySeconds);
        }

        if (disconnect.ReasonCode == MqttReasonCode.Success)
        {
            WillToPublish = null;
        }

        return End(disconnect.ReasonCode, disconnect.Properties.ReasonString ?? "the client disconnected") with { ByClient = true };
    }

    private MqttServerEvent Fail(MqttFault fault)
    {
        if (IsConnected)
        {
            WriteDisconnect(fault.Code, fault.Why);
        }
        else
        {
            WriteRefusal(fault.Code, fault.Why);
        }

        return End(fault.Code, fault.Why);
    }

    private void WriteRefusal(MqttReasonCode code, string why)
    {
        MqttReasonCode allowed = MqttReasonCodes.IsAllowed(MqttPacketType.Connack, code) ? code : MqttReasonCode.ProtocolError;

        // CONNACK may always carry a reason string: Request Problem Information does not bind it (§3.1.2.11.7).
        _ = MqttPacketWriter.TryWrite(_output, new MqttConnack(false, allowed) { Properties = new MqttProperties { ReasonString = why } }, _peerMaximumPacketSize)
            || MqttPacketWriter.TryWrite(_output, new MqttConnack(false, allowed), _peerMaximumPacketSize);
    }

    /// <summary>Where the client's Maximum Packet Size leaves no room for the reason string, the code alone is said [MQTT-3.2.2-19], [MQTT-3.4.2-2], [MQTT-3.14.2-3].</summary>
    private void WriteDisconnect(MqttReasonCode code, string why) =>
        _ = MqttPacketWriter.TryWrite(_output, new MqttDisconnect(code) { Properties = Why(why) }, _peerMaximumPacketSize)
            || MqttPacketWriter.TryWrite(_output, new MqttDisconnect(code), _peerMaximumPacketSize);

    private MqttServerEvent End(MqttReasonCode code, string reason)
    {
        IsConnected = false;
        HasEnded = true;
        return new MqttServerEvent(MqttServerEventKind.Ended) { ReasonCode = code, Reason = reason };
    }

    // A reason string in PUBACK only where the client wants problem information [MQTT-3.1.2-29]; DISCONNECT may carry it always, but need not.
    private MqttProperties Why(string why) =>
        why.Length > 0 && _problemInformation ? new MqttProperties { ReasonString = why } : MqttProperties.None;

    private int IndexOf(ushort packetId)
    {
        for (int i = 0; i < _state.Unacknowledged.Count; i++)
        {
            if (_state.Unacknowledged[i].PacketId == packetId)
            {
                return i;
            }
        }

        return -1;
    }

    private ushort NextPacketId()
    {
        do
        {
            _state.LastPacketId = _state.LastPacketId == ushort.MaxValue ? (ushort)1 : (ushort)(_state.LastPacketId + 1);
        }
        while (IndexOf(_state.LastPacketId) >= 0);
        return _state.LastPacketId;
    }
}
