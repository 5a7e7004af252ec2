-- On what terms a linked file is written: JSON of core's Terms; NULL: the link is of a version that set none.

ALTER TABLE links ADD COLUMN terms TEXT;
