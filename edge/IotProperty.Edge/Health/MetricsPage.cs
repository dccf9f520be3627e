using IotProperty.Edge.Access;
using IotProperty.Edge.Alarms;
using IotProperty.Edge.Control;
using IotProperty.Edge.Drivers;
using IotProperty.Edge.Enrolment;
using IotProperty.Edge.Lines;
using IotProperty.Edge.Outbox;
using IotProperty.Edge.Polling;
using IotProperty.Edge.Profiles;
using IotProperty.Edge.Uplink;
using IotProperty.Tracing;

namespace IotProperty.Edge.Health;

/// <summary>The document of <c>/metrics</c>: every figure of the edge under a name that stays.</summary>
public static class MetricsPage
{
    public static string Write(EdgeParts parts)
    {
        ArgumentNullException.ThrowIfNull(parts);
        PrometheusText text = new();
        WriteProcess(parts, text);
        WriteLines(parts.Lines, text);
        WriteDevices(parts.Lines, text);
        UplinkSnapshot uplink = parts.Uplink();
        WriteOutbox(uplink.Outbox, parts.Clock.Now().UtcMs, text);
        WriteUplink(uplink, text);
        WriteCommands(parts.Commands(), text);
        WriteCertificate(parts.Certificate?.Invoke(), text);
        WriteTraces(parts.Traces, text);
        WriteDecisions(parts, text);
        return text.ToString();
    }

    private static void WriteProcess(EdgeParts parts, PrometheusText text)
    {
        Moment now = parts.Clock.Now();
        text.Family("iotp_edge_info", "gauge", "What runs here; always 1.")
            .Sample(1, ("site", parts.Site.Id), ("version", parts.Version), ("profile_hash", parts.Site.Hash));
        text.Family("iotp_edge_uptime_seconds", "gauge", "Time since the edge started.").Sample(now.MonotonicMs / 1_000.0);
        text.Family("iotp_edge_clock_trusted", "gauge", "1 while the kernel says that the wall clock is synchronised.").Sample(now.ClockTrusted ? 1 : 0);
        text.Family("iotp_edge_clock_steps_total", "counter", "Steps of the wall clock; each is recorded as an event.").Sample(parts.ClockWatch.Steps);
        text.Family("iotp_edge_clock_last_step_seconds", "gauge", "By how much the last step moved the wall clock; 0 before the first.").Sample(parts.ClockWatch.LastStepMs / 1_000.0);
        text.Family("process_resident_memory_bytes", "gauge", "Resident memory.").Sample(Environment.WorkingSet);
        text.Family("process_cpu_seconds_total", "counter", "Processor time used, user and system.").Sample(Environment.CpuUsage.TotalTime.TotalSeconds);
    }

    private static void WriteLines(IReadOnlyList<LineRunner> lines, PrometheusText text)
    {
        Each("iotp_edge_line_up", "gauge", "1 while the line's last request found it up.", line => line.HasEnded || line.IsDown ? 0 : 1);
        Each("iotp_edge_line_requests_total", "counter", "Requests to devices, writes included.", line => line.Requests);
        Each("iotp_edge_line_writes_total", "counter", "Writes to devices.", line => line.Writes);
        Each("iotp_edge_line_busy_seconds_total", "counter", "Time spent in requests; its rate is the line's utilisation.", line => line.BusyMs / 1_000.0);
        EachDriver("iotp_edge_line_connects_total", "counter", "Connections opened.", line => line.Connects);
        EachDriver("iotp_edge_line_late_replies_total", "counter", "Replies that came after their time-out and were discarded.", line => line.LateReplies);
        EachDriver("iotp_edge_line_foreign_replies_total", "counter", "Replies that nobody had asked for, discarded.", line => line.ForeignReplies);
        EachDriver("iotp_edge_line_timeouts_total", "counter", "Requests that nobody answered.", line => line.Timeouts);
        EachDriver("iotp_edge_line_exceptions_total", "counter", "Requests refused by a device.", line => line.Exceptions);
        EachDriver("iotp_edge_line_malformed_total", "counter", "Requests answered with something else.", line => line.Malformed);
        EachDriver("iotp_edge_line_resent_total", "counter", "Requests sent again because the first try brought no answer.", line => line.Resent);
        EachDriver("iotp_edge_line_noise_bytes_total", "counter", "Bytes that belonged to no frame, discarded.", line => line.NoiseBytes);
        text.Family("iotp_edge_line_round_trip_milliseconds", "histogram", "Time from a request to its answer.");
        foreach (LineRunner line in lines)
        {
            if (line.DriverSnapshot is { } driver)
            {
                text.Histogram(RoundTripHistogram.BoundsMs.AsSpan(), driver.RoundTrips.Counts.AsSpan(), driver.RoundTrips.SumMs, ("line", line.Line.Id));
            }
        }

        void Each(string name, string type, string help, Func<LineRunner, double> figure)
        {
            text.Family(name, type, help);
            foreach (LineRunner line in lines)
            {
                text.Sample(figure(line), ("line", line.Line.Id));
            }
        }

        void EachDriver(string name, string type, string help, Func<LineSnapshot, double> figure)
        {
            text.Family(name, type, help);
            foreach (LineRunner line in lines)
            {
                if (line.DriverSnapshot is { } driver)
                {
                    text.Sample(figure(driver), ("line", line.Line.Id));
                }
            }
        }
    }

    private static void WriteDevices(IReadOnlyList<LineRunner> lines, PrometheusText text)
    {
        Each("iotp_edge_device_polls_total", "counter", "Polls finished, well or not.", device => device.Polls);
        Each("iotp_edge_device_timeouts_total", "counter", "Requests without an answer.", device => device.Timeouts);
        Each("iotp_edge_device_refusals_total", "counter", "Requests answered with an exception.", device => device.Refusals);
        Each("iotp_edge_device_malformed_total", "counter", "Requests answered with bytes that are no answer.", device => device.Malformed);
        Each("iotp_edge_device_line_down_total", "counter", "Requests not made because the line was down.", device => device.LineDown);
        Each("iotp_edge_device_skipped_polls_total", "counter", "Polls left out because the line was too busy or the device was given up for a while.", device => device.Skipped);
        Each("iotp_edge_device_lateness_seconds_total", "counter", "How late polls began, in sum.", device => device.LateMs / 1_000.0);
        Each("iotp_edge_device_given_up", "gauge", "1 while the device does not answer and is asked only now and then.", device => device.GivenUp ? 1 : 0);
        Each("iotp_edge_device_last_good_timestamp_seconds", "gauge", "When the device last answered; 0 for never.", device => device.LastGoodUtcMs / 1_000.0);

        Each("iotp_edge_device_requests_total", "counter", "Requests to the device, of whatever job.", device => device.Requests);
        Each("iotp_edge_device_busy_seconds_total", "counter", "The line's time that the device took; its rate is the device's share of the line.", device => device.BusyMs / 1_000.0);
        Each("iotp_edge_device_late_replies_total", "counter", "Answers that came after their time-out and were discarded.", device => device.Late);
        Each("iotp_edge_device_foreign_replies_total", "counter", "Answers that nobody had asked for, discarded while the device was asked.", device => device.Foreign);
        Each("iotp_edge_device_real_period_seconds", "gauge", "How far apart polls really begin; 0 before the second one.", device => device.RealPeriodMs / 1_000.0);
        text.Family("iotp_edge_device_period_seconds", "gauge", "How far apart polls are wanted to begin.");
        foreach (LineRunner line in lines)
        {
            foreach (DeviceConfiguration device in line.Line.Devices)
            {
                text.Sample(device.PollMs / 1_000.0, ("line", line.Line.Id), ("device", device.Id));
            }
        }

        text.Family("iotp_edge_device_round_trip_milliseconds", "histogram", "Time from a request to its answer.");
        foreach (LineRunner line in lines)
        {
            for (int i = 0; i < line.Line.Devices.Length; i++)
            {
                RoundTripSnapshot roundTrips = line.StatisticsOf(i).RoundTrips.Snapshot();
                text.Histogram(RoundTripHistogram.BoundsMs.AsSpan(), roundTrips.Counts.AsSpan(), roundTrips.SumMs, ("line", line.Line.Id), ("device", line.Line.Devices[i].Id));
            }
        }

        void Each(string name, string type, string help, Func<DeviceStatistics, double> figure)
        {
            text.Family(name, type, help);
            foreach (LineRunner line in lines)
            {
                for (int i = 0; i < line.Line.Devices.Length; i++)
                {
                    text.Sample(figure(line.StatisticsOf(i)), ("line", line.Line.Id), ("device", line.Line.Devices[i].Id));
                }
            }
        }
    }

    private static void WriteOutbox(OutboxSnapshot outbox, long utcMs, PrometheusText text)
    {
        (string Name, LaneBacklog Lane)[] lanes = [("event", outbox.Events), ("reading", outbox.Readings), ("telemetry", outbox.Telemetry)];
        Each("iotp_edge_outbox_batches", "Batches that wait for their receipt, published or not.", lane => lane.Rows);
        Each("iotp_edge_outbox_bytes", "What they take on disk.", lane => lane.Bytes);
        Each("iotp_edge_outbox_in_flight", "How many of them are published.", lane => lane.InFlight);
        Each("iotp_edge_outbox_oldest_age_seconds", "Age of the oldest record that waits; 0 when none does.", lane => lane.OldestMs is { } oldest ? Math.Max(0, utcMs - oldest) / 1_000.0 : 0);
        text.Family("iotp_edge_outbox_dropped_records_total", "counter", "Records given up for the disk quota; each is declared by a gap record.").Sample(outbox.DroppedRecords);
        text.Family("iotp_edge_outbox_repeats_total", "counter", "Batches published again because no receipt came.").Sample(outbox.Repeats);
        text.Family("iotp_edge_outbox_set_aside_total", "counter", "Batches that the hub refused for good.").Sample(outbox.SetAside);
        text.Family("iotp_edge_outbox_corrected_batches_total", "counter", "Batches whose times were corrected because the clock was set after they were recorded.").Sample(outbox.Corrected);
        text.Family("iotp_edge_outbox_tallies_total", "counter", "Tallies of an hour that were stored for the hub, all revisions.").Sample(outbox.Tallies);
        text.Family("iotp_edge_outbox_commits_total", "counter", "Transactions synced to disk.").Sample(outbox.Commits);
        text.Family("iotp_edge_outbox_store_condition", "gauge", "0 sound, 1 low on space, 2 cannot be written.").Sample((double)outbox.Condition);
        text.Family("iotp_edge_outbox_store_failures_total", "counter", "Transactions that failed and were tried again.").Sample(outbox.StoreFailures);

        void Each(string name, string help, Func<LaneBacklog, double> figure)
        {
            text.Family(name, "gauge", help);
            foreach ((string laneName, LaneBacklog lane) in lanes)
            {
                text.Sample(figure(lane), ("lane", laneName));
            }
        }
    }

    private static void WriteUplink(UplinkSnapshot uplink, PrometheusText text)
    {
        text.Family("iotp_edge_uplink_connected", "gauge", "1 while batches can be published.").Sample(uplink.Connected ? 1 : 0);
        text.Family("iotp_edge_uplink_connections_total", "counter", "Connections opened.").Sample(uplink.Connections);
        text.Family("iotp_edge_uplink_failed_connects_total", "counter", "Tries to connect that failed.").Sample(uplink.FailedConnects);
        text.Family("iotp_edge_uplink_published_total", "counter", "Batches whose publish was acknowledged, which is no receipt.").Sample(uplink.Published);
        text.Family("iotp_edge_uplink_publishes_rejected_total", "counter", "Publishes answered with a reason code of failure.").Sample(uplink.PublishesRejected);
        text.Family("iotp_edge_uplink_receipts_total", "counter", "The hub's word about batches.")
            .Sample(uplink.Committed, ("status", "committed"))
            .Sample(uplink.Refused, ("status", "refused"));
        text.Family("iotp_edge_uplink_malformed_messages_total", "counter", "Messages from the hub that could not be read.").Sample(uplink.MalformedMessages);
    }

    private static void WriteCommands(CommandSnapshot commands, PrometheusText text)
    {
        text.Family("iotp_edge_commands_total", "counter", "Commands of the hub by what became of them.")
            .Sample(commands.Done, ("outcome", "done"))
            .Sample(commands.Refused, ("outcome", "refused"))
            .Sample(commands.Failed, ("outcome", "failed"))
            .Sample(commands.Expired, ("outcome", "expired"));
        text.Family("iotp_edge_commands_doubted_total", "counter", "Commands that the hub has not signed, or that were changed on their way.").Sample(commands.Doubted);
        text.Family("iotp_edge_commands_repeated_total", "counter", "Commands that were known already, too old, or for another site.").Sample(commands.Repeated);
        text.Family("iotp_edge_commands_dropped_total", "counter", "Commands that came faster than they can be looked at.").Sample(commands.Dropped);
    }

    private static void WriteCertificate(CertificateSnapshot? certificate, PrometheusText text)
    {
        if (certificate is null)
        {
            return;
        }

        text.Family("iotp_edge_certificate_days_left", "gauge", "Days until the edge's certificate ends; below 0 when it is over. It is renewed when a third of its time is left.").Sample(certificate.DaysLeft);
        text.Family("iotp_edge_certificate_renewals_total", "counter", "Certificates that the hub gave in place of an older one.").Sample(certificate.Renewals);
        text.Family("iotp_edge_certificate_renewal_failures_total", "counter", "Tries to renew the certificate that brought none.").Sample(certificate.Failures);
    }

    private static void WriteTraces(TraceCounters? traces, PrometheusText text)
    {
        if (traces is not null)
        {
            text.Family("iotp_edge_trace_spans_total", "counter", "Spans by what became of them: exported to the collector, failed there, dropped because too many waited.")
                .Sample(traces.Exported, ("outcome", "exported"))
                .Sample(traces.Failed, ("outcome", "failed"))
                .Sample(traces.Dropped, ("outcome", "dropped"));
        }
    }

    private static void WriteDecisions(EdgeParts parts, PrometheusText text)
    {
        AlarmCounters alarms = parts.Alarms();
        text.Family("iotp_edge_alarm_rules_active", "gauge", "Alarm rules outside normal.")
            .Sample(alarms.ActiveWarnings, ("level", "warning"))
            .Sample(alarms.ActiveAlarms, ("level", "alarm"));
        text.Family("iotp_edge_alarm_transitions_total", "counter", "Alarm transitions stored.").Sample(alarms.Transitions);
        text.Family("iotp_edge_alarm_dropped_samples_total", "counter", "Samples that no rule saw because the store stood still.").Sample(alarms.DroppedSamples);
        AccessCounters access = parts.Access();
        text.Family("iotp_edge_access_decisions_total", "counter", "Credentials decided upon.")
            .Sample(access.Granted, ("decision", "granted"))
            .Sample(access.Denied, ("decision", "denied"))
            .Sample(access.Missed, ("decision", "missed"));
        text.Family("iotp_edge_access_unlock_failures_total", "counter", "Grants whose door did not confirm the unlock.").Sample(access.UnlockFailed);
        text.Family("iotp_edge_access_door_events_total", "counter", "Doors forced or held open.").Sample(access.DoorEvents);
        text.Family("iotp_edge_access_slowest_unlock_seconds", "gauge", "The longest time from a card's arrival to the door's confirmation.").Sample(access.SlowestUnlockMs / 1_000.0);
        text.Family("iotp_edge_readings_stored_total", "counter", "Billing readings on disk.").Sample(parts.Readings.Stored);
        text.Family("iotp_edge_readings_dropped_total", "counter", "Billing readings lost because the store stood still.").Sample(parts.Readings.Dropped);
    }
}
