using IotProperty.Protocols.Framing;
using IotProperty.Protocols.Modbus;
using IotProperty.Tests;

namespace IotProperty.Protocols.Tests.Modbus;

public sealed class ModbusRtuServerSessionTests
{
    private readonly FakeImage _image = new();
    private readonly ModbusRtuServerSession _server;

    public ModbusRtuServerSessionTests() => _server = new ModbusRtuServerSession(_image);

    [VectorFact]
    public void The_specification_s_requests_get_the_specification_s_answers()
    {
        new ushort[] { 555, 0, 100 }.CopyTo(_image.Holding, 107);
        Assert.Equal("110306022B00000064C8BA", Ask("1103006B00037687"));
        Assert.Equal(17, _server.Unit);
        Assert.Equal("1106000100039A9B", Ask("1106000100039A9B"));
        Assert.Equal(3, _image.Holding[1]);
    }

    [Fact]
    public void A_request_that_arrives_byte_by_byte_behind_noise_is_answered()
    {
        byte[] bytes = Convert.FromHexString("FF" + ModbusRtuMasterSessionTests.Frame("010300000001"));
        for (int i = 0; i < bytes.Length; i++)
        {
            Put(bytes.AsSpan(i, 1));
            Assert.Equal(i < bytes.Length - 1 ? ScanStatus.NeedMore : ScanStatus.Done, _server.Answer(silent: false, out _));
        }

        Assert.Equal(1, _server.NoiseBytes);
    }

    [Fact]
    public void A_broken_request_stays_unanswered()
    {
        Assert.Equal("", Ask("1103006B00037688"));
        Assert.Equal(0, _image.Calls);
    }

    [Fact]
    public void A_broadcast_reaches_every_unit_that_lives_and_nobody_answers()
    {
        _image.Silent.UnionWith(Enumerable.Range(11, 237).Select(unit => (byte)unit));
        Assert.Equal("", Ask(ModbusRtuMasterSessionTests.Frame("000600010003")));
        Assert.Equal(10, _image.Calls);
        Assert.Equal(3, _image.Holding[1]);
    }

    [Fact]
    public void A_unit_that_is_not_there_stays_silent()
    {
        _image.Silent.Add(9);
        Assert.Equal("", Ask(ModbusRtuMasterSessionTests.Frame("090300000001")));
    }

    [Fact]
    public void An_unknown_function_is_refused_once_the_line_is_silent()
    {
        Put(Convert.FromHexString(ModbusRtuMasterSessionTests.Frame("015A0000")));
        Assert.Equal(ScanStatus.NeedMore, _server.Answer(silent: false, out _));
        Assert.Equal(ScanStatus.Done, _server.Answer(silent: true, out ReadOnlyMemory<byte> reply));
        Assert.Equal(ModbusRtuMasterSessionTests.Frame("01DA01"), Convert.ToHexString(reply.Span));
    }

    [Fact]
    public void A_long_identification_comes_in_parts_that_the_master_joins()
    {
        for (int id = 0; id < 10; id++)
        {
            _image.Identity[(byte)id] = new string((char)('a' + id), 60);
        }

        _image.Identity[0x80] = "own";
        foreach (ModbusIdentificationCode code in Enum.GetValues<ModbusIdentificationCode>())
        {
            int[] expected = code switch
            {
                ModbusIdentificationCode.Basic => [0, 1, 2],
                ModbusIdentificationCode.Regular => [.. Enumerable.Range(0, 10)],
                ModbusIdentificationCode.Extended => [.. Enumerable.Range(0, 10), 0x80],
                _ => [5],
            };
            ModbusDeviceIdentity identity = Identify(code, code == ModbusIdentificationCode.Individual ? (byte)5 : (byte)0);
            Assert.Equal(expected, identity.Objects.Keys.Select(id => (int)id));
            Assert.Equal(expected.Select(id => _image.Identity[(byte)id]), identity.Objects.Values);
            Assert.Equal(0x83, identity.Conformity);
        }
    }

    [Theory]
    [InlineData("012B0E0407", "01AB02", "an object that is not there, asked for alone")]
    [InlineData("012B0E0500", "01AB03", "no such code")]
    [InlineData("012B0D00", "01AB01", "another interface")]
    public void Identification_is_refused_by_the_specification_s_rules(string request, string reply, string what)
    {
        _image.Identity[0] = "ACME";
        Put(Convert.FromHexString(ModbusRtuMasterSessionTests.Frame(request)));
        Assert.Equal(ScanStatus.Done, _server.Answer(silent: true, out ReadOnlyMemory<byte> answer));
        Assert.True(ModbusRtuMasterSessionTests.Frame(reply) == Convert.ToHexString(answer.Span), what);
    }

    [Fact]
    public void A_unit_that_tells_nothing_does_not_know_the_function()
    {
        Assert.Equal(ModbusRtuMasterSessionTests.Frame("01AB01"), Ask(ModbusRtuMasterSessionTests.Frame("012B0E0100")));
    }

    [Fact]
    public void The_identification_of_a_tcp_device_is_read_in_the_same_parts()
    {
        _image.Identity[0] = new string('v', 200);
        _image.Identity[1] = new string('p', 200);
        ModbusMasterSession master = new();
        ModbusServerSession server = new(_image);
        ModbusDeviceIdentity identity = new(ModbusIdentificationCode.Basic);
        int parts = 0;
        for (; !identity.IsComplete; parts++)
        {
            ReadOnlyMemory<byte> request = master.BeginReadIdentification(1, identity);
            request.CopyTo(server.Free());
            server.Received(request.Length);
            Assert.Equal(ScanStatus.Done, server.Answer(out ReadOnlyMemory<byte> reply));
            reply.CopyTo(master.Free());
            master.Received(reply.Length);
            Assert.Equal(ModbusReplyStatus.Answered, master.TakeReply());
            Assert.True(identity.Take(master.Reply, out string why), why);
        }

        Assert.Equal(2, parts);
        Assert.Equal([_image.Identity[0], _image.Identity[1]], identity.Objects.Values);
    }

    private ModbusDeviceIdentity Identify(ModbusIdentificationCode code, byte first)
    {
        ModbusRtuMasterSession master = new();
        master.BeginReadIdentification(1, code, first);
        BusStatus status = BusStatus.SendNext;
        for (int parts = 0; status == BusStatus.SendNext && parts < 20; parts++)
        {
            byte[] reply = Convert.FromHexString(Ask(Convert.ToHexString(master.Outgoing.Span)));
            master.Sent(0, 1_000);
            reply.CopyTo(master.Free());
            master.Received(reply.Length);
            status = master.Take(silent: false);
        }

        Assert.Equal(BusStatus.Answered, status);
        return master.Identity!;
    }

    private void Put(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(_server.Free().Span);
        _server.Received(bytes.Length);
    }

    private string Ask(string hex)
    {
        Put(Convert.FromHexString(hex));
        _server.Answer(silent: true, out ReadOnlyMemory<byte> reply);
        return Convert.ToHexString(reply.Span);
    }
}
