using System.Collections.Frozen;
using IotProperty.Edge.Drivers.Cjt188;
using IotProperty.Edge.Drivers.Dlt645;
using IotProperty.Edge.Profiles;

namespace IotProperty.Edge.Drivers.Control;

/// <summary>What this edge can switch.</summary>
public sealed class ControlActions
{
    private readonly FrozenDictionary<FieldProtocol, IControlAction> _actions;

    /// <summary>One line for each protocol.</summary>
    public ControlActions(TimeProvider time) => _actions = new Dictionary<FieldProtocol, IControlAction>
    {
        [FieldProtocol.Dlt645Y2007] = new Dlt645RelayControl(time),
        [FieldProtocol.Cjt188] = new Cjt188ValveControl(time),
    }.ToFrozenDictionary();

    /// <summary>Null where devices of the protocol have nothing to switch.</summary>
    public IControlAction? Find(FieldProtocol protocol) => _actions.GetValueOrDefault(protocol);
}
