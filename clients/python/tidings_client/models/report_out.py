from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast

if TYPE_CHECKING:
    from ..models.report_out_cost import ReportOutCost
    from ..models.report_out_failed import ReportOutFailed
    from ..models.report_out_held import ReportOutHeld
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
        audience (int):
        planned (ReportOutPlanned): By first choice.
        held (ReportOutHeld): By reason.
        sent (ReportOutSent): By the channel that took it.
        failed (ReportOutFailed):
        unknown (int):
        waiting (ReportOutWaiting):
        cost (ReportOutCost):
        saved (ReportOutSaved): Letters that did not leave, because the message before was answered.
    """

    run: str
    audience: int
    planned: ReportOutPlanned
    held: ReportOutHeld
    sent: ReportOutSent
    failed: ReportOutFailed
    unknown: int
    waiting: ReportOutWaiting
    cost: ReportOutCost
    saved: ReportOutSaved
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.report_out_cost import ReportOutCost  # noqa: PLC0415
        from ..models.report_out_failed import ReportOutFailed  # noqa: PLC0415
        from ..models.report_out_held import ReportOutHeld  # noqa: PLC0415
        from ..models.report_out_planned import ReportOutPlanned  # noqa: PLC0415
        from ..models.report_out_saved import ReportOutSaved  # noqa: PLC0415
        from ..models.report_out_sent import ReportOutSent  # noqa: PLC0415
        from ..models.report_out_waiting import ReportOutWaiting  # noqa: PLC0415

        run = self.run

        audience = self.audience

        planned = self.planned.to_dict()

        held = self.held.to_dict()

        sent = self.sent.to_dict()

        failed = self.failed.to_dict()

        unknown = self.unknown

        waiting = self.waiting.to_dict()

        cost = self.cost.to_dict()

        saved = self.saved.to_dict()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "run": run,
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

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.report_out_cost import ReportOutCost  # noqa: PLC0415
        from ..models.report_out_failed import ReportOutFailed  # noqa: PLC0415
        from ..models.report_out_held import ReportOutHeld  # noqa: PLC0415
        from ..models.report_out_planned import ReportOutPlanned  # noqa: PLC0415
        from ..models.report_out_saved import ReportOutSaved  # noqa: PLC0415
        from ..models.report_out_sent import ReportOutSent  # noqa: PLC0415
        from ..models.report_out_waiting import ReportOutWaiting  # noqa: PLC0415

        d = dict(src_dict)
        run = d.pop("run")

        audience = d.pop("audience")

        planned = ReportOutPlanned.from_dict(d.pop("planned"))

        held = ReportOutHeld.from_dict(d.pop("held"))

        sent = ReportOutSent.from_dict(d.pop("sent"))

        failed = ReportOutFailed.from_dict(d.pop("failed"))

        unknown = d.pop("unknown")

        waiting = ReportOutWaiting.from_dict(d.pop("waiting"))

        cost = ReportOutCost.from_dict(d.pop("cost"))

        saved = ReportOutSaved.from_dict(d.pop("saved"))

        report_out = cls(
            run=run,
            audience=audience,
            planned=planned,
            held=held,
            sent=sent,
            failed=failed,
            unknown=unknown,
            waiting=waiting,
            cost=cost,
            saved=saved,
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
