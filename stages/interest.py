"""interest: the tokens that ST-CLIP chose for each person, drawn over some frames of the test clips.

reads   score, train, text, tokens or views of the test videos, groundtruth; the videos
writes  OUT/VIDEO-FRAME.png (results/DATASET/interest-KEY, the key of the scores); nothing in the cache
        with --check: nothing; only says whether there is something to draw
"""

from collections.abc import Iterator
from pathlib import Path

from zsstad_core import configure
from zsstad_core.errors import SettingsError, friendly
from zsstad_core.heads.stclip_fits import refuse_without_interest_tokens
from zsstad_core.plan.plan import Plan

EACH = 3  # frames of unseen classes, and of seen ones


@friendly
def main() -> None:
    parser = configure.arguments(__doc__)
    parser.add_argument("--out", default="", help="folder for the pictures (results/DATASET/interest-KEY)")
    parser.add_argument("--check", action="store_true", help="only refuse what cannot be; prints ok")
    options = parser.parse_args()
    settings = configure.from_arguments(options)
    refuse_without_interest_tokens(settings)
    if options.check:
        print("ok")
        return
    plan = Plan(settings)
    for path in drawn(plan, Path(options.out or f"results/{settings.dataset}/interest-{plan.score.key}")):
        print(f"interest: {path}")


def drawn(plan: Plan, folder: Path) -> Iterator[Path]:
    from zsstad_core.report.interest import on_test_frames
    from zsstad_core.report.interest_picture import draw

    for shown in on_test_frames(plan, EACH):
        path = folder / f"{shown.video_id.replace('/', '_')}-{shown.frame}.png"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            draw(shown, f"{shown.video_id} frame {shown.frame}").save(path)
        except OSError as error:
            raise SettingsError(f"{path}: cannot be written ({error.strerror}); choose another OUT=") from error
        yield path


if __name__ == "__main__":
    main()
