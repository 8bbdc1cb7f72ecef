SELECT
    user_id,
    video_id,
    event_time AS event_timestamp,
    tab,
    is_click
FROM impressions
