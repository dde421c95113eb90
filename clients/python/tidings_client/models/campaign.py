from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.channel import Channel
from ..types import UNSET, Unset
from typing import cast

if TYPE_CHECKING:
    from ..models.budget import Budget
    from ..models.campaign_data import CampaignData
    from ..models.campaign_fallback_after import CampaignFallbackAfter
    from ..models.combine import Combine
    from ..models.compare import Compare
    from ..models.consent import Consent
    from ..models.did import Did
    from ..models.did_not import DidNot
    from ..models.everybody import Everybody
    from ..models.has import Has
    from ..models.lacks import Lacks
    from ..models.prefers import Prefers
    from ..models.saved import Saved
    from ..models.schedule import Schedule
    from ..models.sql import Sql
    from ..models.stated import Stated


T = TypeVar("T", bound="Campaign")


@_attrs_define
class Campaign:
    """What `tidings campaign run FILE.toml` reads; `tidings campaign example` prints one.

    `name` and `edition` are its identity: what an edition sent is never sent again.

        Attributes:
            name (str):
            edition (str):
            topic (str):
            template (str):
            audience (Combine | Compare | Consent | Did | DidNot | Everybody | Has | Lacks | Prefers | Saved | Sql |
                Stated):
            title (str | Unset):  Default: ''.
            brand (None | str | Unset):
            channels (list[Channel] | Unset):
            schedule (Schedule | Unset): When it starts. A start without an offset is in `zone`.
            fallback_after (CampaignFallbackAfter | Unset):
            data (CampaignData | Unset):
            tracking (bool | Unset):  Default: True.
            enclosures (list[str] | Unset):
            priority (int | Unset):  Default: 5.
            budget (Budget | None | Unset):
            holdout (float | Unset):  Default: 0.0.
            best_hour (bool | None | Unset):
            best_hour_within (str | Unset):  Default: 'P1D'.
    """

    name: str
    edition: str
    topic: str
    template: str
    audience: (
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
    )
    title: str | Unset = ""
    brand: None | str | Unset = UNSET
    channels: list[Channel] | Unset = UNSET
    schedule: Schedule | Unset = UNSET
    fallback_after: CampaignFallbackAfter | Unset = UNSET
    data: CampaignData | Unset = UNSET
    tracking: bool | Unset = True
    enclosures: list[str] | Unset = UNSET
    priority: int | Unset = 5
    budget: Budget | None | Unset = UNSET
    holdout: float | Unset = 0.0
    best_hour: bool | None | Unset = UNSET
    best_hour_within: str | Unset = "P1D"

    def to_dict(self) -> dict[str, Any]:
        from ..models.budget import Budget  # noqa: PLC0415
        from ..models.campaign_data import CampaignData  # noqa: PLC0415
        from ..models.campaign_fallback_after import CampaignFallbackAfter  # noqa: PLC0415
        from ..models.combine import Combine  # noqa: PLC0415
        from ..models.compare import Compare  # noqa: PLC0415
        from ..models.consent import Consent  # noqa: PLC0415
        from ..models.did import Did  # noqa: PLC0415
        from ..models.did_not import DidNot  # noqa: PLC0415
        from ..models.everybody import Everybody  # noqa: PLC0415
        from ..models.has import Has  # noqa: PLC0415
        from ..models.lacks import Lacks  # noqa: PLC0415
        from ..models.prefers import Prefers  # noqa: PLC0415
        from ..models.saved import Saved  # noqa: PLC0415
        from ..models.schedule import Schedule  # noqa: PLC0415
        from ..models.sql import Sql  # noqa: PLC0415
        from ..models.stated import Stated  # noqa: PLC0415

        name = self.name

        edition = self.edition

        topic = self.topic

        template = self.template

        audience: dict[str, Any]
        if isinstance(self.audience, Compare):
            audience = self.audience.to_dict()
        elif isinstance(self.audience, Did):
            audience = self.audience.to_dict()
        elif isinstance(self.audience, DidNot):
            audience = self.audience.to_dict()
        elif isinstance(self.audience, Has):
            audience = self.audience.to_dict()
        elif isinstance(self.audience, Lacks):
            audience = self.audience.to_dict()
        elif isinstance(self.audience, Prefers):
            audience = self.audience.to_dict()
        elif isinstance(self.audience, Stated):
            audience = self.audience.to_dict()
        elif isinstance(self.audience, Consent):
            audience = self.audience.to_dict()
        elif isinstance(self.audience, Saved):
            audience = self.audience.to_dict()
        elif isinstance(self.audience, Sql):
            audience = self.audience.to_dict()
        elif isinstance(self.audience, Everybody):
            audience = self.audience.to_dict()
        else:
            audience = self.audience.to_dict()

        title = self.title

        brand: None | str | Unset
        if isinstance(self.brand, Unset):
            brand = UNSET
        else:
            brand = self.brand

        channels: list[str] | Unset = UNSET
        if not isinstance(self.channels, Unset):
            channels = []
            for channels_item_data in self.channels:
                channels_item = channels_item_data.value
                channels.append(channels_item)

        schedule: dict[str, Any] | Unset = UNSET
        if not isinstance(self.schedule, Unset):
            schedule = self.schedule.to_dict()

        fallback_after: dict[str, Any] | Unset = UNSET
        if not isinstance(self.fallback_after, Unset):
            fallback_after = self.fallback_after.to_dict()

        data: dict[str, Any] | Unset = UNSET
        if not isinstance(self.data, Unset):
            data = self.data.to_dict()

        tracking = self.tracking

        enclosures: list[str] | Unset = UNSET
        if not isinstance(self.enclosures, Unset):
            enclosures = self.enclosures

        priority = self.priority

        budget: dict[str, Any] | None | Unset
        if isinstance(self.budget, Unset):
            budget = UNSET
        elif isinstance(self.budget, Budget):
            budget = self.budget.to_dict()
        else:
            budget = self.budget

        holdout = self.holdout

        best_hour: bool | None | Unset
        if isinstance(self.best_hour, Unset):
            best_hour = UNSET
        else:
            best_hour = self.best_hour

        best_hour_within = self.best_hour_within

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "name": name,
                "edition": edition,
                "topic": topic,
                "template": template,
                "audience": audience,
            }
        )
        if title is not UNSET:
            field_dict["title"] = title
        if brand is not UNSET:
            field_dict["brand"] = brand
        if channels is not UNSET:
            field_dict["channels"] = channels
        if schedule is not UNSET:
            field_dict["schedule"] = schedule
        if fallback_after is not UNSET:
            field_dict["fallback_after"] = fallback_after
        if data is not UNSET:
            field_dict["data"] = data
        if tracking is not UNSET:
            field_dict["tracking"] = tracking
        if enclosures is not UNSET:
            field_dict["enclosures"] = enclosures
        if priority is not UNSET:
            field_dict["priority"] = priority
        if budget is not UNSET:
            field_dict["budget"] = budget
        if holdout is not UNSET:
            field_dict["holdout"] = holdout
        if best_hour is not UNSET:
            field_dict["best_hour"] = best_hour
        if best_hour_within is not UNSET:
            field_dict["best_hour_within"] = best_hour_within

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.budget import Budget  # noqa: PLC0415
        from ..models.campaign_data import CampaignData  # noqa: PLC0415
        from ..models.campaign_fallback_after import CampaignFallbackAfter  # noqa: PLC0415
        from ..models.combine import Combine  # noqa: PLC0415
        from ..models.compare import Compare  # noqa: PLC0415
        from ..models.consent import Consent  # noqa: PLC0415
        from ..models.did import Did  # noqa: PLC0415
        from ..models.did_not import DidNot  # noqa: PLC0415
        from ..models.everybody import Everybody  # noqa: PLC0415
        from ..models.has import Has  # noqa: PLC0415
        from ..models.lacks import Lacks  # noqa: PLC0415
        from ..models.prefers import Prefers  # noqa: PLC0415
        from ..models.saved import Saved  # noqa: PLC0415
        from ..models.schedule import Schedule  # noqa: PLC0415
        from ..models.sql import Sql  # noqa: PLC0415
        from ..models.stated import Stated  # noqa: PLC0415

        d = dict(src_dict)
        name = d.pop("name")

        edition = d.pop("edition")

        topic = d.pop("topic")

        template = d.pop("template")

        def _parse_audience(
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
                audience_type_0 = Compare.from_dict(data)

                return audience_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                audience_type_1 = Did.from_dict(data)

                return audience_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                audience_type_2 = DidNot.from_dict(data)

                return audience_type_2
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                audience_type_3 = Has.from_dict(data)

                return audience_type_3
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                audience_type_4 = Lacks.from_dict(data)

                return audience_type_4
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                audience_type_5 = Prefers.from_dict(data)

                return audience_type_5
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                audience_type_6 = Stated.from_dict(data)

                return audience_type_6
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                audience_type_7 = Consent.from_dict(data)

                return audience_type_7
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                audience_type_8 = Saved.from_dict(data)

                return audience_type_8
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                audience_type_9 = Sql.from_dict(data)

                return audience_type_9
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                audience_type_10 = Everybody.from_dict(data)

                return audience_type_10
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            if not isinstance(data, dict):
                raise TypeError()
            audience_type_11 = Combine.from_dict(data)

            return audience_type_11

        audience = _parse_audience(d.pop("audience"))

        title = d.pop("title", UNSET)

        def _parse_brand(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        brand = _parse_brand(d.pop("brand", UNSET))

        _channels = d.pop("channels", UNSET)
        channels: list[Channel] | Unset = UNSET
        if _channels is not UNSET:
            channels = []
            for channels_item_data in _channels:
                channels_item = Channel(channels_item_data)

                channels.append(channels_item)

        _schedule = d.pop("schedule", UNSET)
        schedule: Schedule | Unset
        if isinstance(_schedule, Unset):
            schedule = UNSET
        else:
            schedule = Schedule.from_dict(_schedule)

        _fallback_after = d.pop("fallback_after", UNSET)
        fallback_after: CampaignFallbackAfter | Unset
        if isinstance(_fallback_after, Unset):
            fallback_after = UNSET
        else:
            fallback_after = CampaignFallbackAfter.from_dict(_fallback_after)

        _data = d.pop("data", UNSET)
        data: CampaignData | Unset
        if isinstance(_data, Unset):
            data = UNSET
        else:
            data = CampaignData.from_dict(_data)

        tracking = d.pop("tracking", UNSET)

        enclosures = cast(list[str], d.pop("enclosures", UNSET))

        priority = d.pop("priority", UNSET)

        def _parse_budget(data: object) -> Budget | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                budget_type_0 = Budget.from_dict(data)

                return budget_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(Budget | None | Unset, data)

        budget = _parse_budget(d.pop("budget", UNSET))

        holdout = d.pop("holdout", UNSET)

        def _parse_best_hour(data: object) -> bool | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(bool | None | Unset, data)

        best_hour = _parse_best_hour(d.pop("best_hour", UNSET))

        best_hour_within = d.pop("best_hour_within", UNSET)

        campaign = cls(
            name=name,
            edition=edition,
            topic=topic,
            template=template,
            audience=audience,
            title=title,
            brand=brand,
            channels=channels,
            schedule=schedule,
            fallback_after=fallback_after,
            data=data,
            tracking=tracking,
            enclosures=enclosures,
            priority=priority,
            budget=budget,
            holdout=holdout,
            best_hour=best_hour,
            best_hour_within=best_hour_within,
        )

        return campaign
