namespace IotProperty.Simulators.Scenarios;

/// <summary>A scenario did not come out as it must; the message says what was expected and what was found.</summary>
public sealed class ScenarioException(string message) : Exception(message);
