using System.Text;
using IotProperty.Protocols.AzureIotHub;

namespace IotProperty.Protocols.Tests.Fuzzing;

/// <summary>Topics, tokens and connection strings of IoT Hub, as text of any bytes.</summary>
internal sealed class FuzzedAzure : IFuzzedCodec
{
    private const string Topic = "devices/d/messages/devicebound/";

    public string Name => "azure";

    public long MayAllocate(int inputBytes) => 65_536 + (512L * inputBytes);

    public IReadOnlyList<byte[]> Frames(ulong seed) =>
    [
        .. ((string[])
        [
            "%24.to=%2Fdevices%2Fd&kind=receipt", "kind=command&id=c-1&%24.mid=5", "?prop1&prop2=&prop3=a%20string",
            "sr=h%2Fdevices%2Fd&sig=SIumZ1ACqqPJZ2okHDlW9MSYKykEpqsQY3z6FMOICd4%3D&se=1471940363",
            "HostName=h.example;DeviceId=d;SharedAccessKey=AAAA",
        ]).Select(Encoding.UTF8.GetBytes),
    ];

    public void Seal(Span<byte> input)
    {
        // Nothing of it is sealed.
    }

    public void Exercise(ReadOnlySpan<byte> input)
    {
        string text = Encoding.UTF8.GetString(input);
        if (AzureTopics.TryParseDeviceBound(Topic + text, "d", out AzurePropertyBag? bag)
            && (!AzurePropertyBag.TryParse(bag.ToString(), out AzurePropertyBag? again) || !again.All.SequenceEqual(bag.All)))
        {
            throw new InvalidOperationException("broken: properties are read as they were written");
        }

        if (AzureSasToken.TryParse("SharedAccessSignature " + text, out AzureSasToken? token) && !AzureSasToken.TryParse(token.ToPassword(), out _))
        {
            throw new InvalidOperationException("broken: a token is read as it was written");
        }

        if (!AzureDeviceIdentity.TryParse(text, out _, out string why) && why.Length == 0)
        {
            throw new InvalidOperationException("broken: what cannot be used is told why");
        }
    }
}
