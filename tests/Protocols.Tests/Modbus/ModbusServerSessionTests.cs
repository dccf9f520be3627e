using IotProperty.Protocols.Framing;
using IotProperty.Protocols.Modbus;
using IotProperty.Tests;

namespace IotProperty.Protocols.Tests.Modbus;

public sealed class ModbusServerSessionTests
{
    [VectorFact]
    public void Requests_that_must_be_refused_get_exactly_the_stated_answer()
    {
        ModbusVector[] refused = [.. ModbusVector.TcpFrames.Where(v => v.Has("server_must_answer"))];
        Assert.Equal(10, refused.Length);
        foreach (ModbusVector vector in refused)
        {
            FakeImage image = new();
            string expected = Convert.ToHexString(vector.Hex("server_must_answer"));
            Assert.Equal(expected, Replies(image, vector.Bytes));
            Assert.Equal(expected, Replies(image, [.. vector.Bytes.Select(b => new[] { b })]));
            Assert.Equal(expected + expected, Replies(image, [.. vector.Bytes, .. vector.Bytes]));
            for (int split = 1; split < vector.Bytes.Length; split++)
            {
                Assert.Equal(expected, Replies(image, vector.Bytes[..split], vector.Bytes[split..]));
            }

            Assert.Equal(0, image.Calls);
        }
    }

    [VectorFact]
    public void Worked_examples_of_the_specification_are_answered_byte_for_byte()
    {
        int answered = 0;
        foreach (ModbusVector request in ModbusVector.TcpFrames.Where(v => v.Direction == "request" && v.Response is not null))
        {
            FakeImage image = new();
            Seed(image, request, request.Response!);
            Assert.Equal(Convert.ToHexString(Expected(request.Response!)), Replies(image, request.Bytes));
            answered++;
        }

        Assert.Equal(11, answered);
    }

    [Fact]
    public void Every_function_reaches_its_own_table()
    {
        FakeImage image = new();
        image.Coils[3] = true;
        image.Discrete[4] = true;
        image.Input[5] = 0x1234;
        image.Holding[6] = 0x5678;
        Assert.Equal("0001000000040101" + "0101", Replies(image, Adu("0100030001")));
        Assert.Equal("0001000000040102" + "0101", Replies(image, Adu("0200040001")));
        Assert.Equal("0001000000050104" + "021234", Replies(image, Adu("0400050001")));
        Assert.Equal("0001000000050103" + "025678", Replies(image, Adu("0300060001")));
        Assert.Equal("00010000000601050007FF00", Replies(image, Adu("050007FF00")));
        Assert.Equal("0001000000060106000809AB", Replies(image, Adu("06000809AB")));
        Assert.Equal("0001000000060110000A0002", Replies(image, Adu("10000A00020411112222")));
        Assert.Equal("000100000006010F00140003", Replies(image, Adu("0F001400030105")));
        Assert.Equal("0001000000080116000800FF1000", Replies(image, Adu("16000800FF1000")));
        Assert.True(image.Coils[7]);
        Assert.Equal([true, false, true], image.Coils[20..23]);
        Assert.Equal([0x1111, 0x2222], image.Holding[10..12]);
        Assert.Equal(0x10AB, image.Holding[8]);
    }

    [Fact]
    public void Read_write_writes_before_it_reads() =>
        Assert.Equal("0001000000050117" + "02ABCD", Replies(new FakeImage(), Adu("170005000100050001" + "02ABCD")));

    [Fact]
    public void A_silent_unit_says_nothing_and_the_next_request_is_answered()
    {
        FakeImage image = new();
        image.Silent.Add(9);
        byte[] toSilent = Convert.FromHexString("0001000000060903" + "00000001");
        Assert.Equal("0001000000050103" + "020000", Replies(image, [.. toSilent, .. Adu("0300000001")]));
    }

    [Fact]
    public void The_image_s_refusal_reaches_the_master()
    {
        FakeImage image = new() { Refusal = ModbusExceptionCode.ServerDeviceBusy };
        Assert.Equal("000100000003018306", Replies(image, Adu("0300000001")));
        Assert.Equal("000100000003019606", Replies(image, Adu("16000800FF1000")));
        Assert.Equal("000100000003019706", Replies(image, Adu("170005000100050001" + "02ABCD")));
    }

    [Fact]
    public void Foreign_bytes_break_the_session_once_and_keep_the_first_reason()
    {
        ModbusServerSession session = new(new FakeImage());
        "GET / HTTP/1.1\r\n"u8.CopyTo(session.Free().Span);
        session.Received(16);
        Assert.Equal(ScanStatus.Malformed, session.Answer(out ReadOnlyMemory<byte> reply));
        Assert.True(reply.IsEmpty);
        string? first = session.Broken;
        Assert.NotNull(first);
        Assert.Equal(ScanStatus.Malformed, session.Answer(out _));
        Assert.Same(first, session.Broken);
    }

    private static byte[] Adu(string pdu)
    {
        byte[] bytes = Convert.FromHexString(pdu);
        return [0, 1, 0, 0, 0, (byte)(bytes.Length + 1), 1, .. bytes];
    }

    private static string Replies(FakeImage image, params byte[][] parts)
    {
        ModbusServerSession session = new(image);
        List<byte> replies = [];
        foreach (byte[] part in parts)
        {
            part.CopyTo(session.Free());
            session.Received(part.Length);
            while (session.Answer(out ReadOnlyMemory<byte> reply) == ScanStatus.Done)
            {
                replies.AddRange(reply.Span);
            }
        }

        Assert.Null(session.Broken);
        return Convert.ToHexString([.. replies]);
    }

    /// <summary>Puts into the image what the example's reply reads from it.</summary>
    /// <summary>Our identification can also be asked for object by object, which conformity level 81h says instead of 01h.</summary>
    private static byte[] Expected(ModbusVector response)
    {
        byte[] bytes = [.. response.Bytes];
        if (response.Int("function") == (int)ModbusFunction.EncapsulatedInterface)
        {
            bytes[ModbusTcpFrame.HeaderBytes + 3] |= 0x80;
        }

        return bytes;
    }

    private static void Seed(FakeImage image, ModbusVector request, ModbusVector response)
    {
        switch (request.Int("function"))
        {
            case 1:
                response.Bits.CopyTo(image.Coils, request.Int("address"));
                break;
            case 2:
                response.Bits.CopyTo(image.Discrete, request.Int("address"));
                break;
            case 3:
                response.Registers.CopyTo(image.Holding, request.Int("address"));
                break;
            case 4:
                response.Registers.CopyTo(image.Input, request.Int("address"));
                break;
            case 23:
                response.Registers.CopyTo(image.Holding, request.Int("read_address"));
                break;
            case 43:
                foreach (System.Text.Json.JsonProperty part in response.Decoded.GetProperty("objects").EnumerateObject())
                {
                    image.Identity[byte.Parse(part.Name, System.Globalization.CultureInfo.InvariantCulture)] = part.Value.GetString()!;
                }

                break;
            default:
                break;
        }
    }
}
