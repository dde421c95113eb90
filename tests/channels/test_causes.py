"""Whose fault a refusal is, in the words of many servers: nobody's address is closed for what is said of us."""

import pytest

from channels.email.causes import cause
from tidings.outcome import ErrorClass

NOT_THE_ADDRESS = """
550 no response from host
554 invalid response from host mx.example.org
550 no free connection for this domain
554 transaction failed: no disk for user
535 invalid credentials for user hei
550 bad header in mail to recipient
550 no TLS offered to host
550 Recipient server unavailable or busy
192.0.2.1 does not like recipient. Remote host said: 550 Mail rejete. Giving up on 192.0.2.1.
550 Ugyldig avsender
550 Avsändaren är okänd
550 Unbekannter Absender
550 Nadawca zablokowany
550 Adres IP zablokowany
550 Remetente desconhecido
550 mittente sconosciuto
550 expéditeur inconnu
550 Отправитель неизвестен
550 Ваш IP заблокирован
550 发件人不存在
550 Usuário excedeu a cota
550 Caixa postal do usuário lotada
550 宛先のメールボックスがいっぱいです
550 宛先サーバーが混み合っています
550 收件人邮箱已满
550 Kontingent des Empfängers überschritten
550 Mottagarens brevlåda har överskridit sin kvot
554 Ihre Nachricht konnte nicht zugestellt werden
554 Não foi possível entregar a mensagem
550 5.7.1 Your account has been suspended
550 the domain of the sender could not be found
550 domain of nordlys.example has no valid MX for its return address
550 your server's name was not found in DNS
521 5.2.1 :  AOL will not accept delivery of this message.
550 5.4.1 [internal] connection to host timed out
550 address rejected by policy
550 The recipient does not accept mails from your domain
550 Ip frequency limited
550 Your host is not allowed to connect to this server
550 Rejected by header based manually Blocked Senders
""".strip().splitlines()


@pytest.mark.parametrize("words", NOT_THE_ADDRESS)
def test_what_is_said_of_us_of_a_server_or_of_room_is_not_held_against_the_address(words):
    assert cause(words).error is not ErrorClass.ADDRESS


def test_a_code_that_two_makers_mean_differently_says_nothing_alone():
    assert cause("", "5.4.1").error is ErrorClass.TRANSIENT


THE_ADDRESS = """
550 Ingen slik bruker
550 Ingen sådan användare
550 Brevlådan finns inte
550 Konto zablokowane
550 Usuário não encontrado
550 Conta desativada
550 Indirizzo non trovato
550 No se ha encontrado la dirección
550 Adres niet gevonden
550 Bruger findes ikke
550 Osoitetta ei löydy
550 Uživatel neexistuje
550 Почтовый ящик заблокирован
550 宛先不明
550 5.2.1 This mailbox has been blocked due to inactivity
550 Recipient email address is possibly incorrect
X-Postfix; [mx.example.org]: Name or service not known
550 ada@example.org...User unknown
smtp; host mx[192.0.2.1] said: 550 5.1.1 This mailbox has been blocked due to inactivity
""".strip().splitlines()


@pytest.mark.parametrize("words", THE_ADDRESS)
def test_an_address_that_is_none_is_known_in_many_languages(words):
    assert cause(words).error is ErrorClass.ADDRESS
