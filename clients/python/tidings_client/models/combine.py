from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..types import UNSET, Unset
from typing import cast

if TYPE_CHECKING:
    from ..models.compare import Compare
    from ..models.consent import Consent
    from ..models.did import Did
    from ..models.did_not import DidNot
    from ..models.everybody import Everybody
    from ..models.has import Has
    from ..models.lacks import Lacks
    from ..models.prefers import Prefers
    from ..models.saved import Saved
    from ..models.sql import Sql
    from ..models.stated import Stated


T = TypeVar("T", bound="Combine")


@_attrs_define
class Combine:
    """`all` must hold, at least one of `any`, and none of `none`.

    Attributes:
        all_ (list[Combine | Compare | Consent | Did | DidNot | Everybody | Has | Lacks | Prefers | Saved | Sql |
            Stated] | Unset):
        any_ (list[Combine | Compare | Consent | Did | DidNot | Everybody | Has | Lacks | Prefers | Saved | Sql |
            Stated] | Unset):
        none (list[Combine | Compare | Consent | Did | DidNot | Everybody | Has | Lacks | Prefers | Saved | Sql |
            Stated] | Unset):
    """

    all_: (
        list[
            Combine
            | Compare
            | Consent
            | Did
            | DidNot
            | Everybody
            | Has
            | Lacks
            | Prefers
            | Saved
            | Sql
            | Stated
        ]
        | Unset
    ) = UNSET
    any_: (
        list[
            Combine
            | Compare
            | Consent
            | Did
            | DidNot
            | Everybody
            | Has
            | Lacks
            | Prefers
            | Saved
            | Sql
            | Stated
        ]
        | Unset
    ) = UNSET
    none: (
        list[
            Combine
            | Compare
            | Consent
            | Did
            | DidNot
            | Everybody
            | Has
            | Lacks
            | Prefers
            | Saved
            | Sql
            | Stated
        ]
        | Unset
    ) = UNSET

    def to_dict(self) -> dict[str, Any]:
        from ..models.compare import Compare  # noqa: PLC0415
        from ..models.consent import Consent  # noqa: PLC0415
        from ..models.did import Did  # noqa: PLC0415
        from ..models.did_not import DidNot  # noqa: PLC0415
        from ..models.everybody import Everybody  # noqa: PLC0415
        from ..models.has import Has  # noqa: PLC0415
        from ..models.lacks import Lacks  # noqa: PLC0415
        from ..models.prefers import Prefers  # noqa: PLC0415
        from ..models.saved import Saved  # noqa: PLC0415
        from ..models.sql import Sql  # noqa: PLC0415
        from ..models.stated import Stated  # noqa: PLC0415

        all_: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.all_, Unset):
            all_ = []
            for all_item_data in self.all_:
                all_item: dict[str, Any]
                if isinstance(all_item_data, Compare):
                    all_item = all_item_data.to_dict()
                elif isinstance(all_item_data, Did):
                    all_item = all_item_data.to_dict()
                elif isinstance(all_item_data, DidNot):
                    all_item = all_item_data.to_dict()
                elif isinstance(all_item_data, Has):
                    all_item = all_item_data.to_dict()
                elif isinstance(all_item_data, Lacks):
                    all_item = all_item_data.to_dict()
                elif isinstance(all_item_data, Prefers):
                    all_item = all_item_data.to_dict()
                elif isinstance(all_item_data, Stated):
                    all_item = all_item_data.to_dict()
                elif isinstance(all_item_data, Consent):
                    all_item = all_item_data.to_dict()
                elif isinstance(all_item_data, Saved):
                    all_item = all_item_data.to_dict()
                elif isinstance(all_item_data, Sql):
                    all_item = all_item_data.to_dict()
                elif isinstance(all_item_data, Everybody):
                    all_item = all_item_data.to_dict()
                else:
                    all_item = all_item_data.to_dict()

                all_.append(all_item)

        any_: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.any_, Unset):
            any_ = []
            for any_item_data in self.any_:
                any_item: dict[str, Any]
                if isinstance(any_item_data, Compare):
                    any_item = any_item_data.to_dict()
                elif isinstance(any_item_data, Did):
                    any_item = any_item_data.to_dict()
                elif isinstance(any_item_data, DidNot):
                    any_item = any_item_data.to_dict()
                elif isinstance(any_item_data, Has):
                    any_item = any_item_data.to_dict()
                elif isinstance(any_item_data, Lacks):
                    any_item = any_item_data.to_dict()
                elif isinstance(any_item_data, Prefers):
                    any_item = any_item_data.to_dict()
                elif isinstance(any_item_data, Stated):
                    any_item = any_item_data.to_dict()
                elif isinstance(any_item_data, Consent):
                    any_item = any_item_data.to_dict()
                elif isinstance(any_item_data, Saved):
                    any_item = any_item_data.to_dict()
                elif isinstance(any_item_data, Sql):
                    any_item = any_item_data.to_dict()
                elif isinstance(any_item_data, Everybody):
                    any_item = any_item_data.to_dict()
                else:
                    any_item = any_item_data.to_dict()

                any_.append(any_item)

        none: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.none, Unset):
            none = []
            for none_item_data in self.none:
                none_item: dict[str, Any]
                if isinstance(none_item_data, Compare):
                    none_item = none_item_data.to_dict()
                elif isinstance(none_item_data, Did):
                    none_item = none_item_data.to_dict()
                elif isinstance(none_item_data, DidNot):
                    none_item = none_item_data.to_dict()
                elif isinstance(none_item_data, Has):
                    none_item = none_item_data.to_dict()
                elif isinstance(none_item_data, Lacks):
                    none_item = none_item_data.to_dict()
                elif isinstance(none_item_data, Prefers):
                    none_item = none_item_data.to_dict()
                elif isinstance(none_item_data, Stated):
                    none_item = none_item_data.to_dict()
                elif isinstance(none_item_data, Consent):
                    none_item = none_item_data.to_dict()
                elif isinstance(none_item_data, Saved):
                    none_item = none_item_data.to_dict()
                elif isinstance(none_item_data, Sql):
                    none_item = none_item_data.to_dict()
                elif isinstance(none_item_data, Everybody):
                    none_item = none_item_data.to_dict()
                else:
                    none_item = none_item_data.to_dict()

                none.append(none_item)

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if all_ is not UNSET:
            field_dict["all"] = all_
        if any_ is not UNSET:
            field_dict["any"] = any_
        if none is not UNSET:
            field_dict["none"] = none

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.compare import Compare  # noqa: PLC0415
        from ..models.consent import Consent  # noqa: PLC0415
        from ..models.did import Did  # noqa: PLC0415
        from ..models.did_not import DidNot  # noqa: PLC0415
        from ..models.everybody import Everybody  # noqa: PLC0415
        from ..models.has import Has  # noqa: PLC0415
        from ..models.lacks import Lacks  # noqa: PLC0415
        from ..models.prefers import Prefers  # noqa: PLC0415
        from ..models.saved import Saved  # noqa: PLC0415
        from ..models.sql import Sql  # noqa: PLC0415
        from ..models.stated import Stated  # noqa: PLC0415

        d = dict(src_dict)
        _all_ = d.pop("all", UNSET)
        all_: (
            list[
                Combine
                | Compare
                | Consent
                | Did
                | DidNot
                | Everybody
                | Has
                | Lacks
                | Prefers
                | Saved
                | Sql
                | Stated
            ]
            | Unset
        ) = UNSET
        if _all_ is not UNSET:
            all_ = []
            for all_item_data in _all_:

                def _parse_all_item(
                    data: object,
                ) -> (
                    Combine
                    | Compare
                    | Consent
                    | Did
                    | DidNot
                    | Everybody
                    | Has
                    | Lacks
                    | Prefers
                    | Saved
                    | Sql
                    | Stated
                ):
                    try:
                        if not isinstance(data, dict):
                            raise TypeError()
                        all_item_type_0 = Compare.from_dict(data)

                        return all_item_type_0
                    except (TypeError, ValueError, AttributeError, KeyError):
                        pass
                    try:
                        if not isinstance(data, dict):
                            raise TypeError()
                        all_item_type_1 = Did.from_dict(data)

                        return all_item_type_1
                    except (TypeError, ValueError, AttributeError, KeyError):
                        pass
                    try:
                        if not isinstance(data, dict):
                            raise TypeError()
                        all_item_type_2 = DidNot.from_dict(data)

                        return all_item_type_2
                    except (TypeError, ValueError, AttributeError, KeyError):
                        pass
                    try:
                        if not isinstance(data, dict):
                            raise TypeError()
                        all_item_type_3 = Has.from_dict(data)

                        return all_item_type_3
                    except (TypeError, ValueError, AttributeError, KeyError):
                        pass
                    try:
                        if not isinstance(data, dict):
                            raise TypeError()
                        all_item_type_4 = Lacks.from_dict(data)

                        return all_item_type_4
                    except (TypeError, ValueError, AttributeError, KeyError):
                        pass
                    try:
                        if not isinstance(data, dict):
                            raise TypeError()
                        all_item_type_5 = Prefers.from_dict(data)

                        return all_item_type_5
                    except (TypeError, ValueError, AttributeError, KeyError):
                        pass
                    try:
                        if not isinstance(data, dict):
                            raise TypeError()
                        all_item_type_6 = Stated.from_dict(data)

                        return all_item_type_6
                    except (TypeError, ValueError, AttributeError, KeyError):
                        pass
                    try:
                        if not isinstance(data, dict):
                            raise TypeError()
                        all_item_type_7 = Consent.from_dict(data)

                        return all_item_type_7
                    except (TypeError, ValueError, AttributeError, KeyError):
                        pass
                    try:
                        if not isinstance(data, dict):
                            raise TypeError()
                        all_item_type_8 = Saved.from_dict(data)

                        return all_item_type_8
                    except (TypeError, ValueError, AttributeError, KeyError):
                        pass
                    try:
                        if not isinstance(data, dict):
                            raise TypeError()
                        all_item_type_9 = Sql.from_dict(data)

                        return all_item_type_9
                    except (TypeError, ValueError, AttributeError, KeyError):
                        pass
                    try:
                        if not isinstance(data, dict):
                            raise TypeError()
                        all_item_type_10 = Everybody.from_dict(data)

                        return all_item_type_10
                    except (TypeError, ValueError, AttributeError, KeyError):
                        pass
                    if not isinstance(data, dict):
                        raise TypeError()
                    all_item_type_11 = Combine.from_dict(data)

                    return all_item_type_11

                all_item = _parse_all_item(all_item_data)

                all_.append(all_item)

        _any_ = d.pop("any", UNSET)
        any_: (
            list[
                Combine
                | Compare
                | Consent
                | Did
                | DidNot
                | Everybody
                | Has
                | Lacks
                | Prefers
                | Saved
                | Sql
                | Stated
            ]
            | Unset
        ) = UNSET
        if _any_ is not UNSET:
            any_ = []
            for any_item_data in _any_:

                def _parse_any_item(
                    data: object,
                ) -> (
                    Combine
                    | Compare
                    | Consent
                    | Did
                    | DidNot
                    | Everybody
                    | Has
                    | Lacks
                    | Prefers
                    | Saved
                    | Sql
                    | Stated
                ):
                    try:
                        if not isinstance(data, dict):
                            raise TypeError()
                        any_item_type_0 = Compare.from_dict(data)

                        return any_item_type_0
                    except (TypeError, ValueError, AttributeError, KeyError):
                        pass
                    try:
                        if not isinstance(data, dict):
                            raise TypeError()
                        any_item_type_1 = Did.from_dict(data)

                        return any_item_type_1
                    except (TypeError, ValueError, AttributeError, KeyError):
                        pass
                    try:
                        if not isinstance(data, dict):
                            raise TypeError()
                        any_item_type_2 = DidNot.from_dict(data)

                        return any_item_type_2
                    except (TypeError, ValueError, AttributeError, KeyError):
                        pass
                    try:
                        if not isinstance(data, dict):
                            raise TypeError()
                        any_item_type_3 = Has.from_dict(data)

                        return any_item_type_3
                    except (TypeError, ValueError, AttributeError, KeyError):
                        pass
                    try:
                        if not isinstance(data, dict):
                            raise TypeError()
                        any_item_type_4 = Lacks.from_dict(data)

                        return any_item_type_4
                    except (TypeError, ValueError, AttributeError, KeyError):
                        pass
                    try:
                        if not isinstance(data, dict):
                            raise TypeError()
                        any_item_type_5 = Prefers.from_dict(data)

                        return any_item_type_5
                    except (TypeError, ValueError, AttributeError, KeyError):
                        pass
                    try:
                        if not isinstance(data, dict):
                            raise TypeError()
                        any_item_type_6 = Stated.from_dict(data)

                        return any_item_type_6
                    except (TypeError, ValueError, AttributeError, KeyError):
                        pass
                    try:
                        if not isinstance(data, dict):
                            raise TypeError()
                        any_item_type_7 = Consent.from_dict(data)

                        return any_item_type_7
                    except (TypeError, ValueError, AttributeError, KeyError):
                        pass
                    try:
                        if not isinstance(data, dict):
                            raise TypeError()
                        any_item_type_8 = Saved.from_dict(data)

                        return any_item_type_8
                    except (TypeError, ValueError, AttributeError, KeyError):
                        pass
                    try:
                        if not isinstance(data, dict):
                            raise TypeError()
                        any_item_type_9 = Sql.from_dict(data)

                        return any_item_type_9
                    except (TypeError, ValueError, AttributeError, KeyError):
                        pass
                    try:
                        if not isinstance(data, dict):
                            raise TypeError()
                        any_item_type_10 = Everybody.from_dict(data)

                        return any_item_type_10
                    except (TypeError, ValueError, AttributeError, KeyError):
                        pass
                    if not isinstance(data, dict):
                        raise TypeError()
                    any_item_type_11 = Combine.from_dict(data)

                    return any_item_type_11

                any_item = _parse_any_item(any_item_data)

                any_.append(any_item)

        _none = d.pop("none", UNSET)
        none: (
            list[
                Combine
                | Compare
                | Consent
                | Did
                | DidNot
                | Everybody
                | Has
                | Lacks
                | Prefers
                | Saved
                | Sql
                | Stated
            ]
            | Unset
        ) = UNSET
        if _none is not UNSET:
            none = []
            for none_item_data in _none:

                def _parse_none_item(
                    data: object,
                ) -> (
                    Combine
                    | Compare
                    | Consent
                    | Did
                    | DidNot
                    | Everybody
                    | Has
                    | Lacks
                    | Prefers
                    | Saved
                    | Sql
                    | Stated
                ):
                    try:
                        if not isinstance(data, dict):
                            raise TypeError()
                        none_item_type_0 = Compare.from_dict(data)

                        return none_item_type_0
                    except (TypeError, ValueError, AttributeError, KeyError):
                        pass
                    try:
                        if not isinstance(data, dict):
                            raise TypeError()
                        none_item_type_1 = Did.from_dict(data)

                        return none_item_type_1
                    except (TypeError, ValueError, AttributeError, KeyError):
                        pass
                    try:
                        if not isinstance(data, dict):
                            raise TypeError()
                        none_item_type_2 = DidNot.from_dict(data)

                        return none_item_type_2
                    except (TypeError, ValueError, AttributeError, KeyError):
                        pass
                    try:
                        if not isinstance(data, dict):
                            raise TypeError()
                        none_item_type_3 = Has.from_dict(data)

                        return none_item_type_3
                    except (TypeError, ValueError, AttributeError, KeyError):
                        pass
                    try:
                        if not isinstance(data, dict):
                            raise TypeError()
                        none_item_type_4 = Lacks.from_dict(data)

                        return none_item_type_4
                    except (TypeError, ValueError, AttributeError, KeyError):
                        pass
                    try:
                        if not isinstance(data, dict):
                            raise TypeError()
                        none_item_type_5 = Prefers.from_dict(data)

                        return none_item_type_5
                    except (TypeError, ValueError, AttributeError, KeyError):
                        pass
                    try:
                        if not isinstance(data, dict):
                            raise TypeError()
                        none_item_type_6 = Stated.from_dict(data)

                        return none_item_type_6
                    except (TypeError, ValueError, AttributeError, KeyError):
                        pass
                    try:
                        if not isinstance(data, dict):
                            raise TypeError()
                        none_item_type_7 = Consent.from_dict(data)

                        return none_item_type_7
                    except (TypeError, ValueError, AttributeError, KeyError):
                        pass
                    try:
                        if not isinstance(data, dict):
                            raise TypeError()
                        none_item_type_8 = Saved.from_dict(data)

                        return none_item_type_8
                    except (TypeError, ValueError, AttributeError, KeyError):
                        pass
                    try:
                        if not isinstance(data, dict):
                            raise TypeError()
                        none_item_type_9 = Sql.from_dict(data)

                        return none_item_type_9
                    except (TypeError, ValueError, AttributeError, KeyError):
                        pass
                    try:
                        if not isinstance(data, dict):
                            raise TypeError()
                        none_item_type_10 = Everybody.from_dict(data)

                        return none_item_type_10
                    except (TypeError, ValueError, AttributeError, KeyError):
                        pass
                    if not isinstance(data, dict):
                        raise TypeError()
                    none_item_type_11 = Combine.from_dict(data)

                    return none_item_type_11

                none_item = _parse_none_item(none_item_data)

                none.append(none_item)

        combine = cls(
            all_=all_,
            any_=any_,
            none=none,
        )

        return combine
