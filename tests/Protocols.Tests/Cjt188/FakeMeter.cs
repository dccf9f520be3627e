using IotProperty.Protocols.Cjt188;

namespace IotProperty.Protocols.Tests.Cjt188;

/// <summary>A cold-water meter with a valve.</summary>
internal sealed class FakeMeter : ICjt188MeterImage
{
    public byte MeterType { get; set; } = Cjt188MeterType.ColdWater;

    public Cjt188AddressField Address { get; set; } = new(0x78_3300_1122_3344);

    public Cjt188Valve Valve { get; set; }

    public decimal Volume { get; set; } = 123.45m;

    public DateTime? Clock { get; set; } = new DateTime(2026, 11, 22, 5, 30, 0, DateTimeKind.Unspecified);

    public byte Unit { get; set; } = Cjt188Unit.CubicMetreCode;

    public Cjt188Status Status => Cjt188Status.Of(Valve, batteryLow: false);

    public int Read(ushort identifier, Span<byte> payload)
    {
        switch (identifier)
        {
            case Cjt188Identifier.Reading:
                Cjt188Layout layout = Cjt188Layout.Volume;
                layout.Find("current")!.WriteQuantity(payload, Volume, Unit);
                layout.Find("settlement")!.WriteQuantity(payload, null, Unit);
                layout.Find("time")!.WriteTime(payload, Clock);
                layout.Find("status")!.WriteStatus(payload, Status);
                return layout.PayloadBytes;
            case Cjt188Identifier.KeyVersion:
                payload[0] = 7;
                return 1;
            default:
                return -1;
        }
    }

    public bool Write(ushort identifier, ReadOnlySpan<byte> payload)
    {
        switch (identifier)
        {
            case Cjt188Identifier.WriteValve when payload[0] is (byte)Cjt188ValveCommand.Open or (byte)Cjt188ValveCommand.Close:
                Valve = payload[0] == (byte)Cjt188ValveCommand.Close ? Cjt188Valve.Closed : Cjt188Valve.Open;
                return true;
            case Cjt188Identifier.WriteAddress:
                Address = Cjt188AddressField.Read(payload);
                return true;
            case Cjt188Identifier.WriteBase:
                Volume = Cjt188Layout.Base.Fields[0].ReadQuantity(payload, unitFirst: false).Value ?? 0;
                Unit = payload[^1];
                return true;
            case Cjt188Identifier.WriteClock:
                Clock = Cjt188Layout.Clock.Fields[0].ReadTime(payload);
                return true;
            default:
                return false;
        }
    }
}
