using System.Net;
using System.Net.Sockets;

namespace IotProperty.Hub.Ingest;

/// <summary>
/// The places for connections that have not been let in yet: bounded in all and for each address, so that one stranger cannot use them all up. Of an IPv6 address its
/// first 64 bits count, for one stranger has as many of the others as he likes. Safe on any task.
/// </summary>
internal sealed class FrontDoorStrangers(FrontDoorOptions options)
{
    private const int NetworkBytes = 8;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, int> _ofAddress = new(StringComparer.Ordinal);
    private int _count;

    /// <summary>Takes a place, to be given back with <see cref="Leave"/>; null when there was one, else the limit for people.</summary>
    public string? TryEnter(string address)
    {
        lock (_gate)
        {
            if (_count >= options.MaximumStrangers)
            {
                return $"{options.MaximumStrangers} unidentified connections";
            }

            int present = _ofAddress.GetValueOrDefault(address);
            if (present >= options.MaximumStrangersOfAddress)
            {
                return $"{options.MaximumStrangersOfAddress} unidentified connections of one address";
            }

            _ofAddress[address] = present + 1;
            _count++;
            return null;
        }
    }

    public void Leave(string address)
    {
        lock (_gate)
        {
            _count--;
            int left = _ofAddress[address] - 1;
            if (left == 0)
            {
                _ofAddress.Remove(address);
            }
            else
            {
                _ofAddress[address] = left;
            }
        }
    }

    /// <summary>What counts as one address; connections that have none, as over a Unix socket, count together.</summary>
    public static string AddressOf(EndPoint? remote)
    {
        if (remote is not IPEndPoint { Address: { } address })
        {
            return "";
        }

        return address.AddressFamily == AddressFamily.InterNetworkV6 && !address.IsIPv4MappedToIPv6
            ? Convert.ToHexString(address.GetAddressBytes().AsSpan(0, NetworkBytes))
            : address.MapToIPv4().ToString();
    }
}
