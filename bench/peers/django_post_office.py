"""django-post_office as its documentation shows: mails queued in its database, sent by `send_queued`, one process."""

import base64
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import django  # type: ignore[import-not-found]
from django.conf import settings  # type: ignore[import-not-found]
from server_cpu import server_cpu  # type: ignore[import-not-found]


def main(given: dict[str, Any]) -> dict[str, float]:
    """Queue one mail for each person, then send what is queued; return the CPU seconds of the sending alone."""
    engine = {"BACKEND": "post_office.template.backends.post_office.PostOfficeTemplates", "APP_DIRS": True}
    settings.configure(
        INSTALLED_APPS=["django.contrib.contenttypes", "post_office"],
        DATABASES={"default": {"ENGINE": "django.db.backends.postgresql", **given["database"]}},
        EMAIL_BACKEND="post_office.EmailBackend",
        EMAIL_HOST="127.0.0.1",
        EMAIL_PORT=given["port"],
        POST_OFFICE={
            "BATCH_SIZE": len(given["people"]),
            "TEMPLATE_ENGINE": "post_office",
            "DEFAULT_PRIORITY": "medium",
        },
        TEMPLATES=[
            {"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True},
            {**engine, "NAME": "post_office", "OPTIONS": {}},
        ],
        USE_TZ=True,
    )
    django.setup()
    from django.core.management import call_command  # type: ignore[import-not-found]
    from post_office import mail  # type: ignore[import-not-found]

    call_command("migrate", verbosity=0)
    with tempfile.TemporaryDirectory() as folder:
        template = _template(given, Path(folder))
        mail.send_many(
            [
                {
                    "recipients": [person["to"]],
                    "sender": given["sender"],
                    "template": template,
                    "context": person,
                    "render_on_delivery": True,
                }
                for person in given["people"]
            ]
        )
        server, own = server_cpu(given["postmaster"]), time.process_time()
        sent, _, _ = mail.send_queued(processes=1)
        own, server = time.process_time() - own, server_cpu(given["postmaster"]) - server
    if sent != len(given["people"]):
        sys.exit(f"{sent} were sent")
    return {"cpu": own + server, "server": server}


def _template(given: dict[str, Any], folder: Path) -> Any:
    from post_office.models import EmailTemplate  # type: ignore[import-not-found]

    html = given["html"].replace("|e }}", " }}")
    for number, picture in enumerate(given["pictures"]):
        path = folder / f"{number}.png"
        path.write_bytes(base64.b64decode(picture["content"]))
        html = html.replace(f"cid:{picture['name']}", f"{{% inline_image '{path}' %}}")
    return EmailTemplate.objects.create(
        name="offer",
        subject="{% autoescape off %}" + given["subject"] + "{% endautoescape %}",
        content="{% autoescape off %}" + given["text"] + "{% endautoescape %}",
        html_content="{% load post_office %}" + html,
    )


if __name__ == "__main__":
    json.dump(main(json.load(sys.stdin)), sys.stdout)
