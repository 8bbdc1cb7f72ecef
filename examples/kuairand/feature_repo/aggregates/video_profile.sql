SELECT
    video_id,
    author_id AS video_author,
    video_type,
    upload_date::VARCHAR AS video_upload_date,
    upload_type AS video_upload_type,
    duration_seconds::FLOAT AS video_seconds,
    width::FLOAT AS video_width,
    height::FLOAT AS video_height,
    music_id AS video_music,
    music_type AS video_music_type,
    tags AS video_tags
FROM videos
