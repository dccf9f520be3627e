namespace IotProperty.Protocols.MBus;

/// <summary>
/// One meter on the bus: hears every request and answers those that are for it. Keeps the link's state (frame count bit, selection, which telegram comes
/// next). Not safe for two tasks.
/// </summary>
public sealed class MBusResponder(IMBusMeterImage image)
{
    private const byte UnimplementedControlInformation = 1;
    private const byte BcdRecordOf8Digits = 0x0C;
    private const byte FabricationVif = 0x78;
    private const byte BusAddressVif = 0x7A;

    private readonly byte[] _last = new byte[MBusLimits.MaxFrameBytes];
    private int _lastBytes;

    // Null after a reset: then whichever bit comes first is new. One for the own address, one for 253.
    private bool? _ownCount;
    private bool? _selectedCount;

    private int _nextTelegram;
    private byte _accessNumber;
    private byte? _pendingError;

    public bool IsSelected { get; private set; }

    /// <summary>Forgets selection and link state, as a meter does that has lost its power.</summary>
    public void Reboot()
    {
        Normalise();
        IsSelected = false;
        _accessNumber = 0;
    }

    /// <summary>Writes the answer to one request.</summary>
    /// <param name="reply">Room for 261 bytes; must not overlap the request.</param>
    /// <returns>The answer's length in bytes; 0 when the meter stays silent.</returns>
    public int Answer(in MBusFrame request, Span<byte> reply)
    {
        if (request.Kind == MBusFrameKind.Acknowledge || !MBusControl.IsFromMaster(request.Control))
        {
            return 0;
        }

        bool selection = request.Kind == MBusFrameKind.Long && request.ControlInformation == MBusControlInformation.SelectMeter;
        if (selection && request.Address == MBusLimits.SelectedAddress)
        {
            return Select(request.Data) ? MBusFrameWriter.Acknowledge(reply) : 0;
        }

        if (!IsAddressed(request.Address))
        {
            return 0;
        }

        int length = Serve(request, reply);
        return request.Address == MBusLimits.BroadcastAddress ? 0 : length;
    }

    private bool IsAddressed(byte address) => address switch
    {
        MBusLimits.SelectedAddress => IsSelected,
        MBusLimits.AnyAddress or MBusLimits.BroadcastAddress => true,
        _ => address == image.PrimaryAddress,
    };

    private int Serve(in MBusFrame request, Span<byte> reply)
    {
        switch (MBusControl.WithoutCount(request.Control))
        {
            case MBusControl.Normalise:
                Normalise();
                IsSelected &= request.Address != MBusLimits.SelectedAddress;
                return MBusFrameWriter.Acknowledge(reply);
            case MBusControl.RequestData:
                return Data(request, reply);
            case MBusControl.RequestAlarm:
                return image.Alarm is { } alarm
                    ? MBusFrameWriter.Long(reply, MBusControl.Respond, image.PrimaryAddress, MBusControlInformation.AlarmStatus, [alarm])
                    : MBusFrameWriter.Acknowledge(reply);
            case MBusControl.SendUserData when request.Kind == MBusFrameKind.Long:
                if (IsNew(request))
                {
                    Take(request);
                }

                return MBusFrameWriter.Acknowledge(reply);
            default:
                return 0;
        }
    }

    private int Data(in MBusFrame request, Span<byte> reply)
    {
        if (IsNew(request) || _lastBytes == 0)
        {
            _lastBytes = _pendingError is { } error
                ? MBusFrameWriter.Long(_last, MBusControl.Respond, image.PrimaryAddress, MBusControlInformation.ApplicationError, [error])
                : NextTelegram();
            _pendingError = null;
        }

        _last.AsSpan(0, _lastBytes).CopyTo(reply);
        return _lastBytes;
    }

    private int NextTelegram()
    {
        MBusTelegramWriter writer = new(_last.AsSpan(MBusFrame.DataOffset, MBusLimits.MaxDataBytes));
        writer.LongHeader(image.Address, _accessNumber, image.Status);
        _accessNumber = unchecked((byte)(_accessNumber + 1));
        image.WriteRecords(_nextTelegram, ref writer);
        bool more = _nextTelegram + 1 < image.Telegrams;
        if (more)
        {
            writer.ManufacturerData([], moreFollows: true);
        }

        _nextTelegram = more ? _nextTelegram + 1 : 0;
        return MBusFrameWriter.Seal(_last, MBusControl.Respond, image.PrimaryAddress, MBusControlInformation.VariableLongHeader, writer.Length);
    }

    private void Take(in MBusFrame request)
    {
        switch (request.ControlInformation)
        {
            case MBusControlInformation.ApplicationReset:
                _nextTelegram = 0;
                break;
            case MBusControlInformation.DataSend:
                TakeRecords(request.Data);
                break;
            case >= MBusControlInformation.SetBaudFirst and <= MBusControlInformation.SetBaudLast:
                image.TakeBaud(MBusControlInformation.Baud(request.ControlInformation));
                break;
            default:
                _pendingError = UnimplementedControlInformation;
                break;
        }
    }

    private void TakeRecords(ReadOnlySpan<byte> data)
    {
        MBusRecordReader records = new(data, MBusTextUnit.BeforeModifiers);
        while (records.MoveNext())
        {
            MBusRecord record = records.Current;
            if (record is { Vif: [BusAddressVif], Coding: MBusCoding.Int8, Data: [<= MBusLimits.MaxPrimaryAddress and byte address] })
            {
                image.TakePrimaryAddress(address);
            }
        }
    }

    /// <summary>A selection reaches everybody: who does not match is deselected.</summary>
    private bool Select(ReadOnlySpan<byte> data)
    {
        IsSelected = data.Length >= MBusSecondaryAddress.Bytes
            && image.Address.Matches(MBusSecondaryAddress.Read(data))
            && MatchesFabrication(data[MBusSecondaryAddress.Bytes..]);
        if (IsSelected)
        {
            _selectedCount = null;
            _nextTelegram = 0;
            _lastBytes = 0;
        }

        return IsSelected;
    }

    /// <summary>Enhanced selection (EN 13757-3, §11.5): a fabrication number behind the address, with wildcard digits of its own.</summary>
    private bool MatchesFabrication(ReadOnlySpan<byte> record)
    {
        if (record.IsEmpty)
        {
            return true;
        }

        return image.FabricationNumber is { } number
            && record is [BcdRecordOf8Digits, FabricationVif, _, _, _, _]
            && new MBusSecondaryAddress(number, 0, 0, 0).Matches(MBusSecondaryAddress.Any with { Id = System.Buffers.Binary.BinaryPrimitives.ReadUInt32LittleEndian(record[2..]) });
    }

    /// <summary>Whether the request is no repetition of the last one: its frame count bit has toggled, or does not count.</summary>
    private bool IsNew(in MBusFrame request)
    {
        if (!MBusControl.Counts(request.Control))
        {
            return true;
        }

        bool bit = MBusControl.CountBit(request.Control);
        ref bool? last = ref request.Address == MBusLimits.SelectedAddress ? ref _selectedCount : ref _ownCount;
        bool isNew = last != bit;
        last = bit;
        return isNew;
    }

    private void Normalise()
    {
        _ownCount = null;
        _selectedCount = null;
        _nextTelegram = 0;
        _lastBytes = 0;
        _pendingError = null;
    }
}
