using IotProperty.Protocols.Dlt645;

namespace IotProperty.Protocols.Tests.Dlt645;

/// <summary>A meter with given values, a password and a relay.</summary>
internal sealed class FakeMeter(string address = "000000123456", Dlt645Edition edition = Dlt645Edition.Y2007) : IDlt645MeterImage
{
    public const string Password = "654321";

    public Dictionary<uint, byte[]> Values { get; } = [];

    public DateTime? Time { get; private set; }

    public Dlt645FreezeTime? Frozen { get; private set; }

    public Dlt645RelayOrder? Relay { get; private set; }

    public string Operator { get; private set; } = "";

    public string NewPassword { get; private set; } = "";

    public int Baud { get; private set; } = 2_400;

    public Dlt645Function Cleared { get; private set; }

    public bool MayReaddress { get; init; } = true;

    public Dlt645MeterAddress Address { get; private set; } = Dlt645MeterAddress.TryParse(address, out Dlt645MeterAddress read) ? read : throw new ArgumentException(address);

    public Dlt645Edition Edition => edition;

    public int Read(Dlt645Identifier identifier, Span<byte> value)
    {
        if (!Values.TryGetValue(identifier.Value, out byte[]? bytes))
        {
            return 0;
        }

        bytes.CopyTo(value);
        return bytes.Length;
    }

    public Dlt645Refusals Write(Dlt645Identifier identifier, Dlt645Authority authority, ReadOnlySpan<byte> value)
    {
        if (Knows(authority))
        {
            Values[identifier.Value] = value.ToArray();
        }

        return Verdict(authority);
    }

    public bool Readdress(Dlt645MeterAddress newAddress)
    {
        Address = MayReaddress ? newAddress : Address;
        return MayReaddress;
    }

    public void SetTime(DateTime localTime) => Time = localTime;

    public Dlt645Refusals Freeze(Dlt645FreezeTime time)
    {
        Frozen = time;
        return Dlt645Refusals.None;
    }

    public Dlt645Refusals ChangeBaud(int baud)
    {
        Baud = baud;
        return Dlt645Refusals.None;
    }

    public Dlt645Refusals ChangePassword(Dlt645Identifier? slot, Dlt645Authority old, Dlt645Authority replacement)
    {
        NewPassword = Knows(old) ? replacement.Password : NewPassword;
        return Verdict(old);
    }

    public Dlt645Refusals Clear(Dlt645Function what, Dlt645Authority authority, Dlt645Identifier? events)
    {
        Cleared = Knows(authority) ? what : Cleared;
        return Verdict(authority);
    }

    public Dlt645Refusals Switch(Dlt645RelayOrder order, Dlt645Authority authority)
    {
        Operator = authority.OperatorCode;
        Relay = Knows(authority) ? order : Relay;
        return Verdict(authority);
    }

    private static bool Knows(Dlt645Authority authority) => authority.Password == Password;

    private static Dlt645Refusals Verdict(Dlt645Authority authority) => Knows(authority) ? Dlt645Refusals.None : Dlt645Refusals.NotAuthorised;
}
