from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast

if TYPE_CHECKING:
    from ..models.preferences_in_answers import PreferencesInAnswers


T = TypeVar("T", bound="PreferencesIn")


@_attrs_define
class PreferencesIn:
    """Answers that the customer gave, and what proves it.

    Attributes:
        answers (PreferencesInAnswers): Only what the customer wants changed; the others stay.
        proof (str): What shows that the customer said so (GDPR art. 7(1)): a choice for offers or news is consent.
    """

    answers: PreferencesInAnswers
    proof: str

    def to_dict(self) -> dict[str, Any]:
        from ..models.preferences_in_answers import PreferencesInAnswers  # noqa: PLC0415

        answers = self.answers.to_dict()

        proof = self.proof

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "answers": answers,
                "proof": proof,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.preferences_in_answers import PreferencesInAnswers  # noqa: PLC0415

        d = dict(src_dict)
        answers = PreferencesInAnswers.from_dict(d.pop("answers"))

        proof = d.pop("proof")

        preferences_in = cls(
            answers=answers,
            proof=proof,
        )

        return preferences_in
