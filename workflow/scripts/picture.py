"""Take the README's picture, the brushable chart, out of the published chapter."""

import base64
import json
from pathlib import Path

CHAPTER = Path("book/chapters/sentiment-emotion.ipynb")
PICTURE = Path("book/images/action-entropy.png")


def main() -> None:
    """Write the PNG of the chart whose description says that it can be brushed."""
    notebook = json.loads(CHAPTER.read_text("utf8"))
    outputs = [o.get("data", {}) for c in notebook["cells"] for o in c.get("outputs", [])]
    chart = next(data for data in outputs if "Drag over" in "".join(data.get("text/plain", "")))
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_bytes(base64.b64decode(chart["image/png"]))


if __name__ == "__main__":
    main()
