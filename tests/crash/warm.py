"""What senders load at their first message, loaded before they are forked: a life begins where it gets interesting.

Polars stays out: it has threads from the moment it is imported, and threads do not survive a fork.
"""

import contextlib

import boto3
import dateutil.easter
import fontTools.ttLib
import holidays
import pikepdf
import psycopg
import sqlalchemy.dialects.postgresql.psycopg
import twilio.rest

import channels.aws
import channels.aws_queue
import channels.email.ses
import channels.email.smtp
import channels.letter.merge
import channels.letter.spool
import channels.sms.twilio
import channels.sms.twilio_hook
import tests.crash.worker
import work.plan

__all__ = ["boto3", "channels", "dateutil", "fontTools", "pikepdf", "psycopg", "sqlalchemy", "tests", "work"]

for service in ("sesv2", "sqs"):
    for part in ("service-2", "endpoint-rule-set-1", "paginators-1"):
        channels.aws.LOADER.load_service_model(service, part)
holidays.country_holidays("NO", years=2026)
twilio.rest.Client("AC1", "t").messages.create  # noqa: B018 -- its modules are loaded when they are asked for
with contextlib.suppress(ImportError):
    import uvicorn  # noqa: F401

    import web.app  # noqa: F401
