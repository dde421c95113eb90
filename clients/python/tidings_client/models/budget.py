from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..types import UNSET, Unset
from typing import cast


T = TypeVar("T", bound="Budget")


@_attrs_define
class Budget:
    """What a run may cost at most: so many messages of some channels, an amount of money, or both.

    Attributes:
        letters (int | None | Unset):
        emails (int | None | Unset):
        sms (int | None | Unset):
        pushes (int | None | Unset):
        whatsapp (int | None | Unset):
        amount (float | None | str | Unset):
    """

    letters: int | None | Unset = UNSET
    emails: int | None | Unset = UNSET
    sms: int | None | Unset = UNSET
    pushes: int | None | Unset = UNSET
    whatsapp: int | None | Unset = UNSET
    amount: float | None | str | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        letters: int | None | Unset
        if isinstance(self.letters, Unset):
            letters = UNSET
        else:
            letters = self.letters

        emails: int | None | Unset
        if isinstance(self.emails, Unset):
            emails = UNSET
        else:
            emails = self.emails

        sms: int | None | Unset
        if isinstance(self.sms, Unset):
            sms = UNSET
        else:
            sms = self.sms

        pushes: int | None | Unset
        if isinstance(self.pushes, Unset):
            pushes = UNSET
        else:
            pushes = self.pushes

        whatsapp: int | None | Unset
        if isinstance(self.whatsapp, Unset):
            whatsapp = UNSET
        else:
            whatsapp = self.whatsapp

        amount: float | None | str | Unset
        if isinstance(self.amount, Unset):
            amount = UNSET
        else:
            amount = self.amount

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if letters is not UNSET:
            field_dict["letters"] = letters
        if emails is not UNSET:
            field_dict["emails"] = emails
        if sms is not UNSET:
            field_dict["sms"] = sms
        if pushes is not UNSET:
            field_dict["pushes"] = pushes
        if whatsapp is not UNSET:
            field_dict["whatsapp"] = whatsapp
        if amount is not UNSET:
            field_dict["amount"] = amount

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)

        def _parse_letters(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        letters = _parse_letters(d.pop("letters", UNSET))

        def _parse_emails(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        emails = _parse_emails(d.pop("emails", UNSET))

        def _parse_sms(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        sms = _parse_sms(d.pop("sms", UNSET))

        def _parse_pushes(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        pushes = _parse_pushes(d.pop("pushes", UNSET))

        def _parse_whatsapp(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        whatsapp = _parse_whatsapp(d.pop("whatsapp", UNSET))

        def _parse_amount(data: object) -> float | None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | str | Unset, data)

        amount = _parse_amount(d.pop("amount", UNSET))

        budget = cls(
            letters=letters,
            emails=emails,
            sms=sms,
            pushes=pushes,
            whatsapp=whatsapp,
            amount=amount,
        )

        return budget
