using IotProperty.Protocols.Cjt188;
using IotProperty.Protocols.Framing;

namespace IotProperty.Edge.Commands.Scanning;

/// <summary>Asks CJ/T 188 meters who they are: for the address and for the reading, in both byte orders of identifiers that makers use.</summary>
internal sealed class Cjt188Questions : IMeterQuestions
{
    private static readonly (Cjt188Function Function, ushort Identifier, Cjt188IdentifierOrder Order)[] Asked =
    [
        (Cjt188Function.ReadAddress, Cjt188Identifier.Address, Cjt188IdentifierOrder.LowByteFirst),
        (Cjt188Function.ReadAddress, Cjt188Identifier.Address, Cjt188IdentifierOrder.HighByteFirst),
        (Cjt188Function.ReadData, Cjt188Identifier.Reading, Cjt188IdentifierOrder.LowByteFirst),
        (Cjt188Function.ReadData, Cjt188Identifier.Reading, Cjt188IdentifierOrder.HighByteFirst),
    ];

    private byte _serial;

    public int Digits => Cjt188AddressField.Digits;

    public int Questions => Asked.Length;

    public int MaxReplyBytes => Cjt188Frame.MaxBytes + 16;

    public string Mend => "the standard has no way to tell them apart: connect one meter at a time";

    public int Narrower(int question) => question;

    public int Write(int question, string pattern, Span<byte> request)
    {
        if (!Cjt188AddressField.TryParse(pattern, out Cjt188AddressField address))
        {
            throw new ArgumentException($"'{pattern}' is no address", nameof(pattern));
        }

        (Cjt188Function function, ushort identifier, Cjt188IdentifierOrder order) = Asked[question];
        request[..Cjt188MasterSession.StandardWakeUpBytes].Fill(Cjt188Frame.WakeUp);
        Span<byte> frame = request[Cjt188MasterSession.StandardWakeUpBytes..];
        _serial = unchecked((byte)(_serial + 1));
        int length = Cjt188Body.Write(frame[Cjt188Frame.DataAt..], identifier, order, _serial, []);
        return Cjt188MasterSession.StandardWakeUpBytes + Cjt188Frame.Seal(frame, Cjt188MeterType.Any, address, (byte)function, length);
    }

    public void Read(ReadOnlySpan<byte> heard, List<FoundUnit> found, out int noiseBytes)
    {
        noiseBytes = 0;
        while (Cjt188Frame.Seek(heard, silent: true, out int start, out Cjt188Frame frame) == ScanStatus.Done)
        {
            noiseBytes += Noise(heard[..start]);
            heard = heard[(start + frame.Length)..];
            if (frame.FromMeter)
            {
                found.Add(new FoundUnit("cjt188", "address", frame.Address.ToString(), [("meterType", frame.MeterType.ToString("X2", System.Globalization.CultureInfo.InvariantCulture)), ("kind", Cjt188MeterType.Name(frame.MeterType))]));
            }
        }

        noiseBytes += Noise(heard);
    }

    /// <summary>Wake-up bytes, idle noise and stray zeros belong to every answer.</summary>
    private static int Noise(ReadOnlySpan<byte> bytes)
    {
        int count = 0;
        foreach (byte value in bytes)
        {
            count += value is Cjt188Frame.WakeUp or 0xFF or 0x00 ? 0 : 1;
        }

        return count;
    }
}
