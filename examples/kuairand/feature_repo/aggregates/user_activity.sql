WITH shown AS (
    SELECT *
    FROM impressions LEFT JOIN videos USING (video_id)
    WHERE event_time >= $as_of - INTERVAL 30 DAY
),
overall AS (
    SELECT avg(is_click) AS click_rate, avg(long_view) AS long_view_rate FROM shown
),
-- Surfaces differ so much that a user's rate says more of where videos were shown than of the user.
surfaces AS (
    SELECT tab, avg(is_click) AS click_rate, avg(long_view) AS long_view_rate FROM shown GROUP BY tab
),
judged AS (
    SELECT shown.*, is_click - click_rate AS click_excess, long_view - long_view_rate AS long_view_excess
    FROM shown JOIN surfaces USING (tab)
),
activity AS (
    SELECT
        user_id,
        count(*) AS shown_count,
        count(*) FILTER (event_time >= $as_of - INTERVAL 1 DAY) AS shown_count_1d,
        sum(is_click) FILTER (event_time >= $as_of - INTERVAL 1 DAY) AS click_count_1d,
        sum(is_click) AS click_count,
        sum(long_view) AS long_view_count,
        sum(click_excess) / (count(*) + 3) AS click_excess,
        sum(long_view_excess) / (count(*) + 3) AS long_view_excess,
        sum(click_excess) FILTER (tab = '0') / (count(*) FILTER (tab = '0') + 3) AS tab_0_click_excess,
        sum(click_excess) FILTER (tab = '1') / (count(*) FILTER (tab = '1') + 3) AS tab_1_click_excess,
        sum(click_excess) FILTER (tab = '2') / (count(*) FILTER (tab = '2') + 3) AS tab_2_click_excess,
        sum(click_excess) FILTER (tab = '4') / (count(*) FILTER (tab = '4') + 3) AS tab_4_click_excess,
        sum(click_excess) FILTER (tab = '6') / (count(*) FILTER (tab = '6') + 3) AS tab_6_click_excess,
        avg(play_seconds) AS play_seconds,
        avg(duration_seconds) FILTER (is_click = 1) AS clicked_seconds,
        list(video_id ORDER BY event_time DESC, impression_id) FILTER (is_click = 1) AS videos,
        list(author_id ORDER BY event_time DESC, impression_id) FILTER (is_click = 1) AS authors,
        list(tags ORDER BY event_time DESC, impression_id) FILTER (is_click = 1 AND tags IS NOT NULL) AS tags
    FROM judged
    GROUP BY user_id
)
SELECT
    user_id,
    coalesce(shown_count_1d, 0) AS user_impressions_1d,
    coalesce(click_count_1d, 0)::BIGINT AS user_clicks_1d,
    ((coalesce(click_count, 0) + 5 * click_rate) / (coalesce(shown_count, 0) + 5))::FLOAT AS user_click_rate_30d,
    coalesce(click_excess, 0)::FLOAT AS user_click_excess_30d,
    ((coalesce(long_view_count, 0) + 5 * long_view_rate) / (coalesce(shown_count, 0) + 5))::FLOAT
        AS user_long_view_rate_30d,
    coalesce(long_view_excess, 0)::FLOAT AS user_long_view_excess_30d,
    COLUMNS('(tab_\d_click_excess)')::FLOAT AS 'user_\1_30d',
    play_seconds::FLOAT AS user_play_seconds_30d,
    clicked_seconds::FLOAT AS user_clicked_seconds_30d,
    videos[1:20] AS user_last_videos_30d,
    authors[1:20] AS user_last_authors_30d,
    flatten(activity.tags)[1:20] AS user_last_tags_30d
FROM users
CROSS JOIN overall
LEFT JOIN activity USING (user_id)
