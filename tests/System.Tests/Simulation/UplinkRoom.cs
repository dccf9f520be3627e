using System.Threading.Channels;
using IotProperty.Edge.Outbox;
using IotProperty.Edge.Storage;
using IotProperty.Protocols.Uplink;

namespace IotProperty.SystemTests.Simulation;

/// <summary>What the uplink does: connects, publishes what the outbox hands out, hands in receipts, and connects again after a jittered pause.</summary>
internal sealed class UplinkRoom(SystemSimulation simulation, EdgeRun run)
{
    private Channel<OutboundBatch>? _outbound;

    /// <summary>Whether the outbox publishes on a connection that stands.</summary>
    public bool IsConnected { get; private set; }

    /// <summary>Since when; true time.</summary>
    public long ConnectedMs { get; private set; }

    public void Start() => ConnectSoon();

    /// <summary>Sends what a round of the store has handed out.</summary>
    public void PublishAll(OutboxSnapshot snapshot)
    {
        List<OutboundBatch> handed = [];
        while (_outbound is { } outbound && outbound.Reader.TryRead(out OutboundBatch batch))
        {
            handed.Add(batch);
        }

        simulation.Books.HandedOut(handed, snapshot);
        if (simulation.Mistake == Mistake.EdgeSendsTelemetryFirst)
        {
            handed.Sort((one, other) => other.Number.Lane.CompareTo(one.Number.Lane));
        }

        foreach (OutboundBatch batch in handed)
        {
            Publish(batch.Number, batch.Payload.ToArray());
        }

        if (handed.Count > 0 && simulation.Makes(Mistake.EdgePublishesUnstored, 0.05))
        {
            BatchNumber next = handed[^1].Number with { Sequence = handed[^1].Number.Sequence + 1000 };
            Publish(next, handed[^1].Payload.ToArray());
        }
    }

    public void OnMessage(byte[] payload)
    {
        if (!IsConnected)
        {
            return;
        }

        Decoded<IReadOnlyList<Receipt>> decoded = ReceiptCodec.Decode(payload);
        IReadOnlyList<Receipt> receipts = decoded.Value ?? throw new InvalidOperationException(decoded.Why);
        foreach (Receipt receipt in receipts)
        {
            simulation.Books.Receipted(new BatchNumber(receipt.Key.Epoch, receipt.Key.Lane, receipt.Key.Sequence));
        }

        run.Store.Send(new StoreRequest.Receipts(receipts), null);
    }

    /// <summary>The connection is gone.</summary>
    public void OnBroken()
    {
        if (IsConnected)
        {
            (IsConnected, _outbound) = (false, null);
            run.Store.Send(new StoreRequest.Disconnect(), null);
            if (simulation.Mistake != Mistake.UplinkGivesUp)
            {
                ConnectSoon();
            }
        }
    }

    private void Publish(BatchNumber number, byte[] payload)
    {
        simulation.Wire.Publish(number, payload);
        if (simulation.Mistake == Mistake.EdgeDeletesOnAcknowledgement)
        {
            Receipt acknowledged = new(new BatchKey(BuildingSite.Id, number.Epoch, number.Lane, number.Sequence), ReceiptStatus.Committed, "");
            run.In(10, () => run.Store.Send(new StoreRequest.Receipts([acknowledged]), null));
        }
    }

    private void ConnectSoon() => run.In(simulation.Weather.Between(50, 3_000), () =>
    {
        if (!simulation.Wire.IsUp)
        {
            ConnectSoon();
            return;
        }

        Channel<OutboundBatch> outbound = Channel.CreateBounded<OutboundBatch>(
            new BoundedChannelOptions(simulation.EdgeSettings.Window * 3) { SingleReader = true, SingleWriter = true });
        _outbound = outbound;
        int connection = simulation.Wire.Connect();
        (IsConnected, ConnectedMs) = (true, simulation.Agenda.NowMs);
        simulation.Journal.Note($"edge: connected ({connection})");
        run.Store.Send(new StoreRequest.Connect(outbound), _ => { });
    });
}
