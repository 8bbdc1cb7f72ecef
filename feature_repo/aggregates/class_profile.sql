SELECT
    class_id,
    title AS class_title,
    discipline AS class_discipline,
    instructor AS class_instructor,
    minutes AS class_minutes,
    difficulty AS class_difficulty,
    music_genres AS class_music_genres,
    language AS class_language,
    date_diff('day', air_time, $as_of) AS class_age_days
FROM classes
