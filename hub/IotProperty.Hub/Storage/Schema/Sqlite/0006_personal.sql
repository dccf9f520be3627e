-- Names, telephone and ID numbers of occupants are encrypted from now on; the program encrypts what is here at its start.
ALTER TABLE occupant ADD COLUMN id_number TEXT NOT NULL DEFAULT '';

-- By what the keys are recognised that lie outside of the database.
CREATE TABLE personal_key (
    id TEXT NOT NULL PRIMARY KEY,
    created_ms INTEGER NOT NULL,
    proof TEXT NOT NULL
) STRICT;
