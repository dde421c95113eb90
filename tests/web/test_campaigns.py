"""The composer: from a draft to a run, by two people; nothing is sent before the second one says so."""

import re

import pytest
from sqlalchemy import text

from tests.town import settle, state
from tests.web.test_segments import fields_of as fields_in
from tidings.role import Role
from web.language import LANGUAGES

NEW = {
    "title": "Autumn offer",
    "name": "autumn",
    "edition": "2026",
    "template": "offer/autumn",
    "segment": "",
}
DATA = {
    "data.code": "LYS25",
    "data.discount": "25",
    "data.price": "66.75",
    "data.currency": "EUR",
    "data.valid_until": "2027-11-30",
}


@pytest.fixture
def town(engine, door):
    ids = settle(engine, 4, channels=("email", "sms", "letter"))
    ids += settle(engine, 1, consent=None)
    with engine.begin() as connection:
        state(connection, ids[0], channels=["letter", "email"])
    return ids


@pytest.fixture
def marketer(staff):
    return staff(Role.MARKETING)


@pytest.fixture
def manager(staff):
    return staff(Role.MANAGER)


def fields_of(page):
    """Return what a browser would send of the composer's form."""
    fields = fields_in(page.replace('id="composer"', 'id="builder"'))
    form = page.split('id="composer"')[1].split("</form>")[0]
    fields["channels"] = re.findall(r'name="channels" value="(\w+)" checked', form)
    fields["seed"] = re.findall(r'name="seed" value="(\d+)" checked', form)
    area = re.findall(r'<textarea[^>]*name="([^"]+)"[^>]*>\n(.*?)</textarea>', form, re.DOTALL)
    for name, said in area:
        fields[name] = (
            said.replace("&gt;", ">").replace("&#39;", "'").replace("&#34;", '"').replace("&amp;", "&")
        )
    for box in ("own_time", "tracking"):
        if not re.search(rf'name="{box}" value="on" checked', form):
            fields.pop(box, None)
    return {
        name: value.replace("&#39;", "'") if isinstance(value, str) else value
        for name, value in fields.items()
    }


def draft(client, **changes):
    """Make a draft with everything that it needs; returns its path."""
    made = client.post("/campaigns/new", NEW | {key: value for key, value in changes.items() if key in NEW})
    assert made.status_code == 303, made.text
    path = made.headers["location"].partition("?")[0]
    fields = fields_of(client.get(path).text) | DATA | changes
    saved = client.post(path, fields | {"do": "save"})
    assert saved.status_code == 303, saved.text
    return path


def runs(engine):
    with engine.connect() as connection:
        return [
            tuple(row)
            for row in connection.execute(text("SELECT id, state, released_by FROM runs ORDER BY id"))
        ]


def test_the_page_shows_what_the_campaign_would_do(town, marketer):
    page = marketer.get(draft(marketer)).text

    assert "<b>5</b> <span>in the audience" in page
    assert "<b>4</b> <span>will be reached" in page
    assert re.search(r"Letter\s+<b>1</b>", page)
    assert re.search(r"No consent\s+<b>1</b>", page)
    assert "would get this by Letter." in page
    assert "You asked for this for all messages" in page
    assert "about" not in re.findall(r'class="figures"[^>]*>.*?</div>', page, re.DOTALL)[0], (
        "few enough to be exact"
    )


def test_the_previews_are_the_real_thing(town, marketer):
    path = draft(marketer)

    mail = marketer.get(f"{path}/email?as=C1")
    assert "LYS25" in mail.text
    assert "sandbox" in mail.headers["content-security-policy"]
    assert mail.headers["x-frame-options"] == "SAMEORIGIN"
    assert marketer.get(f"{path}/letter?as=C1").content.startswith(b"\x89PNG")
    assert marketer.get(f"{path}/letter?as=C1&file=1").content.startswith(b"%PDF")
    assert marketer.get(f"{path}/letter?page=9").status_code == 404
    card = marketer.get(f"{path}/letter?as=C1&part=1").text
    assert re.search(r"1 page, A4, [^\d]*\d", card)
    assert 'src="data:image/png;base64,' in card
    assert f'href="{path}/letter?as=C1&amp;file=1"' in card
    assert "C99" in marketer.get(f"{path}/letter?as=C99&part=1").text, "why there is none"
    page = marketer.get(path).text
    assert 'class="bubble"' in page
    assert re.search(r"\d+ characters, \d parts, GSM-7", page)
    assert "Words (English)" in page


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        pytest.param("data.price", "1 234,50", "1,234.50", id="a price as most of Europe writes it"),
        pytest.param("data.discount", "12,5", "12.5%", id="a share as most of Europe writes it"),
    ],
)
def test_a_number_may_have_a_comma(town, marketer, field, value, said):
    assert said in marketer.get(draft(marketer, **{field: value})).text


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        pytest.param("data.price", "ten", ">Price</a>: &#39;ten&#39; is not an amount.", id="a price"),
        pytest.param("data.price", "1,234", "&#39;1,234&#39; is not an amount", id="what may be two amounts"),
        pytest.param("budget_amount", "much", "Input should be a valid decimal", id="a budget"),
    ],
)
def test_what_is_wrong_leads_to_its_field_in_words_for_people(town, marketer, field, value, said):
    path = draft(marketer, **{field: value})
    place = field.replace(".", "-")
    asked = marketer.post(path, fields_of(marketer.get(path).text) | {"do": "ask"})

    for page in (marketer.get(path), asked):
        assert f'<a href="#{place}">' in page.text
        assert said in page.text
        assert "tidings campaign example" not in page.text
    assert asked.status_code == 422
    assert f'aria-describedby="{place}-' in asked.text
    assert f'id="{place}-why"' in asked.text


def test_links_of_a_preview_open_nobodys_wishes(town, marketer, door):
    mail = marketer.get(f"{draft(marketer)}/email?as=C1").text

    links = re.findall(r'href="[^"]*/p/([^"?]+)', mail)
    assert links
    assert all(
        (opened := door.links.open_preferences(token)) is None or opened.customer not in town
        for token in links
    )


def test_a_campaign_needs_a_second_person(town, engine, marketer, manager):
    path = draft(marketer)
    assert marketer.post(path, fields_of(marketer.get(path).text) | {"do": "ask"}).status_code == 303

    refused = marketer.post(f"{path}/approve")
    assert refused.status_code == 422
    assert "somebody else must give it" in refused.text
    assert runs(engine) == []

    assert manager.post(f"{path}/approve").status_code == 303
    assert runs(engine) == [("autumn-2026", "scheduled", manager.name)]
    with engine.connect() as connection:
        noted = connection.execute(text("SELECT action, actor, detail FROM audit ORDER BY id")).all()
    assert [row.action for row in noted] == ["draft_campaign", "ask_campaign_approval", "approve_campaign"]
    assert noted[-1].actor == f"staff:{manager.name}"
    assert noted[-1].detail["alone"] is False
    again = manager.post(f"{path}/approve")
    assert again.status_code == 422
    assert len(runs(engine)) == 1


def test_somebody_alone_approves_and_the_page_and_the_audit_say_so(town, engine, marketer):
    path = draft(marketer)
    marketer.post(path, fields_of(marketer.get(path).text) | {"do": "ask"})

    assert "You are the only one with an account here" in marketer.get(path).text
    assert marketer.post(f"{path}/approve").status_code == 303
    with engine.connect() as connection:
        assert (
            connection.scalar(text("SELECT detail ->> 'alone' FROM audit WHERE action = 'approve_campaign'"))
            == "true"
        )


def test_a_change_takes_the_approval_back(town, engine, marketer, manager):
    path = draft(marketer, start="2026-12-01T09:00")
    marketer.post(path, fields_of(marketer.get(path).text) | {"do": "ask"})
    manager.post(f"{path}/approve")
    assert runs(engine)[0][1] == "scheduled"

    changed = marketer.post(path, fields_of(marketer.get(path).text) | {"data.code": "LYS30", "do": "save"})

    assert changed.status_code == 303
    assert runs(engine) == [], "what had not begun is taken back whole, so that the edition is free"
    assert ">Draft<" in marketer.get(path).text
    marketer.post(path, fields_of(marketer.get(path).text) | {"do": "ask"})
    assert manager.post(f"{path}/approve").status_code == 303
    with engine.connect() as connection:
        code = connection.scalar(text("SELECT options -> 'data' ->> 'code' FROM runs"))
    assert code == "LYS30"


def test_what_has_begun_cannot_be_changed_but_stopped(town, engine, marketer, manager):
    path = draft(marketer)
    marketer.post(path, fields_of(marketer.get(path).text) | {"do": "ask"})
    manager.post(f"{path}/approve")
    fields = fields_of(marketer.get(path).text) | {"title": "Late"}
    with engine.begin() as connection:
        connection.execute(text("UPDATE runs SET state = 'sending'"))

    assert "has begun" in marketer.post(path, fields | {"do": "save"}).text
    assert manager.post(f"{path}/run", {"do": "pause"}).status_code == 303
    assert manager.post(f"{path}/run", {"do": "resume"}).status_code == 303
    assert manager.post(f"{path}/run", {"do": "stop"}).status_code == 303
    assert runs(engine)[0][1] == "stopped"
    assert manager.post(f"{path}/run", {"do": "explode"}).status_code == 404


def test_it_is_sent_back_with_a_reason(town, engine, marketer, manager):
    path = draft(marketer)
    marketer.post(path, fields_of(marketer.get(path).text) | {"do": "ask"})

    manager.post(f"{path}/back", {"because": "the price <is> wrong"})

    page = marketer.get(path).text
    assert "the price &lt;is&gt; wrong" in page
    assert ">Draft<" in page


def test_own_words_are_written_when_approval_is_asked(town, engine, marketer, manager, door):
    path = draft(marketer)
    fields = fields_of(marketer.get(f"{path}?language=en").text)
    assert fields["language"] == "en"
    marketer.post(path, fields | {"words.subject": "Light for {{ customer.first_name }}", "do": "save"})
    assert "Light for Ada" in marketer.get(path).text
    assert "Reads: Light for “First name”" in marketer.get(f"{path}?language=en").text

    marketer.post(path, fields_of(marketer.get(f"{path}?language=en").text) | {"do": "ask"})
    manager.post(f"{path}/approve")

    folder = door.installation.own_templates / "offer" / "autumn.2026"
    assert "Light for {{ customer.first_name }}" in (folder / "en.md").read_text("utf-8")
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT name FROM templates")) == "offer/autumn.2026"


def test_words_edited_behind_an_asking_are_not_what_was_asked_for(town, marketer, manager, door):
    path = draft(marketer)
    fields = fields_of(marketer.get(f"{path}?language=en").text)
    marketer.post(path, fields | {"words.subject": "Light", "do": "save"})
    marketer.post(path, fields_of(marketer.get(f"{path}?language=en").text) | {"do": "ask"})
    file = door.installation.own_templates / "offer" / "autumn.2026" / "en.md"
    file.write_text(file.read_text("utf-8").replace("Light", "Dark"), "utf-8")

    refused = manager.post(f"{path}/approve")

    assert "was changed since approval was asked" in refused.text


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        pytest.param({"data.code": ""}, "Still to fill in: Code", id="a value that is missing"),
        pytest.param({"data.valid_until": "soon"}, "is no date", id="a day in words"),
        pytest.param({"data.discount": "many"}, "discount", id="a number in words"),
        pytest.param({"start": "2020-01-01T09:00"}, "Its time is over", id="a time that is over"),
        pytest.param({"channels": []}, "channels", id="no channel"),
        pytest.param({"words.subject": "{{ secret }}"}, "cannot be made", id="a value that the template does not have"),
        pytest.param({"words.body": "# subject\nx"}, "begins a block", id="a text that would be another block"),
        pytest.param({"segment": "nobody"}, "no segment", id="a segment that does not exist"),
        pytest.param({"name": "../../etc"}, "name", id="a name that is a path"),
    ],
)  # fmt: skip
def test_what_cannot_be_sent_is_not_asked_for(town, engine, marketer, changes, told):
    path = draft(marketer)
    fields = fields_of(marketer.get(f"{path}?language=en").text)

    answer = marketer.post(path, fields | changes | {"do": "ask"})

    assert answer.status_code == 422
    assert told in answer.text
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT state FROM drafts")) == "draft"


def test_a_new_draft_names_what_is_still_to_fill_in_instead_of_broken_previews(town, marketer):
    path = marketer.post("/campaigns/new", NEW).headers["location"].partition("?")[0]
    begun = marketer.get(path).text
    fields = fields_of(begun)

    half = marketer.post(f"{path}/live", fields | {"data.code": "LYS25", "data.price": "66.75"}).text
    full = marketer.post(f"{path}/live", fields | DATA).text

    assert re.findall(r'href="#data-(\w+)"', begun) == [name[5:] for name in DATA]
    assert re.findall(r'href="#data-(\w+)"', half) == ["discount", "currency", "valid_until"]
    assert [page.count("card preview") for page in (begun, half)] == [0, 0]
    assert full.count("card preview") > 0


def test_the_live_part_counts_and_keeps_a_draft(town, engine, marketer):
    path = draft(marketer)
    fields = fields_of(marketer.get(path).text)

    part = marketer.post(f"{path}/live", fields | {"title": "Better", "channels": ["email"]}).text

    assert "<html" not in part
    assert re.search(r"Email\s+<b>4</b>", part)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT definition ->> 'title' FROM drafts")) == "Better"


def test_the_live_part_leaves_an_asked_draft_alone(town, engine, marketer):
    path = draft(marketer)
    fields = fields_of(marketer.get(path).text)
    marketer.post(path, fields | {"do": "ask"})

    part = marketer.post(f"{path}/live", fields | {"title": "Better"}).text

    assert "not saved" in part
    with engine.connect() as connection:
        assert connection.execute(text("SELECT state, definition ->> 'title' FROM drafts")).one() == (
            "waiting_approval", "Autumn offer",
        )  # fmt: skip


def test_the_checks_are_a_list(town, marketer):
    page = marketer.get(f"{draft(marketer)}/checks").text

    assert "Every channel says the same facts" in page
    assert "Nothing reaches customers in this mode" in page
    assert 'class="bad"' not in page


def test_a_test_goes_to_the_seed_list_only(town, engine, marketer, door):
    marketer.post("/campaigns/seeds", {"name": "Ola", "channel": "email", "address": "ola@nordlys.example"})
    wrong = marketer.post("/campaigns/seeds", {"name": "Ola", "channel": "email", "address": "nobody"})
    assert wrong.status_code == 422
    path = draft(marketer)

    page = marketer.post(path, fields_of(marketer.get(path).text) | {"do": "test"}).text

    assert "Accepted" in page
    sent = list(door.installation.home.glob("outbox/**/*.eml"))
    assert len(sent) == 1
    assert b"ola@nordlys.example" in sent[0].read_bytes()
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM touchpoints")) == 0


def test_a_stranger_on_the_seed_list_of_a_form_gets_nothing(town, marketer):
    path = draft(marketer)

    answer = marketer.post(path, fields_of(marketer.get(path).text) | {"do": "test", "seed": ["99"]})

    assert "Nobody is chosen" in answer.text


def test_a_copy_is_a_new_edition(town, engine, marketer):
    path = draft(marketer)

    copied = marketer.post(f"{path}/copy").headers["location"]

    assert 'value="2026.2"' in marketer.get(copied).text


def test_a_draft_that_is_put_away_frees_its_name(town, marketer):
    path = draft(marketer)
    assert marketer.post("/campaigns/new", NEW).status_code == 422

    marketer.post(f"{path}/drop")

    assert marketer.get(path).status_code == 404
    assert marketer.post("/campaigns/new", NEW).status_code == 303


@pytest.mark.parametrize(
    "path",
    ["/campaigns/new", "/campaigns/{}", "/campaigns/{}/live", "/campaigns/{}/drop", "/campaigns/seeds"],
)
def test_a_manager_reads_and_approves_and_writes_nothing(town, marketer, manager, path):
    made = draft(marketer)
    number = made.rpartition("/")[2]

    assert manager.get(made).status_code == 200
    assert manager.get("/campaigns").status_code == 200
    assert manager.post(path.format(number), {}).status_code == 403


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_shows_the_screens(town, marketer, language):
    spoken = {"Accept-Language": language.replace("_", "-")}
    path = draft(marketer)
    fields = fields_of(marketer.get(path).text)

    for place in (
        "/campaigns",
        "/campaigns/new",
        "/campaigns/seeds",
        path,
        f"{path}?checks=1",
        f"{path}?exact=1",
    ):
        answer = marketer.get(place, headers=spoken)
        assert answer.status_code == 200, place
        assert f'lang="{language.replace("_", "-")}"' in answer.text
    marketer.post(path, fields | {"do": "ask"})
    assert marketer.get(path, headers=spoken).status_code == 200


STALE = {
    "a save of what somebody else changed is refused once": ("", 422, "Spring", "Summer"),
    "a keystroke does not write over it": ("/live", 200, "Spring", "Spring"),
}


@pytest.mark.parametrize("alone", [False, True], ids=["by a colleague", "in another tab"])
@pytest.mark.parametrize(("route", "status", "first", "second"), STALE.values(), ids=STALE)
def test_a_form_that_lay_open_does_not_take_back_what_was_written_meanwhile(
    town, marketer, staff, route, status, first, second, alone
):
    path = draft(marketer)
    page = marketer.get(path).text
    mine = fields_of(page) | {"based": based(page), "title": "Summer", "do": "save"}
    colleague = marketer if alone else staff(Role.MARKETING)
    theirs = colleague.get(path).text
    theirs = fields_of(theirs) | {"based": based(theirs), "title": "Spring", "do": "save"}
    assert colleague.post(path, theirs).status_code == 303

    answer = marketer.post(path + route, mine)

    assert answer.status_code == status
    assert f"{colleague.name} changed this campaign while it lay open here." in answer.text
    assert title(marketer, path) == first
    marketer.post(path + route, mine | {"based": based(answer.text)})
    assert title(marketer, path) == second, "only who saves once more writes over it"


def test_who_types_on_is_not_told_that_they_changed_it_themselves(town, marketer):
    path = draft(marketer)
    page = marketer.get(path).text
    mine = fields_of(page) | {"based": based(page)}

    for said in ("S", "Su", "Summer"):  # the second one before the answer to the first one came
        answer = marketer.post(path + "/live", mine | {"title": said})

    assert "lay open here" not in answer.text
    assert title(marketer, path) == "Summer"


def based(page):
    return re.search(r'name="based" value="(\w+)"', page)[1]


def title(client, path):
    return fields_of(client.get(path).text)["title"]
