using System.Buffers;
using System.IO.Pipelines;
using FsCheck;
using FsCheck.Fluent;
using IotProperty.Hub.Ingest;
using IotProperty.Protocols.Framing;
using IotProperty.Protocols.Mqtt;
using IotProperty.Protocols.Tests.Fuzzing;
using IotProperty.Protocols.Tests.Mqtt;
using IotProperty.Protocols.Tests.Uplink;
using IotProperty.Protocols.Uplink;
using Microsoft.AspNetCore.Connections;

namespace IotProperty.Fuzzing.Hub;

/// <summary>
/// Whole conversations of an edge with the hub's front door, mutated, each on a connection of its own: every other one is let in first. What comes back must be packets
/// that a client can read, and a connection that the door ends must say why, by the reason code that it counted.
/// </summary>
internal sealed class FuzzedFrontDoor : IFuzzedCodec, IDisposable
{
    private const int Conversations = 120;
    private const int StrayPackets = 200;
    private const int MaxOutput = 64 << 20;
    private const int ShortestConnack = 5;

    private static readonly byte[] Connect = MqttBytes.Write(new MqttConnect(CheckedHub.Site, true, 60) { UserName = CheckedHub.Site, Password = "secret"u8.ToArray() });

    private readonly CheckedHub _hub = new();
    private readonly FuzzedUplink _uplink = new();
    private readonly FrontDoor _door;
    private long _turn;

    // Thousands of conversations a second are more than a site's share.
    public FuzzedFrontDoor() => _door = new FrontDoor(
        _hub.Ingest, new KnownEdge(), new FrontDoorOptions { SiteBytesPerSecond = double.MaxValue, SiteBurstBytes = double.MaxValue }, TimeProvider.System, new CheckedLog<FrontDoor>());

    public string Name => "front-door";

    public long MayAllocate(int inputBytes) => _uplink.MayAllocate(inputBytes) * 2;

    public IReadOnlyList<byte[]> Frames(ulong seed)
    {
        byte[][] batches = [.. UplinkGen.Batch.Sample(5, new Rnd(seed), 2 * Conversations)
            .Select(batch => BatchCodec.Encode(batch with { Key = batch.Key with { Site = CheckedHub.Site } }))
            .OrderBy(batch => batch.Length).Take(Conversations)];
        byte[][] states = [.. UplinkGen.State.Sample(2, new Rnd(seed), 20).Select(state => EdgeStateCodec.Encode(state with { Site = CheckedHub.Site }))];
        FuzzRandom random = FuzzRandom.Of(seed, Name, 0);
        List<byte[]> frames = [.. MqttPackets.Any.Sample(12, new Rnd(seed), StrayPackets).Select(MqttBytes.Write)];
        for (int i = 0; i < Conversations; i++)
        {
            frames.Add([.. random.OneIn(4) ? Connect : [], .. Conversation(ref random, batches, states)]);
        }

        return frames;
    }

    /// <summary>Puts the length of the last packet right, and the checksum of every message.</summary>
    public void Seal(Span<byte> input)
    {
        for (int at = 0; at < input.Length;)
        {
            Span<byte> rest = input[at..];
            ScanStatus status = MqttPacketScanner.Scan(rest, int.MaxValue, out MqttFixedHeader header, out _);
            if (status == ScanStatus.NeedMore)
            {
                // The length that is announced goes beyond the end: make it the end.
                Shorten(rest);
                status = MqttPacketScanner.Scan(rest, int.MaxValue, out header, out _);
            }

            if (status != ScanStatus.Done)
            {
                return;
            }

            if (header.Type == MqttPacketType.Publish
                && MqttPublish.TryRead(header, rest.Slice(header.HeaderLength, header.RemainingLength).ToArray(), out MqttPublish publish, out _))
            {
                _uplink.Seal(rest.Slice(header.PacketLength - publish.Payload.Length, publish.Payload.Length));
            }

            at += header.PacketLength;
        }
    }

    public void Exercise(ReadOnlySpan<byte> input)
    {
        FrontDoorSnapshot before = _door.Snapshot();
        Wire wire = new();
        if (_turn++ % 2 == 0)
        {
            wire.Say(Connect);
        }

        wire.Say(input);
        DefaultConnectionContext connection = new($"c-{_turn}", wire, wire);
        wire.HangUp();
        _door.OnConnectedAsync(connection).GetAwaiter().GetResult();
        FrontDoorSnapshot after = _door.Snapshot();
        Promise.Hold(after is { Connections: 0, Strangers: 0 }, "a connection that is over holds no place");
        Hear(wire.Heard(), HearsNothing(input), before, after);
        Promise.HoldAll();
    }

    public void Dispose()
    {
        _door.Dispose();
        _hub.Dispose();
    }

    private static byte[] Conversation(ref FuzzRandom random, byte[][] batches, byte[][] states)
    {
        ArrayBufferWriter<byte> said = new();
        ushort id = 1;
        MqttPacketWriter.TryWrite(said, new MqttSubscribe(id++, [new(UplinkTopics.Receipt(CheckedHub.Site), MqttQos.AtLeastOnce), new("iotp/v1/other/receipt", MqttQos.AtLeastOnce)]));
        for (int messages = random.Below(5); messages >= 0; messages--)
        {
            byte[] payload = random.OneIn(5) ? states[random.Below(states.Length)] : batches[random.Below(batches.Length)];
            string topic = random.OneIn(5) ? UplinkTopics.State(CheckedHub.Site)
                : UplinkTopics.Up(random.OneIn(9) ? "other" : CheckedHub.Site, BatchCodec.Decode(payload).Key?.Lane ?? Lane.Event);
            MqttQos qos = random.OneIn(6) ? MqttQos.AtMostOnce : MqttQos.AtLeastOnce;
            MqttPacketWriter.TryWrite(said, new MqttPublish(topic, payload, qos, Retain: false, Duplicate: false, qos == MqttQos.AtMostOnce ? (ushort)0 : id++, MqttProperties.None));
        }

        MqttPacketWriter.TryWrite(said, new MqttPing(MqttPacketType.Pingreq));
        if (random.OneIn(2))
        {
            MqttPacketWriter.TryWrite(said, new MqttDisconnect(MqttReasonCode.Success));
        }

        return said.WrittenSpan.ToArray();
    }

    private static void Shorten(Span<byte> packet)
    {
        int lengthBytes = 1;
        while (lengthBytes < 4 && lengthBytes < packet.Length - 1 && (packet[lengthBytes] & 0x80) != 0)
        {
            lengthBytes++;
        }

        int left = packet.Length - 1 - lengthBytes;
        for (int i = 1; i <= lengthBytes && left >= 0; i++)
        {
            packet[i] = (byte)((left & 0x7F) | (i < lengthBytes ? 0x80 : 0));
            left >>= 7;
        }
    }

    private static void Hear(ReadOnlyMemory<byte> heard, bool hearsNothing, FrontDoorSnapshot before, FrontDoorSnapshot after)
    {
        MqttReasonCode? last = null;
        bool connected = false;
        while (!heard.IsEmpty)
        {
            ScanStatus status = MqttPacketScanner.Scan(heard.Span, MaxOutput, out MqttFixedHeader header, out MqttFault fault);
            Promise.Hold(status == ScanStatus.Done, $"the door says whole packets: {status} {fault.Why}");
            IMqttPacket? packet = MqttBytes.ReadBody(header, heard.Slice(header.HeaderLength, header.RemainingLength), out fault);
            Promise.Hold(packet is not null, $"the door says what a client can read: {header.Type} {fault.Why}");
            Promise.Hold(last is null, "nothing follows the last word");
            connected |= packet is MqttConnack { ReasonCode: MqttReasonCode.Success };
            last = packet switch
            {
                MqttConnack { ReasonCode: not MqttReasonCode.Success } refused => refused.ReasonCode,
                MqttDisconnect end => end.ReasonCode,
                _ => null,
            };
            heard = heard[header.PacketLength..];
        }

        Promise.Hold(connected == after.Accepted > before.Accepted, "who hears that he is in is in");
        Promise.Hold(Refused(after, MqttReasonCode.UnspecifiedError) == 0, "nothing from outside is an error of the hub");
        if (last == MqttReasonCode.UnspecifiedError)
        {
            // What is said after a client that has hung up.
            return;
        }

        if (last is { } code)
        {
            Promise.Hold(code.IsFailure(), "an end by the door is a failure");
            Promise.Hold(Refused(after, code) > Refused(before, code), $"the reason {code} is counted");
        }
        else if (!connected && !hearsNothing && before.Refused.Values.Sum() < after.Refused.Values.Sum())
        {
            // Whoever does not begin with CONNECT is cut without a word [MQTT-3.1.0-1]; it is counted all the same.
            Promise.Hold(
                Refused(after, MqttReasonCode.ProtocolError) > Refused(before, MqttReasonCode.ProtocolError)
                || Refused(after, MqttReasonCode.MalformedPacket) > Refused(before, MqttReasonCode.MalformedPacket)
                || Refused(after, MqttReasonCode.PacketTooLarge) > Refused(before, MqttReasonCode.PacketTooLarge),
                "who is cut without a word did not speak MQTT");
        }
    }

    /// <summary>A client may set its Maximum Packet Size below the shortest CONNACK.</summary>
    private static bool HearsNothing(ReadOnlySpan<byte> input) =>
        MqttPacketScanner.Scan(input, int.MaxValue, out MqttFixedHeader header, out _) == ScanStatus.Done
        && header.Type == MqttPacketType.Connect
        && MqttConnect.TryRead(input.Slice(header.HeaderLength, header.RemainingLength).ToArray(), out MqttConnect? connect, out _)
        && connect.Properties.MaximumPacketSize < ShortestConnack;

    private static long Refused(FrontDoorSnapshot snapshot, MqttReasonCode code) => snapshot.Refused.GetValueOrDefault(code);

    private sealed class KnownEdge : IEdgeCredentials
    {
        public ValueTask<string?> AuthenticateAsync(string clientId, string user, ReadOnlyMemory<byte> password, CancellationToken cancellationToken) =>
            ValueTask.FromResult(clientId == CheckedHub.Site && user == CheckedHub.Site && password.Span.SequenceEqual("secret"u8) ? clientId : null);
    }

    /// <summary>A client that says all that it has to say, hangs up, and reads everything afterwards.</summary>
    private sealed class Wire : IDuplexPipe
    {
        private static readonly PipeOptions Endless = new(
            pauseWriterThreshold: 0, readerScheduler: PipeScheduler.Inline, writerScheduler: PipeScheduler.Inline, useSynchronizationContext: false);

        private readonly Pipe _said = new(Endless);
        private readonly Pipe _heard = new(Endless);

        public PipeReader Input => _said.Reader;

        public PipeWriter Output => _heard.Writer;

        public void Say(ReadOnlySpan<byte> bytes) => _said.Writer.Write(bytes);

        public void HangUp() => _said.Writer.Complete();

        public byte[] Heard()
        {
            if (!_heard.Reader.TryRead(out ReadResult result))
            {
                return [];
            }

            byte[] bytes = result.Buffer.ToArray();
            Promise.Hold(result.IsCompleted, "the door closes what is over");
            _heard.Reader.Complete();
            return bytes;
        }
    }
}
