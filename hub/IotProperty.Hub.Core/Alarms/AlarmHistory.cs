using IotProperty.Protocols.Uplink;

namespace IotProperty.Hub.Alarms;

/// <summary>A transition as the edge decided it, and when the hub committed it.</summary>
/// <param name="Site">The site.</param>
/// <param name="Transition">The edge's words.</param>
/// <param name="ReceivedMs">By the hub's clock; milliseconds since the Unix epoch, UTC.</param>
/// <param name="ClockCorrectionMilliseconds">By how much the edge corrected a time that it had taken before its clock was synchronised; 0: not at all.</param>
public sealed record StoredTransition(string Site, AlarmTransition Transition, long ReceivedMs, long ClockCorrectionMilliseconds = 0);

/// <summary>Somebody saw the alarm.</summary>
/// <param name="Ordinal">Counts the acknowledgements of one alarm from 0.</param>
/// <param name="UpToOrdinal">The newest transition that was known when it was made: a later escalation asks to be acknowledged anew.</param>
/// <param name="By">The user's name.</param>
/// <param name="Comment">What the user said; may be empty.</param>
/// <param name="AtMs">By the hub's clock; milliseconds since the Unix epoch, UTC.</param>
public sealed record Acknowledgement(int Ordinal, int UpToOrdinal, string By, string Comment, long AtMs);

/// <summary>An alarm with everything that happened to it. Transitions in order of their ordinal, acknowledgements in order of time.</summary>
public sealed record AlarmDetail(Alarm Alarm, IReadOnlyList<StoredTransition> Transitions, IReadOnlyList<Acknowledgement> Acknowledgements);
