-- Whether every time of an alarm that was taken with an unsynchronised clock has been corrected by the edge.
ALTER TABLE alarm ADD COLUMN clock_corrected INTEGER NOT NULL DEFAULT 0;
UPDATE alarm SET clock_corrected = 1
WHERE clock_trusted = 0
  AND NOT EXISTS (
      SELECT 1 FROM alarm_transition t
      WHERE t.site = alarm.site AND t.occurrence = alarm.occurrence AND t.clock_trusted = 0 AND t.clock_correction_ms = 0);
