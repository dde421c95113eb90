"""`tidings.keywords`: a table of what customers write, and of what only looks like it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidings.keywords import HELP, START, STOP, STOP_ALONE, Keyword, keyword, keyword_of_mail, own_text

NAMES = ("Nordlys", "Nordlys Hage AS")

WORDS = [
    *[(word, Keyword.STOP) for word in ("STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT")],
    *[(word, Keyword.STOP) for word in ("stop all sms", "Stop these texts", "opt out of sms", "no more texts")],
    *[(word, Keyword.STOP) for word in ("stopp alle meldinger", "Stoppa sms", "Wypisz się", "PARAR TUDO")],
    *[(word, Keyword.STOP) for word in ("Não me envie mais mensagens", "cancele")],
    *[(word, Keyword.START) for word in ("START", "UNSTOP")],
    *[(word, Keyword.HELP) for word in ("HELP", "INFO")],
    *[(word, Keyword.STOP) for word in ("stopp", "Meld meg av", "avslutt", "Avmeld")],
    *[(word, Keyword.STOP) for word in ("Sluta", "Avanmäl", "avregistrera", "Avsluta", "ta bort mig")],
    *[(word, Keyword.STOP) for word in ("Wypisz", "wypisz mnie", "REZYGNUJĘ", "Koniec", "usuń mnie")],
    *[(word, Keyword.STOP) for word in ("Parar", "SAIR", "cancelar", "descadastrar", "Não quero mais receber")],
    *[(word, Keyword.START) for word in ("meld meg på", "Starta", "zapisz mnie", "começar")],
    *[(word, Keyword.HELP) for word in ("hjelp", "Hjälp", "pomoc", "ajuda")],
]  # fmt: skip

DRESSED = [
    pytest.param("stop", id="small letters"),
    pytest.param("sToP", id="any case"),
    pytest.param("  \t STOP \r\n", id="blanks around it"),
    pytest.param("Stop!!!", id="cries"),
    pytest.param("STOP?", id="a question mark"),
    pytest.param("“STOP”", id="curly quotes"),
    pytest.param("«Stop»", id="angle quotes"),
    pytest.param("*STOP*", id="stars"),
    pytest.param("STOP 😡🛑", id="emoji"),
    pytest.param("👨‍👩‍👧 stop", id="an emoji of many signs"),
    pytest.param("ST\u200bOP", id="a zero-width space inside"),
    pytest.param("\ufeffSTOP\u200f", id="marks of byte order and direction"),
    pytest.param("ＳＴＯＰ", id="full-width letters"),
    pytest.param("𝐒𝐓𝐎𝐏", id="mathematical letters"),
    pytest.param("stóp", id="an accent"),
    pytest.param("S T O P", id="spaced letters"),
    pytest.param("S.T.O.P.", id="dotted letters"),
    pytest.param("stop stop STOP", id="said three times"),
    pytest.param("Please stop", id="please"),
    pytest.param("STOP, vennligst", id="politely in Norwegian"),
    pytest.param("Snälla, stop. Tack!", id="politely in Swedish"),
    pytest.param("Hei! Stop.", id="after a greeting"),
    pytest.param("STOP NORDLYS", id="with the brand"),
    pytest.param("STOP\n> Your invoice is ready", id="above what is quoted"),
    pytest.param("Stopp SMS", id="with the channel"),
    pytest.param("Przestańcie!", id="to all of us in Polish"),
    pytest.param("Nordlys: stop", id="after the brand"),
    pytest.param("Unsubscribe from Nordlys Hage AS, please", id="from the brand's legal name"),
]

SENTENCES = [
    pytest.param("> STOP", id="quoted"),
    pytest.param("> Reply STOP to end\n\nWhat is this?", id="a question below the quoted word"),
    pytest.param("please don't stop", id="don't stop"),
    pytest.param("Please do not stop!", id="do not stop"),
    pytest.param("never stop", id="never stop"),
    pytest.param("this stop", id="one of a bus"),
    pytest.param("stop the order", id="what is no message"),
    pytest.param("Stop my subscription of coffee", id="what is sold"),
    pytest.param("when does the offer end?", id="when it ends"),
    pytest.param("The bus stop is closed", id="a bus stop"),
    pytest.param("Stop by tomorrow", id="stop by"),
    pytest.param("Can I cancel my order?", id="cancel an order"),
    pytest.param("cancel order 4711", id="cancel order"),
    pytest.param("How do I unsubscribe?", id="how to unsubscribe"),
    pytest.param("I did not unsubscribe", id="did not unsubscribe"),
    pytest.param("Can't stop won't stop", id="a song"),
    pytest.param("Nonstop", id="inside a word"),
    pytest.param("stopper", id="a longer word"),
    pytest.param("Kan dere ikke stoppe", id="Norwegian: can you not stop"),
    pytest.param("Ikke stopp", id="Norwegian: do not stop"),
    pytest.param("Sluta aldrig", id="Swedish: never stop"),
    pytest.param("Kiedy koniec promocji?", id="Polish: when does the offer end"),
    pytest.param("Nie rezygnuję", id="Polish: I do not give up"),
    pytest.param("Não pare", id="Portuguese: do not stop"),
    pytest.param("Quero sair amanhã", id="Portuguese: I want to go out"),
    pytest.param("YES", id="yes answers some other question"),
    pytest.param("no", id="no"),
    pytest.param("I need help with my invoice", id="a cry for help"),
    pytest.param("🛑", id="only a picture"),
    pytest.param("Nordlys", id="only the brand"),
    pytest.param("", id="nothing"),
    pytest.param("\u200b \n", id="nothing visible"),
    pytest.param("please", id="only politeness"),
]


@pytest.mark.parametrize(("text", "meaning"), [pytest.param(*word, id=word[0]) for word in WORDS])
def test_words(text, meaning):
    """The standard set, and the words of five languages."""
    assert keyword(text) is meaning


@pytest.mark.parametrize("text", DRESSED)
def test_dressed(text):
    """However it is written, STOP is STOP."""
    assert keyword(text, names=NAMES) is Keyword.STOP
    assert keyword_of_mail(text, names=NAMES) is Keyword.STOP


@pytest.mark.parametrize("text", SENTENCES)
def test_sentences(text):
    """A sentence with such a word in it is read by a person."""
    assert keyword(text, names=NAMES) is None
    assert keyword_of_mail(text, names=NAMES) is None


def test_the_brand_only_when_it_is_known():
    """Another company's name makes it a sentence."""
    assert keyword("STOP Telenor", names=NAMES) is None


@pytest.mark.parametrize("word", sorted(STOP | STOP_ALONE | START | HELP))
@given(around=st.tuples(*[st.text(alphabet=" \t\n\r.,;:!?\"'()-*_🛑😡\u200b\u2060\ufe0f", max_size=6)] * 2))
def test_signs_never_matter(word, around):
    """Signs, blanks and case around a word change nothing."""
    assert keyword(around[0] + word.upper() + around[1]) is keyword(word)


@given(st.text(max_size=400))
def test_never_raises(text):
    """Whatever comes in; and a keyword is always short."""
    for judge in (keyword, keyword_of_mail):
        assert judge(text) in {None, *Keyword}


QUOTE = "On Tue, 3 March 2026 at 12:00, Nordlys <hei@nordlys.example> wrote:\n> Reply STOP to end this.\n> \n> Bye"

MAILS = [
    pytest.param(f"STOP\n\n{QUOTE}", Keyword.STOP, id="above the quoted mail"),
    pytest.param(f"{QUOTE}\n\nSTOP", Keyword.STOP, id="below the quoted mail"),
    pytest.param(f"Hello,\n\nplease unsubscribe me.\n\nAda\n\n{QUOTE}", Keyword.STOP, id="greeting and name"),
    pytest.param(f"Stop\nI get far too many of these\n{QUOTE}", Keyword.STOP, id="a reason after it"),
    pytest.param("Stopp\r\n\r\nSendt fra min iPhone", Keyword.STOP, id="from a telephone"),
    pytest.param("Cancel\n\nSent from my iPhone", Keyword.STOP, id="a doubtful word alone"),
    pytest.param("End\n-- \nAda Berg, Storgata 1", Keyword.STOP, id="above a signature"),
    pytest.param("unsubscribe\n\n-----Original Message-----\nFrom: x\nHello", Keyword.STOP, id="above an original"),
    pytest.param("Stop\n\nFra: Nordlys <hei@nordlys.example>\nEmne: Tilbud\nIkke svar", Keyword.STOP, id="Outlook"),
    pytest.param("Cancel\nmy order 4711 please", None, id="cancel an order"),
    pytest.param("Help\nI cannot open the invoice", None, id="help with something"),
    pytest.param(f"Thank you!\n\n{QUOTE}", None, id="thanks, with STOP in the quoted mail"),
    pytest.param(QUOTE, None, id="nothing but the quoted mail"),
    pytest.param("On Tue, 3 March 2026, Nordlys <hei@nordlys.example>\nwrote:\n> STOP", None, id="folded line"),
    pytest.param("I like the offer.\nStop by any time\nSTOP", None, id="not the first line"),
    pytest.param("Den 3 mars skrev Nordlys:\nSTOP i svar avslutar\n", None, id="announced, but not marked as quoted"),
    pytest.param("> STOP\n>> STOP", None, id="only quotes"),
    pytest.param("On 3 March 2026 Nordlys wrote:\n\nSTOP\n", None, id="quoted in HTML, which had no signs for it"),
    pytest.param("Não quero mais\no produto 4711", None, id="a word that may be about a product"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "meaning"), MAILS)
def test_mails(text, meaning):
    """A reply by e-mail says stop in its first own line."""
    assert keyword_of_mail(text) is meaning


def test_own_text():
    """What is kept of a reply is what the customer wrote."""
    assert own_text(f"Can I pay later?\n\nAda\n\n{QUOTE}\n-- \nAda Berg") == "Can I pay later?\n\nAda"


def test_a_mail_of_empty_lines_is_read_in_one_pass():
    """Looking from each line for the next one that says something would take minutes."""
    assert own_text("STOP" + "\n" * 200_000 + "Ada").startswith("STOP\n")
