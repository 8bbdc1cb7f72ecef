WITH shown AS (
    SELECT * FROM impressions WHERE event_time >= $as_of - INTERVAL 30 DAY
),
overall AS (
    SELECT avg(is_click) AS click_rate, avg(long_view) AS long_view_rate FROM shown
),
-- Surfaces differ so much that a video's rate says more of where it was shown than of the video.
surfaces AS (
    SELECT tab, avg(is_click) AS click_rate, avg(long_view) AS long_view_rate FROM shown GROUP BY tab
),
judged AS (
    SELECT shown.*, is_click - click_rate AS click_excess, long_view - long_view_rate AS long_view_excess
    FROM shown JOIN surfaces USING (tab)
),
popularity AS (
    SELECT
        video_id,
        count(*) AS shown_count,
        count(*) FILTER (event_time >= $as_of - INTERVAL 1 DAY) AS shown_count_1d,
        sum(is_click) FILTER (event_time >= $as_of - INTERVAL 1 DAY) AS click_count_1d,
        sum(is_click) AS click_count,
        sum(long_view) AS long_view_count,
        sum(click_excess) / (count(*) + 10) AS click_excess,
        sum(long_view_excess) / (count(*) + 10) AS long_view_excess,
        avg(play_seconds) AS play_seconds
    FROM judged
    GROUP BY video_id
),
authors AS (
    SELECT author_id, sum(click_excess) / (count(*) + 10) AS click_excess
    FROM judged JOIN videos USING (video_id)
    GROUP BY author_id
),
tagged AS (
    SELECT video_id, unnest(tags) AS tag FROM videos
),
tags AS (
    SELECT
        tag,
        sum(click_excess) / (count(*) + 10) AS click_excess,
        sum(long_view_excess) / (count(*) + 10) AS long_view_excess
    FROM judged JOIN tagged USING (video_id)
    GROUP BY tag
),
tags_of AS (
    SELECT video_id, avg(click_excess) AS click_excess, avg(long_view_excess) AS long_view_excess
    FROM tagged JOIN tags USING (tag)
    GROUP BY video_id
)
SELECT
    video_id,
    coalesce(shown_count_1d, 0) AS video_impressions_1d,
    coalesce(click_count_1d, 0)::BIGINT AS video_clicks_1d,
    ((coalesce(click_count, 0) + 10 * click_rate) / (coalesce(shown_count, 0) + 10))::FLOAT AS video_click_rate_30d,
    coalesce(popularity.click_excess, 0)::FLOAT AS video_click_excess_30d,
    ((coalesce(long_view_count, 0) + 10 * long_view_rate) / (coalesce(shown_count, 0) + 10))::FLOAT
        AS video_long_view_rate_30d,
    coalesce(popularity.long_view_excess, 0)::FLOAT AS video_long_view_excess_30d,
    play_seconds::FLOAT AS video_play_seconds_30d,
    coalesce(authors.click_excess, 0)::FLOAT AS video_author_click_excess_30d,
    coalesce(tags_of.click_excess, 0)::FLOAT AS video_tag_click_excess_30d,
    coalesce(tags_of.long_view_excess, 0)::FLOAT AS video_tag_long_view_excess_30d
FROM videos
CROSS JOIN overall
LEFT JOIN popularity USING (video_id)
LEFT JOIN authors USING (author_id)
LEFT JOIN tags_of USING (video_id)
