"""python-emails as its documentation shows: a message with Jinja templates, sent to one customer after the other."""

import base64
import json
import sys
import time
from typing import Any

import emails  # type: ignore[import-not-found]
from emails.template import JinjaTemplate  # type: ignore[import-not-found]


def main(given: dict[str, Any]) -> dict[str, float]:
    """Send one mail to each person; return the CPU seconds it took."""
    start = time.process_time()
    message = emails.html(
        subject=JinjaTemplate(given["subject"]),
        html=JinjaTemplate(given["html"]),
        text=JinjaTemplate(given["text"]),
        mail_from=given["sender"],
    )
    for picture in given["pictures"]:
        message.attach(
            filename=picture["name"], data=base64.b64decode(picture["content"]), content_disposition="inline"
        )
    smtp = {"host": "127.0.0.1", "port": given["port"]}
    for person in given["people"]:
        response = message.send(to=person["to"], render=person, smtp=smtp)
        if response.status_code != 250:
            sys.exit(f"{response.status_code} {response.status_text}")
    return {"cpu": time.process_time() - start}


if __name__ == "__main__":
    json.dump(main(json.load(sys.stdin)), sys.stdout)
