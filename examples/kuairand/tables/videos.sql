-- One row for each video, from a snapshot that is taken as known from before the log began on 8 April 2022.
SELECT
    video_id::BIGINT::VARCHAR AS video_id,
    TIMESTAMPTZ '2022-04-01 00:00:00+08' AS known_time,
    author_id::BIGINT::VARCHAR AS author_id,
    video_type,
    upload_dt::DATE AS upload_date,
    nullif(upload_type, 'UNKNOWN') AS upload_type,
    video_duration::DOUBLE / 1000 AS duration_seconds,
    server_width::DOUBLE AS width,
    server_height::DOUBLE AS height,
    nullif(music_id::BIGINT, 0)::VARCHAR AS music_id,
    music_type::INTEGER::VARCHAR AS music_type,
    string_split(nullif(tag::VARCHAR, ''), ',') AS tags
FROM video_features
ORDER BY video_features.video_id
