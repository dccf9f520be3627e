using System.Net;
using System.Net.Sockets;

namespace IotProperty.Tests;

/// <summary>A loopback port that was free a moment ago, for programs that cannot be told to choose one themselves.</summary>
public static class FreePort
{
    public static int Next()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
