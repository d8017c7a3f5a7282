"""How a JSON value of a plan becomes the text that is written to Redis or published."""

from __future__ import annotations

import json

from pydantic import JsonValue


def encode_value(value: JsonValue) -> str:
    """A string as it is; anything else as compact JSON with sorted keys, non-ASCII characters kept.

    The same value always gives the same text, so that a repeated write changes nothing. Raises ``ValueError`` for
    NaN and infinities, which JSON does not have.
    """
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def checked(value: JsonValue) -> JsonValue:
    """The value itself, once it is known to be encodable; for validators of parameters."""
    try:
        encode_value(value).encode()
    except UnicodeEncodeError:
        # Half a surrogate pair: no UTF-8 can carry it.
        raise ValueError("holds text that is not valid Unicode") from None
    except ValueError:
        raise ValueError("holds a number that is not finite, which JSON does not have") from None
    return value
