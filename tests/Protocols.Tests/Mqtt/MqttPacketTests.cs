using System.Buffers;
using FsCheck;
using FsCheck.Fluent;
using IotProperty.Protocols.Framing;
using IotProperty.Protocols.Mqtt;
using IotProperty.Tests;

namespace IotProperty.Protocols.Tests.Mqtt;

public class MqttPacketTests
{
    [Fact]
    public void Every_packet_is_read_as_it_was_written() =>
        Prop.ForAll(MqttPackets.Any.ToArbitrary(), packet =>
        {
            byte[] bytes = MqttBytes.Write(packet);
            IMqttPacket? read = MqttBytes.Read(bytes, out MqttFault fault);
            Assert.True(read is not null, fault.ToString());
            Assert.Equal(MqttBytes.Describe(packet), MqttBytes.Describe(read));
        }).Check(PropertyRun.Config);

    [Fact]
    public void Every_beginning_of_a_packet_asks_for_more_and_the_end_is_found_inside_a_stream() =>
        Prop.ForAll(MqttPackets.Any.ToArbitrary(), packet =>
        {
            byte[] bytes = MqttBytes.Write(packet);
            byte[] stream = [.. bytes, 0xFF, 0xFF];
            for (int split = 0; split < bytes.Length; split++)
            {
                Assert.Equal(ScanStatus.NeedMore, MqttPacketScanner.Scan(bytes.AsSpan(0, split), int.MaxValue, out _, out _));
                Segment first = new(stream.AsMemory(0, split));
                Segment last = first.Append(stream.AsMemory(split));
                ReadOnlySequence<byte> sequence = new(first, 0, last, last.Memory.Length);
                Assert.Equal(ScanStatus.Done, MqttPacketScanner.Take(ref sequence, int.MaxValue, out MqttFixedHeader header, out ReadOnlyMemory<byte> body, out _));
                Assert.Equal(2, sequence.Length);
                Assert.Equal(MqttBytes.Describe(packet), MqttBytes.Describe(MqttBytes.ReadBody(header, body, out _)));
            }
        }).Check(PropertyRun.Config);

    [Fact]
    public void Packet_that_is_cut_short_in_its_body_never_throws() =>
        Prop.ForAll(MqttPackets.Any.ToArbitrary(), packet =>
        {
            byte[] bytes = MqttBytes.Write(packet);
            MqttPacketScanner.Scan(bytes, int.MaxValue, out MqttFixedHeader header, out _);
            for (int length = 0; length < header.RemainingLength; length++)
            {
                MqttBytes.ReadBody(header, bytes.AsMemory(header.HeaderLength, length), out _);
            }
        }).Check(PropertyRun.Config);

    [Fact]
    public void Random_and_mutated_bytes_never_throw()
    {
        Random random = new(20260101);
        byte[][] seeds = [.. MqttPackets.Any.Sample(200, 20).Select(MqttBytes.Write)];
        byte[] buffer = new byte[300];
        for (int i = 0; i < 200_000; i++)
        {
            byte[] seed = seeds[random.Next(seeds.Length)];
            int length = i % 2 == 0 ? random.Next(buffer.Length) : Math.Min(seed.Length, buffer.Length);
            if (i % 2 == 0)
            {
                random.NextBytes(buffer.AsSpan(0, length));
            }
            else
            {
                seed.AsSpan(0, length).CopyTo(buffer);
                buffer[random.Next(Math.Max(1, length))] = (byte)random.Next(256);
            }

            if (MqttPacketScanner.Scan(buffer.AsSpan(0, length), 1 << 20, out MqttFixedHeader header, out MqttFault fault) == ScanStatus.Done
                && MqttBytes.ReadBody(header, buffer.AsMemory(header.HeaderLength, header.RemainingLength), out fault) is null)
            {
                Assert.True(fault.Code.IsFailure());
            }
        }
    }

    /// <summary>Bytes of the specification's own non-normative examples.</summary>
    [Fact]
    public void Examples_of_the_specification_are_read_as_it_explains_them()
    {
        // Figure 3-6: variable header of CONNECT with user name, password, will at QoS 1, clean start, keep-alive 10 s, Session Expiry Interval 10 s.
        byte[] connect = MqttBytes.Of("10 1E 00 04 4D 51 54 54 05 CE 00 0A 05 11 00 00 00 0A 00 00 00 00 01 77 00 01 70 00 01 75 00 00");
        MqttConnect read = Assert.IsType<MqttConnect>(MqttBytes.Read(connect, out _));
        Assert.True(read.CleanStart);
        Assert.Equal(10, read.KeepAliveSeconds);
        Assert.Equal(10u, read.Properties.SessionExpiryIntervalSeconds);
        Assert.Equal(MqttQos.AtLeastOnce, read.Will!.Qos);
        Assert.False(read.Will.Retain);
        Assert.Equal("u", read.UserName);

        // Figure 3-9: PUBLISH variable header: topic "a/b", packet identifier 10, no properties.
        MqttPublish publish = Assert.IsType<MqttPublish>(MqttBytes.Read(MqttBytes.Of("32 08 00 03 61 2F 62 00 0A 00"), out _));
        Assert.Equal(("a/b", (ushort)10, 0), (publish.Topic, publish.PacketId, publish.Payload.Length));

        // Figures 3-20 and 3-21: SUBSCRIBE 10 to "a/b" at QoS 1 and "c/d" at QoS 2.
        MqttSubscribe subscribe = Assert.IsType<MqttSubscribe>(
            MqttBytes.Read(MqttBytes.Of("82 0F 00 0A 00 00 03 61 2F 62 01 00 03 63 2F 64 02"), out _));
        Assert.Equal([new MqttSubscription("a/b", MqttQos.AtLeastOnce), new MqttSubscription("c/d", MqttQos.ExactlyOnce)], subscribe.Subscriptions.AsEnumerable());

        // Figures 3-28 and 3-30: UNSUBSCRIBE 10 from "a/b" and "c/d".
        MqttUnsubscribe unsubscribe = Assert.IsType<MqttUnsubscribe>(
            MqttBytes.Read(MqttBytes.Of("A2 0D 00 0A 00 00 03 61 2F 62 00 03 63 2F 64"), out _));
        Assert.Equal(["a/b", "c/d"], unsubscribe.Filters.AsEnumerable());
    }

    /// <summary>Table 1-1 of §1.5.5.</summary>
    [Theory]
    [InlineData(0, "00")]
    [InlineData(127, "7F")]
    [InlineData(128, "80 01")]
    [InlineData(16_383, "FF 7F")]
    [InlineData(16_384, "80 80 01")]
    [InlineData(2_097_151, "FF FF 7F")]
    [InlineData(2_097_152, "80 80 80 01")]
    [InlineData(268_435_455, "FF FF FF 7F")]
    public void Variable_byte_integers_are_those_of_the_specification(int value, string hex)
    {
        byte[] bytes = new byte[4];
        int size = MqttVariableByteInteger.Write(bytes, value);
        Assert.Equal(hex, MqttBytes.Hex(bytes.AsSpan(0, size)));
        Assert.Equal(ScanStatus.Done, MqttVariableByteInteger.Read(MqttBytes.Of(hex), out int read, out int readSize));
        Assert.Equal((value, size), (read, readSize));
    }

    /// <summary>Each line breaks one rule; the reason code is the one that §4.13 and the rule demand.</summary>
    [Theory]
    [InlineData("00 00", 0x81, "type 0 (§2.1.2)")]
    [InlineData("82 80 00", 0x81, "Remaining Length not in its shortest form [MQTT-1.5.5-1]")]
    [InlineData("30 FF FF FF FF", 0x81, "Remaining Length of more than four bytes (§1.5.5)")]
    [InlineData("12 00", 0x81, "CONNECT flags [MQTT-2.1.3-1]")]
    [InlineData("60 02 00 01", 0x81, "PUBREL flags [MQTT-3.6.1-1]")]
    [InlineData("80 02 00 01", 0x81, "SUBSCRIBE flags [MQTT-3.8.1-1]")]
    [InlineData("A0 02 00 01", 0x81, "UNSUBSCRIBE flags [MQTT-3.10.1-1]")]
    [InlineData("E1 00", 0x81, "DISCONNECT flags [MQTT-3.14.1-1]")]
    [InlineData("36 00", 0x81, "QoS 3 [MQTT-3.3.1-4]")]
    [InlineData("38 00", 0x81, "DUP at QoS 0 [MQTT-3.3.1-2]")]
    [InlineData("C0 01 00", 0x81, "PINGREQ with a body (§3.12)")]
    [InlineData("10 0E 00 04 4D 51 54 58 05 02 00 0A 00 00 01 61", 0x84, "protocol name [MQTT-3.1.2-1]")]
    [InlineData("10 0E 00 04 4D 51 54 54 06 02 00 0A 00 00 01 61", 0x84, "protocol version [MQTT-3.1.2-2]")]
    [InlineData("10 0E 00 04 4D 51 54 54 05 03 00 0A 00 00 01 61", 0x81, "reserved connect flag [MQTT-3.1.2-3]")]
    [InlineData("10 0E 00 04 4D 51 54 54 05 0A 00 0A 00 00 01 61", 0x81, "will QoS without will [MQTT-3.1.2-11]")]
    [InlineData("10 0E 00 04 4D 51 54 54 05 22 00 0A 00 00 01 61", 0x81, "will retain without will [MQTT-3.1.2-13]")]
    [InlineData("10 0E 00 04 4D 51 54 54 05 1E 00 0A 00 00 01 61", 0x81, "will QoS 3 [MQTT-3.1.2-12]")]
    [InlineData("10 0F 00 04 4D 51 54 54 05 02 00 0A 00 00 01 61 62", 0x81, "bytes left over")]
    [InlineData("10 0D 00 04 4D 51 54 54 05 02 00 0A 00 00 01", 0x81, "client id cut off")]
    [InlineData("10 0E 00 04 4D 51 54 54 05 02 00 0A 00 00 01 00", 0x81, "U+0000 [MQTT-1.5.4-2]")]
    [InlineData("10 10 00 04 4D 51 54 54 05 02 00 0A 00 00 03 ED A0 80", 0x81, "surrogate [MQTT-1.5.4-1]")]
    [InlineData("10 14 00 04 4D 51 54 54 05 02 00 0A 06 21 00 01 21 00 01 00 01 61", 0x82, "Receive Maximum twice (§3.1.2.11.3)")]
    [InlineData("10 11 00 04 4D 51 54 54 05 02 00 0A 03 21 00 00 00 01 61", 0x82, "Receive Maximum 0 (§3.1.2.11.3)")]
    [InlineData("10 13 00 04 4D 51 54 54 05 02 00 0A 05 27 00 00 00 00 00 01 61", 0x82, "Maximum Packet Size 0 (§3.1.2.11.4)")]
    [InlineData("10 10 00 04 4D 51 54 54 05 02 00 0A 02 17 02 00 01 61", 0x82, "Request Problem Information 2 (§3.1.2.11.7)")]
    [InlineData("10 12 00 04 4D 51 54 54 05 02 00 0A 04 16 00 01 61 00 01 61", 0x82, "Authentication Data alone (§3.1.2.11.10)")]
    [InlineData("10 11 00 04 4D 51 54 54 05 02 00 0A 03 23 00 01 00 01 61", 0x81, "Topic Alias in CONNECT (§2.2.2.2)")]
    [InlineData("10 10 00 04 4D 51 54 54 05 02 00 0A 02 7E 00 00 01 61", 0x81, "unknown property (§2.2.2.2)")]
    [InlineData("10 0E 00 04 4D 51 54 54 05 02 00 0A 7F 00 01 61", 0x81, "property length beyond the packet")]
    [InlineData("20 03 02 00 00", 0x81, "reserved CONNACK flags [MQTT-3.2.2-1]")]
    [InlineData("20 03 01 87 00", 0x82, "Session Present with a failure [MQTT-3.2.2-6]")]
    [InlineData("20 03 00 10 00", 0x82, "reason code that CONNACK may not carry [MQTT-3.2.2-8]")]
    [InlineData("20 05 00 00 02 24 02", 0x82, "Maximum QoS 2 (§3.2.2.3.4)")]
    [InlineData("30 03 00 00 00", 0x82, "no topic and no alias (§3.3.2.1)")]
    [InlineData("30 06 00 01 23 00 31 32", 0x81, "wildcard in a topic name [MQTT-3.3.2-2]")]
    [InlineData("30 07 00 01 61 03 23 00 00", 0x94, "Topic Alias 0 [MQTT-3.3.2-8]")]
    [InlineData("32 06 00 01 61 00 00 00", 0x82, "packet identifier 0 [MQTT-2.2.1-3]")]
    [InlineData("30 06 00 01 61 02 01 02", 0x82, "Payload Format Indicator 2 (§3.3.2.3.2)")]
    [InlineData("30 06 00 01 61 02 0B 00", 0x82, "Subscription Identifier 0 (§3.3.2.3.8)")]
    [InlineData("30 08 00 01 61 04 08 00 01 2B", 0x81, "wildcard in a Response Topic [MQTT-3.3.2-14]")]
    [InlineData("40 02 00 00", 0x82, "PUBACK for packet identifier 0")]
    [InlineData("40 03 00 01 01", 0x82, "reason code that PUBACK may not carry [MQTT-3.4.2-1]")]
    [InlineData("62 03 00 01 80", 0x82, "reason code that PUBREL may not carry [MQTT-3.6.2-1]")]
    [InlineData("82 03 00 01 00", 0x82, "SUBSCRIBE without a filter [MQTT-3.8.3-2]")]
    [InlineData("82 06 00 01 00 00 00 01", 0x81, "empty filter [MQTT-4.7.3-1]")]
    [InlineData("82 08 00 01 00 00 02 61 23 01", 0x81, "# not alone in its level [MQTT-4.7.1-1]")]
    [InlineData("82 09 00 01 00 00 03 23 2F 61 01", 0x81, "# not last [MQTT-4.7.1-1]")]
    [InlineData("82 08 00 01 00 00 02 61 2B 01", 0x81, "+ not alone in its level [MQTT-4.7.1-2]")]
    [InlineData("82 07 00 01 00 00 01 61 03", 0x82, "subscription at QoS 3 (§3.8.3.1)")]
    [InlineData("82 07 00 01 00 00 01 61 31", 0x82, "Retain Handling 3 (§3.8.3.1)")]
    [InlineData("82 07 00 01 00 00 01 61 41", 0x81, "reserved subscription options [MQTT-3.8.3-5]")]
    [InlineData("82 10 00 01 00 00 0A 24 73 68 61 72 65 2F 61 2F 62 05", 0x82, "No Local on a shared subscription [MQTT-3.8.3-4]")]
    [InlineData("82 10 00 01 00 00 0A 24 73 68 61 72 65 2F 2B 2F 62 01", 0x81, "wildcard in a share name [MQTT-4.8.2-2]")]
    [InlineData("82 0B 00 01 04 0B 01 0B 02 00 01 61 01", 0x82, "Subscription Identifier twice (§3.8.2.1.2)")]
    [InlineData("A2 03 00 01 00", 0x82, "UNSUBSCRIBE without a filter [MQTT-3.10.3-2]")]
    [InlineData("90 03 00 01 00", 0x82, "SUBACK without a reason code (§3.9.3)")]
    [InlineData("90 04 00 01 00 04", 0x82, "reason code that SUBACK may not carry (§3.9.3)")]
    [InlineData("E0 01 03", 0x82, "reason code that DISCONNECT may not carry [MQTT-3.14.2-1]")]
    [InlineData("F0 02 18 00", 0x82, "AUTH without a method (§3.15.2.2.2)")]
    public void Broken_packet_is_refused_with_the_reason_that_the_specification_demands(string hex, byte code, string rule)
    {
        Assert.Null(MqttBytes.Read(MqttBytes.Of(hex), out MqttFault fault));
        Assert.True((MqttReasonCode)code == fault.Code, $"{rule}: {fault}");
        Assert.NotEmpty(fault.Why);
    }

    [Fact]
    public void Packet_over_the_maximum_size_is_refused_by_its_header_alone()
    {
        Assert.Equal(ScanStatus.Malformed, MqttPacketScanner.Scan(MqttBytes.Of("30 80 08"), 1024, out _, out MqttFault fault));
        Assert.Equal(MqttReasonCode.PacketTooLarge, fault.Code);
        Assert.Equal(ScanStatus.NeedMore, MqttPacketScanner.Scan(MqttBytes.Of("30 FD 07"), 1024, out _, out _));
    }

    [Fact]
    public void Packet_over_the_peers_maximum_size_is_not_written()
    {
        ArrayBufferWriter<byte> output = new();
        MqttPublish publish = new("t", new byte[20], MqttQos.AtMostOnce, false, false, 0, MqttProperties.None);
        Assert.False(MqttPacketWriter.TryWrite(output, publish, 25));
        Assert.Equal(0, output.WrittenCount);
        Assert.True(MqttPacketWriter.TryWrite(output, publish, 26));
        Assert.Equal(26, output.WrittenCount);
    }

    [Fact]
    public void Property_out_of_place_is_our_own_mistake_and_throws() =>
        Assert.Throws<ArgumentException>(() => MqttBytes.Write(new MqttDisconnect(MqttReasonCode.Success) { Properties = new MqttProperties { TopicAlias = 1 } }));

    [Theory]
    [InlineData("sport/tennis/player1/#", "sport/tennis/player1", true)]
    [InlineData("sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon", true)]
    [InlineData("sport/#", "sport", true)]
    [InlineData("sport/tennis/+", "sport/tennis/player1", true)]
    [InlineData("sport/tennis/+", "sport/tennis/player1/ranking", false)]
    [InlineData("sport/+", "sport", false)]
    [InlineData("sport/+", "sport/", true)]
    [InlineData("+/+", "/finance", true)]
    [InlineData("/+", "/finance", true)]
    [InlineData("+", "/finance", false)]
    [InlineData("#", "$SYS/monitor", false)]
    [InlineData("+/monitor/Clients", "$SYS/monitor/Clients", false)]
    [InlineData("$SYS/#", "$SYS/monitor", true)]
    [InlineData("$SYS/monitor/+", "$SYS/monitor/Clients", true)]
    [InlineData("ACCOUNTS", "Accounts", false)]
    public void Filters_match_as_the_examples_of_the_specification_say(string filter, string topic, bool matches)
    {
        // §4.7.1.2, §4.7.1.3, §4.7.2 and §4.7.3.
        Assert.True(MqttTopic.IsValidFilter(filter));
        Assert.Equal(matches, MqttTopic.Matches(filter, topic));
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory) => Memory = memory;

        public Segment Append(ReadOnlyMemory<byte> memory)
        {
            Segment next = new(memory) { RunningIndex = RunningIndex + Memory.Length };
            Next = next;
            return next;
        }
    }
}
