-- By what an occupant is found whose name and telephone number are encrypted: HMACs, KEYID:BASE64URL. Empty: no number, or a row that the program marks at its start.
ALTER TABLE occupant ADD COLUMN name_mark text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE occupant ADD COLUMN phone_mark text COLLATE "C" NOT NULL DEFAULT '';
CREATE INDEX occupant_name_mark ON occupant (name_mark);
CREATE INDEX occupant_phone_mark ON occupant (phone_mark);
