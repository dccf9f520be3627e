-- Whether every time of an alarm that was taken with an unsynchronised clock has been corrected by the edge.
ALTER TABLE alarm ADD COLUMN clock_corrected boolean NOT NULL DEFAULT false;
UPDATE alarm SET clock_corrected = true
WHERE NOT clock_trusted
  AND NOT EXISTS (
      SELECT 1 FROM alarm_transition t
      WHERE t.site = alarm.site AND t.occurrence = alarm.occurrence AND NOT t.clock_trusted AND t.clock_correction_ms = 0);
