namespace IotProperty.Protocols.Cjt188;

/// <summary>A meter's side: turns request frames into reply frames over an image. One request at a time; not safe for two tasks.</summary>
public sealed class Cjt188Responder(ICjt188MeterImage image)
{
    private readonly byte[] _payload = new byte[Cjt188Body.MaxPayloadBytes];

    /// <summary>Writes the reply to one request, without wake-up bytes.</summary>
    /// <param name="reply">Room for <see cref="Cjt188Frame.MaxBytes"/>; must not overlap the request.</param>
    /// <returns>The reply's length in bytes; 0 when this meter stays silent, because another one was asked.</returns>
    public int Answer(in Cjt188Frame request, Span<byte> reply)
    {
        if (request.FromMeter || !Cjt188MeterType.Covers(request.MeterType, image.MeterType) || !request.Address.Covers(image.Address))
        {
            return 0;
        }

        if (!Cjt188Body.TryRead(request.Data, null, out Cjt188Body body))
        {
            return Refuse(request.Function, 0, reply);
        }

        int payloadBytes = Serve(request.Function, body);
        if (payloadBytes < 0)
        {
            return Refuse(request.Function, body.Serial, reply);
        }

        // A meter that was given another address answers from the new one already.
        int dataBytes = Cjt188Body.Write(reply[Cjt188Frame.DataAt..], body.Identifier, body.Order, body.Serial, _payload.AsSpan(0, payloadBytes));
        return Cjt188Frame.Seal(reply, image.MeterType, image.Address, Cjt188Control.Reply(request.Function), dataBytes);
    }

    private int Serve(Cjt188Function function, in Cjt188Body body)
    {
        switch (function)
        {
            case Cjt188Function.ReadData when body.Payload.IsEmpty:
            case Cjt188Function.ReadKeyVersion when body.Identifier == Cjt188Identifier.KeyVersion:
                return image.Read(body.Identifier, _payload);
            case Cjt188Function.ReadAddress when body.Identifier == Cjt188Identifier.Address:
                return 0;
            case Cjt188Function.WriteData:
            case Cjt188Function.WriteAddress when body.Identifier == Cjt188Identifier.WriteAddress:
            case Cjt188Function.WriteBase when body.Identifier == Cjt188Identifier.WriteBase:
                // A write whose length is wrong never reaches the meter's memory.
                bool sound = Cjt188Layout.OfWrite(body.Identifier, body.Payload.Length) is not null;
                if (!sound || !image.Write(body.Identifier, body.Payload))
                {
                    return -1;
                }

                _payload[0] = image.Status.First;
                _payload[1] = image.Status.Second;
                return Cjt188Status.Bytes;
            default:
                return -1;
        }
    }

    private int Refuse(Cjt188Function function, byte serial, Span<byte> reply)
    {
        Span<byte> data = reply[Cjt188Frame.DataAt..];
        data[0] = serial;
        data[1] = image.Status.First;
        data[2] = image.Status.Second;
        return Cjt188Frame.Seal(reply, image.MeterType, image.Address, Cjt188Control.ErrorReply(function), 1 + Cjt188Status.Bytes);
    }
}
