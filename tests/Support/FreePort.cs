using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace IotProperty.Tests;

/// <summary>
/// A loopback port that was free a moment ago, for programs that cannot be told to choose one themselves. Below those that the system gives out by itself (from 32768 on, ip(7)),
/// so that nobody who asks for any port gets it in between, and not given twice by this process.
/// </summary>
public static class FreePort
{
    private const int First = 20_000;
    private const int Count = 12_000;

    // Another process of tests begins elsewhere.
    private static int _given = RandomNumberGenerator.GetInt32(Count);

    public static int Next()
    {
        for (int tries = 0; tries < Count; tries++)
        {
            int port = First + (int)((uint)Interlocked.Increment(ref _given) % Count);
            try
            {
                using TcpListener listener = new(IPAddress.Loopback, port);
                listener.Start();
                return port;
            }
            catch (SocketException taken) when (taken.SocketErrorCode is SocketError.AddressAlreadyInUse or SocketError.AccessDenied)
            {
                // Somebody has it; the next one may be free.
            }
        }

        throw new InvalidOperationException($"no port from {First} to {First + Count - 1} is free");
    }
}
