namespace IotProperty.Hub.Billing;

/// <summary>Where a utility is delivered to a unit.</summary>
public sealed record ServicePoint
{
    /// <summary>Empty in a request: the hub makes one.</summary>
    public string Id { get; init; } = "";

    public required string Unit { get; init; }

    /// <summary><c>electricity</c>, <c>water</c>, <c>heat</c>, <c>gas</c>.</summary>
    public required string Utility { get; init; }
}
