namespace IotProperty.Protocols.Dlt645;

/// <summary>The control code C of a frame (DL/T 645-2007, §5.2.4; the same bits in DL/T 645-1997).</summary>
public readonly record struct Dlt645Control(byte Value)
{
    // D7 direction, D6 refusal, D5 more frames follow, D4..D0 function.
    private const byte FromMeterBit = 0x80;
    private const byte RefusalBit = 0x40;
    private const byte MoreBit = 0x20;
    private const byte CodeBits = 0x1F;

    /// <summary>A meter sent the frame; otherwise a master did (or its echo came back).</summary>
    public bool FromMeter => (Value & FromMeterBit) != 0;

    /// <summary>The meter refuses; its one data byte says why.</summary>
    public bool IsRefusal => (Value & RefusalBit) != 0;

    /// <summary>More of the answer can be fetched by a follow-up request.</summary>
    public bool MoreFollows => (Value & MoreBit) != 0;

    /// <summary>The function's code, without the bits of direction and outcome.</summary>
    public byte Code => (byte)(Value & CodeBits);

    public static Dlt645Control Request(Dlt645Edition edition, Dlt645Function function) => new(Dlt645Functions.Code(edition, function));

    public Dlt645Control Reply(bool moreFollows = false) => new((byte)(Code | FromMeterBit | (moreFollows ? MoreBit : 0)));

    public Dlt645Control Refusal() => new((byte)(Code | FromMeterBit | RefusalBit));
}
