"""settings: write docs/settings.md, and pipeline.yaml if there is none, from the defaults."""

from pathlib import Path

from zsstad_core import settings_text
from zsstad_core.errors import friendly


@friendly
def main() -> None:
    if not Path("pipeline.yaml").exists():
        Path("pipeline.yaml").write_text(settings_text.as_yaml())
        print("pipeline.yaml")
    Path("docs/settings.md").write_text(settings_text.as_markdown())
    print("docs/settings.md")


if __name__ == "__main__":
    main()
