using System.Globalization;
using System.Text.RegularExpressions;
using IotProperty.Protocols.Modbus;
using IotProperty.Simulators.Devices;
using IotProperty.Tests;

namespace IotProperty.Simulators.Tests.Devices;

/// <summary>Our server under a client that we did not write: mbpoll, which stands on libmodbus.</summary>
public sealed partial class ModbusTcpServerPeerTests : IAsyncLifetime
{
    private readonly TableImage _image = new();
    private ModbusTcpServer? _server;

    public Task InitializeAsync()
    {
        _server = ModbusTcpServer.Start(_image, new ModbusTcpServerOptions(), TimeProvider.System);
        return Task.CompletedTask;
    }

    public async Task DisposeAsync() => await _server!.DisposeAsync();

    [PeerFact("mbpoll")]
    public async Task Mbpoll_reads_every_table()
    {
        new ushort[] { 1, 2, 65535 }.CopyTo(_image.Registers[RegisterTable.HoldingRegisters], 10);
        new ushort[] { 4, 5, 6 }.CopyTo(_image.Registers[RegisterTable.InputRegisters], 10);
        new[] { true, false, true }.CopyTo(_image.Bits[RegisterTable.Coils], 10);
        new[] { false, true, true }.CopyTo(_image.Bits[RegisterTable.DiscreteInputs], 10);
        Assert.Equal((int[])[1, 2, 65535], await ReadAsync("4", 10, 3));
        Assert.Equal((int[])[4, 5, 6], await ReadAsync("3", 10, 3));
        Assert.Equal((int[])[1, 0, 1], await ReadAsync("0", 10, 3));
        Assert.Equal((int[])[0, 1, 1], await ReadAsync("1", 10, 3));
        Assert.Equal(125, (await ReadAsync("4", 0, 125)).Length);
    }

    [PeerFact("mbpoll")]
    public async Task Mbpoll_writes_single_and_many()
    {
        await WriteAsync("4", 20, "4321");
        await WriteAsync("4", 30, "7", "8", "9");
        await WriteAsync("0", 20, "1");
        await WriteAsync("0", 30, "1", "0", "1");
        Assert.Equal(4321, _image.Registers[RegisterTable.HoldingRegisters][20]);
        Assert.Equal([7, 8, 9], _image.Registers[RegisterTable.HoldingRegisters][30..33]);
        Assert.True(_image.Bits[RegisterTable.Coils][20]);
        Assert.Equal([true, false, true], _image.Bits[RegisterTable.Coils][30..33]);
    }

    [PeerFact("mbpoll")]
    public async Task Mbpoll_is_told_why_not()
    {
        (int exitCode, string output, string errors) = await RunAsync("4", TableImage.Size - 1, "-c", "2", "-1", "127.0.0.1");
        Assert.NotEqual(0, exitCode);
        Assert.Contains("Illegal data address", output + errors, StringComparison.Ordinal);
    }

    [GeneratedRegex(@"^\[(?<at>\d+)\]:\s+(?<value>\d+)", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex ValueLine();

    private async Task<int[]> ReadAsync(string table, int address, int count)
    {
        (int exitCode, string output, string errors) =
            await RunAsync(table, address, "-c", count.ToString(CultureInfo.InvariantCulture), "-1", "127.0.0.1");
        Assert.True(exitCode == 0, output + errors);
        Match[] lines = [.. ValueLine().Matches(output).Cast<Match>()];
        Assert.Equal(Enumerable.Range(address, count), lines.Select(l => int.Parse(l.Groups["at"].Value, CultureInfo.InvariantCulture)));
        return [.. lines.Select(l => int.Parse(l.Groups["value"].Value, CultureInfo.InvariantCulture))];
    }

    private async Task WriteAsync(string table, int address, params string[] values)
    {
        (int exitCode, string output, string errors) = await RunAsync(table, address, ["127.0.0.1", .. values]);
        Assert.True(exitCode == 0, output + errors);
        Assert.Contains($"Written {values.Length} reference", output, StringComparison.Ordinal);
    }

    private Task<(int ExitCode, string Output, string Errors)> RunAsync(string table, int address, params string[] more) =>
        PeerProcess.RunAsync(
            Peers.Require("mbpoll"),
            ["-m", "tcp", "-a", "1", "-0", "-o", "5", "-t", table, "-r", $"{address}", "-p", $"{_server!.Endpoint.Port}", .. more]);

    private sealed class TableImage : IModbusDeviceImage
    {
        public const int Size = 200;

        public Dictionary<RegisterTable, ushort[]> Registers { get; } = new()
        {
            [RegisterTable.HoldingRegisters] = new ushort[Size],
            [RegisterTable.InputRegisters] = new ushort[Size],
        };

        public Dictionary<RegisterTable, bool[]> Bits { get; } = new()
        {
            [RegisterTable.Coils] = new bool[Size],
            [RegisterTable.DiscreteInputs] = new bool[Size],
        };

        public bool Answers(byte unit) => unit == 1;

        public ModbusExceptionCode ReadRegisters(byte unit, RegisterTable table, ushort address, Span<ushort> destination) =>
            Registers[table].AsSpan(Math.Min((int)address, Size)).TryCopyInto(destination);

        public ModbusExceptionCode ReadBits(byte unit, RegisterTable table, ushort address, Span<bool> destination) =>
            Bits[table].AsSpan(Math.Min((int)address, Size)).TryCopyInto(destination);

        public ModbusExceptionCode WriteRegisters(byte unit, ushort address, ReadOnlySpan<ushort> values) =>
            Taken(values.TryCopyTo(Registers[RegisterTable.HoldingRegisters].AsSpan(Math.Min((int)address, Size))));

        public ModbusExceptionCode WriteBits(byte unit, ushort address, ReadOnlySpan<bool> values) =>
            Taken(values.TryCopyTo(Bits[RegisterTable.Coils].AsSpan(Math.Min((int)address, Size))));

        private static ModbusExceptionCode Taken(bool fits) => fits ? ModbusExceptionCode.None : ModbusExceptionCode.IllegalDataAddress;
    }
}

file static class SpanExtensions
{
    /// <summary>Fills the destination from the source's start, or refuses where the source is shorter.</summary>
    public static ModbusExceptionCode TryCopyInto<T>(this Span<T> source, Span<T> destination)
    {
        if (source.Length < destination.Length)
        {
            return ModbusExceptionCode.IllegalDataAddress;
        }

        source[..destination.Length].CopyTo(destination);
        return ModbusExceptionCode.None;
    }
}
