namespace IotProperty.Protocols.AzureIotHub;

/// <summary>Bounds of IoT Hub ("IoT Hub quotas and throttling", "Communicate with an IoT hub using the MQTT protocol").</summary>
public static class AzureLimits
{
    public const int Port = 8883;

    /// <summary>The longest message from a device, its properties included. Bytes.</summary>
    public const int MaxMessageBytes = 256 * 1024;

    /// <summary>The longest keep-alive: the hub waits for 1.5 of it, and never longer than 1767 seconds.</summary>
    public const int MaxKeepAliveSeconds = 1_177;

    /// <summary>The most messages that wait for a device in the hub.</summary>
    public const int MaxWaitingForDevice = 50;
}
