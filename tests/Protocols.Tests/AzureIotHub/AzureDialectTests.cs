using System.Diagnostics;
using FsCheck;
using FsCheck.Fluent;
using IotProperty.Protocols.AzureIotHub;
using IotProperty.Tests;

namespace IotProperty.Protocols.Tests.AzureIotHub;

public class AzureDialectTests
{
    private const string Key = "+XLy+MVZ+aTeOnVzN2kLeB16O+kSxmz6g3rS6fAf6rw=";
    private const string Connection = $"HostName=iot-hub-for-test.azure-devices.net;DeviceId=iot-device-for-test;SharedAccessKey={Key}";

    /// <summary>The device's token in the tests of Azure's own command line (azure-iot-cli-extension, TestSasTokenAuth).</summary>
    [Fact]
    public void Token_is_the_one_that_Azures_own_tools_make()
    {
        AzureSasToken token = AzureSasToken.For(Device(), DateTimeOffset.FromUnixTimeSeconds(1_471_940_363));
        Assert.Equal(
            "SharedAccessSignature sr=iot-hub-for-test.azure-devices.net%2Fdevices%2Fiot-device-for-test&sig=SIumZ1ACqqPJZ2okHDlW9MSYKykEpqsQY3z6FMOICd4%3D&se=1471940363",
            token.ToPassword());
        Assert.DoesNotContain(token.Signature, token.ToString(), StringComparison.Ordinal);
    }

    [PeerFact("python3")]
    public async Task Tokens_are_those_of_the_documentations_Python_sample()
    {
        // The function of "Control access to IoT Hub by using shared access signatures" in the shape of its Python sample, over devices whose names need escapes.
        const string Script = """
            import sys
            from base64 import b64decode, b64encode
            from hashlib import sha256
            from hmac import HMAC
            from urllib.parse import quote, urlencode
            for line in sys.stdin:
                uri, key, ttl = line.split()
                sign_key = "%s\n%d" % (quote(uri, safe=''), int(ttl))
                signature = b64encode(HMAC(b64decode(key), sign_key.encode('utf-8'), sha256).digest())
                print('SharedAccessSignature ' + urlencode({'sr': uri, 'sig': signature, 'se': ttl}))
            """;
        Random random = new(7);
        List<string> requests = [];
        List<string> expected = [];
        foreach (string device in (ReadOnlySpan<string>)["d", "Riverside-1", "a:b.c_d", "x*!(),=@$'?"])
        {
            byte[] key = new byte[random.Next(1, 64)];
            random.NextBytes(key);
            long expiry = random.NextInt64(1, 4_000_000_000);
            Assert.True(AzureDeviceIdentity.TryParse($"HostName=h.example;DeviceId={device};SharedAccessKey={Convert.ToBase64String(key)}", out AzureDeviceIdentity? identity, out string why), why);
            requests.Add($"h.example/devices/{device} {Convert.ToBase64String(key)} {expiry}");
            expected.Add(AzureSasToken.For(identity!, DateTimeOffset.FromUnixTimeSeconds(expiry)).ToPassword());
        }

        using Process python = Process.Start(new ProcessStartInfo(Peers.Require("python3"), ["-c", Script]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        await python.StandardInput.WriteAsync(string.Join('\n', requests));
        python.StandardInput.Close();
        string[] told = (await python.StandardOutput.ReadToEndAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        await python.WaitForExitAsync();
        Assert.Equal(expected, told);
    }

    [Fact]
    public void A_token_is_read_as_it_was_made_whatever_the_order_of_its_fields()
    {
        AzureSasToken made = AzureSasToken.For(Device(), DateTimeOffset.FromUnixTimeSeconds(1_471_940_363));
        Assert.True(AzureSasToken.TryParse(made.ToPassword(), out AzureSasToken? read));
        Assert.Equal((made.Resource, made.Signature, made.Expiry), (read.Resource, read.Signature, read.Expiry));
        Assert.True(AzureSasToken.TryParse("SharedAccessSignature se=5&sig=a%2b&sr=h%2Fdevices%2Fd", out read));
        Assert.Equal(("h/devices/d", "a+", 5L), (read.Resource, read.Signature, read.Expiry.ToUnixTimeSeconds()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("sr=h&sig=a&se=5")]
    [InlineData("SharedAccessSignature sr=h&sig=a")]
    [InlineData("SharedAccessSignature sr=h&se=5")]
    [InlineData("SharedAccessSignature sr=&sig=a&se=5")]
    [InlineData("SharedAccessSignature sr=h&sig=a&se=-5")]
    [InlineData("SharedAccessSignature sr=h&sig=a&se=5.0")]
    [InlineData("SharedAccessSignature sr=h&sig=a&se=99999999999999")]
    [InlineData("SharedAccessSignature sr=h&sig=a&se=5&se=6")]
    [InlineData("SharedAccessSignature sr=h%2&sig=a&se=5")]
    public void A_broken_token_is_none(string text) => Assert.False(AzureSasToken.TryParse(text, out _));

    [Theory]
    [InlineData("", "lacks HostName and DeviceId and SharedAccessKey")]
    [InlineData("nonsense", "holds a part that is not Name=value")]
    [InlineData("HostName=h.example;DeviceId=d", "lacks SharedAccessKey")]
    [InlineData("HostName=h.example;DeviceId=d;SharedAccessKey=", "lacks SharedAccessKey")]
    [InlineData("HostName=h.example;DeviceId=d;DeviceId=e;SharedAccessKey=AAAA", "says DeviceId twice")]
    [InlineData("HostName=h.example;SharedAccessKeyName=iothubowner;SharedAccessKey=AAAA", "is that of a hub's policy (SharedAccessKeyName) and not of a device")]
    [InlineData("HostName=h.example;DeviceId=d;ModuleId=m;SharedAccessKey=AAAA", "is that of a module and not of a device")]
    [InlineData("HostName=h.example;DeviceId=d;x509=true", "asks for an X.509 certificate, which is not supported")]
    [InlineData("HostName=h.example;DeviceId=d;SharedAccessSignature=s", "holds a finished token (SharedAccessSignature), which cannot be renewed")]
    [InlineData("HostName=h.example;DeviceId=d;GatewayHostName=g;SharedAccessKey=AAAA", "names a gateway (GatewayHostName), which is not supported")]
    [InlineData("HostName=h.example;DeviceId=d;SharedAccessKey=AAAA;More=1", "holds parts beside HostName, DeviceId and SharedAccessKey")]
    [InlineData("HostName=h/x;DeviceId=d;SharedAccessKey=AAAA", "has a HostName that is no host name")]
    [InlineData("HostName=10.0.0.1;DeviceId=d;SharedAccessKey=AAAA", "has a HostName that is no host name")]
    [InlineData("HostName=h.example;DeviceId=a/b;SharedAccessKey=AAAA", "has a DeviceId that is not 1 to 128 letters, digits and -:._*?!(),=@$'")]
    [InlineData("HostName=h.example;DeviceId=a#;SharedAccessKey=AAAA", "has a DeviceId that is not 1 to 128 letters, digits and -:._*?!(),=@$'")]
    [InlineData("HostName=h.example;DeviceId=d;SharedAccessKey=s3cret!", "has a SharedAccessKey that is not 1 to 256 bytes in Base64")]
    public void A_connection_string_that_cannot_be_used_is_told_why_without_its_key(string text, string expected)
    {
        Assert.False(AzureDeviceIdentity.TryParse(text, out _, out string why));
        Assert.Equal(expected, why);
        Assert.DoesNotContain("s3cret", why, StringComparison.Ordinal);
    }

    [Fact]
    public void A_connection_string_is_read_in_any_order_and_its_key_is_not_told()
    {
        Assert.True(AzureDeviceIdentity.TryParse($" sharedaccesskey={Key};DeviceId=Rvs;HostName=h.example;\n", out AzureDeviceIdentity? identity, out string why), why);
        Assert.Equal(("h.example", "Rvs"), (identity!.HostName, identity.DeviceId));
        Assert.DoesNotContain(Key[..8], identity.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Topics_are_those_of_the_documentation()
    {
        AzureDeviceIdentity device = Device();
        Assert.Equal("iot-hub-for-test.azure-devices.net/iot-device-for-test/?api-version=2021-04-12&DeviceClientType=iotp-edge%2F1.0", AzureTopics.UserName(device, "iotp-edge/1.0"));
        Assert.Equal("devices/d/messages/devicebound/#", AzureTopics.DeviceBoundFilter("d"));
        Assert.Equal("devices/d/messages/events/%24.ct=application%2Fx&kind=a%20b", AzureTopics.Events("d", new AzurePropertyBag(("$.ct", "application/x"), ("kind", "a b"))));
        Assert.Equal("devices/d/messages/events/", AzureTopics.Events("d", new AzurePropertyBag()));

        // "Receiving cloud-to-device messages": null, empty and a text.
        Assert.True(AzureTopics.TryParseDeviceBound("devices/d/messages/devicebound/?prop1&prop2=&prop3=a%20string", "d", out AzurePropertyBag? bag));
        Assert.Equal([new("prop1", null), new("prop2", ""), new("prop3", "a string")], bag.All);
        Assert.True(AzureTopics.TryParseDeviceBound("devices/d/messages/devicebound/%24.to=%2Fdevices%2Fd%2Fmessages%2FdeviceBound&kind=receipt", "d", out bag));
        Assert.Equal(("receipt", "/devices/d/messages/deviceBound"), (bag["kind"], bag["$.to"]));
        Assert.True(AzureTopics.TryParseDeviceBound("devices/d/messages/devicebound/", "d", out bag));
        Assert.Empty(bag.All);
        Assert.False(AzureTopics.TryParseDeviceBound("devices/e/messages/devicebound/kind=receipt", "d", out _));
        Assert.False(AzureTopics.TryParseDeviceBound("devices/d/messages/events/kind=receipt", "d", out _));
    }

    [Theory]
    [InlineData("a=%")]
    [InlineData("a=%4")]
    [InlineData("a=%4g")]
    [InlineData("a=%ff")]
    [InlineData("=b")]
    [InlineData("a=1&a=2")]
    [InlineData("a=1&&b=2")]
    [InlineData("?")]
    public void A_broken_property_bag_is_none(string text) => Assert.False(AzurePropertyBag.TryParse(text, out _));

    [Fact]
    public void A_property_bag_with_too_many_properties_is_none() =>
        Assert.False(AzurePropertyBag.TryParse(string.Join('&', Enumerable.Range(0, 129).Select(i => $"p{i}")), out _));

    [Fact]
    public void Every_property_bag_is_read_as_it_was_written() =>
        Prop.ForAll<string[]>(texts =>
        {
            (string, string?)[] properties =
            [
                .. texts.Where(text => !string.IsNullOrEmpty(text) && IsUnicode(text)).Distinct(StringComparer.Ordinal).Take(128).Select((text, index) => (text, index % 3 == 0 ? null : text[(index % 2)..])),
            ];
            AzurePropertyBag bag = new(properties);
            Assert.True(AzurePropertyBag.TryParse(bag.ToString(), out AzurePropertyBag? read));
            Assert.Equal(properties.Select(p => new KeyValuePair<string, string?>(p.Item1, p.Item2)), read.All);
            Assert.DoesNotContain('/', bag.ToString());
        }).Check(PropertyRun.Config);

    private static bool IsUnicode(string text) => !text.Any(char.IsSurrogate);

    private static AzureDeviceIdentity Device() => AzureDeviceIdentity.TryParse(Connection, out AzureDeviceIdentity? identity, out string why) ? identity : throw new InvalidOperationException(why);
}
