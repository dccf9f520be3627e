using IotProperty.Protocols.Uplink;

namespace IotProperty.Protocols.Tests.Uplink;

/// <summary>
/// The wire format, held byte by byte: stores at edges hold batches for days and hubs are upgraded on another day, so these bytes change only on purpose, and
/// what an older version wrote must be read for ever (add new cases, keep the old ones).
/// </summary>
public class UplinkGoldenTests
{
    public static TheoryData<string, string> Cases { get; } = new()
    {
        {
            "telemetry",
            "0a097269766572736964651080bcd9f29e34180320ac022804325610521a520a066c6966742d310a08706f736974696f6e0a056661756c740a067075"
            + "6d702d3112030000031a0301020122030201012a03020f0f320cd087b3e5bd68e807e807af093a038a0532420301ff3f4a032117147de79e6c8f"
        },
        {
            "reading",
            "0a097269766572736964651080bcd9f29e341802200228023263105f1a5f0a2a0a076d657465722d331206656e657267791a036b576820a0b390f39e"
            + "342a0708c6c2f1051802300a40010a310a076d657465722d331204666c6f771a026d332080bcd9f29e342a1308ffffffffffffffffff0110ffffffff"
            + "0f200138017dcce561c3"
        },
        {
            "transition",
            "0a097269766572736964651080bcd9f29e341801200128013243103f1a3f0a3d0a03722d3110011a036c6f77220670756d702d312a08707265737375"
            + "7265300138024880bcd9f29e3451d7a3703d0ad7d33f59000000000000008060017dfbd04e40"
        },
        {
            "access",
            "0a097269766572736964651080bcd9f29e34180120012801322810241a2412220a03722d321206646f6f722d31200128013206636172642d374081bc"
            + "d9f29e3448017d035c595f"
        },
        {
            "command",
            "0a097269766572736964651080bcd9f29e34180120012801321d10191a191a170a03632d3110021a07756e6b6e6f776e2082bcd9f29e347dc6945260"
        },
        {
            "command-reason",
            "0a097269766572736964651080bcd9f29e34180120012801322b10271a271a250a03632d3110031a117468652072656c6179206973206f70656e2082"
            + "bcd9f29e342801300d7ddc37b6cc"
        },
        {
            "gap",
            "0a097269766572736964651080bcd9f29e34180120012801323410301a30222e0a03722d33100318fbbbd9f29e342003280930fcbbd9f29e3438ffbb"
            + "d9f29e3440464a0a6469736b2071756f74617d9c90c499"
        },
        {
            "clock-step",
            "0a097269766572736964651080bcd9f29e34180120012801321b10171a172a150a03722d3410e090ddf29e3418ef990720e80728017d76612f2c"
        },
        {
            "tally",
            "0a097269766572736964651080bcd9f29e34180120012801322710231a23322108fbbbd9f29e341003188087c1f29e34204629080706050403020130"
            + "03380940027d59534225"
        },
        {
            "corrected",
            "0a097269766572736964651080bcd9f29e34180120012801321c10181a1812160a03722d351206646f6f722d3118014081bcd9f29e3438ef99077dfa"
            + "d0db88"
        },
        {
            "traced",
            "0a097269766572736964651080bcd9f29e34180120012801321610121a121a100a03632d3110012082bcd9f29e34280142194bf92f3577b34da6a3ce"
            + "929d0e0e473600f067aa0ba902b7017d6105111c"
        },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void The_bytes_of_a_batch_stay_what_they_are(string name, string hex)
    {
        Batch batch = UplinkSamples.Batch(name);
        Assert.Equal(hex, Convert.ToHexStringLower(BatchCodec.Encode(batch)));
        Assert.Equal(BatchText.Of(batch), BatchText.Of(BatchCodec.Decode(Convert.FromHexString(hex)).Batch!));
    }

    /// <summary>Read only: another version of the compressor may write other bytes, but these must be read for ever.</summary>
    [Fact]
    public void A_compressed_batch_of_an_earlier_version_is_read()
    {
        Batch batch = UplinkSamples.Long;
        Assert.Equal(BatchText.Of(batch), BatchText.Of(BatchCodec.Decode(Convert.FromHexString(Compressed)).Batch!));
    }

    [Fact]
    public void The_bytes_of_receipts_stay_what_they_are()
    {
        const string hex =
            "0a09726976657273696465120d0880bcd9f29e34100118012001122a0880bcd9f29e34100318ac0220022a1a616e6f74686572206261746368206861"
            + "732074686973206b65797d87885520";
        Assert.Equal(hex, Convert.ToHexStringLower(ReceiptCodec.Encode(UplinkSamples.Receipts)));
        Assert.Equal(UplinkSamples.Receipts, ReceiptCodec.Decode(Convert.FromHexString(hex)).Value);
    }

    [Fact]
    public void The_bytes_of_a_will_stay_what_they_are()
    {
        const string hex =
            "0a097269766572736964651880bcd9f29e342205302e312e302a066330666665653083bcd9f29e347d0e264883";
        Assert.Equal(hex, Convert.ToHexStringLower(EdgeStateCodec.Encode(UplinkSamples.Will)));
        Assert.Equal(UplinkSamples.Will, EdgeStateCodec.Decode(Convert.FromHexString(hex)).Value);
    }

    private const string Compressed =
        "0a097269766572736964651080bcd9f29e34180320ad0228c8013284010801108d061a7d130c0300e4ffbff96f6ccc0ac3b16e1660c29306601d4f13"
        + "db9e47f207e0ff6e70e01426eb36e8c071e683d3be880cba31d68427e5e1160d23cea485895143ff2becdc4c0d5f8a22cc3f20b318228c3b0c534c5d"
        + "0600e031420881958cbfeb75b7e82bdb5d50da2c9f297af083ff5ae49a2146c25c22e15e245105996c7dc6bbcff1";
}
