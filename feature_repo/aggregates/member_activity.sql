WITH impressions_of AS (
    SELECT
        member_id,
        count(*) FILTER (event_time >= $as_of - INTERVAL 1 DAY) AS impressions_1d,
        count(*) FILTER (event_time >= $as_of - INTERVAL 7 DAY) AS impressions_7d,
        count(*) FILTER (event_time >= $as_of - INTERVAL 30 DAY) AS impressions_30d,
        count(*) FILTER (event_time >= $as_of - INTERVAL 90 DAY) AS impressions_90d
    FROM impressions
    WHERE event_time >= $as_of - INTERVAL 90 DAY
    GROUP BY member_id
),
starts_of AS (
    SELECT
        member_id,
        count(*) FILTER (event_time >= $as_of - INTERVAL 1 DAY) AS starts_1d,
        count(*) FILTER (event_time >= $as_of - INTERVAL 7 DAY) AS starts_7d,
        count(*) FILTER (event_time >= $as_of - INTERVAL 30 DAY) AS starts_30d,
        count(*) FILTER (event_time >= $as_of - INTERVAL 90 DAY) AS starts_90d
    FROM starts
    WHERE event_time >= $as_of - INTERVAL 90 DAY
    GROUP BY member_id
),
completions_of AS (
    SELECT
        member_id,
        count(*) FILTER (event_time >= $as_of - INTERVAL 1 DAY) AS completions_1d,
        count(*) FILTER (event_time >= $as_of - INTERVAL 7 DAY) AS completions_7d,
        count(*) FILTER (event_time >= $as_of - INTERVAL 30 DAY) AS completions_30d,
        count(*) FILTER (event_time >= $as_of - INTERVAL 90 DAY) AS completions_90d
    FROM completions
    WHERE event_time >= $as_of - INTERVAL 90 DAY
    GROUP BY member_id
),
started_classes AS (
    SELECT starts.*, discipline, instructor, minutes
    FROM starts JOIN classes USING (class_id)
    WHERE event_time >= $as_of - INTERVAL 90 DAY
),
taste AS (
    SELECT
        member_id,
        (count(*) FILTER (discipline = 'ride') / count(*))::FLOAT AS member_ride_share_90d,
        (count(*) FILTER (discipline = 'run') / count(*))::FLOAT AS member_run_share_90d,
        (count(*) FILTER (discipline = 'row') / count(*))::FLOAT AS member_row_share_90d,
        (count(*) FILTER (discipline = 'strength') / count(*))::FLOAT AS member_strength_share_90d,
        (count(*) FILTER (discipline = 'yoga') / count(*))::FLOAT AS member_yoga_share_90d,
        (count(*) FILTER (discipline = 'pilates') / count(*))::FLOAT AS member_pilates_share_90d,
        (count(*) FILTER (discipline = 'boxing') / count(*))::FLOAT AS member_boxing_share_90d,
        (count(*) FILTER (discipline = 'meditation') / count(*))::FLOAT AS member_meditation_share_90d,
        avg(minutes)::FLOAT AS member_minutes_90d,
        list(class_id ORDER BY event_time DESC, event_id)[1:20] AS member_last_classes_90d
    FROM started_classes
    GROUP BY member_id
),
-- Hours lie on a circle: the mean of 23 and 1 is 0.
hours AS (
    SELECT
        member_id,
        atan2(avg(sin(angle)), avg(cos(angle))) AS mean_angle
    FROM (SELECT member_id, epoch(event_time) % 86400 / 86400 * 2 * pi() AS angle FROM started_classes)
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
    coalesce(impressions_1d, 0) AS member_impressions_1d,
    coalesce(starts_1d, 0) AS member_starts_1d,
    coalesce(completions_1d, 0) AS member_completions_1d,
    (starts_1d / nullif(impressions_1d, 0))::FLOAT AS member_start_rate_1d,
    (coalesce(completions_1d, 0) / nullif(starts_1d, 0))::FLOAT AS member_completion_rate_1d,
    coalesce(impressions_7d, 0) AS member_impressions_7d,
    coalesce(starts_7d, 0) AS member_starts_7d,
    coalesce(completions_7d, 0) AS member_completions_7d,
    (starts_7d / nullif(impressions_7d, 0))::FLOAT AS member_start_rate_7d,
    (coalesce(completions_7d, 0) / nullif(starts_7d, 0))::FLOAT AS member_completion_rate_7d,
    coalesce(impressions_30d, 0) AS member_impressions_30d,
    coalesce(starts_30d, 0) AS member_starts_30d,
    coalesce(completions_30d, 0) AS member_completions_30d,
    (starts_30d / nullif(impressions_30d, 0))::FLOAT AS member_start_rate_30d,
    (coalesce(completions_30d, 0) / nullif(starts_30d, 0))::FLOAT AS member_completion_rate_30d,
    coalesce(impressions_90d, 0) AS member_impressions_90d,
    coalesce(starts_90d, 0) AS member_starts_90d,
    coalesce(completions_90d, 0) AS member_completions_90d,
    (starts_90d / nullif(impressions_90d, 0))::FLOAT AS member_start_rate_90d,
    (coalesce(completions_90d, 0) / nullif(starts_90d, 0))::FLOAT AS member_completion_rate_90d,
    member_ride_share_90d,
    member_run_share_90d,
    member_row_share_90d,
    member_strength_share_90d,
    member_yoga_share_90d,
    member_pilates_share_90d,
    member_boxing_share_90d,
    member_meditation_share_90d,
    member_minutes_90d,
    ((mean_angle / (2 * pi()) * 24 + 24) % 24)::FLOAT AS member_hour_90d,
    member_rating_90d,
    member_instructor_90d,
    member_last_classes_90d
FROM members
LEFT JOIN impressions_of USING (member_id)
LEFT JOIN starts_of USING (member_id)
LEFT JOIN completions_of USING (member_id)
LEFT JOIN taste USING (member_id)
LEFT JOIN hours USING (member_id)
LEFT JOIN instructors USING (member_id)
LEFT JOIN ratings_of USING (member_id)
