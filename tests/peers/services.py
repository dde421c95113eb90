"""SES and SNS as their API references describe them."""

import json
from base64 import b64decode
from types import MappingProxyType
from urllib.parse import parse_qs

from tests.peers.fault import Fault
from tests.peers.http import HttpPeer


class SesPeer(HttpPeer):
    """https://docs.aws.amazon.com/ses/latest/APIReference-V2/."""

    errors = MappingProxyType(
        {
            Fault.THROTTLE: (429, "TooManyRequestsException"),
            Fault.FAILED: (500, "InternalFailure"),
            Fault.UNAVAILABLE: (503, "ServiceUnavailable"),
            Fault.BAD_ADDRESS: (400, "MessageRejected"),
            Fault.BAD_CREDENTIALS: (403, "UnrecognizedClientException"),
        }
    )

    def answer(self, fault, reference):
        if fault not in self.errors:
            return 200, {}, json.dumps({"MessageId": reference}).encode()
        status, code = self.errors[fault]
        return status, {"x-amzn-ErrorType": code}, json.dumps({"message": self.text}).encode()

    def contents(self):
        return [b64decode(json.loads(body)["Content"]["Raw"]["Data"]) for _, _, body in self.requests]


class SnsPeer(HttpPeer):
    """https://docs.aws.amazon.com/sns/latest/api/."""

    content_type = "text/xml"
    errors = MappingProxyType(
        {
            Fault.THROTTLE: (400, "Throttling"),
            Fault.FAILED: (500, "InternalError"),
            Fault.UNAVAILABLE: (503, "ServiceUnavailable"),
            Fault.BAD_ADDRESS: (400, "EndpointDisabled"),
            Fault.BAD_CREDENTIALS: (403, "InvalidClientTokenId"),
        }
    )
    no_endpoint = None
    """(status, code, text) of the answer to `CreatePlatformEndpoint`; None makes one."""

    def endpoint(self, token):
        return f"arn:aws:sns:eu-west-1:123456789012:endpoint/APNS/nordlys/{token[:8]}"

    def answer(self, fault, reference):
        namespace = 'xmlns="http://sns.amazonaws.com/doc/2010-03-31/"'
        form = self.forms()[int(reference.partition("-")[2]) - 1]
        if form["Action"] == "CreatePlatformEndpoint":
            if self.no_endpoint is not None:
                status, code, text = self.no_endpoint
                error = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{text}</Message></Error>"
                return status, {}, f"<ErrorResponse {namespace}>{error}</ErrorResponse>".encode()
            arn = f"<EndpointArn>{self.endpoint(form['Token'])}</EndpointArn>"
            name = "CreatePlatformEndpoint"
            result = f"<{name}Response {namespace}><{name}Result>{arn}</{name}Result></{name}Response>"
            return 200, {}, result.encode()
        if fault not in self.errors:
            result = f"<PublishResult><MessageId>{reference}</MessageId></PublishResult>"
            meta = "<ResponseMetadata><RequestId>r</RequestId></ResponseMetadata>"
            return 200, {}, f"<PublishResponse {namespace}>{result}{meta}</PublishResponse>".encode()
        status, code = self.errors[fault]
        error = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{self.text}</Message></Error>"
        return (
            status,
            {},
            f"<ErrorResponse {namespace}>{error}<RequestId>r</RequestId></ErrorResponse>".encode(),
        )

    def forms(self):
        """The requests as dictionaries."""
        return [{k: v[0] for k, v in parse_qs(body.decode()).items()} for _, _, body in self.requests]

    def contents(self):
        return [json.loads(form["Message"])["APNS"] for form in self.forms()]


class AwsSmsPeer(HttpPeer):
    """https://docs.aws.amazon.com/pinpoint/latest/apireference_smsvoicev2/API_SendTextMessage.html."""

    content_type = "application/x-amz-json-1.0"
    errors = MappingProxyType(
        {
            Fault.THROTTLE: (400, "ThrottlingException", {}),
            Fault.FAILED: (500, "InternalServerException", {}),
            Fault.UNAVAILABLE: (503, "ServiceUnavailable", {}),
            Fault.BAD_ADDRESS: (
                400,
                "ValidationException",
                {
                    "Reason": "INVALID_PARAMETER",
                    "Fields": [{"Name": "DestinationPhoneNumber", "Message": "no"}],
                },
            ),
            Fault.BAD_CREDENTIALS: (400, "UnrecognizedClientException", {}),
        }
    )
    refusal = None
    """Another answer: status, exception, its members."""

    def answer(self, fault, reference):
        status, code, more = self.refusal or self.errors.get(fault, (200, "", {}))
        if not code:
            return 200, {}, json.dumps({"MessageId": reference}).encode()
        return status, {}, json.dumps({"__type": code, "Message": self.text, **more}).encode()

    def calls(self):
        return [json.loads(body) for _, _, body in self.requests]

    def contents(self):
        return [call["MessageBody"] for call in self.calls()]
