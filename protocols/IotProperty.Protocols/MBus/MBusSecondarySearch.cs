using System.Buffers.Binary;
using IotProperty.Protocols.Framing;

namespace IotProperty.Protocols.MBus;

/// <summary>
/// Finds every meter of a line by its secondary address (EN 13757-3, §11.4): selects by wildcards, and wherever more than one answers, splits the selection by
/// the next digit. Meters with the same eight digits are told apart by fabrication number (enhanced selection, §11.5), maker, medium and version. Sans-IO:
/// send <see cref="Outgoing"/>, listen until the line is silent or the time-out is over, hand everything that was heard to <see cref="Heard"/>, until
/// <see cref="IsOver"/>. Owned by one task; bounded.
/// </summary>
public sealed class MBusSecondarySearch
{
    private const int AcknowledgeRoom = 4;
    private const int DecimalDigits = 10;

    // EN 13757-3, table 3: every medium that has a name.
    private const int Media = 0x40;

    // FF is the wildcard.
    private const int Versions = 0xFF;

    /// <summary>A collision has two meters at least; a way of splitting that finds fewer has not told them apart.</summary>
    private const int Colliding = 2;

    private readonly List<MBusSearchLevel> _levels = [];
    private readonly List<MBusFoundMeter> _found = [];
    private readonly List<MBusSecondaryAddress> _unresolved = [];
    private readonly MBusSearchLimits _limits;
    private readonly byte[] _outgoing = new byte[MBusLimits.MaxFrameBytes];
    private int _outgoingBytes;
    private MBusProbe _probe;
    private bool _requesting;
    private bool _requestedTwice;
    private bool _probedTwice;

    public MBusSecondarySearch(MBusSearchLimits limits)
    {
        ArgumentNullException.ThrowIfNull(limits);
        _limits = limits;
        Ask(new MBusProbe(limits.Within, null));
    }

    private enum Answer : byte
    {
        Silence,
        Acknowledge,
        Telegram,
        Noise,
    }

    /// <summary>What to send now.</summary>
    public ReadOnlyMemory<byte> Outgoing => _outgoing.AsMemory(0, _outgoingBytes);

    /// <summary>No answer to <see cref="Outgoing"/> is longer. Bytes.</summary>
    public int MaxReplyBytes => _requesting ? MBusLimits.MaxFrameBytes : AcknowledgeRoom;

    public bool IsOver { get; private set; }

    /// <summary>Whether the search ended at its bound, not because everything was asked.</summary>
    public bool IsCutShort { get; private set; }

    public int Requests { get; private set; }

    /// <summary>From 0 to 1: the share of all addresses that is decided.</summary>
    public double Progress { get; private set; }

    /// <summary>The selection that is being tried, for people.</summary>
    public MBusSecondaryAddress Selection => _probe.Selection;

    public IReadOnlyList<MBusFoundMeter> Found => _found;

    /// <summary>Selections at which somebody answered who could not be read or told apart from another one.</summary>
    public IReadOnlyList<MBusSecondaryAddress> Unresolved => _unresolved;

    /// <summary>Takes what was heard after <see cref="Outgoing"/> had been sent, own echo included; empty when nothing came.</summary>
    public void Heard(ReadOnlySpan<byte> bytes)
    {
        if (IsOver)
        {
            throw new InvalidOperationException("the search is over");
        }

        Answer answer = Classify(bytes, out MBusFoundMeter meter);
        if (!_requesting)
        {
            Selected(answer);
            return;
        }

        if (answer == Answer.Telegram && (meter.Address.Matches(_probe.Selection) || _probe.Selection.NextWildcard < 0))
        {
            Keep(meter);
        }
        else if (answer == Answer.Silence && !_requestedTwice)
        {
            _requestedTwice = true;
            Request();
        }
        else
        {
            // The acknowledgement of several sounds like that of one; their telegrams do not.
            Split();
        }
    }

    private Answer Classify(ReadOnlySpan<byte> bytes, out MBusFoundMeter meter)
    {
        meter = default;
        if (bytes.StartsWith(Outgoing.Span))
        {
            bytes = bytes[_outgoingBytes..];
        }

        // Stray zeros at power-up are no answer, and a doubled E5 is one.
        bytes = bytes.Trim((byte)0);
        if (bytes.IsEmpty)
        {
            return Answer.Silence;
        }

        if (!bytes.ContainsAnyExcept(MBusFrame.AcknowledgeByte))
        {
            return Answer.Acknowledge;
        }

        if (MBusFrame.Scan(bytes.TrimStart(MBusFrame.AcknowledgeByte), out MBusFrame frame, out _) != ScanStatus.Done
            || frame.Kind != MBusFrameKind.Long
            || MBusControl.IsFromMaster(frame.Control))
        {
            return Answer.Noise;
        }

        MBusTelegram.Read(frame, MBusTextUnit.BeforeModifiers, out MBusTelegram telegram, out _);
        if (telegram.Meter is not { } address)
        {
            return Answer.Noise;
        }

        meter = new MBusFoundMeter(address, frame.Address);
        return Answer.Telegram;
    }

    private void Selected(Answer answer)
    {
        switch (answer)
        {
            case Answer.Silence:
                Advance();
                break;
            case Answer.Acknowledge:
                _requesting = true;
                _requestedTwice = false;
                Request();
                break;
            default:
                Split();
                break;
        }
    }

    private void Request()
    {
        Requests++;
        _outgoingBytes = MBusFrameWriter.Short(_outgoing, MBusControl.With(MBusControl.RequestData, countBit: true), MBusLimits.SelectedAddress);
    }

    private void Keep(MBusFoundMeter meter)
    {
        if (_probe.Selection.NextWildcard < 0 && _probe.Selection.Id != meter.Address.Id)
        {
            // A meter whose header says other digits than it is selected by: what selects it is what a line needs.
            meter = meter with { Address = meter.Address with { Id = _probe.Selection.Id } };
        }

        if (!_found.Contains(meter))
        {
            _found.Add(meter);
            foreach (MBusSearchLevel level in _levels)
            {
                level.Found++;
            }
        }

        MarkAnswered();
        Advance();
    }

    /// <summary>More than one meter feels selected: asks for each part of the selection instead.</summary>
    private void Split()
    {
        MarkAnswered();
        if (_probe.Selection.NextWildcard < 0 && !_probedTwice)
        {
            // All digits are given: before the long ways of telling twins apart, make sure that it was no passing noise.
            _probedTwice = true;
            Ask(_probe);
            return;
        }

        MBusAddressPart? part = _probe switch
        {
            { Fabrication: { } number } when Wildcard(number) >= 0 => MBusAddressPart.Fabrication,
            { Fabrication: not null } => null,
            { Selection.NextWildcard: >= 0 } => MBusAddressPart.Digits,
            _ => FirstOpen(_probe.Selection, MBusAddressPart.Fabrication),
        };
        if (part is { } known)
        {
            _levels.Add(Open(_probe, known));
        }
        else if (_probe.Fabrication is null)
        {
            _unresolved.Add(_probe.Selection);
        }

        Advance();
    }

    private void MarkAnswered()
    {
        if (_levels.Count > 0)
        {
            _levels[^1].Answered = true;
        }
    }

    /// <summary>Goes to the next selection that is to be tried; closes the levels that are through.</summary>
    private void Advance()
    {
        _probedTwice = false;
        while (_levels.Count > 0)
        {
            MBusSearchLevel level = _levels[^1];
            if (level.Next < level.Count)
            {
                Ask(Child(level, level.Next++));
                return;
            }

            if (level.Part == MBusAddressPart.Digits && !level.Answered && !level.Repeated)
            {
                // Somebody answered the wildcard and nobody its parts: an answer was lost.
                level.Repeated = true;
                level.Next = 0;
            }
            else
            {
                _levels.RemoveAt(_levels.Count - 1);
                Leave(level);
            }
        }

        IsOver = true;
        Progress = 1;
        _outgoingBytes = 0;
    }

    /// <summary>Where one part of the address has not told the meters apart, the next one may.</summary>
    private void Leave(MBusSearchLevel level)
    {
        bool root = level.Part != MBusAddressPart.Fabrication || level.Base.Fabrication is null;
        if (level.Part >= MBusAddressPart.Fabrication && root && level.Found < Colliding)
        {
            if (FirstOpen(level.Base.Selection, level.Part + 1) is { } part)
            {
                _levels.Add(Open(level.Base, part, level.Found));
                return;
            }

            _unresolved.Add(level.Base.Selection);
        }
        else if (!level.Answered && level.Part == MBusAddressPart.Digits)
        {
            _unresolved.Add(level.Base.Selection);
        }
    }

    private static MBusAddressPart? FirstOpen(MBusSecondaryAddress selection, MBusAddressPart from)
    {
        for (MBusAddressPart part = from; part <= MBusAddressPart.Version; part++)
        {
            bool open = part switch
            {
                MBusAddressPart.Maker => selection.Manufacturer == MBusManufacturer.Any,
                MBusAddressPart.Medium => selection.Medium == MBusSecondaryAddress.AnyByte,
                MBusAddressPart.Version => selection.Version == MBusSecondaryAddress.AnyByte,
                _ => true,
            };
            if (open)
            {
                return part;
            }
        }

        return null;
    }

    private ushort[] Makers() =>
        [.. _found.Select(meter => meter.Address.Manufacturer).Concat(_limits.Manufacturers).Where(maker => maker != MBusManufacturer.Any).Distinct()];

    private MBusSearchLevel Open(MBusProbe from, MBusAddressPart part, int found = 0)
    {
        ushort[] makers = part == MBusAddressPart.Maker ? Makers() : [];
        int count = part switch
        {
            MBusAddressPart.Digits or MBusAddressPart.Fabrication => DecimalDigits,
            MBusAddressPart.Maker => makers.Length,
            MBusAddressPart.Medium => Media,
            _ => Versions,
        };
        return new MBusSearchLevel(from, part, count, makers) { Found = found };
    }

    private static MBusProbe Child(MBusSearchLevel level, int n)
    {
        MBusSecondaryAddress selection = level.Base.Selection;
        uint fabrication = level.Base.Fabrication ?? MBusSecondaryAddress.Any.Id;
        return level.Part switch
        {
            MBusAddressPart.Digits => level.Base with { Selection = selection.WithDigit(selection.NextWildcard, n) },
            MBusAddressPart.Fabrication => level.Base with { Fabrication = OfDigits(fabrication).WithDigit(Wildcard(fabrication), n).Id },
            MBusAddressPart.Maker => level.Base with { Selection = selection with { Manufacturer = level.Makers[n] } },
            MBusAddressPart.Medium => level.Base with { Selection = selection with { Medium = (byte)n } },
            _ => level.Base with { Selection = selection with { Version = (byte)n } },
        };
    }

    private void Ask(MBusProbe probe)
    {
        if (Requests >= _limits.MaxRequests)
        {
            IsCutShort = true;
            IsOver = true;
            _levels.Clear();
            _outgoingBytes = 0;
            return;
        }

        Requests++;
        _probe = probe;
        _requesting = false;
        Span<byte> data = stackalloc byte[MBusSecondaryAddress.Bytes + 6];
        probe.Selection.Write(data);
        int length = MBusSecondaryAddress.Bytes;
        if (probe.Fabrication is { } number)
        {
            // A record of 8 decimal digits (DIF 0C) of the fabrication number (VIF 78), wildcards included.
            data[length++] = 0x0C;
            data[length++] = 0x78;
            BinaryPrimitives.WriteUInt32LittleEndian(data[length..], number);
            length += sizeof(uint);
        }

        _outgoingBytes = MBusFrameWriter.Long(
            _outgoing, MBusControl.SendUserData, MBusLimits.SelectedAddress, MBusControlInformation.SelectMeter, data[..length]);
        Measure();
    }

    private void Measure()
    {
        double progress = 0;
        double share = 1;
        foreach (MBusSearchLevel level in _levels)
        {
            progress += share * (level.Next - 1) / level.Count;
            share /= level.Count;
        }

        // A repeated level goes back, but nothing that was decided becomes open again.
        Progress = Math.Max(Progress, progress);
    }

    private static int Wildcard(uint digits) => OfDigits(digits).NextWildcard;

    private static MBusSecondaryAddress OfDigits(uint digits) => MBusSecondaryAddress.Any with { Id = digits };
}
