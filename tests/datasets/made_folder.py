"""A folder of somebody's videos, at several depths and in several containers, with annotations of them."""

from pathlib import Path
from typing import Any

from zsstad_core.datasets.folder import Folder
from zsstad_core.settings import datasets as settings

VIDEOS = ["a day/at the sea.MP4", "a day/night/lamp.webm", "clip.avi", "other/clip.avi"]
HEADER = "video,frame,x1,y1,x2,y2,person,label,part"
ROWS = [
    "a day/at the sea.MP4,0,10,10,30,40,1,walking,train",
    "a day/night/lamp.webm,0,1,2,11,22,anna,reading,test",
    "a day/night/lamp.webm,1,2,2,12,22,anna,reading,test",
    "clip.avi,0,10,10,30,40,2,reading,train",
    "clip.avi,0,40,10,60,40,10,walking,train",
    "clip.avi,1,40,10,60,40,10,walking,train",
    "other/clip.avi,3,5,5,25,45,7,walking,test",
    "other/clip.avi,3,5,5,25,45,7,reading,test",
]


def write_videos(root: Path, names: list[str] = VIDEOS) -> None:
    """Files in the right places; a dataset lists them and opens none."""
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def write_csv(root: Path, rows: list[str] = ROWS, header: str = HEADER, end: str = "\n") -> None:
    (root / "boxes.csv").write_bytes(end.join([header, *rows, ""]).encode())


def open_folder(root: Path, **changed: Any) -> Folder:
    return Folder(settings.Folder(root=str(root), **changed))
