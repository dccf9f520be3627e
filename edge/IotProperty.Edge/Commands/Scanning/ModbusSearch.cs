using System.Buffers.Binary;
using System.Globalization;
using IotProperty.Protocols.Framing;
using IotProperty.Protocols.Modbus;

namespace IotProperty.Edge.Commands.Scanning;

/// <summary>
/// Asks every unit for a holding register and, when it stays silent, for an input register: any sound answer counts, an exception too. Who is there is asked for its
/// name. Over Modbus TCP the exceptions 10 and 11 come from the gateway and mean that nobody is there.
/// </summary>
internal sealed class ModbusSearch : ILineSearch
{
    private readonly byte[] _request = new byte[ModbusTcpFrame.MaxBytes];
    private readonly List<FoundUnit> _found = [];
    private readonly List<string> _unresolved = [];
    private readonly bool _isTcp;
    private readonly int _from;
    private readonly int _to;
    private int _requestBytes;
    private int _unit;
    private ushort _transaction;
    private Question _question;
    private string _answer = "";
    private bool _heardNoise;

    /// <param name="from">1 to 247; over TCP also 0 and 255.</param>
    public ModbusSearch(int from, int to, bool isTcp)
    {
        (_from, _to, _isTcp) = (from, to, isTcp);
        _unit = from;
        Ask(Question.HoldingRegister);
    }

    private enum Question : byte
    {
        HoldingRegister,
        InputRegister,
        Name,
    }

    public ReadOnlyMemory<byte> Outgoing => _request.AsMemory(0, _requestBytes);

    public int MaxReplyBytes => _isTcp ? ModbusTcpFrame.MaxBytes : ModbusRtuFrame.MaxBytes;

    public bool IsOver { get; private set; }

    public double Progress => IsOver ? 1 : (double)(_unit - _from) / (_to - _from + 1);

    public string Asking => string.Create(CultureInfo.InvariantCulture, $"unit {_unit}");

    public IReadOnlyList<FoundUnit> Found => _found;

    public IReadOnlyList<string> Unresolved => _unresolved;

    public void Heard(ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<byte> pdu = Answer(bytes);
        if (_question == Question.Name)
        {
            Keep(pdu);
            NextUnit();
        }
        else if (IsThere(pdu))
        {
            Ask(Question.Name);
        }
        else
        {
            _heardNoise |= pdu.IsEmpty && bytes.ContainsAnyExcept((byte)0);
            if (_question == Question.HoldingRegister)
            {
                Ask(Question.InputRegister);
            }
            else
            {
                NextUnit();
            }
        }
    }

    private void Ask(Question question)
    {
        _question = question;
        int pduAt = _isTcp ? ModbusTcpFrame.HeaderBytes : 1;
        Span<byte> pdu = _request.AsSpan(pduAt);
        int length = question switch
        {
            Question.HoldingRegister => ModbusPduWriter.ReadRequest(pdu, RegisterTable.HoldingRegisters, 0, 1),
            Question.InputRegister => ModbusPduWriter.ReadRequest(pdu, RegisterTable.InputRegisters, 0, 1),
            _ => new ModbusDeviceIdentity().WriteRequest(pdu),
        };
        _transaction = (ushort)((_transaction % ushort.MaxValue) + 1);
        _requestBytes = _isTcp
            ? ModbusTcpFrame.WriteHeader(_request, _transaction, (byte)_unit, length) + length
            : ModbusRtuFrame.Seal(_request, (byte)_unit, length);
    }

    private void NextUnit()
    {
        if (_heardNoise && (_found.Count == 0 || _found[^1].Address != Text(_unit)))
        {
            _unresolved.Add(string.Create(
                CultureInfo.InvariantCulture, $"unit {_unit}: something answered, but no sound frame; two units with one number, a wrong --baud or --format, or a disturbed line"));
        }

        _heardNoise = false;
        IsOver = _unit == _to;
        if (!IsOver)
        {
            _unit++;
            Ask(Question.HoldingRegister);
        }
        else
        {
            _requestBytes = 0;
        }
    }

    /// <summary>The PDU of the answer to what was asked; empty when there is none.</summary>
    private ReadOnlySpan<byte> Answer(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            if (_isTcp)
            {
                if (ModbusTcpFrame.Scan(bytes, out ModbusTcpFrame frame, out _) != ScanStatus.Done)
                {
                    return [];
                }

                if (frame.Transaction == _transaction && frame.Unit == _unit)
                {
                    return frame.Pdu;
                }

                bytes = bytes[frame.Length..];
            }
            else
            {
                if (ModbusRtuFrame.Seek(bytes, ModbusDirection.Reply, silent: true, out int start, out ModbusRtuFrame frame) != ScanStatus.Done)
                {
                    return [];
                }

                if (frame.Unit == _unit)
                {
                    return frame.Pdu;
                }

                bytes = bytes[(start + frame.Length)..];
            }
        }

        return [];
    }

    private bool IsThere(ReadOnlySpan<byte> pdu)
    {
        ReadOnlySpan<byte> asked = _request.AsSpan(_isTcp ? ModbusTcpFrame.HeaderBytes : 1, 5);
        switch (pdu.IsEmpty ? ModbusReplyVerdict.Malformed : ModbusReplyCheck.Judge(asked, pdu, out _))
        {
            case ModbusReplyVerdict.Answer:
                _answer = string.Create(CultureInfo.InvariantCulture, $"register 0 = {BinaryPrimitives.ReadUInt16BigEndian(pdu[2..])}");
                return true;
            case ModbusReplyVerdict.Exception when !(_isTcp && (ModbusExceptionCode)pdu[1] is ModbusExceptionCode.GatewayPathUnavailable or ModbusExceptionCode.GatewayTargetFailedToRespond):
                _answer = ModbusExceptionNames.ForPeople((ModbusExceptionCode)pdu[1]);
                return true;
            default:
                return false;
        }
    }

    private void Keep(ReadOnlySpan<byte> pdu)
    {
        List<(string Name, string Value)> details = [("answer", _answer)];
        ModbusDeviceIdentity identity = new();
        if (!pdu.IsEmpty && identity.Take(pdu, out _))
        {
            Add("vendor", ModbusDeviceIdentity.VendorName);
            Add("product", ModbusDeviceIdentity.ProductCode);
            Add("revision", ModbusDeviceIdentity.Revision);
        }

        _found.Add(new FoundUnit("modbus", "unit", Text(_unit), [.. details]));

        void Add(string name, byte id)
        {
            if (identity.Objects.TryGetValue(id, out string? value))
            {
                details.Add((name, value));
            }
        }
    }

    private static string Text(int unit) => unit.ToString(CultureInfo.InvariantCulture);
}
