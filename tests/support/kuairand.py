"""Made-up files in KuaiRand's layout."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

MIDNIGHT_MS = 1_650_988_800_000
"""The first moment of 27 April 2022 in UTC+8, 16:00 of the day before in UTC."""

_SHOWN = {"user_id": 1, "video_id": 10, "date": 20220427, "hourmin": 0, "time_ms": MIDNIGHT_MS, "tab": 1}
_SHOWN |= {"is_click": 1, "long_view": 0, "play_time_ms": 1500, "duration_ms": 9000}
_SHOWN |= dict.fromkeys(("is_like", "is_follow", "is_comment", "is_forward", "is_hate", "is_profile_enter"), 0)
_SHOWN |= dict.fromkeys(("profile_stay_time", "comment_stay_time", "is_rand"), 0)

_USER = {"user_active_degree": "full_active", "is_live_streamer": -124, "is_video_author": 1}
_USER |= {"follow_user_num": 5, "fans_user_num": 6, "friend_user_num": 7, "register_days": 8}
_USER |= {f"onehot_feat{number}": number for number in range(18)}

_VIDEO = {"author_id": 7, "video_type": "NORMAL", "upload_dt": "2022-04-10", "upload_type": "Web"}
_VIDEO |= {"video_duration": 9000.0, "server_width": 720.0, "server_height": 1280.0}
_VIDEO |= {"music_id": 3, "music_type": 9.0, "tag": "39,68"}


class KuaiRandFiles:
    """A folder with a log of one impression, two users and two videos, whose files a test may write anew."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.write_log({})
        self.write_users({"user_id": 1}, {"user_id": 2})
        self.write_videos({"video_id": 10}, {"video_id": 11})

    def write_log(self, *rows: Mapping[str, Any], name: str = "log_standard_1.parquet") -> None:
        """Writes a log whose rows differ from the usual one as told."""
        pd.DataFrame([{**_SHOWN, **row} for row in rows]).to_parquet(self.folder / name)

    def write_users(self, *rows: Mapping[str, Any]) -> None:
        frame = pd.DataFrame([{**_USER, **row} for row in rows])
        frame.to_csv(self.folder / "user_features_pure.csv", index=False)

    def write_videos(self, *rows: Mapping[str, Any]) -> None:
        frame = pd.DataFrame([{**_VIDEO, **row} for row in rows])
        frame.to_csv(self.folder / "video_features_basic_pure.csv", index=False)

    def drop(self, file: str, column: str) -> None:
        """Takes a column out of a file."""
        path = self.folder / file
        if path.suffix == ".csv":
            pd.read_csv(path).drop(columns=column).to_csv(path, index=False)
        else:
            pd.read_parquet(path).drop(columns=column).to_parquet(path)
