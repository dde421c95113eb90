"""Which column is which: the canonical columns of each kind of import, and what others call them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import lru_cache

KINDS = ("customers", "addresses", "devices", "statements", "consents", "suppressions", "touchpoints")

CUSTOMER = ("reference", "first_name", "last_name", "name", "company")
POSTAL = ("street", "house_number", "street2", "postal_code", "city", "area", "country")

CANONICAL: Mapping[str, tuple[str, ...]] = {
    "customers": (*CUSTOMER, "email", "mobile", "phone", "whatsapp", *POSTAL, "language", "time_zone", "standing"),
    "addresses": (
        *("customer", "channel", "value", "email", "mobile", "phone", "whatsapp"),
        *(*POSTAL, "position", "verified_at"),
    ),
    "devices": ("customer", "token", "platform", "device"),
    "statements": (
        "customer", "kind", "topic", "brand", "channels", "value", "until_at", "from_at", "quiet_from", "quiet_until",
        "language", "tracking", "days", "at_most", "per", "household", "at", "proof", "on_behalf",
    ),
    "consents": (
        "customer", "topic", "channel", "action", "brand", "at", "proof", "expires_at", "ground", "on_behalf",
    ),
    "suppressions": (
        *("channel", "value", "email", "mobile", "phone", "whatsapp"),
        *(*POSTAL, "reason", "brand", "at", "proof"),
    ),
    "touchpoints": (
        "customer", "at", "channel", "kind", "direction", "purpose", "brand", "source", "external_id", "machine",
    ),
}  # fmt: skip
"""What each kind of import understands. Any other column of customers is an attribute, of touchpoints a detail."""

IDENTITY: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "customers": (("reference",), ("email",), ("mobile",), ("phone",), ("whatsapp",)),
    "addresses": (("customer",),),
    "devices": (("customer", "token"),),
    "statements": (("customer",),),
    "consents": tuple(("customer", said) for said in ("action", "topic", "proof", "at", "channel")),
    "suppressions": (("value",), ("email",), ("mobile",), ("phone",), ("whatsapp",), ("street",)),
    "touchpoints": (("customer", "at"),),
}
"""A file is usable when it has all columns of one of these sets."""

_WORDS: Mapping[str, str] = {
    "reference": """
        reference customerid customernumber customerno customernr customerref customerreference custid custno
        custnr clientid clientnumber memberid membernumber kundennummer kundennr kundenid kundenr kundenummer
        kundeid kundnr kundnummer kundid medlemsnummer medlemsnr numeroclient numclient noclient idclient
        codeclient numerocliente idcliente codigocliente codigodocliente codcliente codicecliente klantnummer
        klantnr klantid nrklienta numerklienta idklienta kodklienta asiakasnumero asiakasnro asiakasid
        cislozakaznika ugyfelszam externalid externalreference accountid accountnumber accountno subscriberid
        contactid personid userid memberno nclient noclient nodeclient numerodeclient ncliente nocliente ndecliente
        nodecliente numerodecliente numerodocliente ref id customer kunde klient client cliente uuid guid key no nr
        number nummer""",
    "first_name": """
        firstname givenname forename vorname fornavn fornamn prenom primeironome imie etunimi voornaam jmeno
        keresztnev fname nombre nome first nombres eesnimi tilltalsnamn""",
    "last_name": """
        lastname surname familyname nachname familienname zuname etternavn efternavn efternamn slektsnavn
        nomdefamille apellido apellidos sobrenome apelido ultimonome cognome nazwisko sukunimi achternaam
        prijmeni vezeteknev lname nom last""",
    "name": """
        name fullname customername contactname clientname displayname navn namn fulltnavn kundenname vollername
        nomcomplet nombrecompleto nomecompleto nominativo nimi naam imieinazwisko imienazwisko contact
        contactperson ansprechpartner kontaktperson""",
    "company": """
        company companyname organisation organization organisationname organizationname orgname firma firmenname
        unternehmen bedrift bedriftsnavn foretag foretagsnamn virksomhed societe entreprise raisonsociale
        empresa razonsocial azienda societa ragionesociale bedrijf bedrijfsnaam yritys cegnev spolecnost
        firmanavn firmanamn nazwafirmy employer business businessname""",
    "email": """
        email mail emailaddress emailid epost epostadresse epostadress emailadresse emailadress mailadresse
        mailadress courriel adressemail adresseemail adresseelectronique correo correoelectronico correio
        correioeletronico emailadres adresemail adresemailowy mailaddress sahkoposti indirizzoemail endereco
        eletronico posta elektroniczna emailcim epostaadresse mailto""",
    "mobile": """
        mobile mobilephone mobilenumber mobileno mobilephonenumber cell cellphone cellphonenumber mobil
        mobilnummer mobilnr mobiltelefon mobiltlf handy handynummer handynr movil telefonomovil telefonocelular
        celular telemovel telefonkomorkowy komorka telkomorkowy portable telephoneportable telephonemobile
        mobielnummer matkapuhelin gsm gsmnummer sms smsnumber mobiel cellulare telefonocellulare natel
        matkapuhelinnumero""",
    "whatsapp": """
        whatsapp whatsappnumber whatsappno whatsappphone whatsappnummer whatsappnr whatsapptelefon whatsappnumer
        numerwhatsapp numerodewhatsapp numerowhatsapp whatsappid waid zap""",
    "phone": """
        phone telephone tel telefon telefono telefone telefoon phonenumber phoneno telephonenumber telephoneno
        telefonnummer telefonnr telefonnumer tlf tlfnr telnr telno puhelin puhelinnumero numertelefonu
        nrtelefonu numerodetelephone numerotelephone numerodetelefono numerotelefono numerodetelefone
        telefonszam telefonnicislo telefoonnummer rufnummer festnetz landline fon""",
    "street": """
        street address streetaddress streetname streetandnumber addressline addr strasse strassehausnr
        strasseundhausnummer strassenr anschrift adresse adresslinje adressrad adresszeile adress adres gate
        gateadresse gatuadress gata gatunamn vej vejnavn rue voie adresselinje adressepostale adresseligne
        direccion calle domicilio endereco logradouro rua morada indirizzo via ulica ulicainumer straat
        straatnaam osoite katuosoite postadresse postadress postaladdress mailingaddress utca cim veinavn""",
    "house_number": """
        housenumber houseno hausnummer hausnr husnummer husnr huisnummer huisnr nrdomu numerdomu numerodacasa
        numerodomicilio numerocivico streetnumber streetno hazszam""",
    "street2": """
        street2 address2 addressline2 addr2 adressline2 adresse2 adress2 adresslinje2 adressrad2 adresszeile2
        adresszusatz streetaddress2 co careof complemento complement complementadresse apartment apt suite unit
        adresselinje2 direccion2 endereco2 indirizzo2""",
    "postal_code": """
        postalcode postcode zip zipcode zippostalcode zippostcode plz postleitzahl postnr postnummer postnumber
        postkode postalnumber codepostal cp codigopostal cep cap kodpocztowy postinumero psc iranyitoszam irsz
        pincode pin postal codpostal postikood""",
    "city": """
        city town locality citytown townorcity ort stadt wohnort poststed postby stad postort ville commune
        localite ciudad localidad poblacion municipio cidade localidade citta comune localita miasto miejscowosc
        kaupunki postitoimipaikka paikkakunta plaats woonplaats mesto varos posttown municipality suburb by""",
    "area": """
        area state province region county stateprovince stateregion provincestate bundesland fylke lan etat
        estado uf provincia regiao wojewodztwo maakunta departement distrito kanton regione statecode
        provincecode administrativearea""",
    "country": """
        country countrycode countryname countryiso countryregion land landkode landkod landcode landnavn pays
        codepays pais codigopais paese nazione panstwo kraj krajzamieszkania maa krajina zeme orszag nation
        laenderkennzeichen lkz countryofresidence countryiso2 isocountry""",
    "language": """
        language lang locale sprache sprak sprog langue idioma lingua jezyk kieli taal preferredlanguage
        languagecode preferredlocale korrespondenzsprache sprakkod sprakkode""",
    "time_zone": """
        timezone tz timezoneid zeitzone tidssone tidszon tidszone fusohorario zonahoraria fuseauhoraire
        fusoorario strefaczasowa tzid""",
    "standing": """
        standing customerstatus customerstanding kundenstatus kundestatus lifecyclestage lifecycle clientstatus
        statuscliente statuskunde status""",
    "channel": "channel kanal canal canale kanaal medium channelname",
    "value": "value address contact recipient adresse adress valeur valor identifier contactpoint",
    "position": "position rank priority order rang prioritet prioritaet sequence",
    "verified_at": "verifiedat verified verifiedon verificationdate confirmedat verifiziertam",
    "token": "token devicetoken pushtoken registrationtoken registrationid fcmtoken apnstoken endpointarn subscription",
    "platform": "platform os devicetype pushplatform provider plattform",
    "device": "device deviceid deviceidentifier installationid instanceid geraet gerateid enhetsid",
    "kind": "kind type event eventtype eventname activity activitytype art typ hendelse handelse evenement tipo action",
    "topic": "topic purpose subject list listname thema tema sujet interest category",
    "brand": "brand marke merke varumarke marque marca brandid",
    "channels": "channels order channelorder preferredchannels channel preferredchannel kanaler kanale",
    "until_at": "untilat until end enddate endsat to bis til till validuntil expiresat expires",
    "from_at": "fromat from start startdate startsat von fra fran validfrom",
    "quiet_from": "quietfrom quietstart quiethoursfrom quiethoursstart",
    "quiet_until": "quietuntil quietend quiethoursuntil quiethoursend quiethoursto quietto",
    "tracking": "tracking measured linktracking trackinglinks trackingallowed",
    "days": "days bestdays weekdays wochentage ukedager veckodagar dnitygodnia diasdasemana",
    "at_most": "atmost maximum most howoften hochstens hoyst hogst",
    "per": "per period each interval zeitraum periode",
    "household": "household householdletters haushalt husstand hushall agregado",
    "on_behalf": "onbehalf onbehalfof spokenby representative mandate vollmacht fullmakt",
    "expires_at": "expiresat expires expiry validuntil until",
    "ground": "ground implied basis lawfulbasis grundlage grunnlag",
    "at": """
        at date time datetime timestamp when createdat created occurredat eventdate eventtime eventat datum dato
        fecha data consentdate consentat optindate optinat statedat recordedat givenat zeitpunkt tidspunkt
        tidpunkt suppressedat unsubscribedat unsubscribedate updatedat""",
    "proof": """
        proof evidence consentproof document beweis nachweis bevis documentation formurl ip ipaddress""",
    "action": """
        action consent status optin state permission granted given subscribed value einwilligung zustimmung
        samtykke samtycke consentement consentimiento consentimento consenso zgoda""",
    "reason": "reason cause grund arsak orsak why raison motivo powod bouncetype type",
    "direction": "direction inout inbound richtung retning riktning",
    "purpose": "purpose campaigntype topic zweck formal andamal",
    "source": "source system sourcesystem origin",
    "external_id": "externalid eventid touchpointid messageid uuid guid id activityid",
    "machine": "machine bot ismachine isbot automated",
}
"""Other names in order of preference. `customer` is the reference of customers, or an e-mail address or phone."""

_BEFORE = (
    *(
        "customer",
        "kunden",
        "kunde",
        "client",
        "contact",
        "kontakt",
        "billing",
        "primary",
        "main",
        "home",
        "person",
    ),
    *("member", "user", "hoved", "haupt", "work", "business", "mailing", "postal", "address", "invoice"),
)
_CUSTOMER_ONLY_EXACT = frozenset({"no", "nr", "number", "nummer", "key", "id", "ref"})


def key(name: str) -> str:
    """Return a column name as a key: letters and digits only, lower case, without accents.

    >>> key("E-Mail"), key("Kunden-Nr."), key("postal_code"), key("Imię i nazwisko")
    ('email', 'kundennr', 'postalcode', 'imieinazwisko')
    """
    written = name.casefold().replace("ß", "ss").replace("ø", "o").replace("ł", "l").replace("æ", "ae")
    plain = unicodedata.normalize("NFKD", written)
    return re.sub(r"[^0-9a-z]", "", "".join(char for char in plain if not unicodedata.combining(char)))


def guess(kind: str, names: Sequence[str]) -> dict[str, str]:
    """Return canonical column -> column of the file, for those that are recognised; no column is used twice.

    The exact canonical name wins, then the order of `_WORDS`, then names with a word before them (`billing_city`) or a
    1 behind them.
    """
    wanted = CANONICAL[kind]
    ranks = {name: _ranks(kind, name) for name in names}
    pairs = sorted(
        (rank, wanted.index(column), place, column, name)
        for place, name in enumerate(names)
        for column, rank in ranks[name].items()
    )
    found: dict[str, str] = {}
    for _, _, _, column, name in pairs:
        if column not in found and name not in found.values():
            found[column] = name
    return _names(found)


def _ranks(kind: str, name: str) -> dict[str, int]:
    """Return the canonical columns a name may mean, with how likely it is (0 is certain)."""
    written = key(name)
    found: dict[str, int] = {}
    for column in CANONICAL[kind]:
        words = _words(kind, column)
        if written == column.replace("_", ""):
            found[column] = 0
        elif written in words:
            found[column] = 1 + words.index(written)
        else:
            short = _shortened(written)
            if short in words and short not in _CUSTOMER_ONLY_EXACT:
                found[column] = 1000 + words.index(short)
    return found


@lru_cache(maxsize=256)
def _words(kind: str, column: str) -> tuple[str, ...]:
    if column != "customer":
        return tuple(_WORDS[column].split())
    ways = "" if kind == "addresses" else f"{_WORDS['email']} {_WORDS['mobile']} {_WORDS['phone']}"
    return tuple(f"{_WORDS['reference']} {ways}".split())


def _shortened(written: str) -> str:
    bare = re.sub(r"[1a]$", "", written) if written[-1:] == "1" else written
    for word in _BEFORE:
        if bare.startswith(word) and bare != word:
            return bare.removeprefix(word)
    return bare


def _names(found: dict[str, str]) -> dict[str, str]:
    """`Name` beside `Vorname` is the family name, beside `sobrenome` the first one."""
    if "name" in found and "first_name" in found and "last_name" not in found:
        found["last_name"] = found.pop("name")
    elif "name" in found and "last_name" in found and "first_name" not in found:
        found["first_name"] = found.pop("name")
    elif "last_name" in found and "first_name" not in found and key(found["last_name"]) == "nom":
        found["name"] = found.pop("last_name")
    elif (
        "first_name" in found and "last_name" not in found and key(found["first_name"]) in {"nome", "nombre"}
    ):
        found["name"] = found.pop("first_name")
    return found


def usable(kind: str, found: Mapping[str, str] | Sequence[str]) -> bool:
    """Return whether these canonical columns identify the rows of a file of a kind."""
    return any(all(column in found for column in wanted) for wanted in IDENTITY[kind])
