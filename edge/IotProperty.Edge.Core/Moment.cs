namespace IotProperty.Edge;

/// <summary>
/// The <c>now</c> that every core of the edge takes. Durations (delays, staleness, back-off) are measured on <see cref="MonotonicMs"/>, which a
/// step of the wall clock does not move; what is recorded carries <see cref="UtcMs"/>.
/// </summary>
/// <param name="MonotonicMs">Milliseconds since an arbitrary start; never goes back.</param>
/// <param name="UtcMs">Wall clock; milliseconds since the Unix epoch, UTC.</param>
/// <param name="ClockTrusted">Whether the wall clock was synchronised.</param>
public readonly record struct Moment(long MonotonicMs, long UtcMs, bool ClockTrusted);
