using IotProperty.Protocols.Dlt645;

namespace IotProperty.Edge.Tests.Drivers.Dlt645;

/// <summary>A meter with given values and a relay that follows its orders after some reads of its state.</summary>
internal sealed class WireMeter(string address = "000000123456", Dlt645Edition edition = Dlt645Edition.Y2007) : IDlt645MeterImage
{
    public const string Password = "654321";

    private const uint StatusWord3 = 0x04000503;

    private int _readsUntilMoved;

    public Dictionary<uint, byte[]> Values { get; } = [];

    public int MaxDataBytes { get; init; } = Dlt645Frame.MaxDataBytes;

    public bool IsDead { get; set; }

    /// <summary>How often its state is read before the relay has moved; more than anybody reads: it is stuck.</summary>
    public int Slowness { get; init; }

    public bool IsOpen { get; private set; }

    public bool IsOrderedOpen { get; private set; }

    public Dlt645RelayOrder? Order { get; private set; }

    public string Operator { get; private set; } = "";

    public Dlt645MeterAddress Address { get; } = Dlt645MeterAddress.TryParse(address, out Dlt645MeterAddress read) ? read : throw new ArgumentException(address);

    public Dlt645Edition Edition => edition;

    public int Read(Dlt645Identifier identifier, Span<byte> value)
    {
        if (identifier.Value == StatusWord3)
        {
            IsOpen = _readsUntilMoved-- > 0 ? IsOpen : IsOrderedOpen;
            value[0] = (byte)((IsOpen ? 1 << Dlt645StatusWords.RelayOpenBit : 0) | (IsOrderedOpen ? 1 << Dlt645StatusWords.RelayOrderedOpenBit : 0));
            value[1] = 0;
            return 2;
        }

        if (!Values.TryGetValue(identifier.Value, out byte[]? bytes))
        {
            return 0;
        }

        bytes.CopyTo(value);
        return bytes.Length;
    }

    public Dlt645Refusals Switch(Dlt645RelayOrder order, Dlt645Authority authority)
    {
        if (authority.Password != Password)
        {
            return Dlt645Refusals.NotAuthorised;
        }

        Order = order;
        Operator = authority.OperatorCode;
        IsOrderedOpen = order.Action == Dlt645RelayAction.Trip;
        _readsUntilMoved = Slowness;
        return Dlt645Refusals.None;
    }

    public Dlt645Refusals Write(Dlt645Identifier identifier, Dlt645Authority authority, ReadOnlySpan<byte> value) => Dlt645Refusals.NotAuthorised;

    public bool Readdress(Dlt645MeterAddress newAddress) => false;

    public void SetTime(DateTime localTime) => throw new InvalidOperationException("nobody here sets clocks");

    public Dlt645Refusals Freeze(Dlt645FreezeTime time) => Dlt645Refusals.Other;

    public Dlt645Refusals ChangeBaud(int baud) => Dlt645Refusals.BaudFixed;

    public Dlt645Refusals ChangePassword(Dlt645Identifier? slot, Dlt645Authority old, Dlt645Authority replacement) => Dlt645Refusals.NotAuthorised;

    public Dlt645Refusals Clear(Dlt645Function what, Dlt645Authority authority, Dlt645Identifier? events) => Dlt645Refusals.NotAuthorised;
}
