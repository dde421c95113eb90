from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..types import UNSET, Unset
from typing import cast

if TYPE_CHECKING:
    from ..models.report_out_co_mailed_type_0 import ReportOutCoMailedType0
    from ..models.report_out_cost import ReportOutCost
    from ..models.report_out_failed import ReportOutFailed
    from ..models.report_out_held import ReportOutHeld
    from ..models.report_out_in_full_type_0 import ReportOutInFullType0
    from ..models.report_out_planned import ReportOutPlanned
    from ..models.report_out_saved import ReportOutSaved
    from ..models.report_out_sent import ReportOutSent
    from ..models.report_out_waiting import ReportOutWaiting


T = TypeVar("T", bound="ReportOut")


@_attrs_define
class ReportOut:
    """How far a run is: audience = planned + held, planned = sent + failed + unknown + waiting.

    Attributes:
        run (str):
        state (str): As the list of runs has it: `finished` and `stopped` are the end.
        audience (int):
        planned (ReportOutPlanned): By first choice.
        held (ReportOutHeld): By reason.
        sent (ReportOutSent): By the channel that took it.
        failed (ReportOutFailed):
        unknown (int):
        waiting (ReportOutWaiting):
        cost (ReportOutCost):
        saved (ReportOutSaved): Letters that did not leave, because the message before was answered.
        co_mailed (None | ReportOutCoMailedType0 | Unset): `letters` in the envelope of another one, and the postage
            saved (`amount`); where there are any.
        in_full (None | ReportOutInFullType0 | Unset): Letters and invoices laid out one by one instead of filled in, by
            cause; where there are any.
    """

    run: str
    state: str
    audience: int
    planned: ReportOutPlanned
    held: ReportOutHeld
    sent: ReportOutSent
    failed: ReportOutFailed
    unknown: int
    waiting: ReportOutWaiting
    cost: ReportOutCost
    saved: ReportOutSaved
    co_mailed: None | ReportOutCoMailedType0 | Unset = UNSET
    in_full: None | ReportOutInFullType0 | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.report_out_co_mailed_type_0 import ReportOutCoMailedType0  # noqa: PLC0415
        from ..models.report_out_cost import ReportOutCost  # noqa: PLC0415
        from ..models.report_out_failed import ReportOutFailed  # noqa: PLC0415
        from ..models.report_out_held import ReportOutHeld  # noqa: PLC0415
        from ..models.report_out_in_full_type_0 import ReportOutInFullType0  # noqa: PLC0415
        from ..models.report_out_planned import ReportOutPlanned  # noqa: PLC0415
        from ..models.report_out_saved import ReportOutSaved  # noqa: PLC0415
        from ..models.report_out_sent import ReportOutSent  # noqa: PLC0415
        from ..models.report_out_waiting import ReportOutWaiting  # noqa: PLC0415

        run = self.run

        state = self.state

        audience = self.audience

        planned = self.planned.to_dict()

        held = self.held.to_dict()

        sent = self.sent.to_dict()

        failed = self.failed.to_dict()

        unknown = self.unknown

        waiting = self.waiting.to_dict()

        cost = self.cost.to_dict()

        saved = self.saved.to_dict()

        co_mailed: dict[str, Any] | None | Unset
        if isinstance(self.co_mailed, Unset):
            co_mailed = UNSET
        elif isinstance(self.co_mailed, ReportOutCoMailedType0):
            co_mailed = self.co_mailed.to_dict()
        else:
            co_mailed = self.co_mailed

        in_full: dict[str, Any] | None | Unset
        if isinstance(self.in_full, Unset):
            in_full = UNSET
        elif isinstance(self.in_full, ReportOutInFullType0):
            in_full = self.in_full.to_dict()
        else:
            in_full = self.in_full

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "run": run,
                "state": state,
                "audience": audience,
                "planned": planned,
                "held": held,
                "sent": sent,
                "failed": failed,
                "unknown": unknown,
                "waiting": waiting,
                "cost": cost,
                "saved": saved,
            }
        )
        if co_mailed is not UNSET:
            field_dict["co_mailed"] = co_mailed
        if in_full is not UNSET:
            field_dict["in_full"] = in_full

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.report_out_co_mailed_type_0 import ReportOutCoMailedType0  # noqa: PLC0415
        from ..models.report_out_cost import ReportOutCost  # noqa: PLC0415
        from ..models.report_out_failed import ReportOutFailed  # noqa: PLC0415
        from ..models.report_out_held import ReportOutHeld  # noqa: PLC0415
        from ..models.report_out_in_full_type_0 import ReportOutInFullType0  # noqa: PLC0415
        from ..models.report_out_planned import ReportOutPlanned  # noqa: PLC0415
        from ..models.report_out_saved import ReportOutSaved  # noqa: PLC0415
        from ..models.report_out_sent import ReportOutSent  # noqa: PLC0415
        from ..models.report_out_waiting import ReportOutWaiting  # noqa: PLC0415

        d = dict(src_dict)
        run = d.pop("run")

        state = d.pop("state")

        audience = d.pop("audience")

        planned = ReportOutPlanned.from_dict(d.pop("planned"))

        held = ReportOutHeld.from_dict(d.pop("held"))

        sent = ReportOutSent.from_dict(d.pop("sent"))

        failed = ReportOutFailed.from_dict(d.pop("failed"))

        unknown = d.pop("unknown")

        waiting = ReportOutWaiting.from_dict(d.pop("waiting"))

        cost = ReportOutCost.from_dict(d.pop("cost"))

        saved = ReportOutSaved.from_dict(d.pop("saved"))

        def _parse_co_mailed(data: object) -> None | ReportOutCoMailedType0 | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                co_mailed_type_0 = ReportOutCoMailedType0.from_dict(data)

                return co_mailed_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | ReportOutCoMailedType0 | Unset, data)

        co_mailed = _parse_co_mailed(d.pop("co_mailed", UNSET))

        def _parse_in_full(data: object) -> None | ReportOutInFullType0 | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                in_full_type_0 = ReportOutInFullType0.from_dict(data)

                return in_full_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | ReportOutInFullType0 | Unset, data)

        in_full = _parse_in_full(d.pop("in_full", UNSET))

        report_out = cls(
            run=run,
            state=state,
            audience=audience,
            planned=planned,
            held=held,
            sent=sent,
            failed=failed,
            unknown=unknown,
            waiting=waiting,
            cost=cost,
            saved=saved,
            co_mailed=co_mailed,
            in_full=in_full,
        )

        report_out.additional_properties = d
        return report_out

    @property
    def additional_keys(self) -> list[str]:
        return list(self.additional_properties.keys())

    def __getitem__(self, key: str) -> Any:
        return self.additional_properties[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.additional_properties[key] = value

    def __delitem__(self, key: str) -> None:
        del self.additional_properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.additional_properties
