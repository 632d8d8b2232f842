#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Makes the first inputs of the fuzz targets from the lines that test `freeside convert`."""
import json
import pathlib

HERE = pathlib.Path(__file__).parent
LINES = HERE.parent / "tests" / "convert" / "lines"
TARGETS = {"telegram": ["telegram_in"], "discord": ["discord_in"], "matrix": ["matrix_html", "model_out"]}


def seeds(source, message):
    """The inputs that one message gives, as bytes."""
    if source == "matrix":
        content = message.get("content", message)
        return [str(content.get(key)).encode() for key in ("formatted_body", "body") if content.get(key)]
    texts = [message.get(key) for key in ("text", "content", "caption")]
    return [json.dumps(message).encode()] + [text.encode() for text in texts if text]


for path in sorted(LINES.glob("*.jsonl")):
    if path.name.endswith(".out.jsonl"):
        continue
    source = path.name.split(".")[1].split("-")[0]
    for number, line in enumerate(path.read_text().splitlines()):
        try:
            found = seeds(source, json.loads(line).get("message") or {})
        except (ValueError, AttributeError):
            continue
        for target in TARGETS.get(source, []):
            folder = HERE / "corpus" / target
            folder.mkdir(parents=True, exist_ok=True)
            for which, data in enumerate(found):
                (folder / f"{path.stem}-{number}-{which}").write_bytes(data)
