-- What is pending is compact already and lives for seconds: to compress it again costs more than it saves.
ALTER TABLE pending ALTER COLUMN batches SET STORAGE EXTERNAL;
