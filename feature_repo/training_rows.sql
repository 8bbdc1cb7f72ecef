-- Every class shown to a member, and whether the member started it.
SELECT
    impression_id,
    member_id,
    class_id,
    event_time AS event_timestamp,
    surface,
    position,
    impression_id IN (SELECT impression_id FROM starts) AS started
FROM impressions
