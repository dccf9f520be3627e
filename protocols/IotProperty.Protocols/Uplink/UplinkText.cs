namespace IotProperty.Protocols.Uplink;

/// <summary>
/// Which texts every store can keep. U+0000 is a character of Unicode, of UTF-8 and of Protocol Buffers, but PostgreSQL's text cannot hold it (PostgreSQL 15, §8.3): a
/// batch with it could never be committed there, however often it is sent. Edges replace it before they store, and hubs refuse it.
/// </summary>
public static class UplinkText
{
    /// <summary>Stands for what cannot be kept: U+FFFD, the replacement character.</summary>
    public const char Substitute = '\uFFFD';

    private const char Unstorable = '\0';

    public static bool IsStorable(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return !text.Contains(Unstorable, StringComparison.Ordinal);
    }

    public static string Storable(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.Replace(Unstorable, Substitute);
    }

    /// <summary>The batch with <see cref="Substitute"/> where its texts held what cannot be kept; the same object when there was nothing to replace.</summary>
    public static Batch Storable(Batch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        return WhyNot(batch) is null
            ? batch
            : batch with
            {
                Samples = [.. batch.Samples.Select(sample => sample with { Point = Storable(sample.Point) })],
                Readings = [.. batch.Readings.Select(r => r with { Device = Storable(r.Device), Register = Storable(r.Register), Unit = Storable(r.Unit) })],
                Transitions = [.. batch.Transitions.Select(t => t with { Occurrence = Storable(t.Occurrence), Rule = Storable(t.Rule), Point = Storable(t.Point) })],
                AccessEvents =
                [
                    .. batch.AccessEvents.Select(a => a with
                    {
                        Id = Storable(a.Id),
                        Device = Storable(a.Device),
                        Credential = Storable(a.Credential),
                        Fingerprint = Storable(a.Fingerprint),
                    }),
                ],
                CommandResults = [.. batch.CommandResults.Select(c => c with { Id = Storable(c.Id), Detail = Storable(c.Detail) })],
                Gaps = [.. batch.Gaps.Select(gap => gap with { Id = Storable(gap.Id), Reason = Storable(gap.Reason) })],
                ClockSteps = [.. batch.ClockSteps.Select(step => step with { Id = Storable(step.Id) })],
            };
    }

    /// <summary>The state with <see cref="Substitute"/> where its texts held what cannot be kept.</summary>
    public static EdgeState Storable(EdgeState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        return state with
        {
            Version = Storable(state.Version),
            ProfileHash = Storable(state.ProfileHash),
            Catalogue = state.Catalogue is not { } catalogue ? null : catalogue with
            {
                Name = Storable(catalogue.Name),
                TimeZone = Storable(catalogue.TimeZone),
                Devices =
                [
                    .. catalogue.Devices.Select(device => device with
                    {
                        Id = Storable(device.Id),
                        Kind = Storable(device.Kind),
                        Profile = Storable(device.Profile),
                        Name = Storable(device.Name),
                        Points = [.. device.Points.Select(point => point with { Id = Storable(point.Id), Unit = Storable(point.Unit), Name = Storable(point.Name) })],
                    }),
                ],
                Rules = [.. catalogue.Rules.Select(rule => rule with { Id = Storable(rule.Id), Point = Storable(rule.Point), Name = Storable(rule.Name) })],
            },
        };
    }

    /// <summary>Which text of the batch cannot be kept; null when all can.</summary>
    public static string? WhyNot(Batch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        PointRef last = default;
        foreach (Sample sample in batch.Samples)
        {
            // Samples of a point share its texts, and come one after the other.
            if (!ReferenceEquals(sample.Point.Device, last.Device) || !ReferenceEquals(sample.Point.Point, last.Point))
            {
                last = sample.Point;
                if (!IsStorable(last.Device) || !IsStorable(last.Point))
                {
                    return Says("the point of a sample");
                }
            }
        }

        foreach ((string what, string text) in Texts(batch))
        {
            if (!IsStorable(text))
            {
                return Says(what);
            }
        }

        return null;

        static string Says(string what) => $"{what} holds the character U+0000, which no database can keep as text";
    }

    private static PointRef Storable(PointRef point) => new(Storable(point.Device), Storable(point.Point));

    private static LocalText Storable(LocalText text) => new(Storable(text.En), Storable(text.ZhCn));

    /// <summary>All texts but those of samples and of the key.</summary>
    private static IEnumerable<(string What, string Text)> Texts(Batch batch)
    {
        foreach (MeterReading reading in batch.Readings)
        {
            yield return ("the device of a reading", reading.Device);
            yield return ("the register of a reading", reading.Register);
            yield return ("the unit of a reading", reading.Unit);
        }

        foreach (AlarmTransition transition in batch.Transitions)
        {
            yield return ("the occurrence of an alarm transition", transition.Occurrence);
            yield return ("the rule of an alarm transition", transition.Rule);
            yield return ("the device of an alarm transition", transition.Point.Device);
            yield return ("the point of an alarm transition", transition.Point.Point);
        }

        foreach (AccessEvent accessEvent in batch.AccessEvents)
        {
            yield return ("the id of an access event", accessEvent.Id);
            yield return ("the device of an access event", accessEvent.Device);
            yield return ("the credential of an access event", accessEvent.Credential);
            yield return ("the fingerprint of an access event", accessEvent.Fingerprint);
        }

        foreach (CommandResult result in batch.CommandResults)
        {
            yield return ("the id of a command result", result.Id);
            yield return ("the detail of a command result", result.Detail);
        }

        foreach (GapRecord gap in batch.Gaps)
        {
            yield return ("the id of a gap record", gap.Id);
            yield return ("the reason of a gap record", gap.Reason);
        }

        foreach (ClockStep step in batch.ClockSteps)
        {
            yield return ("the id of a clock step", step.Id);
        }
    }
}
