using IotProperty.Protocols.Framing;

namespace IotProperty.Protocols.MBus;

/// <summary>
/// The master of an M-Bus, sans-IO: see <see cref="IBusMaster"/> for how it is driven. An exchange may take several steps (normalise or select, then request, then
/// request the next telegram); between them <see cref="Take"/> says <see cref="BusStatus.SendNext"/>. The frame count bit of every address is kept here: it
/// toggles with each good answer and stays with a repetition, so that a meter neither skips a telegram nor sends an old one for ever (EN 13757-2, §5.7).
/// </summary>
public sealed class MBusMasterSession : IBusMaster
{
    /// <summary>No readout takes more telegrams.</summary>
    public const int MostTelegrams = 16;

    /// <summary>A doubled E5 with a stray byte on either side.</summary>
    private const int AcknowledgeRoom = 4;

    private const int BroadcastTurnaroundMs = 200;
    private const int MaxSteps = 4;

    private readonly byte[] _outgoing = new byte[MBusLimits.MaxFrameBytes];
    private readonly byte[] _telegrams = new byte[MostTelegrams * MBusLimits.MaxFrameBytes];
    private readonly int[] _telegramBytes = new int[MostTelegrams];
    private readonly byte[] _payload = new byte[MBusLimits.MaxDataBytes];
    private readonly ReceiveBuffer _received = new(4 * MBusLimits.MaxFrameBytes);
    private readonly Step[] _steps = new Step[MaxSteps];
    private readonly MBusLinks _links = new();

    private int _stepCount;
    private int _step;
    private int _outgoingBytes;
    private int _payloadBytes;
    private byte _payloadControlInformation;
    private MBusTarget _target;
    private MBusReadout _readout = MBusReadout.Usual;
    private bool _running;

    // An acknowledgement ended the step before, so one more E5 where data is due is its double.
    private bool _acknowledgedBefore;

    // An exchange was given up that waited for an acknowledgement.
    private bool _strayAcknowledge;
    private byte? _abandoned;
    private bool _abandonedAcknowledge;
    private long _abandonedUntilMs;
    private long _lateUntilMs;

    private enum Step : byte
    {
        Normalise,
        Select,
        Send,
        Request,
        RequestAlarm,
    }

    public ReadOnlyMemory<byte> Outgoing => _outgoing.AsMemory(0, _outgoingBytes);

    public bool ExpectsReply => _target.Address != MBusLimits.BroadcastAddress;

    public int TurnaroundMs => ExpectsReply ? 0 : BroadcastTurnaroundMs;

    public int MaxReplyBytes => Current is Step.Request or Step.RequestAlarm ? MBusLimits.MaxFrameBytes : AcknowledgeRoom;

    public string Why { get; private set; } = "";

    public long LateReplies { get; private set; }

    public long ForeignReplies { get; private set; }

    public long NoiseBytes { get; private set; }

    /// <summary>Telegrams that a meter sent once more instead of a new one, as its access number shows; the link was normalised then.</summary>
    public long RepeatedTelegrams { get; private set; }

    /// <summary>How many telegrams the readout has brought so far.</summary>
    public int Telegrams { get; private set; }

    /// <summary>Whether the meter announced telegrams that were not brought.</summary>
    public bool MoreFollows { get; private set; }

    /// <summary>The answer to <see cref="BeginAlarm"/>; null where the meter has no alarm.</summary>
    public byte? AlarmStatus { get; private set; }

    /// <summary>
    /// An acknowledgement names nobody, and the answer at 253 or 254 may be anybody's. One that comes late must not confirm an order that its meter never got, nor be
    /// read as another meter's data. Where a mistake only costs the next step a time-out nothing waits.
    /// </summary>
    public long QuietUntilMs => _running && (_steps[_stepCount - 1] == Step.Send ? _abandonedAcknowledge : AsksAnybody && !_abandonedAcknowledge) ? _abandonedUntilMs : 0;

    private Step Current => _steps[_step];

    private bool AsksAnybody => Current is Step.Request or Step.RequestAlarm && _target is { Address: > MBusLimits.MaxPrimaryAddress, Secondary: null };

    /// <summary>One telegram of the readout, in the order of its arrival; whole and sound. Valid until the next exchange begins.</summary>
    public MBusTelegram Telegram(int index)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Telegrams);
        MBusFrame.Scan(TelegramFrame(index), out MBusFrame frame, out _);
        MBusTelegram.Read(frame, _readout.TextUnit, out MBusTelegram telegram, out _);
        return telegram;
    }

    /// <summary>The bytes of one telegram's frame.</summary>
    public ReadOnlySpan<byte> TelegramFrame(int index) => _telegrams.AsSpan(index * MBusLimits.MaxFrameBytes, _telegramBytes[index]);

    /// <summary>Reads all telegrams of a meter.</summary>
    public void BeginReadout(MBusTarget target, MBusReadout readout)
    {
        ArgumentNullException.ThrowIfNull(readout);
        ArgumentOutOfRangeException.ThrowIfLessThan(readout.MaxTelegrams, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(readout.MaxTelegrams, MostTelegrams);
        MustAnswer(target);
        Prepare(target);
        _readout = readout;
        AddNormalise(readout.NormaliseFirst);
        if (readout.ApplicationReset)
        {
            _payloadControlInformation = MBusControlInformation.ApplicationReset;
            Add(Step.Send);
        }

        Add(Step.Request);
        Start();
    }

    /// <summary>SND_NKE: brings a meter's link to its beginning; at address 253 it ends the selection.</summary>
    public void BeginNormalise(byte address)
    {
        Prepare(MBusTarget.Primary(address));
        Add(Step.Normalise);
        Start();
    }

    /// <summary>Selects a meter; it then answers at address 253.</summary>
    public void BeginSelect(MBusSecondaryAddress meter)
    {
        Prepare(MBusTarget.Selected(meter));
        Start();
    }

    /// <summary>REQ_UD1: asks whether a meter has an alarm.</summary>
    public void BeginAlarm(MBusTarget target)
    {
        MustAnswer(target);
        Prepare(target);
        AddNormalise(force: false);
        Add(Step.RequestAlarm);
        Start();
    }

    /// <summary>SND_UD: user data of any kind.</summary>
    public void BeginSend(MBusTarget target, byte controlInformation, ReadOnlySpan<byte> data)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(data.Length, MBusLimits.MaxDataBytes);
        Prepare(target);
        AddNormalise(force: false);
        _payloadControlInformation = controlInformation;
        data.CopyTo(_payload);
        _payloadBytes = data.Length;
        Add(Step.Send);
        Start();
    }

    /// <param name="subCode">Which telegrams the meter shall send from now on; null for its usual ones (EN 13757-3, §8.1).</param>
    public void BeginApplicationReset(MBusTarget target, byte? subCode) =>
        BeginSend(target, MBusControlInformation.ApplicationReset, subCode is { } code ? [code] : []);

    /// <summary>Changes a meter's speed; it acknowledges at the old one.</summary>
    /// <param name="baud">300, 600, 1200 … 38400.</param>
    public void BeginSetBaud(MBusTarget target, int baud)
    {
        byte ci = MBusControlInformation.SetBaud(baud) ?? throw new ArgumentOutOfRangeException(nameof(baud), baud, "is no rate of M-Bus");
        BeginSend(target, ci, []);
    }

    /// <summary>Gives a meter a primary address.</summary>
    /// <param name="address">0 to 250.</param>
    public void BeginSetPrimaryAddress(MBusTarget target, byte address)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(address, MBusLimits.MaxPrimaryAddress);
        // DIF 01, VIF 7A: the bus address as one byte (EN 13757-3, table 10).
        BeginSend(target, MBusControlInformation.DataSend, [0x01, 0x7A, address]);
        _links.Forget(address);
    }

    public Memory<byte> Free()
    {
        Memory<byte> free = _received.Free();
        if (free.IsEmpty)
        {
            // Four frames' worth of bytes without a frame: nobody waits for what they once began.
            NoiseBytes += _received.Unread.Length;
            _received.Clear();
            free = _received.Free();
        }

        return free;
    }

    public void Received(int count) => _received.Received(count);

    public BusStatus Take(bool silent)
    {
        while (MBusFrame.Seek(_received.Unread, silent, out int noise, out MBusFrame frame) == ScanStatus.Done)
        {
            NoiseBytes += noise;
            ReadOnlySpan<byte> bytes = _received.Unread.Slice(noise, frame.Length);
            BusStatus status = Judge(frame, bytes);
            _received.Consume(noise + frame.Length);
            if (status != BusStatus.NeedMore)
            {
                DropUnread();
                return status;
            }
        }

        SkipNoise(silent);
        return BusStatus.NeedMore;
    }

    public void Sent(long nowMs, long lateUntilMs) => _lateUntilMs = lateUntilMs;

    public void Discard(bool silent)
    {
        while (MBusFrame.Seek(_received.Unread, silent, out int noise, out MBusFrame frame) == ScanStatus.Done)
        {
            NoiseBytes += noise;
            bool ours = frame.Kind == MBusFrameKind.Acknowledge ? _strayAcknowledge : frame.Address == _abandoned;
            LateReplies += ours ? 1 : 0;
            ForeignReplies += ours ? 0 : 1;
            _received.Consume(noise + frame.Length);
        }

        SkipNoise(silent);
    }

    public void Abandon()
    {
        if (!_running)
        {
            return;
        }

        _running = false;
        _links.Lose(_target.Address);
        if (!ExpectsReply)
        {
            return;
        }

        _abandoned = _target.Address;
        _abandonedAcknowledge = Current is not (Step.Request or Step.RequestAlarm);
        _abandonedUntilMs = _lateUntilMs;
        _strayAcknowledge |= _abandonedAcknowledge;
        MoreFollows |= Telegrams > 0;
    }

    public void Reset()
    {
        _received.Clear();
        _strayAcknowledge = false;
        _abandoned = null;
    }

    private BusStatus Judge(in MBusFrame frame, ReadOnlySpan<byte> bytes)
    {
        if (frame.Kind == MBusFrameKind.Acknowledge)
        {
            return Acknowledged();
        }

        if (MBusControl.IsFromMaster(frame.Control))
        {
            // Our own echo, or another master's request that nobody here has asked for.
            ForeignReplies += bytes.SequenceEqual(Outgoing.Span) ? 0 : 1;
            return BusStatus.NeedMore;
        }

        bool awaited = _running && Current is Step.Request or Step.RequestAlarm;
        if (!_running || !awaited || frame.Kind != MBusFrameKind.Long || !IsFromTarget(frame))
        {
            return Foreign(frame.Address);
        }

        return Answered(frame, bytes);
    }

    private BusStatus Acknowledged()
    {
        if (!_running)
        {
            LateReplies++;
            return BusStatus.NeedMore;
        }

        switch (Current)
        {
            case Step.Normalise:
            case Step.Select:
                _links.Begin(_target.Address);
                return Next();
            case Step.Send:
                Toggle();
                return Next();
            default:
                if (_strayAcknowledge || (_acknowledgedBefore && Current == Step.Request))
                {
                    LateReplies += _strayAcknowledge ? 1 : 0;
                    (_strayAcknowledge, _acknowledgedBefore) = (false, false);
                    return BusStatus.NeedMore;
                }

                Toggle();
                return Current == Step.RequestAlarm ? Finish(BusStatus.Answered) : Finish(BusStatus.Refused, "the meter acknowledges and sends no data");
        }
    }

    private BusStatus Answered(in MBusFrame frame, ReadOnlySpan<byte> bytes)
    {
        ScanStatus read = MBusTelegram.Read(frame, _readout.TextUnit, out MBusTelegram telegram, out MBusMistake mistake);
        if (_target.Secondary is { } wanted && telegram.Meter is { } meter && !IsSame(meter, wanted))
        {
            return Foreign(frame.Address);
        }

        Toggle();
        if (read != ScanStatus.Done)
        {
            return Finish(BusStatus.Mismatch, $"{mistake.Why} (byte {mistake.Offset} of the telegram)");
        }

        switch (telegram.ControlInformation)
        {
            case MBusControlInformation.ApplicationError:
                return Finish(BusStatus.Refused, $"application error: {MBusApplicationError.Text(telegram.ApplicationError)}");
            case MBusControlInformation.AlarmStatus:
                AlarmStatus = telegram.AlarmStatus;
                return Current == Step.RequestAlarm ? Finish(BusStatus.Answered) : Finish(BusStatus.Mismatch, "an alarm instead of data");
            default:
                return Current == Step.Request ? Keep(telegram, bytes) : Finish(BusStatus.Mismatch, "data instead of an alarm");
        }
    }

    private BusStatus Keep(in MBusTelegram telegram, ReadOnlySpan<byte> bytes)
    {
        if (telegram.IsEncrypted)
        {
            return Finish(BusStatus.Refused, "the telegram is encrypted and no key is kept here");
        }

        if (Telegrams == 0 && IsOldAgain(telegram, bytes))
        {
            RepeatedTelegrams++;
            _stepCount = 0;
            _step = 0;
            Add(Step.Normalise);
            Add(Step.Request);
            Write();
            return BusStatus.SendNext;
        }

        if (Telegrams > 0 && bytes.SequenceEqual(TelegramFrame(Telegrams - 1)))
        {
            // The count bit has toggled and the same came again: the meter would send it for ever.
            RepeatedTelegrams++;
            MoreFollows = true;
            return Finish(BusStatus.Answered);
        }

        bytes.CopyTo(_telegrams.AsSpan(Telegrams * MBusLimits.MaxFrameBytes));
        _telegramBytes[Telegrams++] = bytes.Length;
        MoreFollows = telegram.MoreFollows;
        if (!telegram.MoreFollows || Telegrams == _readout.MaxTelegrams)
        {
            // A meter of several telegrams is brought to its first one before the next readout.
            if (Telegrams > 1 || telegram.MoreFollows)
            {
                _links.Lose(_target.Address);
            }

            return Finish(BusStatus.Answered);
        }

        Write();
        return BusStatus.SendNext;
    }

    /// <summary>Behind a selection every readout begins afresh, so only primary addresses can be out of step.</summary>
    private bool IsOldAgain(in MBusTelegram telegram, ReadOnlySpan<byte> bytes) =>
        _target.Secondary is null
        && telegram.AccessNumber is { } access
        && _links.IsOldAgain(_target.Address, access, bytes, normalised: _steps[0] == Step.Normalise);

    private bool IsFromTarget(in MBusFrame frame) => _target.Address > MBusLimits.MaxPrimaryAddress || frame.Address == _target.Address;

    /// <summary>The fixed structure tells neither maker nor version, so wildcards of the meter's side match, too.</summary>
    private static bool IsSame(MBusSecondaryAddress meter, MBusSecondaryAddress wanted) =>
        meter.Matches(wanted with
        {
            Manufacturer = meter.Manufacturer == MBusManufacturer.Any ? MBusManufacturer.Any : wanted.Manufacturer,
            Version = meter.Version == MBusSecondaryAddress.AnyByte ? MBusSecondaryAddress.AnyByte : wanted.Version,
        });

    private BusStatus Foreign(byte address)
    {
        if (!_running || address == _abandoned)
        {
            LateReplies++;
        }
        else
        {
            ForeignReplies++;
        }

        return BusStatus.NeedMore;
    }

    private void Toggle() => _links.Toggle(_target.Address);

    private BusStatus Next()
    {
        _acknowledgedBefore = true;
        if (_step + 1 == _stepCount)
        {
            return Finish(BusStatus.Answered);
        }

        _step++;
        Write();
        return BusStatus.SendNext;
    }

    private BusStatus Finish(BusStatus status, string why = "")
    {
        _running = false;
        Why = why;
        return status;
    }

    private void SkipNoise(bool silent)
    {
        MBusFrame.Seek(_received.Unread, silent, out int noise, out _);
        NoiseBytes += noise;
        _received.Consume(noise);
    }

    /// <summary>What has arrived before a request goes out cannot be its answer.</summary>
    private void DropUnread()
    {
        NoiseBytes += _received.Unread.Length;
        _received.Clear();
    }

    private static void MustAnswer(MBusTarget target)
    {
        if (target.Address == MBusLimits.BroadcastAddress)
        {
            throw new ArgumentException("nobody answers at address 255", nameof(target));
        }
    }

    private void Prepare(MBusTarget target)
    {
        Abandon();
        DropUnread();
        _target = target;
        _stepCount = 0;
        _step = 0;
        _acknowledgedBefore = false;
        _payloadBytes = 0;
        Telegrams = 0;
        MoreFollows = false;
        AlarmStatus = null;
        Why = "";
        if (target.Secondary is not null)
        {
            Add(Step.Select);
        }
    }

    /// <summary>A meter whose count bit is unknown would take a first request for a repetition of an earlier one. A selection does the same by itself.</summary>
    private void AddNormalise(bool force)
    {
        if (_target.Secondary is null && ExpectsReply && (force || !_links.IsInStep(_target.Address)))
        {
            Add(Step.Normalise);
        }
    }

    private void Add(Step step) => _steps[_stepCount++] = step;

    private void Start()
    {
        _running = true;
        Write();
    }

    private void Write()
    {
        byte address = _target.Address;
        bool countBit = _links.CountBit(address);
        switch (Current)
        {
            case Step.Normalise:
                _outgoingBytes = MBusFrameWriter.Short(_outgoing, MBusControl.Normalise, address);
                break;
            case Step.Select:
                Span<byte> selection = stackalloc byte[MBusSecondaryAddress.Bytes];
                _target.Secondary.GetValueOrDefault().Write(selection);
                _outgoingBytes = MBusFrameWriter.Long(_outgoing, MBusControl.SendUserData, address, MBusControlInformation.SelectMeter, selection);
                break;
            case Step.Send:
                _outgoingBytes = MBusFrameWriter.Long(
                    _outgoing, MBusControl.With(MBusControl.SendUserData, countBit), address, _payloadControlInformation, _payload.AsSpan(0, _payloadBytes));
                break;
            case Step.Request:
                _outgoingBytes = MBusFrameWriter.Short(_outgoing, MBusControl.With(MBusControl.RequestData, countBit), address);
                break;
            case Step.RequestAlarm:
                _outgoingBytes = MBusFrameWriter.Short(_outgoing, MBusControl.With(MBusControl.RequestAlarm, countBit), address);
                break;
            default:
                throw new InvalidOperationException($"no step {Current}");
        }
    }
}
