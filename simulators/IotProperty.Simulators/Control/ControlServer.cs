using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using IotProperty.Simulators.Devices;
using IotProperty.Simulators.Hosting;
using IotProperty.Simulators.Ledger;

namespace IotProperty.Simulators.Control;

/// <summary>
/// The local control socket: a Unix socket that only its owner can open; one JSON object a line in, items and one closing line out (<see cref="ControlReply"/>).
/// Each connection is served by its own task; at most 32 at a time.
/// </summary>
public sealed class ControlServer : IAsyncDisposable
{
    private const int MostConnections = 32;
    private const int LongestRequest = 8 * 1024;
    private const int LongestWaitMs = 600_000;

    private readonly Simulator _simulator;
    private readonly IReadOnlyDictionary<string, string> _endpoints;
    private readonly string _path;
    private readonly Socket _listener;
    private readonly SemaphoreSlim _slots = new(MostConnections);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _accepting;

    /// <summary>Listens at once; throws <see cref="IOException"/> with the mend when the path cannot be used.</summary>
    public ControlServer(Simulator simulator, IReadOnlyDictionary<string, string> endpoints, string path)
    {
        (_simulator, _endpoints, _path) = (simulator, endpoints, path);
        _listener = ControlSocket.Listen(path);
        _accepting = AcceptAsync(_stop.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _accepting;

        // Whoever holds a slot is a connection that is being served: with all of them here, nobody writes any more.
        for (int i = 0; i < MostConnections; i++)
        {
            await _slots.WaitAsync();
        }

        _slots.Dispose();
        _stop.Dispose();
        File.Delete(_path);
    }

    private async Task AcceptAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await _slots.WaitAsync(cancellationToken);
                Socket socket = await _listener.AcceptAsync(cancellationToken);
                _ = ServeAsync(socket, cancellationToken);
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException && cancellationToken.IsCancellationRequested)
            {
                _slots.Release();
                return;
            }
        }
    }

    private async Task ServeAsync(Socket socket, CancellationToken cancellationToken)
    {
        try
        {
            await using NetworkStream stream = new(socket, ownsSocket: true);
            using StreamReader reader = new(stream, Encoding.UTF8);
            await using StreamWriter writer = new(stream, new UTF8Encoding(false)) { NewLine = "\n" };
            while (await ReadLineAsync(reader, cancellationToken) is { } line)
            {
                await AnswerAsync(line, writer, cancellationToken);
                await writer.FlushAsync(cancellationToken);
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // The asker went away, or we are stopping: nobody is left to tell.
        }
        finally
        {
            _slots.Release();
        }
    }

    private static async Task<string?> ReadLineAsync(StreamReader reader, CancellationToken cancellationToken)
    {
        StringBuilder line = new();
        char[] one = new char[1];
        while (await reader.ReadAsync(one, cancellationToken) == 1 && one[0] != '\n')
        {
            line.Append(one[0]);
            if (line.Length > LongestRequest)
            {
                throw new IOException("the request is longer than any can be");
            }
        }

        return line.Length == 0 ? null : line.ToString();
    }

    private async Task AnswerAsync(string line, StreamWriter writer, CancellationToken cancellationToken)
    {
        ControlReply reply;
        try
        {
            ControlRequest request = JsonSerializer.Deserialize<ControlRequest>(line, ControlJson.Options) ?? throw new JsonException("a request is an object");
            reply = await HandleAsync(request, writer, cancellationToken);
        }
        catch (JsonException e)
        {
            reply = Refuse($"the request cannot be read: {e.Message}");
        }

        await writer.WriteLineAsync(JsonSerializer.Serialize(reply, ControlJson.Options).AsMemory(), cancellationToken);
    }

    private async Task<ControlReply> HandleAsync(ControlRequest request, StreamWriter writer, CancellationToken cancellationToken)
    {
        switch (request.Op)
        {
            case "status":
                return await WriteAsync([_simulator.Status(_endpoints)], writer, cancellationToken);
            case "events":
                return await WriteAsync(_simulator.Journal.Query(request.FromMs ?? long.MinValue, request.ToMs ?? long.MaxValue), writer, cancellationToken);
            case "ledger" when request.Device is null:
                return await WriteAsync(_simulator.Ledger.Query(LineQuery(request)), writer, cancellationToken);
            case "items":
                return await WriteAsync(_simulator.Items.Query(request.FromMs ?? long.MinValue, request.ToMs ?? long.MaxValue), writer, cancellationToken);
            case "fault" or "clear":
                return Break(request);
            case "swipe" or "ledger" or "await":
                break;
            default:
                return Refuse($"there is no operation '{request.Op}'; there are: status, fault, clear, swipe, ledger, items, events, await");
        }

        if (request.Op == "ledger" && _simulator.Estate.Meters.FirstOrDefault(m => m.Id == request.Device) is { } meter)
        {
            return await WriteAsync(request, meter, writer, cancellationToken);
        }

        SimulatedDevice? device = _simulator.Find(request.Device);
        return device is null
            ? Refuse($"there is no device '{request.Device}'; there are: {string.Join(", ", _simulator.Devices.Select(d => d.Id))}")
            : await HandleAsync(request, device, writer, cancellationToken);
    }

    /// <summary>Sets or clears a fault of a device or a serial line; clears everything when nothing is named.</summary>
    private ControlReply Break(ControlRequest request)
    {
        if (request.Op == "clear" && request.Device is null)
        {
            foreach (IFaultTarget each in _simulator.FaultTargets)
            {
                _simulator.ClearFault(each, null);
            }

            return Done();
        }

        IFaultTarget? target = _simulator.FaultTargets.FirstOrDefault(t => t.Id == request.Device);
        if (target is null)
        {
            return Refuse($"there is no device '{request.Device}'; there are: {string.Join(", ", _simulator.FaultTargets.Select(t => t.Id))}");
        }

        string? error = request.Op == "fault" ? _simulator.SetFault(target, request.Fault ?? "") : _simulator.ClearFault(target, request.Fault);
        return error is null ? Done() : Refuse($"{target.Id}: {error}");
    }

    private async Task<ControlReply> WriteAsync(ControlRequest request, SimulatedMeter meter, StreamWriter writer, CancellationToken cancellationToken)
    {
        if (meter.Items.All(i => i.Name != request.Register))
        {
            return Refuse($"{meter.Id} has no item '{request.Register}'; it has: {string.Join(", ", meter.Items.Select(i => i.Name))}");
        }

        string item = request.Register!;
        return await WriteAsync(
            _simulator.Items.Query(request.FromMs ?? long.MinValue, request.ToMs ?? long.MaxValue)
                .Where(s => s.Device == meter.Id && s.Values.ContainsKey(item))
                .Select(s => new ShownItem(s.TimeMs, meter.Id, item, s.Values[item])),
            writer,
            cancellationToken);
    }

    private async Task<ControlReply> HandleAsync(ControlRequest request, SimulatedDevice device, StreamWriter writer, CancellationToken cancellationToken)
    {
        if (request.Op == "swipe")
        {
            return Swipe(request, device);
        }

        RegisterField? field = device.Registers.Fields.FirstOrDefault(f => f.Name == request.Register);
        if (field is null)
        {
            return Refuse($"{device.Id} has no register '{request.Register}'; it has: {string.Join(", ", device.Registers.Fields.Select(f => f.Name))}");
        }

        return request.Op == "ledger"
            ? await WriteAsync(Shown(request, device, field), writer, cancellationToken)
            : await AwaitAsync(request, field, cancellationToken);
    }

    private ControlReply Swipe(ControlRequest request, SimulatedDevice device)
    {
        if (device.Swipe is null)
        {
            return Refuse($"{device.Id} has no reader; these have: {string.Join(", ", _simulator.Devices.Where(d => d.Swipe is not null).Select(d => d.Id))}");
        }

        if (!uint.TryParse(request.Card, NumberStyles.None, CultureInfo.InvariantCulture, out uint card))
        {
            return Refuse($"'{request.Card}' is not a card's number: digits only, at most {uint.MaxValue}");
        }

        _simulator.Swipe(device, card);
        return Done();
    }

    private async Task<ControlReply> AwaitAsync(ControlRequest request, RegisterField field, CancellationToken cancellationToken)
    {
        if ((request.Below is null) == (request.Above is null))
        {
            return Refuse("await needs exactly one of below and above");
        }

        bool Meets(long raw) => request.Below is { } below ? raw < below : raw > request.Above;
        TimeSpan timeout = TimeSpan.FromMilliseconds(Math.Clamp(request.TimeoutMs ?? 10_000, 1, LongestWaitMs));
        try
        {
            (long timeMs, long raw) = await _simulator.WaitAsync(field, Meets, timeout, cancellationToken);
            return new ControlReply(true, null, timeMs, 0, raw);
        }
        catch (TimeoutException)
        {
            return Refuse($"{field.Name} did not get there within {timeout.TotalMilliseconds:F0} ms");
        }
    }

    private IEnumerable<ShownValue> Shown(ControlRequest request, SimulatedDevice device, RegisterField field)
    {
        LedgerQuery query = LineQuery(request) with
        {
            Line = device.Line,
            Unit = device.Unit,
            Table = field.Table,
            Address = field.Address,
            Words = field.Words,
        };
        return _simulator.Ledger.Query(query).Select(read => new ShownValue(
            read.TimeMs,
            device.Id,
            field.Name,
            RegisterField.Join(read.Values.AsSpan(field.Address - read.Address, field.Words), field.LowWordFirst)));
    }

    private static LedgerQuery LineQuery(ControlRequest request) =>
        new() { Line = request.Line, FromMs = request.FromMs ?? long.MinValue, ToMs = request.ToMs ?? long.MaxValue };

    private async Task<ControlReply> WriteAsync<T>(IEnumerable<T> items, StreamWriter writer, CancellationToken cancellationToken)
    {
        long count = 0;
        foreach (T item in items)
        {
            await writer.WriteLineAsync(JsonSerializer.Serialize(item, ControlJson.Options).AsMemory(), cancellationToken);
            count++;
        }

        return Done() with { Items = count };
    }

    private ControlReply Done() => new(true, null, _simulator.NowMs, 0, null);

    private ControlReply Refuse(string error) => new(false, error, _simulator.NowMs, 0, null);
}
