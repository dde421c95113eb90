"""What `tidings import KIND --example` prints: a small valid file of canonical columns, and a mapping for it."""

from __future__ import annotations

from dataclasses import dataclass

from work.reading_text import EXAMPLE_MARK

TABLES = {  # a row of a table is a line of the file
    "customers": """\
reference,first_name,last_name,company,email,mobile,street,postal_code,city,area,country,language,standing
1001,Ingrid,Solheim,,ingrid.solheim@example.com,+4791234567,Storgata 12,0184,Oslo,,NO,nb,customer
1002,Joana,Ribeiro,Flores Ltda,joana@example.org,+5511987654321,"Rua Augusta, 1200",01304-001,São Paulo,SP,BR,,prospect
1003,Piotr,Nowak,,piotr.nowak@example.net,+48512345678,ul. Długa 5,00-238,Warszawa,,PL,,prospect
""",
    "addresses": """\
customer,channel,value,street,postal_code,city,country,position
1001,email,ingrid@work.example.com,,,,,10
1001,sms,+4792345678,,,,NO,10
1003,letter,,ul. Krótka 9,30-001,Kraków,PL,10
""",
    "devices": """\
customer,token,platform,device
1001,cUh3kq0RTL6s8Xn2:APA91bExampleExampleExampleExampleExampleExample,fcm,phone-1
1002,3f1c9a52e07bd84f6a2c51e9b8d7034fa6c1e2d3b4958677a8b9c0d1e2f30415,apns,phone-2
""",
    "statements": """\
customer,kind,topic,brand,channels,until_at,from_at,quiet_from,quiet_until,language,tracking,days,at_most,per,household,at,proof,on_behalf
1001,order,all,all,sms email letter,,,,,,,,,,,2026-01-10T09:00:00Z,form 4711,
1002,pause,offer,all,,2026-12-01T00:00:00Z,,,,,,,,,,2026-01-11T09:00:00Z,phone call,
1002,quiet_hours,all,all,,,,21:00,08:00,,,,,,,2026-01-11T09:00:00Z,phone call,
1003,language,all,all,,,,,,pl,,,,,,2026-01-12T09:00:00Z,letter,
1003,tracking,all,all,,,,,,,no,,,,,2026-01-12T09:00:00Z,letter,
1001,best_days,all,all,,,,,,,,tue thu,,,,2026-01-13T09:00:00Z,form 4712,
1002,frequency,offer,all,,,,,,,,,1,month,,2026-01-13T09:00:00Z,letter,"relative, mandate M-17"
1003,household,all,all,,,,,,,,,,,one,2026-01-13T09:00:00Z,letter,
""",
    "consents": """\
customer,topic,channel,action,brand,at,proof,expires_at,ground,on_behalf
1001,news,email,given,all,2025-11-02T10:15:00Z,double opt-in 2025-11-02 from 192.0.2.10,,,
1002,offer,all,given,all,2024-05-20T08:00:00Z,,,purchase,
1003,offer,sms,withdrawn,all,2026-01-05T12:30:00Z,STOP by SMS,,,
""",
    "suppressions": """\
channel,value,reason,brand,at
email,bounced@example.com,hard bounce,all,2025-09-01T00:00:00Z
sms,+4799999999,asked not to be written to,all,2025-10-01T00:00:00Z
""",
    "touchpoints": """\
customer,at,channel,kind,direction,purpose,brand,source,external_id,machine
1001,2026-01-15T10:00:00Z,email,clicked,in,news,all,newsletter,evt-1,no
1001,2026-01-16T14:20:00Z,call,called,in,service,all,phone system,call-77,no
1002,2026-01-20T08:05:00Z,payment,paid,in,invoice,all,bank,tx-2026-0042,no
""",
}
"""The customers' references are those that the other kinds use, so that all may be imported one after the other."""

_CONSTANTS = {
    "customers": '# country = "NO"            # of rows without one\n# standing = "customer"',
    "addresses": '# country = "NO"',
    "devices": '# platform = "fcm"',
    "statements": '# brand = "nordlys"\n# kind = "order"',
    "consents": '# topic = "news"\n# action = "given"\n# proof = "paper form, archive box 12"',
    "suppressions": '# channel = "email"\n# reason = "list of the old system"',
    "touchpoints": '# channel = "call"\n# direction = "in"',
}


@dataclass(frozen=True, kw_only=True)
class Example:
    """A table and a mapping."""

    table: str
    mapping: str

    @property
    def text(self) -> str:
        """Both in one, as printed: the table as a file and the whole as a mapping can be read again as they are."""
        return f"{self.table}\n{self.mapping}"


def example_of(kind: str) -> Example:
    """Return the example of a kind of import."""
    table = TABLES[kind]
    columns = table.partition("\n")[0].split(",")
    named = "\n".join(f'{column} = "{column}"' for column in columns)
    mapping = f"""\
{EXAMPLE_MARK}: save this part as mapping.toml and correct what stands right of the equals signs.
# tidings import {kind} FILE --mapping mapping.toml

source = "import"  # the system the file comes from; a reference is unique in it

[columns]  # our column = "column of your file"; a list joins several: street = ["Address 1", "Address 2"]
{named}

[constants]  # values of rows, or of files, that have none
{_CONSTANTS[kind]}

[formats]
dates = ""            # "%d.%m.%Y", "day first", "month first"; "" is ISO 8601
zone = "UTC"          # time zone of times that name none
encoding = ""         # "" is guessed
delimiter = ""        # "" is guessed
sheet = ""            # of a workbook; "" is the first with content
"""
    return Example(table=table, mapping=mapping)
