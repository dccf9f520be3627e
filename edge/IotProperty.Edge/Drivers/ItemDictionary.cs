using System.Collections.Frozen;
using IotProperty.Edge.Drivers.Cjt188;
using IotProperty.Edge.Drivers.Dlt645;
using IotProperty.Edge.Drivers.MBus;
using IotProperty.Edge.Drivers.Onboard;
using IotProperty.Edge.Profiles;
using IotProperty.Protocols.Dlt645;

namespace IotProperty.Edge.Drivers;

/// <summary>Knows the data items of one protocol; stands beside the protocol's adapter.</summary>
public interface IProtocolItems
{
    /// <inheritdoc cref="IItemDictionary.Find"/>
    ItemLookup Find(string item, string? unit);
}

/// <summary>The items of all protocols that this edge speaks.</summary>
public sealed class ItemDictionary : IItemDictionary
{
    private readonly FrozenDictionary<FieldProtocol, IProtocolItems> _items;

    private ItemDictionary(Dictionary<FieldProtocol, IProtocolItems> items) => _items = items.ToFrozenDictionary();

    /// <summary>One line for each protocol.</summary>
    public static ItemDictionary Standard { get; } = new(new Dictionary<FieldProtocol, IProtocolItems>
    {
        [FieldProtocol.Dlt645Y2007] = new Dlt645Items(Dlt645Edition.Y2007),
        [FieldProtocol.Dlt645Y1997] = new Dlt645Items(Dlt645Edition.Y1997),
        [FieldProtocol.Cjt188] = new Cjt188Items(),
        [FieldProtocol.Onboard] = new OnboardItems(),
        [FieldProtocol.MBus] = new MBusItems(),
    });

    /// <inheritdoc/>
    public ItemLookup Find(FieldProtocol protocol, string item, string? unit) =>
        _items.TryGetValue(protocol, out IProtocolItems? items)
            ? items.Find(item, unit)
            : new UnknownItem($"this edge knows no items of {FieldProtocols.Name(protocol)}", $"write protocol: {string.Join(" or ", _items.Keys.Append(FieldProtocol.Modbus).Select(FieldProtocols.Name))}");
}
