using System.Text;

namespace IotProperty.Protocols.Modbus;

/// <summary>What of a device's identification is read (MODBUS Application Protocol V1.1b3, §6.21, "Read Device ID code").</summary>
public enum ModbusIdentificationCode : byte
{
    /// <summary>Vendor, product code and revision: objects 0 to 2.</summary>
    Basic = 1,

    /// <summary>The basic ones and the further named ones: objects 0 to 7Fh.</summary>
    Regular = 2,

    /// <summary>All, the maker's own included: objects 0 to FFh.</summary>
    Extended = 3,

    /// <summary>One object.</summary>
    Individual = 4,
}

/// <summary>
/// A device's identification, collected part by part over any framing: <see cref="WriteRequest"/> gives the request for the next part, <see cref="Take"/> its
/// answer, until <see cref="IsComplete"/>. Bounded: a device that never comes to an end is cut off. One use each.
/// </summary>
public sealed class ModbusDeviceIdentity
{
    /// <summary>The encapsulated interface that reads identification (§6.20).</summary>
    public const byte MeiType = 14;

    public const byte VendorName = 0;
    public const byte ProductCode = 1;
    public const byte Revision = 2;

    /// <summary>No device has more objects than there are ids, and each part brings one at least.</summary>
    private const int MaxParts = 256;

    private readonly SortedDictionary<byte, string> _objects = [];
    private int _parts;
    private byte _next;

    /// <param name="firstObject">Where to begin; the one wanted for <see cref="ModbusIdentificationCode.Individual"/>.</param>
    public ModbusDeviceIdentity(ModbusIdentificationCode code = ModbusIdentificationCode.Basic, byte firstObject = 0)
    {
        Code = code;
        _next = firstObject;
    }

    public ModbusIdentificationCode Code { get; }

    /// <summary>What the device can tell: 1 basic, 2 regular, 3 extended; with 80h when single objects can be asked for, too.</summary>
    public byte Conformity { get; private set; }

    public bool IsComplete { get; private set; }

    /// <summary>By object id, in ascending order.</summary>
    public IReadOnlyDictionary<byte, string> Objects => _objects;

    /// <summary>Writes the request for the next part and returns its length in bytes.</summary>
    public int WriteRequest(Span<byte> pdu)
    {
        pdu[0] = (byte)ModbusFunction.EncapsulatedInterface;
        pdu[1] = MeiType;
        pdu[2] = (byte)Code;
        pdu[3] = _next;
        return 4;
    }

    /// <summary>Takes over one part.</summary>
    /// <param name="why">Why it is none; then the identification goes no further.</param>
    public bool Take(ReadOnlySpan<byte> pdu, out string why)
    {
        if (!ModbusDeviceIdentificationReply.TryRead(pdu, out ModbusDeviceIdentificationReply reply, out why))
        {
            return false;
        }

        if (reply.Code != Code)
        {
            why = "the reply has another read device ID code than the request";
            return false;
        }

        Conformity = reply.Conformity;
        foreach (ModbusIdentificationObject part in reply)
        {
            _objects[part.Id] = Encoding.UTF8.GetString(part.Value);
        }

        _parts++;
        IsComplete = !reply.MoreFollows || Code == ModbusIdentificationCode.Individual;
        if (!IsComplete && (reply.NextObject <= _next || reply.Count == 0 || _parts == MaxParts))
        {
            why = "the identification goes in circles: the next object is not behind the last one";
            return false;
        }

        _next = reply.NextObject;
        return true;
    }
}
