-- Whose a present set is that was brought for a profile with a user.

-- JSON of adopt.rs's Unproven: nobody has said yet whose the grant's present set is. It does not depend on what was put aside for it:
-- that may be damaged, or have had nothing that could be kept.
ALTER TABLE grants ADD COLUMN brought TEXT;
UPDATE grants SET brought = (
    SELECT aside ->> 'unproven' FROM parked
    WHERE grant_id = grants.id AND aside ->> 'unproven' IS NOT NULL ORDER BY parked.id DESC LIMIT 1);
