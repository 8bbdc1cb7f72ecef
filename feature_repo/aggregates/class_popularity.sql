-- How classes were received in the last 1, 7, 30 and 90 days.
WITH windows AS (
    SELECT unnest([1, 7, 30, 90]) AS days
),
shown AS (
    SELECT class_id, days, count(*) AS impressions
    FROM impressions JOIN windows ON event_time >= $as_of - to_days(days)
    GROUP BY ALL
),
started AS (
    SELECT class_id, days, count(*) AS starts
    FROM starts JOIN windows ON event_time >= $as_of - to_days(days)
    GROUP BY ALL
),
completed AS (
    SELECT class_id, days, count(*) AS completions
    FROM completions JOIN windows ON event_time >= $as_of - to_days(days)
    GROUP BY ALL
),
rated AS (
    SELECT class_id, days, count(*) AS ratings, avg(rating)::FLOAT AS rating
    FROM ratings JOIN windows ON event_time >= $as_of - to_days(days)
    GROUP BY ALL
),
-- Towards these the rates of classes with few impressions are drawn.
all_classes AS (
    SELECT days, sum(starts) / nullif(sum(impressions), 0) AS rate
    FROM shown LEFT JOIN started USING (class_id, days)
    GROUP BY days
),
popularity AS (
    SELECT
        class_id,
        days,
        coalesce(shown.impressions, 0) AS impressions,
        coalesce(started.starts, 0) AS starts,
        ((coalesce(started.starts, 0) + 20 * rate) / (coalesce(shown.impressions, 0) + 20))::FLOAT AS start_rate,
        (coalesce(completed.completions, 0) / nullif(started.starts, 0))::FLOAT AS completion_rate,
        rating,
        coalesce(ratings, 0) AS rating_count
    FROM classes CROSS JOIN windows
    LEFT JOIN all_classes USING (days)
    LEFT JOIN shown USING (class_id, days)
    LEFT JOIN started USING (class_id, days)
    LEFT JOIN completed USING (class_id, days)
    LEFT JOIN rated USING (class_id, days)
),
by_window AS (
    PIVOT popularity ON days IN (1, 7, 30, 90) USING
        first(impressions) AS impressions,
        first(starts) AS starts,
        first(start_rate) AS start_rate,
        first(completion_rate) AS completion_rate,
        first(rating) AS rating,
        first(rating_count) AS rating_count
    GROUP BY class_id
)
SELECT class_id, COLUMNS('^(\d+)_(.+)$') AS 'class_\2_\1d'
FROM by_window
