-- One row for each impression. Rows that repeat another exactly are dropped. `date` and `hourmin` sometimes
-- disagree with `time_ms`, which alone decides the day: the app's, eight hours ahead of UTC.
WITH shown AS (SELECT DISTINCT * FROM log)
SELECT
    concat_ws('-', user_id, video_id, time_ms, row_number() OVER same_moment) AS impression_id,
    make_timestamptz(time_ms * 1000) AS event_time,
    (make_timestamp(time_ms * 1000) + INTERVAL 8 HOURS)::DATE AS day,
    user_id::BIGINT::VARCHAR AS user_id,
    video_id::BIGINT::VARCHAR AS video_id,
    tab::INTEGER::VARCHAR AS tab,
    play_time_ms / 1000 AS play_seconds,
    is_click::INTEGER AS is_click,
    long_view::INTEGER AS long_view,
    is_like::INTEGER AS is_like,
    is_follow::INTEGER AS is_follow,
    is_comment::INTEGER AS is_comment,
    is_forward::INTEGER AS is_forward,
    is_hate::INTEGER AS is_hate
FROM shown
WINDOW same_moment AS (PARTITION BY user_id, video_id, time_ms ORDER BY date, hourmin, tab, play_time_ms)
ORDER BY time_ms, impression_id
