"""Exclude patterns of an S3 target: globs over what follows the include path.

Source: AWS Glue Developer Guide, "Include and exclude patterns": * stays within a folder, ** crosses folders, ? is one
character, [a-z] and [!a] are sets, {csv,json} are alternatives, a backslash takes the next character as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_PLAIN = {"*": "[^/]*", "?": "[^/]", "**": ".*"}
_TOKEN = re.compile(r"\\.|\*\*|\*|\?|\[!?[^\]]+\]|\{[^}]*\}|.", re.DOTALL)


def matcher(patterns: list[str]) -> re.Pattern[str]:
    """Matches the keys (without the include path) that are to be left out; without patterns, none."""
    return re.compile("|".join(f"(?:{''.join(_parts(pattern))})" for pattern in patterns) or r"(?!)", re.DOTALL)


def _parts(pattern: str) -> Iterator[str]:
    for token in _TOKEN.findall(pattern):
        if token in _PLAIN:
            yield _PLAIN[token]
        elif len(token) > 1 and token[0] == "\\":
            yield re.escape(token[1])
        elif len(token) > 2 and token[0] == "[":
            yield token.replace("[!", "[^", 1)
        elif len(token) > 1 and token[0] == "{":
            yield "(?:" + "|".join("".join(_parts(one)) for one in token[1:-1].split(",")) + ")"
        else:
            yield re.escape(token)
