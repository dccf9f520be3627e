using IotProperty.Simulators.Buses;

namespace IotProperty.Simulators.Devices;

/// <summary>What goes wrong with the answers of a <see cref="ModbusTcpServer"/>.</summary>
public interface IReplyFaults
{
    /// <summary>Says how an answer goes out.</summary>
    /// <param name="unit">Who answers.</param>
    /// <param name="reply">The whole answer, header included.</param>
    /// <returns>What to send when, counted from now; null when the answer goes out at once as it is.</returns>
    WireSchedule? Plan(byte unit, ReadOnlySpan<byte> reply);
}
