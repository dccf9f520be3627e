using System.Buffers.Binary;
using IotProperty.Protocols.Framing;

namespace IotProperty.Protocols.MBus;

/// <summary>A meter that a search has found.</summary>
/// <param name="PrimaryAddress">What it answers at besides.</param>
public readonly record struct MBusFoundMeter(MBusSecondaryAddress Address, byte PrimaryAddress);

/// <summary>How far a search may go.</summary>
/// <param name="Within">Only meters that match; <see cref="MBusSecondaryAddress.Any"/> for all.</param>
/// <param name="Manufacturers">Makers to try when two meters have the same digits, beside those that were found; a line rarely knows more.</param>
/// <param name="MaxRequests">A bound for a line that answers with noise to everything.</param>
public sealed record MBusSearchLimits(MBusSecondaryAddress Within, IReadOnlyList<ushort> Manufacturers, int MaxRequests = 20_000)
{
    public static MBusSearchLimits Whole { get; } = new(MBusSecondaryAddress.Any, []);
}

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

    private readonly List<Level> _levels = [];
    private readonly List<MBusFoundMeter> _found = [];
    private readonly List<MBusSecondaryAddress> _unresolved = [];
    private readonly MBusSearchLimits _limits;
    private readonly byte[] _outgoing = new byte[MBusLimits.MaxFrameBytes];
    private int _outgoingBytes;
    private Probe _probe;
    private bool _requesting;
    private bool _requestedTwice;
    private bool _probedTwice;

    public MBusSecondarySearch(MBusSearchLimits limits)
    {
        ArgumentNullException.ThrowIfNull(limits);
        _limits = limits;
        Ask(new Probe(limits.Within, null));
    }

    /// <summary>By which part of the address a level tells meters apart.</summary>
    private enum Part : byte
    {
        Digits,
        Fabrication,
        Maker,
        Medium,
        Version,
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
            foreach (Level level in _levels)
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

        Part? part = _probe switch
        {
            { Fabrication: { } number } when Wildcard(number) >= 0 => Part.Fabrication,
            { Fabrication: not null } => null,
            { Selection.NextWildcard: >= 0 } => Part.Digits,
            _ => FirstOpen(_probe.Selection, Part.Fabrication),
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
            Level level = _levels[^1];
            if (level.Next < level.Count)
            {
                Ask(Child(level, level.Next++));
                return;
            }

            if (level.Part == Part.Digits && !level.Answered && !level.Repeated)
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
    private void Leave(Level level)
    {
        bool root = level.Part != Part.Fabrication || level.Base.Fabrication is null;
        if (level.Part >= Part.Fabrication && root && level.Found < Colliding)
        {
            if (FirstOpen(level.Base.Selection, level.Part + 1) is { } part)
            {
                _levels.Add(Open(level.Base, part, level.Found));
                return;
            }

            _unresolved.Add(level.Base.Selection);
        }
        else if (!level.Answered && level.Part == Part.Digits)
        {
            _unresolved.Add(level.Base.Selection);
        }
    }

    private static Part? FirstOpen(MBusSecondaryAddress selection, Part from)
    {
        for (Part part = from; part <= Part.Version; part++)
        {
            bool open = part switch
            {
                Part.Maker => selection.Manufacturer == MBusManufacturer.Any,
                Part.Medium => selection.Medium == MBusSecondaryAddress.AnyByte,
                Part.Version => selection.Version == MBusSecondaryAddress.AnyByte,
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

    private Level Open(Probe from, Part part, int found = 0)
    {
        ushort[] makers = part == Part.Maker ? Makers() : [];
        int count = part switch
        {
            Part.Digits or Part.Fabrication => DecimalDigits,
            Part.Maker => makers.Length,
            Part.Medium => Media,
            _ => Versions,
        };
        return new Level(from, part, count, makers) { Found = found };
    }

    private static Probe Child(Level level, int n)
    {
        MBusSecondaryAddress selection = level.Base.Selection;
        uint fabrication = level.Base.Fabrication ?? MBusSecondaryAddress.Any.Id;
        return level.Part switch
        {
            Part.Digits => level.Base with { Selection = selection.WithDigit(selection.NextWildcard, n) },
            Part.Fabrication => level.Base with { Fabrication = OfDigits(fabrication).WithDigit(Wildcard(fabrication), n).Id },
            Part.Maker => level.Base with { Selection = selection with { Manufacturer = level.Makers[n] } },
            Part.Medium => level.Base with { Selection = selection with { Medium = (byte)n } },
            _ => level.Base with { Selection = selection with { Version = (byte)n } },
        };
    }

    private void Ask(Probe probe)
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
        foreach (Level level in _levels)
        {
            progress += share * (level.Next - 1) / level.Count;
            share /= level.Count;
        }

        // A repeated level goes back, but nothing that was decided becomes open again.
        Progress = Math.Max(Progress, progress);
    }

    private static int Wildcard(uint digits) => OfDigits(digits).NextWildcard;

    private static MBusSecondaryAddress OfDigits(uint digits) => MBusSecondaryAddress.Any with { Id = digits };

    /// <summary>One selection.</summary>
    private readonly record struct Probe(MBusSecondaryAddress Selection, uint? Fabrication);

    /// <summary>One selection that several meters answered, being tried part by part.</summary>
    private sealed class Level(Probe from, Part part, int count, ushort[] makers)
    {
        public Probe Base { get; } = from;

        public Part Part { get; } = part;

        public int Count { get; } = count;

        /// <summary>What the parts are where they are makers.</summary>
        public ushort[] Makers { get; } = makers;

        public int Next { get; set; }

        /// <summary>Somebody answered one of the parts.</summary>
        public bool Answered { get; set; }

        public bool Repeated { get; set; }

        /// <summary>How many meters were found below.</summary>
        public int Found { get; set; }
    }
}
