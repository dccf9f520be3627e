using System.Buffers;
using System.Collections.Immutable;

namespace IotProperty.Protocols.Mqtt;

/// <summary>
/// The client's side of one MQTT connection, 5.0 or 3.1.1, QoS 0 and 1. Protocol of use: the constructor writes CONNECT to the output; the shell then calls
/// <see cref="Step"/> with what has arrived until it says NeedMore, the commands as the application wishes, and <see cref="Tick"/> no later than
/// <see cref="NextDeadlineMs"/>; after each call it sends what stands in the output. After <see cref="MqttClientEventKind.Ended"/> every call is without
/// effect. Not safe for concurrent callers: the shell holds a lock. Knows no clock: <c>nowMs</c> is any monotonic count of milliseconds.
/// </summary>
public sealed class MqttClientSession
{
    // Identifiers kept apart from the publish window so that SUBSCRIBE never waits for PUBACK.
    private const int SubscribeWindow = 16;

    // No acknowledgement, ping or goodbye of ours is longer: a server that takes less cannot be talked to.
    private const int SmallestPacketSize = 16;

    private readonly MqttClientOptions _options;
    private readonly IBufferWriter<byte> _output;
    private readonly Dictionary<ushort, string> _aliases = [];

    // Identifiers of QoS 1 messages that the application has not taken yet; never more than our Receive Maximum, unless excess is borne: then at most all 65,535.
    private readonly HashSet<ushort> _untaken = [];
    private MqttPacketIds _ids = new(SubscribeWindow);
    private int _publishWindow;
    private int _inFlight;
    private int _peerMaximumPacketSize = int.MaxValue;
    private bool _retainAvailable = true;
    private MqttQos _maximumQos = MqttQos.ExactlyOnce;
    private long _keepAliveMs;
    private long _lastSentMs;
    private long _lastReceivedMs;
    private long? _pingSentMs;

    public MqttClientSession(MqttClientOptions options, IBufferWriter<byte> output, long nowMs)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(output);
        _options = options;
        _output = output;
        _lastSentMs = _lastReceivedMs = nowMs;
        MqttConnect connect = new(options.ClientId, CleanStart: true, options.KeepAliveSeconds)
        {
            UserName = options.UserName,
            Password = options.Password,
            Will = options.Will,
            Properties = options.Version == MqttVersion.V311 ? MqttProperties.None : new MqttProperties
            {
                SessionExpiryIntervalSeconds = options.SessionExpirySeconds == 0 ? null : options.SessionExpirySeconds,
                ReceiveMaximum = options.ReceiveMaximum,
                MaximumPacketSize = (uint)options.MaximumPacketSize,
                TopicAliasMaximum = options.TopicAliasMaximum == 0 ? null : options.TopicAliasMaximum,
            },
        };
        MqttPacketWriter.TryWrite(output, connect, int.MaxValue, options.Version);
    }

    public bool IsConnected { get; private set; }

    public bool HasEnded { get; private set; }

    /// <summary>The server's CONNACK; null before it came.</summary>
    public MqttConnack? Connack { get; private set; }

    /// <summary>How many publishes at QoS 1 may be in flight at once; 0 before the connection.</summary>
    public int PublishWindow => _publishWindow;

    /// <summary>
    /// When <see cref="Tick"/> must be called next; null while keep-alive is off. A ping goes out after three quarters of the interval without sending or
    /// without hearing: the former keeps the server's patience, the latter finds a dead server even while we publish.
    /// </summary>
    public long? NextDeadlineMs => !IsConnected || _keepAliveMs == 0
        ? null
        : (_pingSentMs ?? Math.Min(_lastSentMs, _lastReceivedMs)) + (_keepAliveMs * 3 / 4);

    /// <summary>Takes one packet off the buffer.</summary>
    public MqttClientEvent Step(ref ReadOnlySequence<byte> buffer, long nowMs)
    {
        if (HasEnded)
        {
            return new MqttClientEvent(MqttClientEventKind.NeedMore);
        }

        switch (MqttPacketScanner.Take(ref buffer, _options.MaximumPacketSize, out MqttFixedHeader header, out ReadOnlyMemory<byte> body, out MqttFault fault))
        {
            case Framing.ScanStatus.NeedMore:
                return new MqttClientEvent(MqttClientEventKind.NeedMore);
            case Framing.ScanStatus.Malformed:
                return Fail(fault);
        }

        _lastReceivedMs = nowMs;
        if (!IsConnected && header.Type != MqttPacketType.Connack)
        {
            return Fail(MqttFault.Protocol($"{header.Type} came before CONNACK [MQTT-3.2.0-1]"));
        }

        return header.Type switch
        {
            MqttPacketType.Connack => OnConnack(body),
            MqttPacketType.Publish => OnPublish(header, body),
            MqttPacketType.Puback => OnPuback(body),
            MqttPacketType.Suback or MqttPacketType.Unsuback => OnSuback(header.Type, body),
            MqttPacketType.Pingresp => OnPingresp(body),
            MqttPacketType.Disconnect when _options.Version != MqttVersion.V311 => OnDisconnect(body),
            _ => Fail(MqttFault.Protocol($"{header.Type} may not come from this server at this time (§4.13)")),
        };
    }

    /// <summary>Writes a PUBLISH. At QoS 1 its PUBACK comes as <see cref="MqttClientEventKind.Published"/> with the same identifier.</summary>
    public MqttPublishOutcome Publish(string topic, ReadOnlyMemory<byte> payload, MqttQos qos, bool retain, long nowMs, out ushort packetId)
    {
        packetId = 0;
        if (!MqttTopic.IsValidName(topic))
        {
            throw new ArgumentException($"\"{topic}\" is not a topic name: it is empty or holds a wildcard", nameof(topic));
        }

        ArgumentOutOfRangeException.ThrowIfGreaterThan((byte)qos, (byte)MqttQos.AtLeastOnce, nameof(qos));
        if (!IsConnected)
        {
            return MqttPublishOutcome.NotConnected;
        }

        if (qos > _maximumQos)
        {
            return MqttPublishOutcome.QosNotSupported;
        }

        if (retain && !_retainAvailable)
        {
            return MqttPublishOutcome.RetainNotSupported;
        }

        if (qos == MqttQos.AtLeastOnce && (_inFlight == _publishWindow || !_ids.TryTake(MqttPacketType.Publish, out packetId)))
        {
            return MqttPublishOutcome.WindowFull;
        }

        MqttPublish publish = new(topic, payload, qos, retain, Duplicate: false, packetId, MqttProperties.None);
        if (!MqttPacketWriter.TryWrite(_output, publish, _peerMaximumPacketSize, _options.Version))
        {
            _ids.TryRelease(MqttPacketType.Publish, packetId);
            return MqttPublishOutcome.PacketTooLarge;
        }

        _inFlight += qos == MqttQos.AtLeastOnce ? 1 : 0;
        _lastSentMs = nowMs;
        return MqttPublishOutcome.Written;
    }

    /// <summary>Says that the application has taken the QoS 1 message with this identifier: writes its PUBACK.</summary>
    public void Take(ushort packetId, long nowMs)
    {
        if (IsConnected && _untaken.Remove(packetId))
        {
            Write(new MqttAcknowledgement(MqttPacketType.Puback, packetId, MqttReasonCode.Success, MqttProperties.None), nowMs);
        }
    }

    /// <summary>
    /// Writes SUBSCRIBE; 0 when there is no connection or 16 requests are pending already. Throws <see cref="ArgumentException"/> when the packet
    /// exceeds the server's Maximum Packet Size.
    /// </summary>
    public ushort Subscribe(ImmutableArray<MqttSubscription> subscriptions, long nowMs)
    {
        if (!IsConnected || !_ids.TryTake(MqttPacketType.Subscribe, out ushort id))
        {
            return 0;
        }

        Write(new MqttSubscribe(id, subscriptions), nowMs);
        return id;
    }

    /// <summary>Writes UNSUBSCRIBE; 0 when there is no connection or too many requests are pending already.</summary>
    public ushort Unsubscribe(ImmutableArray<string> filters, long nowMs)
    {
        if (!IsConnected || !_ids.TryTake(MqttPacketType.Unsubscribe, out ushort id))
        {
            return 0;
        }

        Write(new MqttUnsubscribe(id, filters), nowMs);
        return id;
    }

    /// <summary>
    /// Writes DISCONNECT and ends the session. In MQTT 3.1.1 DISCONNECT knows no reason and always deletes the will, so that it is written for <see cref="MqttReasonCode.Success"/> alone.
    /// </summary>
    public void Disconnect(MqttReasonCode code, long nowMs)
    {
        if (IsConnected && (code == MqttReasonCode.Success || _options.Version != MqttVersion.V311))
        {
            Write(new MqttDisconnect(code), nowMs);
        }

        IsConnected = false;
        HasEnded = true;
    }

    /// <summary>Sends a ping when one is due; ends the session when the answer to the last one is overdue.</summary>
    public MqttClientEvent Tick(long nowMs)
    {
        if (NextDeadlineMs is not { } deadline || nowMs < deadline)
        {
            return new MqttClientEvent(MqttClientEventKind.Handled);
        }

        if (_pingSentMs is not null)
        {
            return Fail(new MqttFault(MqttReasonCode.KeepAliveTimeout, "the server did not answer a ping"));
        }

        Write(new MqttPing(MqttPacketType.Pingreq), nowMs);
        _pingSentMs = nowMs;
        return new MqttClientEvent(MqttClientEventKind.Handled);
    }

    private MqttClientEvent OnConnack(ReadOnlyMemory<byte> body)
    {
        if (!MqttConnack.TryRead(body, out MqttConnack? connack, out MqttFault fault, _options.Version))
        {
            return Fail(fault);
        }

        if (Connack is not null)
        {
            return Fail(MqttFault.Protocol("a second CONNACK [MQTT-3.2.0-2]"));
        }

        Connack = connack;
        if (connack.ReasonCode != MqttReasonCode.Success)
        {
            return End(connack.ReasonCode, connack.Properties.ReasonString ?? "the server refused the connection");
        }

        if (connack.SessionPresent)
        {
            return Fail(MqttFault.Protocol("Session Present after a clean start [MQTT-3.2.2-4]"));
        }

        MqttProperties properties = connack.Properties;
        if (properties.MaximumPacketSize < SmallestPacketSize)
        {
            return Fail(new MqttFault(MqttReasonCode.PacketTooLarge, $"the server takes no packet of more than {properties.MaximumPacketSize} bytes"));
        }

        _publishWindow = Math.Min(properties.ReceiveMaximum ?? ushort.MaxValue, _options.MaximumInFlight);
        _ids = new MqttPacketIds(Math.Min(_publishWindow + SubscribeWindow, ushort.MaxValue));
        _peerMaximumPacketSize = (int)Math.Min(properties.MaximumPacketSize ?? int.MaxValue, int.MaxValue);
        _retainAvailable = properties.RetainAvailable ?? true;
        _maximumQos = properties.MaximumQos ?? MqttQos.ExactlyOnce;
        _keepAliveMs = (properties.ServerKeepAliveSeconds ?? _options.KeepAliveSeconds) * 1000L;
        IsConnected = true;
        return new MqttClientEvent(MqttClientEventKind.Connected);
    }

    private MqttClientEvent OnPublish(in MqttFixedHeader header, ReadOnlyMemory<byte> body)
    {
        if (!MqttPublish.TryRead(header, body, out MqttPublish publish, out MqttFault fault, _options.Version))
        {
            return Fail(fault);
        }

        if (publish.Qos == MqttQos.ExactlyOnce)
        {
            return Fail(MqttFault.Protocol("QoS 2 although no subscription grants it (§3.8.4)"));
        }

        if (publish.Properties.TopicAlias is { } alias)
        {
            if (alias > _options.TopicAliasMaximum || (publish.Topic.Length == 0 && !_aliases.ContainsKey(alias)))
            {
                return Fail(new MqttFault(
                    MqttReasonCode.TopicAliasInvalid, $"Topic Alias {alias} is unknown or above our maximum of {_options.TopicAliasMaximum} [MQTT-3.3.2-10]"));
            }

            if (publish.Topic.Length > 0)
            {
                _aliases[alias] = publish.Topic;
            }
            else
            {
                publish = publish with { Topic = _aliases[alias] };
            }
        }

        if (publish.Qos == MqttQos.AtLeastOnce)
        {
            if (!_options.BearsExcess && !_untaken.Contains(publish.PacketId) && _untaken.Count == _options.ReceiveMaximum)
            {
                return Fail(new MqttFault(MqttReasonCode.ReceiveMaximumExceeded, "the server exceeded our Receive Maximum [MQTT-3.3.4-9]"));
            }

            if (!_untaken.Add(publish.PacketId))
            {
                // A repeat of what the application holds already: the acknowledgement that will follow answers both.
                return new MqttClientEvent(MqttClientEventKind.Handled);
            }
        }

        return new MqttClientEvent(MqttClientEventKind.Message) { PacketId = publish.PacketId, Publish = publish };
    }

    private MqttClientEvent OnPuback(ReadOnlyMemory<byte> body)
    {
        if (!MqttAcknowledgement.TryRead(MqttPacketType.Puback, body, out MqttAcknowledgement puback, out MqttFault fault, _options.Version))
        {
            return Fail(fault);
        }

        if (!_ids.TryRelease(MqttPacketType.Publish, puback.PacketId))
        {
            return Fail(MqttFault.Protocol($"PUBACK for packet {puback.PacketId}, which is not in flight"));
        }

        _inFlight--;
        return new MqttClientEvent(MqttClientEventKind.Published)
        {
            PacketId = puback.PacketId,
            ReasonCode = puback.ReasonCode,
            Reason = puback.Properties.ReasonString ?? "",
        };
    }

    private MqttClientEvent OnSuback(MqttPacketType type, ReadOnlyMemory<byte> body)
    {
        if (!MqttSuback.TryRead(type, body, out MqttSuback? suback, out MqttFault fault, _options.Version))
        {
            return Fail(fault);
        }

        MqttPacketType request = type == MqttPacketType.Suback ? MqttPacketType.Subscribe : MqttPacketType.Unsubscribe;
        if (!_ids.TryRelease(request, suback.PacketId))
        {
            return Fail(MqttFault.Protocol($"{type} for packet {suback.PacketId}, which is not pending"));
        }

        return new MqttClientEvent(MqttClientEventKind.Subscribed)
        {
            PacketId = suback.PacketId,
            Reason = suback.Properties.ReasonString ?? "",
            ReasonCodes = suback.ReasonCodes,
        };
    }

    private MqttClientEvent OnPingresp(ReadOnlyMemory<byte> body)
    {
        if (!MqttPing.TryRead(body, out MqttFault fault))
        {
            return Fail(fault);
        }

        _pingSentMs = null;
        return new MqttClientEvent(MqttClientEventKind.Handled);
    }

    private MqttClientEvent OnDisconnect(ReadOnlyMemory<byte> body) => MqttDisconnect.TryRead(body, out MqttDisconnect? disconnect, out MqttFault fault)
        ? End(disconnect.ReasonCode, disconnect.Properties.ReasonString ?? "the server disconnected")
        : Fail(fault);

    private MqttClientEvent Fail(MqttFault fault)
    {
        // A client of MQTT 3.1.1 closes without a word (§4.8 there): its DISCONNECT would say that all is well.
        if (IsConnected && _options.Version != MqttVersion.V311)
        {
            MqttPacketWriter.TryWrite(
                _output, new MqttDisconnect(fault.Code) { Properties = new MqttProperties { ReasonString = fault.Why } }, _peerMaximumPacketSize);
        }

        return End(fault.Code, fault.Why);
    }

    private MqttClientEvent End(MqttReasonCode code, string reason)
    {
        IsConnected = false;
        HasEnded = true;
        return new MqttClientEvent(MqttClientEventKind.Ended) { ReasonCode = code, Reason = reason };
    }

    private void Write<TPacket>(in TPacket packet, long nowMs)
        where TPacket : IMqttPacket
    {
        if (!MqttPacketWriter.TryWrite(_output, packet, _peerMaximumPacketSize, _options.Version))
        {
            throw new ArgumentException($"the packet exceeds the server's Maximum Packet Size of {_peerMaximumPacketSize} bytes", nameof(packet));
        }

        _lastSentMs = nowMs;
    }
}
