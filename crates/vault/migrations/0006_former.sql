-- Which profile a login had before it lost its name.

-- NULL: none, or an earlier version did not say. Such a login is nobody's to write over.
ALTER TABLE grants ADD COLUMN former TEXT;
-- What earlier versions tell: the name that another grant took by a wish or on trial, else the profile of a file that was given it last.
UPDATE grants SET former = COALESCE(
    (SELECT taker.profile FROM grants AS taker
     WHERE taker.profile IS NOT NULL AND replace(taker.displaced ->> 'grant', '-', '') = lower(hex(grants.id)) LIMIT 1),
    (SELECT links.profile FROM links WHERE links.receipt_grant = grants.id ORDER BY receipt_at DESC LIMIT 1))
WHERE profile IS NULL;
