using IotProperty.Protocols.Dlt645;
using IotProperty.Protocols.Framing;

namespace IotProperty.Edge.Commands.Scanning;

/// <summary>Asks DL/T 645 meters who they are: for the address (2007, everybody only), for the energy of either edition.</summary>
internal sealed class Dlt645Questions : IMeterQuestions
{
    private const int AddressQuestion = 0;
    private const int EnergyQuestion2007 = 1;
    private const int EnergyQuestion1997 = 2;

    private static readonly Dlt645Identifier Energy2007 = new(Dlt645Edition.Y2007, 0x0001_0000);
    private static readonly Dlt645Identifier Energy1997 = new(Dlt645Edition.Y1997, 0x9010);

    public int Digits => Dlt645MeterAddress.Digits;

    public int Questions => 3;

    public int MaxReplyBytes => Dlt645Frame.MaxBytes;

    public string Mend => "connect one meter at a time";

    public int Narrower(int question) => question == EnergyQuestion1997 ? EnergyQuestion1997 : EnergyQuestion2007;

    public int Write(int question, string pattern, Span<byte> request)
    {
        if (!Dlt645MeterAddress.TryParse(pattern, out Dlt645MeterAddress address))
        {
            throw new ArgumentException($"'{pattern}' is no address", nameof(pattern));
        }

        if (question == AddressQuestion)
        {
            return Dlt645Frame.Write(
                request, address, Dlt645Control.Request(Dlt645Edition.Y2007, Dlt645Function.ReadAddress), [], Dlt645MasterSession.StandardWakeUpBytes);
        }

        Dlt645Identifier energy = question == EnergyQuestion1997 ? Energy1997 : Energy2007;
        Span<byte> data = stackalloc byte[4];
        int length = energy.Write(data);
        return Dlt645Frame.Write(
            request, address, Dlt645Control.Request(energy.Edition, Dlt645Function.ReadData), data[..length], Dlt645MasterSession.StandardWakeUpBytes);
    }

    public void Read(ReadOnlySpan<byte> heard, List<FoundUnit> found, out int noiseBytes)
    {
        noiseBytes = 0;
        Span<byte> data = stackalloc byte[Dlt645Frame.MaxDataBytes];
        while (Dlt645Frame.Seek(heard, silent: true, out int start, out Dlt645Frame frame) == ScanStatus.Done)
        {
            noiseBytes += Noise(heard[..start]);
            heard = heard[(start + frame.Length)..];
            if (!frame.Control.FromMeter)
            {
                // The echo of what was asked.
                continue;
            }

            // A refusal tells who refuses, but not which edition it knows. Some meters answer to AA with AA; the address is in the data then.
            Dlt645MeterAddress address = frame.Address;
            bool isAddress = frame.Control.Code == Dlt645Functions.Code(Dlt645Edition.Y2007, Dlt645Function.ReadAddress) && !frame.Control.IsRefusal;
            if (isAddress && frame.CopyData(data) == Dlt645MeterAddress.Bytes)
            {
                address = Dlt645MeterAddress.Read(data);
            }

            string edition = frame.Control.Code == Dlt645Functions.Code(Dlt645Edition.Y1997, Dlt645Function.ReadData) ? "1997" : "2007";
            found.Add(new FoundUnit("dlt645", "address", address.ToString(), frame.Control.IsRefusal ? [] : [("edition", edition)]));
        }

        noiseBytes += Noise(heard);
    }

    /// <summary>Wake-up bytes and stray zeros belong to every answer.</summary>
    private static int Noise(ReadOnlySpan<byte> bytes)
    {
        int count = 0;
        foreach (byte value in bytes)
        {
            count += value is 0xFE or 0xFF or 0x00 ? 0 : 1;
        }

        return count;
    }
}
