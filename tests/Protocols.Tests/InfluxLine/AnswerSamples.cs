namespace IotProperty.Protocols.Tests.InfluxLine;

/// <summary>Answers as Debian's InfluxDB 1.6.7 and VictoriaMetrics 1.79 gave them to the questions of the hub.</summary>
internal static class AnswerSamples
{
    public const string InfluxRange =
        """{"results":[{"statement_id":0,"series":[{"name":"sample","columns":["time","v","mark","bits"],"values":[[1000000000,0,"128","7ff8000000000001"],[1000000000,-0,"129",null],[2000000001,0.30000000000000004,"128",null],[2000000002,1e+300,"128",null]]}]}]}""";

    public const string InfluxLast =
        """{"results":[{"statement_id":0,"series":[{"name":"sample","tags":{"device":"a b,c=d\"","mark":"128","point":"p"},"columns":["time","last"],"values":[[-2000000002,5e-324]]},{"name":"sample","tags":{"device":"pump-1","mark":"128","point":"p"},"columns":["time","last"],"values":[[2000000002,1e+300]]}]}]}""";

    public const string InfluxStatementError = """{"results":[{"statement_id":0,"error":"database not found: nowhere"}]}""";

    public const string InfluxError = """{"error":"error parsing query: found EOF, expected FROM at line 1, char 9"}""";

    public const string Export =
        """
        {"metric":{"__name__":"sample_v","device":"pump-1","mark":"128","point":"p","site":"s"},"values":[0.61,0.61,0.62,9007199254740992],"timestamps":[1000,1000,1000,6000]}
        {"metric":{"__name__":"sample_v","device":"a b,c=d\"","mark":"128","point":"p","site":"s"},"values":[0,null],"timestamps":[100,200]}

        """;

    public const string Vector =
        """{"status":"success","data":{"resultType":"vector","result":[{"metric":{"device":"pump-1","q":"t","site":"s"},"value":[1796019555,"1795846673.666"]},{"metric":{"__name__":"sample_v","device":"pump-1","q":"v","site":"s"},"value":[1796019555,"1"]}]}}""";

    public const string VectorError = """{"status":"error","errorType":"422","error":"error when executing query"}""";

    public const string Series =
        """{"status":"success","data":[{"__name__":"sample_v","device":"d","site":"q"},{"__name__":"sample_v","device":"d2","site":"q"}]}""";

    public const string Metrics =
        """
        process_start_time_seconds 1795846670
        vm_app_start_timestamp 1795846670
        flag{name="retentionPeriod", value="100y", is_set="true"} 1
        flag{name="retentionTimezoneOffset", value="0s", is_set="false"} 1

        """;

    public static IReadOnlyList<string> All => [InfluxRange, InfluxLast, InfluxStatementError, InfluxError, Export, Vector, VectorError, Series, Metrics];
}
