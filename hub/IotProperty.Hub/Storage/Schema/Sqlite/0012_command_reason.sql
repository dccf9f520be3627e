-- Why a command was not done, as a number; 0 where the edge told its reason in words alone.
ALTER TABLE command_result ADD COLUMN reason INTEGER NOT NULL DEFAULT 0;
