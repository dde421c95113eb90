"""The brands of organisation.toml in the store."""

from pathlib import Path

from sqlalchemy import text

from store.organisation import write_brands
from tidings.organisation import read_organisation

DEMO = read_organisation(Path(__file__).parents[2] / "examples" / "demo" / "organisation.toml")


def test_brands_are_written_once_and_again_only_when_they_changed(engine):
    renamed = DEMO.model_copy(
        update={"brands": (DEMO.brands[0].model_copy(update={"name": "Sørlys"}),), "name": "Sørlys"}
    )
    with engine.begin() as connection:
        assert write_brands(connection, DEMO) == ("nordlys",)
        assert write_brands(connection, DEMO) == ()
        assert write_brands(connection, renamed) == ("nordlys",)
        rows = connection.execute(text("SELECT id, profile->>'name' FROM brands")).all()
    assert rows == [("nordlys", "Sørlys")]


def test_a_brand_that_left_the_file_stays_because_messages_refer_to_it(engine):
    other = DEMO.model_copy(update={"brands": (DEMO.brands[0].model_copy(update={"id": "other"}),)})
    with engine.begin() as connection:
        write_brands(connection, DEMO)
        write_brands(connection, other)
        assert connection.scalar(text("SELECT count(*) FROM brands")) == 2
