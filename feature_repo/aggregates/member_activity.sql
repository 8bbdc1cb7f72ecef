-- What members did in the last 1, 7, 30 and 90 days.
WITH windows AS (
    SELECT unnest([1, 7, 30, 90]) AS days
),
shown AS (
    SELECT member_id, days, count(*) AS impressions
    FROM impressions JOIN windows ON event_time >= $as_of - to_days(days)
    GROUP BY ALL
),
started_classes AS (
    SELECT starts.*, discipline, instructor, minutes, epoch(event_time) % 86400 / 86400 * 2 * pi() AS angle
    FROM starts JOIN classes USING (class_id)
    WHERE event_time >= $as_of - INTERVAL 90 DAY
),
started AS (
    SELECT
        member_id,
        days,
        count(*) AS starts,
        (count(*) FILTER (discipline = 'ride') / count(*))::FLOAT AS ride_share,
        (count(*) FILTER (discipline = 'run') / count(*))::FLOAT AS run_share,
        (count(*) FILTER (discipline = 'row') / count(*))::FLOAT AS row_share,
        (count(*) FILTER (discipline = 'strength') / count(*))::FLOAT AS strength_share,
        (count(*) FILTER (discipline = 'yoga') / count(*))::FLOAT AS yoga_share,
        (count(*) FILTER (discipline = 'pilates') / count(*))::FLOAT AS pilates_share,
        (count(*) FILTER (discipline = 'boxing') / count(*))::FLOAT AS boxing_share,
        (count(*) FILTER (discipline = 'meditation') / count(*))::FLOAT AS meditation_share,
        avg(minutes)::FLOAT AS minutes,
        -- Hours lie on a circle: the mean of 23 and 1 is 0.
        atan2(avg(sin(angle)), avg(cos(angle))) / (2 * pi()) * 24 AS signed_hour
    FROM started_classes JOIN windows ON event_time >= $as_of - to_days(days)
    GROUP BY member_id, days
),
completed AS (
    SELECT member_id, days, count(*) AS completions
    FROM completions JOIN windows ON event_time >= $as_of - to_days(days)
    GROUP BY ALL
),
activity AS (
    SELECT
        member_id,
        days,
        coalesce(shown.impressions, 0) AS impressions,
        coalesce(started.starts, 0) AS starts,
        coalesce(completed.completions, 0) AS completions,
        (coalesce(started.starts, 0) / nullif(shown.impressions, 0))::FLOAT AS start_rate,
        (coalesce(completed.completions, 0) / nullif(started.starts, 0))::FLOAT AS completion_rate,
        started.* EXCLUDE (member_id, days, starts, signed_hour),
        ((signed_hour + 24) % 24)::FLOAT AS hour
    FROM members CROSS JOIN windows
    LEFT JOIN shown USING (member_id, days)
    LEFT JOIN started USING (member_id, days)
    LEFT JOIN completed USING (member_id, days)
),
by_window AS (
    PIVOT activity ON days IN (1, 7, 30, 90) USING
        first(impressions) AS impressions,
        first(starts) AS starts,
        first(completions) AS completions,
        first(start_rate) AS start_rate,
        first(completion_rate) AS completion_rate,
        first(ride_share) AS ride_share,
        first(run_share) AS run_share,
        first(row_share) AS row_share,
        first(strength_share) AS strength_share,
        first(yoga_share) AS yoga_share,
        first(pilates_share) AS pilates_share,
        first(boxing_share) AS boxing_share,
        first(meditation_share) AS meditation_share,
        first(minutes) AS minutes,
        first(hour) AS hour
    GROUP BY member_id
),
last_classes AS (
    SELECT member_id, list(class_id ORDER BY event_time DESC, event_id)[1:20] AS member_last_classes_90d
    FROM started_classes
    GROUP BY member_id
),
instructors AS (
    SELECT member_id, first(instructor ORDER BY classes_started DESC, instructor) AS member_instructor_90d
    FROM (SELECT member_id, instructor, count(*) AS classes_started FROM started_classes GROUP BY ALL)
    GROUP BY member_id
),
ratings_of AS (
    SELECT member_id, avg(rating)::FLOAT AS member_rating_90d
    FROM ratings
    WHERE event_time >= $as_of - INTERVAL 90 DAY
    GROUP BY member_id
)
SELECT
    member_id,
    COLUMNS('^(\d+)_(.+)$') AS 'member_\2_\1d',
    member_rating_90d,
    member_instructor_90d,
    member_last_classes_90d
FROM by_window
LEFT JOIN last_classes USING (member_id)
LEFT JOIN instructors USING (member_id)
LEFT JOIN ratings_of USING (member_id)
