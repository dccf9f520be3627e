using System.Buffers;
using System.Collections.Frozen;
using System.Collections.Immutable;
using IotProperty.Protocols.Uplink;

namespace IotProperty.Edge.Profiles;

/// <summary>A profile file as far as it could be read. <see cref="Profile"/> is null when it holds mistakes; its id may be known all the same.</summary>
internal sealed record ProfileFile(string? Id, SourcePosition At, DeviceProfile? Profile, YamlMapping? Tree);

/// <summary>Reads one device profile.</summary>
internal static class ProfileReader
{
    private static readonly SearchValues<char> IdCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-");

    private const int MaxPoints = 2_000;

    private static readonly FrozenDictionary<string, DeviceKind> Kinds =
        DeviceKinds.Names.ToFrozenDictionary(name => name, name => DeviceKinds.Find(name)!.Value);

    private static readonly FrozenDictionary<string, SwipeLayout> Layouts =
        new Dictionary<string, SwipeLayout> { ["seq-u16 card-u32"] = SwipeLayout.SequenceU16CardU32 }.ToFrozenDictionary();

    private static readonly FrozenDictionary<string, PointTable> RegisterTables =
        new Dictionary<string, PointTable> { ["holding"] = PointTable.Holding, ["input"] = PointTable.Input }.ToFrozenDictionary();

    /// <summary>The id of a profile without the rest of it, from its top-level <c>profile:</c> line; null where only reading all of it can tell.</summary>
    public static ProfileFile? Glance(SourceText source)
    {
        const string Key = "profile:";
        int line = 0;
        foreach (ReadOnlySpan<char> text in source.Text.AsSpan().EnumerateLines())
        {
            line++;
            if (text.StartsWith(Key, StringComparison.Ordinal))
            {
                ReadOnlySpan<char> id = text[Key.Length..].Trim();
                return id.Length > 0 && id.IndexOfAnyExcept(IdCharacters) < 0 ? new ProfileFile(id.ToString(), new SourcePosition(source.File, line, 1), null, null) : null;
            }
        }

        return null;
    }

    public static ProfileFile Read(SourceText source, IItemDictionary items, List<ConfigurationMistake> mistakes)
    {
        int before = mistakes.Count;
        SourcePosition start = new(source.File, 1, 1);
        YamlMapping? tree = YamlTree.Read(source, mistakes);
        if (tree is null)
        {
            return new ProfileFile(null, start, null, null);
        }

        MappingReader reader = new(tree, "a profile", mistakes);
        string? id = reader.Id("profile", "write profile: the id by which sites name it");
        DeviceProfile? profile = Read(reader, id, items);
        return new ProfileFile(id, reader.Optional("profile")?.At ?? start, mistakes.Count == before ? profile : null, tree);
    }

    private static DeviceProfile? Read(MappingReader reader, string? id, IItemDictionary items)
    {
        LocalText? name = reader.Name("name", "write name: { en: …, zh-CN: … }");
        DeviceKind? kind = reader.Choice("kind", Kinds, $"write one of: {string.Join(", ", DeviceKinds.Names)}");
        string? source = reader.Text("source", "write where the register map is documented");
        int? pollMs = (int?)reader.Integer("pollMs", 20, 86_400_000, "write pollMs: how many milliseconds lie between two polls");
        FieldProtocol protocol = reader.Choice("protocol", FieldProtocols.ByName) ?? FieldProtocol.Modbus;
        bool isModbus = protocol == FieldProtocol.Modbus;
        int maxRegisters = isModbus ? (int)(reader.Integer("maxRegistersPerRead", 1, 125) ?? 125) : 125;
        int joinHoles = isModbus ? (int)(reader.Integer("joinHoles", 0, 124) ?? 8) : 0;
        DeviceQuirks quirks = QuirkReader.ReadQuirks(reader, protocol);
        ControlDefinition control = QuirkReader.ReadControl(reader, protocol);
        ImmutableArray<PointDefinition> points = ReadPoints(reader, new PointSetting(protocol, pollMs, maxRegisters, quirks, items));
        ImmutableArray<ReadingDefinition> readings = ReadReadings(reader, points);
        ImmutableArray<AlarmTemplate> alarms = AlarmRuleReader.ReadTemplates(reader, points);
        AccessDefinition? access = isModbus ? ReadAccess(reader, kind, points, maxRegisters) : null;
        reader.Finish();
        if (id is null || name is null || kind is null || source is null || pollMs is null)
        {
            return null;
        }

        return new DeviceProfile
        {
            Id = id,
            Name = name.Value,
            Kind = kind.Value,
            Source = source,
            Protocol = protocol,
            Quirks = quirks,
            Control = control,
            Alarms = alarms,
            PollMs = pollMs.Value,
            MaxRegistersPerRead = maxRegisters,
            JoinHoles = joinHoles,
            Points = points,
            Readings = readings,
            Access = access,
        };
    }

    private static ImmutableArray<PointDefinition> ReadPoints(MappingReader reader, PointSetting setting)
    {
        string example = setting.Protocol == FieldProtocol.Modbus ? "table: …, address: …, type: …" : "item: …, unit: …";
        MappingReader? points = reader.Mapping("points", "'points'", $"write points: and below it one 'name: {{ {example} }}' line for each");
        if (points is null)
        {
            return [];
        }

        if (points.Node.Entries.Length is 0 or > MaxPoints)
        {
            reader.AddAt("points", $"the profile has {points.Node.Entries.Length} points", $"write 1 to {MaxPoints} points");
        }

        ImmutableArray<PointDefinition>.Builder read = ImmutableArray.CreateBuilder<PointDefinition>();
        foreach (YamlEntry entry in points.Node.Entries)
        {
            bool idIsGood = points.CheckId(entry.KeyAt, "the point's id", entry.Key);
            MappingReader? point = points.Mapping(entry.Value, $"point '{entry.Key}'");
            PointDefinition? definition = point is null ? null : PointReader.Read(entry.Key, point, setting);
            if (idIsGood && definition is not null)
            {
                read.Add(definition);
            }
        }

        return read.ToImmutable();
    }

    private static ImmutableArray<ReadingDefinition> ReadReadings(MappingReader reader, ImmutableArray<PointDefinition> points)
    {
        MappingReader? readings = reader.Mapping("readings", "'readings'");
        if (readings is null)
        {
            return [];
        }

        ImmutableArray<ReadingDefinition>.Builder read = ImmutableArray.CreateBuilder<ReadingDefinition>();
        foreach (YamlEntry entry in readings.Node.Entries)
        {
            PointDefinition? point = FindPoint(readings, entry.KeyAt, entry.Key, points);
            if (point is { Place: { IsFlag: true } or { IsText: true } })
            {
                readings.Add(entry.KeyAt, $"point '{entry.Key}' is a {(point.IsFlag ? "bool" : "text")} and cannot be billed", "name a register that counts");
            }
            else if (point is { Values: not null })
            {
                readings.Add(entry.KeyAt, $"point '{entry.Key}' tells a state and cannot be billed", "name a register that counts");
            }

            if (readings.Mapping(entry.Value, $"reading '{entry.Key}'") is { } reading)
            {
                int digits = (int)(reading.Integer("digits", 0, 18) ?? (point?.Place as ItemPlace)?.Digits ?? 0);
                int? everySeconds = ReadPeriod(reading);
                reading.Finish();
                if (point is not null && everySeconds is not null)
                {
                    read.Add(new ReadingDefinition(entry.Key, digits, everySeconds.Value));
                }
            }
        }

        return read.ToImmutable();
    }

    private static int? ReadPeriod(MappingReader reading)
    {
        const int Day = 86_400;
        const string Mend = "write everyMinutes: 15, or another period that divides a day";
        int? minutes = (int?)reading.Integer("everyMinutes", 1, 1_440);
        int? seconds = (int?)reading.Integer("everySeconds", 1, Day);
        if (reading.Has("everyMinutes") == reading.Has("everySeconds"))
        {
            reading.Add(reading.Node.At, reading.Has("everyMinutes") ? "the period is given twice" : "the period is missing", Mend);
            return null;
        }

        int? period = minutes * 60 ?? seconds;
        if (period is not null && Day % period.Value != 0)
        {
            reading.AddAt(minutes is null ? "everySeconds" : "everyMinutes", $"a period of {period} s does not divide a day, so readings would miss midnight", Mend);
            return null;
        }

        return period;
    }

    private static AccessDefinition? ReadAccess(MappingReader reader, DeviceKind? kind, ImmutableArray<PointDefinition> points, int maxRegisters)
    {
        MappingReader? access = reader.Mapping("access", "'access'");
        if (access is null)
        {
            return null;
        }

        if (kind is { } known && !DeviceKinds.HasAccess(known))
        {
            reader.AddAt("access", $"a {DeviceKinds.Name(known)} lets nobody in", "leave 'access' out, or write kind: door or gate");
        }

        string? sequence = access.Text("swipeSequence", "name the point that counts presented credentials");
        CheckRole(access, "swipeSequence", sequence, points, PointType.Uint16);
        SwipeRing? ring = ReadRing(access, maxRegisters);
        MappingReader? unlock = access.Mapping("unlock", "'unlock'", "write unlock: { coil: ADDRESS }");
        long? coil = unlock?.Integer("coil", 0, RegisterPlaceReader.AddressSpace - 1, "write the zero-based address of the coil that unlocks");
        unlock?.Finish();
        string? open = access.Text("open");
        CheckRole(access, "open", open, points, PointType.Bool);
        int? heldOpenMs = (int?)access.Integer("heldOpenMs", 1_000, 86_400_000);
        if (heldOpenMs is not null && !access.Has("open"))
        {
            access.AddAt("heldOpenMs", "'heldOpenMs' needs to know when the door is open", "name the point in 'open', or leave 'heldOpenMs' out");
        }

        access.Finish();
        return sequence is null || ring is null || coil is null
            ? null
            : new AccessDefinition { SwipeSequence = sequence, SwipeRing = ring, UnlockCoil = (ushort)coil.Value, Open = open, HeldOpenMs = heldOpenMs };
    }

    private static void CheckRole(MappingReader access, string role, string? id, ImmutableArray<PointDefinition> points, PointType wanted)
    {
        if (id is null || FindPoint(access, access.Optional(role)!.At, id, points) is not { } point)
        {
            return;
        }

        PointType type = point.Registers.Type;
        if (type != wanted || point.Registers.BitCount is not null || point.Scale != 1m || point.Offset != 0m)
        {
            access.AddAt(role, $"point '{id}' is {PointReader.TypeName(type)}{(type == wanted ? " with a scale or offset" : "")}", $"name a plain {PointReader.TypeName(wanted)} point");
        }
    }

    private static SwipeRing? ReadRing(MappingReader access, int maxRegisters)
    {
        MappingReader? ring = access.Mapping("swipeRing", "'swipeRing'", "write swipeRing: { table: …, address: …, entries: 8, layout: seq-u16 card-u32 }");
        if (ring is null)
        {
            return null;
        }

        PointTable? table = ring.Choice("table", RegisterTables, "write table: holding or input");
        long? address = ring.Integer("address", 0, RegisterPlaceReader.AddressSpace - 1, "write the zero-based address of the first entry");
        long? entries = ring.Integer("entries", 1, 41, "write how many entries the ring has");
        SwipeLayout? layout = ring.Choice("layout", Layouts, "write layout: seq-u16 card-u32");
        ring.Finish();
        if (table is null || address is null || entries is null || layout is null)
        {
            return null;
        }

        SwipeRing read = new(table.Value, (ushort)address.Value, (int)entries.Value, layout.Value);
        if (read.Address + read.Width > RegisterPlaceReader.AddressSpace)
        {
            ring.AddAt("address", $"{entries} entries at {address} run past the last register, 65535", $"write an address of at most {RegisterPlaceReader.AddressSpace - read.Width}");
        }

        if (read.Width > maxRegisters)
        {
            ring.AddAt("entries", $"the ring takes {read.Width} registers but the device delivers only {maxRegisters} in one read", "the ring must come in one read to be consistent: write fewer entries");
        }

        return read;
    }

    private static PointDefinition? FindPoint(MappingReader reader, SourcePosition at, string id, ImmutableArray<PointDefinition> points)
    {
        foreach (PointDefinition point in points)
        {
            if (point.Id == id)
            {
                return point;
            }
        }

        reader.Add(at, $"the profile has no point '{MappingReader.Bounded(id)}'", Suggestion.Mend(id, [.. points.Select(p => p.Id)]));
        return null;
    }
}
