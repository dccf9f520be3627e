using System.Collections.Immutable;
using IotProperty.Protocols.Uplink.Wire;

namespace IotProperty.Protocols.Uplink;

/// <summary>The state message of an edge from and to the bytes of <c>uplink.proto</c>.</summary>
public static class EdgeStateCodec
{
    private const int MaxHeaderFields = 32;
    private const DeviceCommands KnownCommands = DeviceCommands.Unlock | DeviceCommands.SwitchRelay | DeviceCommands.SwitchValve;

    /// <summary>Throws <see cref="ArgumentException"/> when the catalogue is larger than <see cref="UplinkLimits"/> allow.</summary>
    public static byte[] Encode(EdgeState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        return WireMessage.Seal(new Wire.EdgeState
        {
            Site = state.Site,
            Online = state.Online,
            Epoch = state.Epoch,
            Version = state.Version,
            ProfileHash = state.ProfileHash,
            TimeMs = state.TimeMs,
            Catalogue = state.Catalogue is null ? null : WireMessage.Pack(ToWire(state.Catalogue)),
        });
    }

    /// <summary>Never throws for what the bytes hold.</summary>
    public static Decoded<EdgeState> Decode(ReadOnlySpan<byte> payload)
    {
        if (!WireMessage.TryOpen(Wire.EdgeState.Parser, payload, MaxHeaderFields, out Wire.EdgeState? wire, out string why))
        {
            return Decoded<EdgeState>.Malformed($"edge state {why}");
        }

        if (wire.Site.Length == 0)
        {
            return Decoded<EdgeState>.Malformed("edge state names no site");
        }

        SiteCatalogue? catalogue = null;
        if (wire.Catalogue is not null && !TryRead(wire.Catalogue, out catalogue, out why))
        {
            return Decoded<EdgeState>.Malformed($"catalogue {why}");
        }

        return new Decoded<EdgeState>(new EdgeState(wire.Site, wire.Online, wire.Epoch, wire.Version, wire.ProfileHash, wire.TimeMs, catalogue), "");
    }

    private static Catalogue ToWire(SiteCatalogue catalogue)
    {
        int entries = catalogue.Devices.Length + catalogue.Rules.Length + catalogue.Devices.Sum(device => device.Points.Length);
        if (entries > UplinkLimits.MaxCatalogueEntries)
        {
            throw new ArgumentException($"the catalogue holds {entries} devices, points and rules, more than {UplinkLimits.MaxCatalogueEntries}", nameof(catalogue));
        }

        Catalogue wire = new() { NameEn = catalogue.Name.En, NameZhCn = catalogue.Name.ZhCn, TimeZone = catalogue.TimeZone };
        foreach (CatalogueDevice device in catalogue.Devices)
        {
            uint index = (uint)wire.Devices.Count;
            wire.Devices.Add(new Wire.CatalogueDevice
            {
                Id = device.Id,
                Kind = device.Kind,
                Profile = device.Profile,
                NameEn = device.Name.En,
                NameZhCn = device.Name.ZhCn,
                Commands = (uint)device.Commands,
            });
            wire.Points.AddRange(device.Points.Select(point => ToWire(point, index)));
        }

        wire.Rules.AddRange(catalogue.Rules.Select(ToWire));
        return wire;
    }

    private static Wire.CataloguePoint ToWire(CataloguePoint point, uint device)
    {
        Wire.CataloguePoint wire = new() { Device = device, Id = point.Id, Unit = point.Unit, NameEn = point.Name.En, NameZhCn = point.Name.ZhCn, MaxSilenceMs = (uint)point.MaxSilenceMs };
        if (point.RangeLow is { } low)
        {
            wire.RangeLow = low;
        }

        if (point.RangeHigh is { } high)
        {
            wire.RangeHigh = high;
        }

        return wire;
    }

    private static Wire.CatalogueRule ToWire(CatalogueRule rule)
    {
        Wire.CatalogueRule wire = new()
        {
            Id = rule.Id,
            Device = rule.Point.Device,
            Point = rule.Point.Point,
            NameEn = rule.Name.En,
            NameZhCn = rule.Name.ZhCn,
            Direction = WireEnum.Number(rule.Direction),
        };
        if (rule.Warning is { } warning)
        {
            wire.Warning = warning;
        }

        if (rule.Alarm is { } alarm)
        {
            wire.Alarm = alarm;
        }

        return wire;
    }

    private static CatalogueRule FromWire(Wire.CatalogueRule wire) => new(
        wire.Id,
        new PointRef(wire.Device, wire.Point),
        new LocalText(wire.NameEn, wire.NameZhCn),
        WireEnum.TryRead(wire.Direction, out RuleDirection direction) ? direction : RuleDirection.Unknown,
        wire.HasWarning ? wire.Warning : null,
        wire.HasAlarm ? wire.Alarm : null);

    private static bool TryRead(Packed packed, out SiteCatalogue? catalogue, out string why)
    {
        catalogue = null;
        if (!WireMessage.TryUnpack(Catalogue.Parser, packed, UplinkLimits.MaxCatalogueEntries + 16, out Catalogue? wire, out why))
        {
            return false;
        }

        ImmutableArray<CataloguePoint>.Builder[] points = [.. wire.Devices.Select(_ => ImmutableArray.CreateBuilder<CataloguePoint>())];
        foreach (Wire.CataloguePoint point in wire.Points)
        {
            if (point.Device >= points.Length)
            {
                why = $"has a point of device {point.Device}, but only {points.Length} devices";
                return false;
            }

            points[point.Device].Add(new CataloguePoint(
                point.Id,
                point.Unit,
                new LocalText(point.NameEn, point.NameZhCn),
                point.HasRangeLow ? point.RangeLow : null,
                point.HasRangeHigh ? point.RangeHigh : null,
                (int)Math.Min(point.MaxSilenceMs, int.MaxValue)));
        }

        catalogue = new SiteCatalogue(
            new LocalText(wire.NameEn, wire.NameZhCn),
            wire.TimeZone,
            [.. wire.Devices.Select((device, index) => new CatalogueDevice(
                device.Id, device.Kind, device.Profile, new LocalText(device.NameEn, device.NameZhCn), points[index].ToImmutable(), (DeviceCommands)(device.Commands & (uint)KnownCommands)))],
            [.. wire.Rules.Select(FromWire)]);
        return true;
    }
}
