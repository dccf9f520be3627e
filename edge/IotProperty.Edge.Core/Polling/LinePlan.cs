using System.Collections.Immutable;
using IotProperty.Edge.Profiles;

namespace IotProperty.Edge.Polling;

/// <summary>Why a request is made.</summary>
public enum PlannedJob : byte
{
    /// <summary>The device's points, each poll period.</summary>
    Poll,

    /// <summary>Billing registers, by the site's clock.</summary>
    Reading,

    /// <summary>Texts, once an hour.</summary>
    Text,

    /// <summary>The ring of swipes, when a door's counter moved.</summary>
    Ring,
}

/// <summary>One request as a line will make it, before it has learnt anything from its devices.</summary>
/// <param name="PeriodMs">How far apart; null when it has no period.</param>
/// <param name="HolesBridged">How many registers or bits it reads that belong to no point.</param>
/// <param name="WireMs">What request and answer take on the wire.</param>
/// <param name="ExpectedMs">That, and the silence and the answering time that the protocol's devices usually take.</param>
public sealed record PlannedRequest(PlannedJob Job, ReadBlock Block, double? PeriodMs, int HolesBridged, double WireMs, double ExpectedMs);

/// <summary>What a line asks one device.</summary>
public sealed record DevicePlan(DeviceConfiguration Device, ImmutableArray<PlannedRequest> Requests)
{
    /// <summary>Which share of the line's time the device takes; 1 for all of it.</summary>
    public double Utilisation => Requests.Sum(request => request.PeriodMs is { } period ? request.ExpectedMs / period : 0);
}

/// <summary>All requests of a line, for people who want to know what the edge will do and whether the wire is fast enough.</summary>
public sealed record LinePlan(LineConfiguration Line, ImmutableArray<DevicePlan> Devices)
{
    private const double TextPeriodMs = 3_600_000;

    /// <summary>Which share of its time the line is busy; more than 1 means that it cannot keep the periods.</summary>
    public double Utilisation => Devices.Sum(device => device.Utilisation);

    public static LinePlan Of(LineConfiguration line)
    {
        ArgumentNullException.ThrowIfNull(line);
        return new LinePlan(line, [.. line.Devices.Select(device => Of(line, device))]);
    }

    private static DevicePlan Of(LineConfiguration line, DeviceConfiguration device)
    {
        DeviceProfile profile = device.Profile;
        ImmutableArray<PlannedRequest>.Builder requests = ImmutableArray.CreateBuilder<PlannedRequest>();
        Add(PlannedJob.Poll, device.PollMs, Enumerable.Range(0, profile.Points.Length).Where(i => !profile.Points[i].Place.IsText));
        foreach (IGrouping<int, ReadingDefinition> period in profile.Readings.GroupBy(reading => reading.EverySeconds))
        {
            Add(PlannedJob.Reading, period.Key * 1_000.0, period.Select(reading => profile.Points.IndexOf(profile.FindPoint(reading.Point)!)));
        }

        Add(PlannedJob.Text, TextPeriodMs, Enumerable.Range(0, profile.Points.Length).Where(i => profile.Points[i].Place.IsText));
        if (profile.Access is { SwipeRing: { } ring })
        {
            requests.Add(Request(PlannedJob.Ring, new RegisterBlock(ring.Table, ring.Address, ring.Width, []), null));
        }

        return new DevicePlan(device, requests.ToImmutable());

        void Add(PlannedJob job, double periodMs, IEnumerable<int> points) =>
            requests.AddRange(ReadPlanner.Plan(profile, points).Select(block => Request(job, block, periodMs)));

        PlannedRequest Request(PlannedJob job, ReadBlock block, double? periodMs)
        {
            double wireMs = WireEstimate.WireMs(line.Transport, profile, block);
            return new PlannedRequest(job, block, periodMs, HolesOf(profile, block), wireMs, wireMs + WireEstimate.WaitMs(line.Transport, profile));
        }
    }

    private static int HolesOf(DeviceProfile profile, ReadBlock block)
    {
        if (block is not RegisterBlock registers || block.Points.IsEmpty)
        {
            return 0;
        }

        bool[] used = new bool[registers.Count];
        foreach (PlannedPoint planned in block.Points)
        {
            used.AsSpan(planned.Offset, profile.Points[planned.Index].Registers.Width).Fill(true);
        }

        return used.Count(u => !u);
    }
}
