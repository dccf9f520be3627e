using IotProperty.Hub.Storage;

namespace IotProperty.Hub.Ingest.Broker;

/// <summary>The limits of the subscription at a broker.</summary>
public sealed record BrokerOptions
{
    /// <summary>How many batches of one lane are in work at once.</summary>
    public int LaneConcurrency { get; init; } = 16;

    /// <summary>
    /// What may wait of one lane while all its work places are taken. An edge has 16 batches of a lane in flight by default, so that two of its windows are a
    /// site's share; what exceeds it is acknowledged without a receipt, and the edge sends it again.
    /// </summary>
    public FairQueueLimits LaneWaiting { get; init; } = new(Items: 240, SiteItems: 32) { Weight = 64L << 20, SiteWeight = 16L << 20 };

    /// <summary>How many sites' states may wait to be taken; of each only the newest waits.</summary>
    public int StatesWaiting { get; init; } = 16_384;

    /// <summary>What the waiting states together may weigh in bytes.</summary>
    public long StateBytesWaiting { get; init; } = 64L << 20;

    /// <summary>How many receipts of one site may wait for the broker to take the ones before; the edge repeats what gets none.</summary>
    public int ReceiptsWaiting { get; init; } = 1_024;

    /// <summary>From the TCP connection to granted subscriptions.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    public TimeSpan KeepAlive { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>The first pause after a failure is a random part of this; it doubles with each further failure up to <see cref="MaxRetry"/>.</summary>
    public TimeSpan Retry { get; init; } = TimeSpan.FromSeconds(1);

    public TimeSpan MaxRetry { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>A subscription that lasted so long was a good one: the next pause is a first one.</summary>
    public TimeSpan Settled { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a stop waits for what is in work and for its receipts.</summary>
    public TimeSpan Goodbye { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>For how long an answer of the ledger whether a site has an edge is believed.</summary>
    public TimeSpan SiteMemory { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// What the broker is told it may have on its way to us: all work places, all that may wait, and room for states. A broker that does not keep to it
    /// (mosquitto 2.0.11 does not) is borne: what finds no place is acknowledged without a receipt.
    /// </summary>
    internal ushort ReceiveMaximum => (ushort)Math.Min(ushort.MaxValue, (3 * (LaneConcurrency + LaneWaiting.Items)) + 256);
}
