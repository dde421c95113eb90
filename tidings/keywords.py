"""STOP, START and HELP as customers write them, in five languages (CTIA Messaging Principles 5.1.3, and common sense).

A message is a keyword when it says that and nothing else. Everything longer is a reply that a person reads: a missed
STOP is read by somebody, a false one silences a customer who asked a question.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from enum import StrEnum


class Keyword(StrEnum):
    """What a customer may say in one word."""

    STOP = "stop"
    START = "start"
    HELP = "help"


def keyword(text: str, *, names: Iterable[str] = ()) -> Keyword | None:
    """Return what a whole SMS or subject line says, None when it says more or something else.

    Case, accents, punctuation, emoji, invisible signs, politeness, a greeting and quoted lines do not matter. YES,
    which some carriers take for START, is an answer to whatever was asked last, and no keyword.

    Args:
        text: what the customer wrote.
        names: names of the brand, which may stand beside the word: "STOP NORDLYS".

    >>> keyword("  Stopp, vennligst! 🛑"), keyword("please don't stop"), keyword("STOP Nordlys", names=["Nordlys"])
    (<Keyword.STOP: 'stop'>, None, <Keyword.STOP: 'stop'>)
    """
    own = "\n".join(line for line in text[:LONGEST].splitlines() if not line.lstrip().startswith(">"))
    found = _meaning(own, names)
    return found[0] if found else None


def keyword_of_mail(text: str, *, names: Iterable[str] = ()) -> Keyword | None:
    r"""Return what an e-mail reply says: its first own line, the quoted message left out.

    Words that also speak of something else than mail ("cancel", "end", "help") count only when nothing follows.

    >>> keyword_of_mail("Unsubscribe\n\nOn 3 March Nordlys wrote:\n> Reply STOP to end this")
    <Keyword.STOP: 'stop'>
    >>> keyword_of_mail("Cancel\nmy order 4711 please")
    """
    lines = [line for line in own_text(text).splitlines() if _words(line)]
    while lines and " ".join(_words(lines[0])) in GREETINGS:
        del lines[0]
    found = _meaning(lines[0], names) if lines else None
    if found is None:
        return None
    meaning, certain = found
    return meaning if certain or not any(_wordy(line) for line in lines[1:]) else None


def own_text(text: str) -> str:
    r"""Return what the writer of a reply added: no quoted lines, no line that announces them, no signature.

    >>> own_text("Thanks!\n\nOn Tue, 3 March 2026 Nordlys <hi@nordlys.example>\nwrote:\n> Hello\n-- \nAda")
    'Thanks!'
    """
    return "\n".join(_own_lines(text.splitlines())).strip()


def _own_lines(lines: list[str]) -> Iterator[str]:
    quoted = [line.lstrip().startswith(">") for line in lines]
    following = _following(lines)
    announced = {n for n, after in enumerate(following) if _announces(lines[n], after)}
    announced |= {n - 1 for n in announced if n and _is_rest(lines[n])}  # "On Tuesday ... <a@b>" / "wrote:"
    for number, line in enumerate(lines):
        if line.rstrip("\r\n") in {"-- ", "--"} or FORWARDED.match(line) or _mobile(line):
            return
        if number in announced and WROTE.search(line) and not following[number].lstrip().startswith(">"):
            return  # quoted without signs, as HTML is that lost its tags
        if not quoted[number] and number not in announced:
            yield line


def _following(lines: list[str]) -> list[str]:
    """Return for each line the next one that says something, in one pass: a mail may be thousands of empty ones."""
    found, after = [], ""
    for line in reversed(lines):
        found.append(after)
        after = line if line.strip() else after
    return found[::-1]


def _announces(line: str, after: str) -> bool:
    """Tell whether a line introduces the quoted message: it ends in a colon, and quoted lines follow."""
    return line.rstrip().endswith(":") and (after.lstrip().startswith(">") or bool(WROTE.search(line)))


def _is_rest(line: str) -> bool:
    """Tell whether an announcing line is the folded end of one: it names neither time nor sender."""
    return not re.search(r"[\d@<]", line)


def _mobile(line: str) -> bool:
    return line.strip().casefold().startswith(SENT_FROM)


def _meaning(text: str, names: Iterable[str]) -> tuple[Keyword, bool] | None:
    """Return the keyword, and whether it can mean nothing else."""
    said = " ".join(_words(text))
    for name in sorted((" ".join(_words(name)) for name in names), key=len, reverse=True):
        if name:
            said = re.sub(rf"(?:\b(?:{FROM}) )?\b{re.escape(name)}\b", " ", said)
    said = " ".join(POLITE.sub(" ", said).split())
    words = said.split()
    if words and len(set(words)) == 1:
        said = words[0]  # "stop stop stop"
    elif len(words) > 2 and all(len(word) == 1 for word in words):  # noqa: PLR2004 -- "S T O P"
        said = "".join(words)
    for table, meaning, certain in TABLES:
        if said in table:
            return meaning, certain
    first, *rest = said.replace("opt out", "optout").split() or [""]
    return (Keyword.STOP, True) if first in STOPPING and WHAT.issuperset(rest) else None


def _wordy(line: str) -> bool:
    """Tell whether a line says more than a greeting or thanks."""
    return bool(POLITE.sub(" ", " ".join(_words(line))).strip())


def _words(text: str) -> list[str]:
    """Return the words without case, accents and signs: "Avsluta!" is "avsluta", "don't" is one word."""
    plain = unicodedata.normalize("NFKD", text[:LONGEST].translate(LETTERS)).casefold()
    kept = (sign for sign in plain if unicodedata.category(sign) not in {"Mn", "Me", "Cf"})
    return re.findall(r"[^\W_]+", "".join(sign for sign in kept if sign not in APOSTROPHES))


def _set(words: str) -> frozenset[str]:
    return frozenset(" ".join(_words(part)) for part in words.split(","))


LONGEST = 4000
"""Signs that are looked at; a keyword stands at the beginning."""

APOSTROPHES = "'`\u2018\u2019\u00b4"
LETTERS = str.maketrans("\u0142\u0141\u00f8\u00d8\u0131", "llooi")
"""Letters that Unicode does not take apart: ł, ø, and i without a dot."""

FROM = "from|fra|fran|av|z|ze|od|da|do|de|to"

STOP = _set("""
stop, stop all, stopall, stop everything, stop now, stop it, stop sending, stop sending me messages, stop
sending me emails, stop texting me, stop emailing me, unsubscribe, unsubscribe me, unsubscribe all, unsub,
opt out, optout, opt me out, remove me, take me off, take me off your list, remove me from your list, remove
me from this list, stopp, stopp alt, stopp alle, stopp nå, meld av, meld meg av, avmeld, avmeld meg,
avmelding, avregistrer, avregistrer meg, fjern meg, ta meg bort, stoppa, stopp nu, stoppa allt, sluta
skicka, avregistrera, avregistrera mig, avanmäl, avanmäl mig, avanmälan, avprenumerera, ta bort mig, wypisz,
wypisz mnie, wypisuję się, wypisz mnie z listy, rezygnuję, rezygnuję z subskrypcji, zatrzymaj, odsubskrybuj,
wyrejestruj, wyrejestruj mnie, usuń mnie, usuń mnie z listy, parar, pare, pare tudo, pare agora,
descadastrar, me descadastre, descadastre me, desinscrever, desinscreva me, cancelar inscrição, cancelar
assinatura, remova me, me remova, me tire da lista, não quero mais receber, stop texting, stop sms, stop to
all, stopp sms, avslutt sms, slutt å sende, ingen flere sms, sluta skicka sms, sluta sms, inga fler sms, nie
wysyłaj więcej, pare de me enviar mensagens, sms stop, sms stopp, take me off this list, take me off the
list, no more texts, no more messages, no more sms, no more emails, do not text me, don't text me, do not
contact me, don't contact me, do not email me, don't email me, ikke send flere meldinger, skicka inga fler
meddelanden, mnie wypisać, nie wysyłać, nie wysyłaj mi więcej, não envie mais, não envie mais mensagens, não
me envie mais mensagens, não quero receber mais, não quero receber mais mensagens
""")
STOPPING = _set("""
stop, stopall, stopp, stoppa, unsubscribe, unsub, optout, unsuscribe, unsubcribe, unsubscribed, avmeld,
avregistrer, avregistrera, avanmäl, avprenumerera, wypisz, wypisać, rezygnuję, odsubskrybuj, wyrejestruj,
descadastrar, descadastre, desinscrever, desinscreva, parar, pare
""")
"""Words that mean nothing else, and may be followed by `WHAT` is to stop."""
WHAT = _set("""
all, everything, this, these, it, now, your, the, me, sms, text, texts, texting, message, messages,
messaging, mail, mails, email, emails, emailing, contacting, sending, spam, newsletter, newsletters, list,
marketing, of, offers, ads, alt, alle, allt, meldinger, meldingene, nyhetsbrev, epost, reklame, reklam, meg,
mig, nu, nå, meddelanden, utskick, tilbud, erbjudanden, wszystko, wszystkie, mnie, się, wiadomości, smsy,
smsów, newslettera, listy, reklamy, ofert, z, tudo, todos, todas, mensagens, de, enviar, me, os, as, da,
lista, propaganda, promoções, ofertas, to
""")
STOP_ALONE = _set("""
cancel, end, quit, revoke, remove, slutt, avslutt, avbestill, avbryt, sluta, avsluta, avbeställ, koniec, anuluj,
rezygnacja, usuń, cancelar, cancele, sair, remover, fim, encerrar, stop messages, ikke send mer, skicka inte mer,
zrezygnuj, przestań, przestańcie, nie wysyłaj, nie chcę więcej, anuluj subskrypcję, pare de enviar, não quero mais,
não me envie mais
""")
START = _set("""
start, unstop, subscribe, subscribe me, resubscribe, opt in, optin, start igjen, meld på, meld meg på,
abonner, starta, starta igen, börja igen, prenumerera, wznów, zapisz mnie, subskrybuj, começar, iniciar,
retomar, inscrever, inscreva me, me inscreva
""")
HELP = _set("""
help, info, information, hjelp, hjelp meg, hjälp, hjälp mig, pomoc, pomocy, informacja, informacje, ajuda,
informação, informações
""")
TABLES = (
    (STOP, Keyword.STOP, True),
    (STOP_ALONE, Keyword.STOP, False),
    (START, Keyword.START, False),
    (HELP, Keyword.HELP, False),
)
"""Words, what they mean, and whether they mean it at the head of a longer mail too."""

GREETINGS = _set("""
hi, hello, hey, dear sir or madam, hi there, hei, hallo, god dag, hej, hejsan, god morgon, cześć, dzień
dobry, witam, olá, oi, bom dia, boa tarde
""")
KIND = _set("""
please, pls, plz, kindly, thanks, thank you, thx, regards, kind regards, best regards, vennligst, takk,
tusen takk, vær så snill, er du snill, hilsen, mvh, snälla, vänligen, tack, var god, var snäll, hälsningar,
proszę, prosze, dziękuję, dzięki, pozdrawiam, por favor, favor, obrigado, obrigada
""")
POLITE = re.compile(
    r"\b(?:"
    + "|".join(sorted((re.escape(kind) for kind in KIND | GREETINGS), key=len, reverse=True))
    + r")\b"
)
WROTE = re.compile(r"\b(wrote|skrev|napisał\(a\)|napisał|napisała|pisze|escreveu):\s*$", re.IGNORECASE)
FORWARDED = re.compile(
    r"\s*(?:-{2,} ?.{3,40} ?-{2,}|_{8,}|\*{0,2}(?:From|Fra|Från|Od|De)\s?:\*{0,2}\s.*[@<\[].*)\s*$",
    re.IGNORECASE,
)
"""`-----Original Message-----`, a rule, or the header lines that Outlook puts above the message it quotes."""
SENT_FROM = (
    "sent from my ",
    "sendt fra min ",
    "skickat från min ",
    "wysłane z ",
    "enviado do meu ",
    "get outlook for",
)
