-- Every class of a logged answer that was shown to the member, and whether the member started it.
SELECT
    request_id,
    class_id,
    bool_or(impression_id IN (SELECT impression_id FROM starts)) AS started
FROM impressions JOIN impression_requests USING (impression_id)
GROUP BY request_id, class_id
