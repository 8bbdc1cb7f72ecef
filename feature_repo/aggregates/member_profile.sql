SELECT
    member_id,
    date_diff('day', joined_time, $as_of) AS member_tenure_days,
    country AS member_country,
    age_band AS member_age_band,
    equipment AS member_equipment,
    preferred_languages AS member_preferred_languages,
    preferred_times AS member_preferred_times
FROM members
