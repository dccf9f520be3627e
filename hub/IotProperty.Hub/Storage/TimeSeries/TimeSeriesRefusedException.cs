namespace IotProperty.Hub.Storage.TimeSeries;

/// <summary>The time-series server answered that it will not take a request as it is; what it said stands in the message.</summary>
public sealed class TimeSeriesRefusedException(string message) : IOException(message);
