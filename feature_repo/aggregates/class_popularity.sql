WITH impressions_of AS (
    SELECT
        class_id,
        count(*) FILTER (event_time >= $as_of - INTERVAL 1 DAY) AS impressions_1d,
        count(*) FILTER (event_time >= $as_of - INTERVAL 7 DAY) AS impressions_7d,
        count(*) FILTER (event_time >= $as_of - INTERVAL 30 DAY) AS impressions_30d,
        count(*) FILTER (event_time >= $as_of - INTERVAL 90 DAY) AS impressions_90d
    FROM impressions
    WHERE event_time >= $as_of - INTERVAL 90 DAY
    GROUP BY class_id
),
starts_of AS (
    SELECT
        class_id,
        count(*) FILTER (event_time >= $as_of - INTERVAL 1 DAY) AS starts_1d,
        count(*) FILTER (event_time >= $as_of - INTERVAL 7 DAY) AS starts_7d,
        count(*) FILTER (event_time >= $as_of - INTERVAL 30 DAY) AS starts_30d,
        count(*) FILTER (event_time >= $as_of - INTERVAL 90 DAY) AS starts_90d
    FROM starts
    WHERE event_time >= $as_of - INTERVAL 90 DAY
    GROUP BY class_id
),
completions_of AS (
    SELECT
        class_id,
        count(*) FILTER (event_time >= $as_of - INTERVAL 1 DAY) AS completions_1d,
        count(*) FILTER (event_time >= $as_of - INTERVAL 7 DAY) AS completions_7d,
        count(*) FILTER (event_time >= $as_of - INTERVAL 30 DAY) AS completions_30d,
        count(*) FILTER (event_time >= $as_of - INTERVAL 90 DAY) AS completions_90d
    FROM completions
    WHERE event_time >= $as_of - INTERVAL 90 DAY
    GROUP BY class_id
),
ratings_of AS (
    SELECT
        class_id,
        count(*) FILTER (event_time >= $as_of - INTERVAL 1 DAY) AS ratings_1d,
        count(*) FILTER (event_time >= $as_of - INTERVAL 7 DAY) AS ratings_7d,
        count(*) FILTER (event_time >= $as_of - INTERVAL 30 DAY) AS ratings_30d,
        count(*) FILTER (event_time >= $as_of - INTERVAL 90 DAY) AS ratings_90d,
        avg(rating) FILTER (event_time >= $as_of - INTERVAL 1 DAY) AS rating_1d,
        avg(rating) FILTER (event_time >= $as_of - INTERVAL 7 DAY) AS rating_7d,
        avg(rating) FILTER (event_time >= $as_of - INTERVAL 30 DAY) AS rating_30d,
        avg(rating) FILTER (event_time >= $as_of - INTERVAL 90 DAY) AS rating_90d
    FROM ratings
    WHERE event_time >= $as_of - INTERVAL 90 DAY
    GROUP BY class_id
),
-- Towards these the rates of classes with few impressions are drawn.
all_classes AS (
    SELECT
        sum(starts_1d) / nullif(sum(impressions_1d), 0) AS rate_1d,
        sum(starts_7d) / nullif(sum(impressions_7d), 0) AS rate_7d,
        sum(starts_30d) / nullif(sum(impressions_30d), 0) AS rate_30d,
        sum(starts_90d) / nullif(sum(impressions_90d), 0) AS rate_90d
    FROM impressions_of LEFT JOIN starts_of USING (class_id)
)
SELECT
    class_id,
    coalesce(impressions_1d, 0) AS class_impressions_1d,
    coalesce(starts_1d, 0) AS class_starts_1d,
    ((class_starts_1d + 20 * rate_1d) / (class_impressions_1d + 20))::FLOAT AS class_start_rate_1d,
    (coalesce(completions_1d, 0) / nullif(starts_1d, 0))::FLOAT AS class_completion_rate_1d,
    rating_1d::FLOAT AS class_rating_1d,
    coalesce(ratings_1d, 0) AS class_rating_count_1d,
    coalesce(impressions_7d, 0) AS class_impressions_7d,
    coalesce(starts_7d, 0) AS class_starts_7d,
    ((class_starts_7d + 20 * rate_7d) / (class_impressions_7d + 20))::FLOAT AS class_start_rate_7d,
    (coalesce(completions_7d, 0) / nullif(starts_7d, 0))::FLOAT AS class_completion_rate_7d,
    rating_7d::FLOAT AS class_rating_7d,
    coalesce(ratings_7d, 0) AS class_rating_count_7d,
    coalesce(impressions_30d, 0) AS class_impressions_30d,
    coalesce(starts_30d, 0) AS class_starts_30d,
    ((class_starts_30d + 20 * rate_30d) / (class_impressions_30d + 20))::FLOAT AS class_start_rate_30d,
    (coalesce(completions_30d, 0) / nullif(starts_30d, 0))::FLOAT AS class_completion_rate_30d,
    rating_30d::FLOAT AS class_rating_30d,
    coalesce(ratings_30d, 0) AS class_rating_count_30d,
    coalesce(impressions_90d, 0) AS class_impressions_90d,
    coalesce(starts_90d, 0) AS class_starts_90d,
    ((class_starts_90d + 20 * rate_90d) / (class_impressions_90d + 20))::FLOAT AS class_start_rate_90d,
    (coalesce(completions_90d, 0) / nullif(starts_90d, 0))::FLOAT AS class_completion_rate_90d,
    rating_90d::FLOAT AS class_rating_90d,
    coalesce(ratings_90d, 0) AS class_rating_count_90d
FROM classes
CROSS JOIN all_classes
LEFT JOIN impressions_of USING (class_id)
LEFT JOIN starts_of USING (class_id)
LEFT JOIN completions_of USING (class_id)
LEFT JOIN ratings_of USING (class_id)
