using System.Buffers;
using IotProperty.Protocols.Framing;
using IotProperty.Protocols.Mqtt;

namespace IotProperty.Protocols.Tests.Mqtt;

/// <summary>Puts any bytes through everything of MQTT that reads bytes from outside, and throws where a promise is broken.</summary>
public static class MqttExercise
{
    private const int MaximumPacketSize = 1 << 20;

    private static readonly MqttServerLimits Limits = new();
    private static readonly MqttClientOptions Options = new() { ClientId = "fuzz", TopicAliasMaximum = 4 };
    private static readonly MqttClientOptions Options311 = Options with { Version = MqttVersion.V311 };
    private static readonly byte[] Connect = MqttBytes.Write(new MqttConnect("fuzz", true, 20));
    private static readonly byte[] Connack = MqttBytes.Write(new MqttConnack(false, MqttReasonCode.Success));
    private static readonly byte[] Connack311 = MqttBytes.Of("20 02 00 00");

    [ThreadStatic]
    private static byte[]? _scratch;

    [ThreadStatic]
    private static ArrayBufferWriter<byte>? _output;

    public static void Exercise(ReadOnlySpan<byte> bytes)
    {
        _scratch ??= new byte[16_384];
        _output ??= new ArrayBufferWriter<byte>();
        Walk(bytes);
        Serve(bytes, connected: false);
        Serve(bytes, connected: true);
        Ask(bytes, Options, Connack);
        Ask(bytes, Options311, Connack311);
    }

    private static void Walk(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(_scratch);
        ReadOnlyMemory<byte> rest = _scratch.AsMemory(0, bytes.Length);
        while (MqttPacketScanner.Scan(rest.Span, MaximumPacketSize, out MqttFixedHeader header, out MqttFault fault) is var status && status != ScanStatus.NeedMore)
        {
            if (status == ScanStatus.Malformed)
            {
                Hold(fault.Code.IsFailure(), "what is malformed has a reason code");
                return;
            }

            Hold(header.PacketLength >= 2 && header.PacketLength <= rest.Length, "a packet is inside the bytes");
            if (MqttBytes.ReadBody(header, rest.Slice(header.HeaderLength, header.RemainingLength), out fault) is { } packet)
            {
                _output!.ResetWrittenCount();
                Hold(MqttPacketWriter.TryWrite(_output, packet), "what was read can be written");
            }
            else
            {
                Hold(fault.Code.IsFailure(), "what cannot be read has a reason code");
            }

            rest = rest[header.PacketLength..];
        }
    }

    private static void Serve(ReadOnlySpan<byte> bytes, bool connected)
    {
        _output!.ResetWrittenCount();
        MqttServerSession session = new(Limits, _output, 0);
        ReadOnlySequence<byte> buffer = Input(connected ? Connect : [], bytes);
        for (int steps = 0; ; steps++)
        {
            Hold(steps <= bytes.Length + 2, "each step takes bytes away");
            long before = buffer.Length;
            MqttServerEvent happened = session.Step(ref buffer, steps);
            switch (happened.Kind)
            {
                case MqttServerEventKind.NeedMore or MqttServerEventKind.Ended:
                    Hold(happened.Kind == MqttServerEventKind.NeedMore || session.HasEnded, "an end is for good");
                    return;
                case MqttServerEventKind.Connect:
                    session.Accept(null, null);
                    break;
                case MqttServerEventKind.Message:
                    session.Acknowledge(happened.Publish.PacketId, MqttReasonCode.Success, "");
                    break;
                case MqttServerEventKind.Subscribe:
                    session.Grant(happened.Subscribe!, [.. happened.Subscribe!.Subscriptions.Select(_ => MqttReasonCode.Success)]);
                    break;
            }

            Hold(buffer.Length < before, "a step that dealt with a packet took it away");
        }
    }

    private static void Ask(ReadOnlySpan<byte> bytes, MqttClientOptions options, byte[] connack)
    {
        _output!.ResetWrittenCount();
        MqttClientSession session = new(options, _output, 0);
        ReadOnlySequence<byte> buffer = Input(connack, bytes);
        for (int steps = 0; ; steps++)
        {
            Hold(steps <= bytes.Length + 2, "each step takes bytes away");
            MqttClientEvent happened = session.Step(ref buffer, steps);
            switch (happened.Kind)
            {
                case MqttClientEventKind.NeedMore or MqttClientEventKind.Ended:
                    return;
                case MqttClientEventKind.Connected:
                    session.Publish("fuzz/up", new byte[] { 1 }, MqttQos.AtLeastOnce, retain: false, 0, out _);
                    session.Subscribe([new MqttSubscription("fuzz/down", MqttQos.AtLeastOnce)], 0);
                    break;
                case MqttClientEventKind.Message when happened.Publish.Qos == MqttQos.AtLeastOnce:
                    session.Take(happened.Publish.PacketId, 0);
                    break;
            }
        }
    }

    private static ReadOnlySequence<byte> Input(byte[] greeting, ReadOnlySpan<byte> bytes)
    {
        greeting.CopyTo(_scratch!, 0);
        bytes.CopyTo(_scratch.AsSpan(greeting.Length));
        return new ReadOnlySequence<byte>(_scratch!, 0, greeting.Length + bytes.Length);
    }

    private static void Hold(bool holds, string promise)
    {
        if (!holds)
        {
            throw new InvalidOperationException($"broken: {promise}");
        }
    }
}
