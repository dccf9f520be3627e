namespace IotProperty.Simulators.Devices;

/// <summary>Hears of every answer of a meter that went out whole.</summary>
public interface IServedItems
{
    /// <summary>Called inside the world's lock, once an answer.</summary>
    /// <param name="values">Every value of the answer, by the name of the meter's item.</param>
    void Served(SimulatedMeter meter, IReadOnlyDictionary<string, decimal> values);
}
