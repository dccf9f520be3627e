namespace IotProperty.Protocols.Cjt188;

/// <summary>Whom a request is for, and in which dialect.</summary>
/// <param name="MeterType">T; <see cref="Cjt188MeterType.Any"/> where it is not known.</param>
/// <param name="Order">How this meter wants identifiers written; replies are understood either way.</param>
public readonly record struct Cjt188Target(byte MeterType, Cjt188AddressField Address, Cjt188IdentifierOrder Order = Cjt188IdentifierOrder.LowByteFirst);
