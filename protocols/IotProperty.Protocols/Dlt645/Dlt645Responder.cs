namespace IotProperty.Protocols.Dlt645;

/// <summary>
/// The meter's side: turns request frames into reply frames over an image. Data that does not fit one frame is kept as it was at the first request, so
/// that its parts belong together, and handed out by follow-up requests; a repeated follow-up request gets the same part again. One request at a time;
/// not safe for two tasks.
/// </summary>
/// <param name="wakeUpBytes">FE in front of each reply; meters in the field send 0 to 13.</param>
/// <param name="maxDataBytes">The longest data field of a reply, 16 to 200.</param>
public sealed class Dlt645Responder(IDlt645MeterImage image, int wakeUpBytes = 4, int maxDataBytes = Dlt645Frame.MaxDataBytes)
{
    /// <summary>The longest value that an image may hold under one identifier. Bytes.</summary>
    public const int MaxValueBytes = 4_096;

    private readonly int _maxDataBytes = Within(maxDataBytes);
    private readonly byte[] _data = new byte[Dlt645Frame.MaxDataBytes];
    private readonly byte[] _replyData = new byte[Dlt645Frame.MaxDataBytes];

    // The value that is being handed out: filled by the first request, read by those that follow.
    private readonly byte[] _held = new byte[MaxValueBytes];
    private int _heldBytes;
    private int _heldFirstBytes;
    private int _heldNextBytes;
    private int _handedParts;
    private Dlt645Identifier? _heldIdentifier;

    /// <summary>Writes the reply to one frame and returns its length in bytes; 0 when the meter stays silent: it is not meant, or nobody may answer.</summary>
    /// <param name="reply">Room for <see cref="Dlt645Frame.MaxBytes"/>.</param>
    public int Answer(in Dlt645Frame frame, Span<byte> reply)
    {
        Dlt645MeterAddress own = image.Address;
        if (frame.Control.FromMeter || (!frame.Address.IsBroadcast && !frame.Address.Means(own)))
        {
            return 0;
        }

        Dlt645Function function = Dlt645Functions.Of(image.Edition, frame.Control.Code);

        // The older edition reads point to point under all nines; the newer one never answers them (§5.2.2).
        bool mayAnswer = !frame.Address.IsBroadcast || (image.Edition == Dlt645Edition.Y1997 && function == Dlt645Function.ReadData);
        ReadOnlySpan<byte> data = _data.AsSpan(0, frame.CopyData(_data));
        if (!Dlt645Request.TryRead(image.Edition, function, data, out Dlt645Request request))
        {
            return mayAnswer && function != Dlt645Function.BroadcastTime ? Refuse(own, frame.Control, Dlt645Refusals.Other, reply) : 0;
        }

        Dlt645Refusals refusal = Serve(request, out int replyBytes, out bool moreFollows, out bool silent);
        if (silent || !mayAnswer)
        {
            return 0;
        }

        // A meter that has taken another address answers from it (§7.4).
        return refusal == Dlt645Refusals.None
            ? Dlt645Frame.Write(reply, image.Address, frame.Control.Reply(moreFollows), _replyData.AsSpan(0, replyBytes), wakeUpBytes)
            : Refuse(own, frame.Control, refusal, reply);
    }

    private static int Within(int maxDataBytes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxDataBytes, 16);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(maxDataBytes, Dlt645Frame.MaxDataBytes);
        return maxDataBytes;
    }

    private int Refuse(Dlt645MeterAddress own, Dlt645Control control, Dlt645Refusals refusal, Span<byte> reply) =>
        Dlt645Frame.Write(reply, own, control.Refusal(), [(byte)refusal], wakeUpBytes);

    private Dlt645Refusals Serve(in Dlt645Request request, out int replyBytes, out bool moreFollows, out bool silent)
    {
        replyBytes = 0;
        moreFollows = false;
        silent = request.Function == Dlt645Function.BroadcastTime;
        switch (request.Function)
        {
            case Dlt645Function.ReadData:
                return Read(request.Identifier!.Value, out replyBytes, out moreFollows);
            case Dlt645Function.ReadFollowing or Dlt645Function.ReadAgain:
                return ReadFollowing(request, out replyBytes, out moreFollows);
            case Dlt645Function.ReadAddress:
                image.Address.Write(_replyData);
                replyBytes = Dlt645MeterAddress.Bytes;
                return Dlt645Refusals.None;
            case Dlt645Function.WriteAddress:
                // Reading and writing the address is never refused: a meter that will not stays silent (§7.4).
                silent = !image.Readdress(Dlt645MeterAddress.Read(request.Body));
                return Dlt645Refusals.None;
            case Dlt645Function.BroadcastTime:
                if (Dlt645Clock.TryRead(request.Body, out DateTime time))
                {
                    image.SetTime(time);
                }

                return Dlt645Refusals.None;
            case Dlt645Function.ChangeBaud:
                request.Body.CopyTo(_replyData);
                replyBytes = 1;
                int baud = Dlt645BaudRate.Read(request.Body[0]);
                return baud == 0 ? Dlt645Refusals.BaudFixed : image.ChangeBaud(baud);
            case Dlt645Function.ChangePassword:
                request.Body.CopyTo(_replyData);
                replyBytes = request.Body.Length;
                return image.ChangePassword(request.Identifier, request.Authority!, Dlt645Authority.Read(request.Body));
            default:
                return Order(request);
        }
    }

    private Dlt645Refusals Order(in Dlt645Request request)
    {
        switch (request.Function)
        {
            case Dlt645Function.WriteData:
                return image.Write(request.Identifier!.Value, request.Authority!, request.Body);
            case Dlt645Function.Freeze:
                return Dlt645FreezeTime.TryRead(request.Body, out Dlt645FreezeTime time) ? image.Freeze(time) : Dlt645Refusals.Other;
            case Dlt645Function.ClearDemand or Dlt645Function.ClearMeter or Dlt645Function.ClearEvents:
                return image.Clear(request.Function, request.Authority!, request.Identifier);
            case Dlt645Function.RelayControl:
                return Dlt645RelayOrder.TryRead(request.Body, out Dlt645RelayOrder order) ? image.Switch(order, request.Authority!) : Dlt645Refusals.Other;
            default:
                return Dlt645Refusals.Other;
        }
    }

    private Dlt645Refusals Read(Dlt645Identifier identifier, out int replyBytes, out bool moreFollows)
    {
        replyBytes = 0;
        moreFollows = false;
        _heldIdentifier = null;
        _heldBytes = image.Read(identifier, _held);
        if (_heldBytes == 0)
        {
            return Dlt645Refusals.NoSuchData;
        }

        // Frames end between values, so that each can be understood alone.
        int each = Math.Max(1, Dlt645ItemTable.Find(identifier)?.Format.TotalBytes ?? 1);
        int sequenceBytes = identifier.Edition == Dlt645Edition.Y2007 ? 1 : 0;
        _heldFirstBytes = WholeValues(_maxDataBytes - identifier.Length, each);
        _heldNextBytes = WholeValues(_maxDataBytes - identifier.Length - sequenceBytes, each);
        _heldIdentifier = identifier;
        _handedParts = 1;
        replyBytes = PutPart(identifier, 0, _heldFirstBytes, out moreFollows);
        return Dlt645Refusals.None;
    }

    private Dlt645Refusals ReadFollowing(in Dlt645Request request, out int replyBytes, out bool moreFollows)
    {
        replyBytes = 0;
        moreFollows = false;
        if (_heldIdentifier is not { } identifier || request.Identifier != identifier)
        {
            return Dlt645Refusals.NoSuchData;
        }

        // The older edition counts by itself: "following" goes on, "again" repeats.
        bool again = request.Function == Dlt645Function.ReadAgain;
        int sequence = request.Sequence ?? (again ? _handedParts - 1 : _handedParts);
        int start = sequence == 0 ? 0 : _heldFirstBytes + ((sequence - 1) * _heldNextBytes);
        if ((sequence == 0 && request.Sequence is not null) || start >= _heldBytes)
        {
            return Dlt645Refusals.NoSuchData;
        }

        _handedParts = sequence + 1;
        replyBytes = PutPart(identifier, start, sequence == 0 ? _heldFirstBytes : _heldNextBytes, out moreFollows);
        if (request.Sequence is { } asked)
        {
            _replyData[replyBytes++] = asked;
        }

        return Dlt645Refusals.None;
    }

    private int PutPart(Dlt645Identifier identifier, int start, int most, out bool moreFollows)
    {
        int count = Math.Min(most, _heldBytes - start);
        int length = identifier.Write(_replyData);
        _held.AsSpan(start, count).CopyTo(_replyData.AsSpan(length));
        moreFollows = start + count < _heldBytes;
        return length + count;
    }

    private static int WholeValues(int room, int each) => each >= room ? room : room - (room % each);
}
