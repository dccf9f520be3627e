namespace IotProperty.Protocols.Tests.Fuzzing;

/// <summary>Every codec that reads bytes from outside.</summary>
internal static class FuzzedCodecs
{
    public static IReadOnlyList<IFuzzedCodec> All { get; } =
    [
        new FuzzedModbus(),
        new FuzzedDlt645(),
        new FuzzedCjt188(),
        new FuzzedMBus(),
        new FuzzedMqtt(),
        new FuzzedUplink(),
        new FuzzedAzure(),
        new FuzzedAnswers(),
    ];
}
