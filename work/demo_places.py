"""Where the customers of the demo live: names, streets and towns of five countries. All people are invented.

Phone numbers: Sweden's are the block that PTS keeps for fiction. The other four countries keep none that is
a valid mobile number, so theirs are the neighbours of the example numbers in Google's libphonenumber. Nothing
of the demo can leave the machine anyway: it always runs in mode `outbox`.
"""

from dataclasses import dataclass
from decimal import Decimal

FICTION_FROM, FICTION = 605, 95
"""070-174 06 05 to 06 99: what the Swedish regulator keeps for films and books."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """A town with one of its postal codes; `region` where the country's addresses need one."""

    city: str
    postal_code: str
    region: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Country:
    """What an invented customer of a country is made of."""

    code: str
    language: str
    currency: str
    tax_rate: Decimal
    """Percent of value added tax on what the demo sells."""
    price: Decimal
    """What one unit of the euro price list costs here, a round figure."""
    phones: str
    """The first of its phone numbers in E.164; the others count up from there."""
    women: tuple[str, ...]
    men: tuple[str, ...]
    families: tuple[str, ...]
    streets: tuple[str, ...]
    """With `{}` for the house number."""
    places: tuple[Place, ...]

    def phone(self, number: int) -> str:
        """Return the phone number of a customer: Swedes get the numbers of fiction while there are some."""
        if self.code == "SE" and number // 5 < FICTION:
            return f"+46701740{FICTION_FROM + number // 5}"
        return f"+{int(self.phones) + number}"

    def family(self, drawn: str, *, woman: bool) -> str:
        """Return the family name in the form that the country uses for a woman or a man."""
        if self.code == "PL" and woman and drawn.endswith(("ski", "cki")):
            return drawn[:-1] + "a"
        return drawn


def _places(text: str) -> tuple[Place, ...]:
    rows = (line.split("|") for line in text.strip().splitlines())
    return tuple(
        Place(postal_code=code.strip(), city=city.strip(), region=region.strip())
        for code, city, region in rows
    )


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(","))


NORWAY = Country(
    code="NO",
    language="nb",
    currency="NOK",
    tax_rate=Decimal(25),
    price=Decimal(12),
    phones="+4740612345",
    women=_words("Ingrid, Solveig, Kari, Marit, Astrid, Nora, Emilie, Silje, Ragnhild, Tuva, Åse, Hege"),
    men=_words("Ola, Lars, Bjørn, Henrik, Sindre, Magnus, Øyvind, Torstein, Eirik, Jonas, Håkon, Even"),
    families=_words(
        "Hansen, Johansen, Olsen, Larsen, Bakken, Haugen, Sæther, Lunde, Myhre, Strand, Ødegård, "
        "Nygård, Dahl, Berge, Aas, Moen, Solberg, Fjeld, Tveit, Vik"
    ),
    streets=_words(
        "Bjørkeveien {}, Storgata {}, Kirkegata {}, Fjordveien {}, Skolegata {}, Parkveien {}, "
        "Granlia {}, Elveveien {}"
    ),
    places=_places("""
        0171 | Oslo |
        5003 | Bergen |
        7011 | Trondheim |
        4006 | Stavanger |
        9008 | Tromsø |
        3016 | Drammen |
        6003 | Ålesund |
        8006 | Bodø |"""),
)

SWEDEN = Country(
    code="SE",
    language="sv",
    currency="SEK",
    tax_rate=Decimal(25),
    price=Decimal(11),
    phones="+46701234567",
    women=_words("Elsa, Astrid, Maja, Linnéa, Karin, Sofia, Ebba, Ulla, Birgitta, Frida, Åsa, Hanna"),
    men=_words("Erik, Lars, Nils, Oskar, Gustav, Johan, Björn, Axel, Göran, Viktor, Anders, Mattias"),
    families=_words(
        "Andersson, Johansson, Karlsson, Nilsson, Lindberg, Lindqvist, Bergström, Sjöberg, Öberg, "
        "Åkesson, Forsberg, Holm, Sandström, Ekström, Nyström, Hedlund, Wallin, Björk, Norén, Ström"
    ),
    streets=_words(
        "Storgatan {}, Björkvägen {}, Kungsgatan {}, Skolgatan {}, Ringvägen {}, Kyrkogatan {}, "
        "Ängsvägen {}, Hamngatan {}"
    ),
    places=_places("""
        111 22 | Stockholm |
        411 03 | Göteborg |
        211 20 | Malmö |
        753 20 | Uppsala |
        703 61 | Örebro |
        582 22 | Linköping |
        903 26 | Umeå |
        972 31 | Luleå |"""),
)

POLAND = Country(
    code="PL",
    language="pl",
    currency="PLN",
    tax_rate=Decimal(23),
    price=Decimal(4),
    phones="+48512345678",
    women=_words(
        "Anna, Katarzyna, Małgorzata, Agnieszka, Zofia, Hanna, Elżbieta, Łucja, Joanna, Maja, Ewa, Bożena"
    ),
    men=_words(
        "Piotr, Krzysztof, Andrzej, Tomasz, Paweł, Michał, Łukasz, Jakub, Stanisław, Marek, Grzegorz, "
        "Wojciech"
    ),
    families=_words(
        "Kowalski, Nowak, Wiśniewski, Wójcik, Kamiński, Lewandowski, Zieliński, Szymański, Woźniak, "
        "Dąbrowski, Mazur, Krawczyk, Kaczmarek, Piotrowski, Grabowski, Pawłowski, Michalski, Wróbel, "
        "Jabłoński, Sikora"
    ),
    streets=_words(
        "ul. Długa {}, ul. Lipowa {}, ul. Ogrodowa {}, ul. Kościuszki {}, ul. Mickiewicza {}, ul. "
        "Polna {}, ul. Słoneczna {}, al. Wolności {}"
    ),
    places=_places("""
        00-950 | Warszawa |
        30-002 | Kraków |
        50-106 | Wrocław |
        61-701 | Poznań |
        80-831 | Gdańsk |
        90-001 | Łódź |
        20-002 | Lublin |
        15-062 | Białystok |"""),
)

BRAZIL = Country(
    code="BR",
    language="pt_BR",
    currency="BRL",
    tax_rate=Decimal(0),
    price=Decimal(6),
    phones="+5511961234567",
    women=_words(
        "Ana, Beatriz, Camila, Fernanda, Juliana, Larissa, Mariana, Letícia, Conceição, Júlia, Inês, Rafaela"
    ),
    men=_words(
        "João, Pedro, Lucas, Rafael, Thiago, Antônio, Gustavo, Felipe, José, Caio, Vinícius, Sebastião"
    ),
    families=_words(
        "Silva, Santos, Oliveira, Souza, Pereira, Costa, Ferreira, Gonçalves, Almeida, Araújo, "
        "Ribeiro, Carvalho, Assunção, Magalhães, Barbosa, Rocha, Moreira, Nóbrega, Teixeira, Brandão"
    ),
    streets=_words(
        "Rua das Flores {}, Avenida Paulista {}, Rua São João {}, Rua da Consolação {}, Avenida "
        "Brasil {}, Rua XV de Novembro {}, Travessa do Comércio {}, Rua das Laranjeiras {}"
    ),
    places=_places("""
        01310-100 | São Paulo | SP
        20040-002 | Rio de Janeiro | RJ
        30130-010 | Belo Horizonte | MG
        40020-000 | Salvador | BA
        80010-000 | Curitiba | PR
        90010-150 | Porto Alegre | RS
        88010-400 | Florianópolis | SC
        50030-230 | Recife | PE"""),
)

BRITAIN = Country(
    code="GB",
    language="en",
    currency="GBP",
    tax_rate=Decimal(20),
    price=Decimal(1),
    phones="+447400123456",
    women=_words(
        "Olivia, Amelia, Grace, Charlotte, Harriet, Imogen, Megan, Ruth, Eleanor, Zoë, Priya, Chloe"
    ),
    men=_words("Oliver, Harry, George, Arthur, Thomas, Callum, Rhys, Alistair, Imran, Edward, Samuel, Owen"),
    families=_words(
        "Smith, Jones, Taylor, Brown, Williams, Davies, Evans, Walker, Wright, Robinson, O'Neill, "
        "Hughes, Green, Patel, MacDonald, Turner, Whitfield-Moss, Bennett, Clarke, Ashworth"
    ),
    streets=_words(
        "{} High Street, {} Church Lane, {} Station Road, {} Mill Lane, {} Victoria Road, {} The "
        "Green, {} Park Avenue, {} Orchard Close"
    ),
    places=_places("""
        EC1Y 8SY | London |
        M2 5BQ | Manchester |
        EH1 1YZ | Edinburgh |
        CF10 1EP | Cardiff |
        BT1 5GS | Belfast |
        SO23 9AP | Winchester |
        NR25 7HG | Holt |
        OX14 4PG | Abingdon |"""),
)

TURNS = (NORWAY, SWEDEN, BRITAIN, NORWAY, POLAND, SWEDEN, BRAZIL, NORWAY, BRITAIN, POLAND)
"""Of ten customers in a row: three Norwegians, two each of Sweden, Britain and Poland, one Brazilian."""
