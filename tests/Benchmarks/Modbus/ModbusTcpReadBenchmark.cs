using System.Net;
using System.Net.Sockets;
using IotProperty.Benchmarks.Harness;
using IotProperty.Edge.Drivers;
using IotProperty.Edge.Polling;
using IotProperty.Edge.Profiles;
using IotProperty.Protocols.Uplink;
using Microsoft.Extensions.Logging.Abstractions;

namespace IotProperty.Benchmarks.Modbus;

/// <summary>Reads of 100 registers, one after the other, through the edge's driver against an asynchronous socket loop that moves the same bytes.</summary>
internal sealed class ModbusTcpReadBenchmark : IBenchmark
{
    private const double RatioFloor = 0.90;
    private const double BytesCeiling = 200;

    private static readonly RegisterBlock Block = new(PointTable.Holding, 0, FixedReplyServer.Registers, []);

    private static readonly DeviceConfiguration Device = new()
    {
        Id = "bench",
        Name = new LocalText("bench", "bench"),
        Address = new ModbusAddress(1),
        PollMs = 1_000,
        Profile = new DeviceProfile { Id = "bench", Name = new LocalText("bench", "bench"), Kind = DeviceKind.Sensor, Source = "this benchmark", PollMs = 1_000, Points = [] },
    };

    public string Name => "modbus-tcp-read-100";

    public string Description => "reads of 100 registers through the driver, against an asynchronous raw-socket loop of the same bytes";

    public bool PinToOneCore => true;

    public async Task<IReadOnlyList<Measurement>> RunAsync(BenchmarkRun run, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(run);
        await using FixedReplyServer server = new();
        await using ModbusTcpDriver driver = new(
            new ModbusTcpDriverOptions("bench", "127.0.0.1", server.Port) { RequestTimeout = TimeSpan.FromSeconds(5) },
            TimeProvider.System,
            new Random(1),
            NullLogger<ModbusTcpDriver>.Instance);
        using Socket raw = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await raw.ConnectAsync(new IPEndPoint(IPAddress.Loopback, server.Port), cancellationToken);

        Comparison comparison = await run.CompareAsync(
            count => ReadThroughDriverAsync(driver, count, cancellationToken),
            count => ReadRawAsync(raw, count, cancellationToken));
        return
        [
            Measurement.Of(Name, "requests/s", comparison, RatioFloor),
            new Measurement($"{Name}-allocated", comparison.SubjectBytesPerOperation, "B/request") { Ceiling = BytesCeiling },
        ];
    }

    private static async Task ReadThroughDriverAsync(ModbusTcpDriver driver, int count, CancellationToken cancellationToken)
    {
        BlockValues values = new();
        for (int i = 0; i < count; i++)
        {
            DriverReply reply = await driver.ReadAsync(Device, Block, values, cancellationToken);
            if (reply.Outcome != DriverOutcome.Ok || values.Registers[FixedReplyServer.Registers - 1] != FixedReplyServer.Registers - 1)
            {
                throw new InvalidOperationException($"{reply.Outcome}: {reply.Detail}");
            }
        }
    }

    private static async Task ReadRawAsync(Socket socket, int count, CancellationToken cancellationToken)
    {
        byte[] request = Convert.FromHexString("000100000006010300000064");
        byte[] reply = new byte[FixedReplyServer.ReplyBytes];
        for (int i = 0; i < count; i++)
        {
            await socket.SendAsync(request, cancellationToken);
            for (int have = 0; have < reply.Length;)
            {
                int received = await socket.ReceiveAsync(reply.AsMemory(have), cancellationToken);
                if (received == 0)
                {
                    throw new InvalidOperationException("the server has closed the connection");
                }

                have += received;
            }
        }
    }
}
