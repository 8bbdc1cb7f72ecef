-- One row for each user, from a snapshot that is taken as known from before the log began on 8 April 2022.
-- -124 says that a flag is unknown.
SELECT
    user_id::BIGINT::VARCHAR AS user_id,
    TIMESTAMPTZ '2022-04-01 00:00:00+08' AS known_time,
    nullif(user_active_degree, 'UNKNOWN') AS active_degree,
    nullif(is_live_streamer::INTEGER, -124)::VARCHAR AS is_live_streamer,
    nullif(is_video_author::INTEGER, -124)::VARCHAR AS is_video_author,
    follow_user_num::BIGINT AS followed_users,
    fans_user_num::BIGINT AS fans,
    friend_user_num::BIGINT AS friends,
    register_days::BIGINT AS registered_days,
    COLUMNS('onehot_feat(\d+)')::INTEGER::VARCHAR AS 'category_\1'
FROM user_features
ORDER BY user_features.user_id
