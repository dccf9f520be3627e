-- Names, telephone and ID numbers of occupants are encrypted from now on; the program encrypts what is here at its start.
ALTER TABLE occupant ADD COLUMN id_number text NOT NULL DEFAULT '';

-- By what the keys are recognised that lie outside of the database.
CREATE TABLE personal_key (
    id text NOT NULL PRIMARY KEY,
    created_ms bigint NOT NULL,
    proof text NOT NULL
);
