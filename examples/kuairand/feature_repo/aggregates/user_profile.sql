SELECT
    user_id,
    active_degree AS user_active_degree,
    is_live_streamer AS user_is_live_streamer,
    is_video_author AS user_is_video_author,
    followed_users AS user_followed_users,
    fans AS user_fans,
    friends AS user_friends,
    registered_days AS user_registered_days,
    COLUMNS('category_\d+') AS 'user_\0'
FROM users
