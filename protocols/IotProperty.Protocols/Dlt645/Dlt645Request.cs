namespace IotProperty.Protocols.Dlt645;

/// <summary>The data field of a master's frame, taken apart (DL/T 645-2007, §7; DL/T 645-1997, §7). Lives as long as the bytes it was read from.</summary>
public readonly ref struct Dlt645Request
{
    public Dlt645Edition Edition { get; private init; }

    public Dlt645Function Function { get; private init; }

    /// <summary>Of reading and writing data, changing a password, clearing events.</summary>
    public Dlt645Identifier? Identifier { get; private init; }

    /// <summary>Password and operator, where the function wants them; the operator is empty in the older edition.</summary>
    public Dlt645Authority? Authority { get; private init; }

    /// <summary>Which follow-up frame is asked for, from 1; null in the older edition, which just goes on.</summary>
    public byte? Sequence { get; private init; }

    /// <summary>What remains: the value to write, the time, the order.</summary>
    public ReadOnlySpan<byte> Body { get; private init; }

    /// <summary>False where the data field is not as long as its function needs, or the function is unknown.</summary>
    /// <param name="data">Not coded any more.</param>
    public static bool TryRead(Dlt645Edition edition, Dlt645Function function, ReadOnlySpan<byte> data, out Dlt645Request request)
    {
        request = default;
        Fields fields = new(edition, data);
        bool newer = edition == Dlt645Edition.Y2007;
        bool right = function switch
        {
            Dlt645Function.ReadData or Dlt645Function.ReadAgain => fields.Identifier(),
            Dlt645Function.ReadFollowing => fields.Identifier() && (!newer || fields.Sequence()) && fields.Ends(0),
            Dlt645Function.ReadAddress => fields.Ends(0),
            Dlt645Function.WriteData => fields.Identifier() && fields.Authority(newer),
            Dlt645Function.WriteAddress or Dlt645Function.BroadcastTime => fields.Ends(Dlt645MeterAddress.Bytes),
            Dlt645Function.Freeze => fields.Ends(Dlt645FreezeTime.Bytes),
            Dlt645Function.ChangeBaud or Dlt645Function.SelectOutput => fields.Ends(1),
            Dlt645Function.ChangePassword => (!newer || fields.Identifier()) && fields.Authority(withOperator: false) && fields.Ends(Dlt645Authority.PasswordBytes),
            Dlt645Function.ClearDemand or Dlt645Function.ClearMeter => fields.Authority(newer) && fields.Ends(0),
            Dlt645Function.ClearEvents => fields.Authority(newer) && fields.Identifier() && fields.Ends(0),
            Dlt645Function.RelayControl => fields.Authority(newer) && fields.Ends(Dlt645RelayOrder.Bytes),
            _ => false,
        };
        request = new()
        {
            Edition = edition,
            Function = function,
            Identifier = fields.ReadIdentifier,
            Authority = fields.ReadAuthority,
            Sequence = fields.ReadSequence,
            Body = fields.Rest,
        };
        return right;
    }

    /// <summary>Takes one field after the other off the front of the data.</summary>
    private ref struct Fields(Dlt645Edition edition, ReadOnlySpan<byte> data)
    {
        public ReadOnlySpan<byte> Rest { get; private set; } = data;

        public Dlt645Identifier? ReadIdentifier { get; private set; }

        public Dlt645Authority? ReadAuthority { get; private set; }

        public byte? ReadSequence { get; private set; }

        public readonly bool Ends(int bytes) => Rest.Length == bytes;

        public bool Identifier()
        {
            if (!Dlt645Identifier.TryRead(edition, Rest, out Dlt645Identifier identifier))
            {
                return false;
            }

            ReadIdentifier = identifier;
            Rest = Rest[identifier.Length..];
            return true;
        }

        public bool Sequence()
        {
            if (Rest.IsEmpty)
            {
                return false;
            }

            ReadSequence = Rest[0];
            Rest = Rest[1..];
            return true;
        }

        public bool Authority(bool withOperator)
        {
            int bytes = Dlt645Authority.PasswordBytes + (withOperator ? Dlt645Authority.OperatorBytes : 0);
            if (Rest.Length < bytes)
            {
                return false;
            }

            ReadAuthority = Dlt645Authority.Read(Rest[..bytes]);
            Rest = Rest[bytes..];
            return true;
        }
    }
}
