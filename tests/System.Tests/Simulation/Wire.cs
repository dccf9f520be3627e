using IotProperty.Edge.Outbox;
using IotProperty.Protocols.Uplink;

namespace IotProperty.SystemTests.Simulation;

/// <summary>What lies between edge and hub, a broker included: connections break, batches and receipts are lost, doubled, delayed and overtake each other.</summary>
internal sealed class Wire(SystemSimulation simulation)
{
    private int _connection;
    private bool _isConnected;

    /// <summary>Whether the edge can connect.</summary>
    public bool IsUp { get; private set; } = true;

    public int Connect()
    {
        _isConnected = true;
        return ++_connection;
    }

    public void Break()
    {
        if (_isConnected)
        {
            _isConnected = false;
            simulation.NotePathTrouble("the connection breaks");
            simulation.Edge?.Uplink.OnBroken();
        }
    }

    public void SetUp(bool isUp)
    {
        IsUp = isUp;
        if (!isUp)
        {
            simulation.Faults.Add(Fault.HubAway);
            Break();
        }
    }

    public void Publish(BatchNumber number, byte[] payload)
    {
        simulation.Books.Published(number, payload);
        if (!_isConnected)
        {
            return;
        }

        foreach (long delayMs in Copies(Fault.BatchLost, Fault.BatchDoubled, Fault.BatchDelayed, number))
        {
            int connection = _connection;
            simulation.Agenda.In(delayMs, () =>
            {
                // What the broker already had comes in though the connection is gone.
                if (connection == _connection || simulation.Weather.Chance(0.5))
                {
                    simulation.Hub.Arrive(number.Lane, payload, Answer);
                }
            });
        }
    }

    private void Answer(Receipt receipt)
    {
        BatchNumber number = new(receipt.Key.Epoch, receipt.Key.Lane, receipt.Key.Sequence);
        foreach (long delayMs in Copies(Fault.ReceiptLost, Fault.ReceiptDoubled, Fault.ReceiptDelayed, number))
        {
            // A receipt of an earlier connection may still be in a buffer somewhere; it is as true as any.
            simulation.Agenda.In(delayMs, () =>
            {
                if (_isConnected)
                {
                    simulation.Edge?.Uplink.OnMessage(ReceiptCodec.Encode(receipt));
                }
            });
        }
    }

    /// <summary>When each copy of a message arrives.</summary>
    private IEnumerable<long> Copies(Fault lost, Fault doubled, Fault delayed, BatchNumber number)
    {
        Weather weather = simulation.Weather;
        if (weather.Strikes(weather.LossRate))
        {
            simulation.Faults.Add(lost);
            simulation.NotePathTrouble($"{lost} {number}");
            yield break;
        }

        bool twice = weather.Strikes(weather.DoubleRate);
        if (twice)
        {
            simulation.Faults.Add(doubled);
        }

        for (int copy = 0; copy < (twice ? 2 : 1); copy++)
        {
            bool late = weather.Strikes(weather.DelayRate);
            if (late)
            {
                simulation.Faults.Add(delayed);
                simulation.NotePathTrouble($"{delayed} {number}");
            }

            yield return late ? weather.Between(500, 12_000) : weather.Between(3, 60);
        }
    }
}
