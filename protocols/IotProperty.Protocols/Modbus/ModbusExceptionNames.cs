using System.Globalization;

namespace IotProperty.Protocols.Modbus;

/// <summary>Exception codes in words.</summary>
public static class ModbusExceptionNames
{
    private static readonly string[] People = [.. Enumerable.Range(0, 256).Select(Describe)];

    /// <summary>Such as <c>exception 2 (IllegalDataAddress)</c>; allocates nothing.</summary>
    public static string ForPeople(ModbusExceptionCode code) => People[(byte)code];

    /// <summary>The specification's name (§7), such as <c>ILLEGAL_DATA_ADDRESS</c>; empty for a code that it does not know.</summary>
    public static string OfSpecification(ModbusExceptionCode code) => code switch
    {
        ModbusExceptionCode.IllegalFunction => "ILLEGAL_FUNCTION",
        ModbusExceptionCode.IllegalDataAddress => "ILLEGAL_DATA_ADDRESS",
        ModbusExceptionCode.IllegalDataValue => "ILLEGAL_DATA_VALUE",
        ModbusExceptionCode.ServerDeviceFailure => "SERVER_DEVICE_FAILURE",
        ModbusExceptionCode.Acknowledge => "ACKNOWLEDGE",
        ModbusExceptionCode.ServerDeviceBusy => "SERVER_DEVICE_BUSY",
        ModbusExceptionCode.MemoryParityError => "MEMORY_PARITY_ERROR",
        ModbusExceptionCode.GatewayPathUnavailable => "GATEWAY_PATH_UNAVAILABLE",
        ModbusExceptionCode.GatewayTargetFailedToRespond => "GATEWAY_TARGET_FAILED_TO_RESPOND",
        _ => "",
    };

    private static string Describe(int code)
    {
        ModbusExceptionCode named = (ModbusExceptionCode)code;
        return Enum.IsDefined(named)
            ? string.Create(CultureInfo.InvariantCulture, $"exception {code} ({named})")
            : string.Create(CultureInfo.InvariantCulture, $"exception {code}");
    }
}
