using System.Collections.Immutable;
using IotProperty.Edge.Outbox;

namespace IotProperty.Edge.Lines;

/// <summary>Who hears of what a line brings. All of them are safe on any task and never wait.</summary>
public sealed record LineSinks(ImmutableArray<IPointSink> Points, IAccessSink Access, IReadingSink Readings, IOutbox Outbox);
