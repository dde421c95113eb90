"""Contains all the data models used in inputs/outputs"""

from .action import Action
from .action_in import ActionIn
from .address_in import AddressIn
from .address_in_channel import AddressInChannel
from .address_out import AddressOut
from .address_out_postal_type_0 import AddressOutPostalType0
from .addresses import Addresses
from .asked_out import AskedOut
from .attempt_out import AttemptOut
from .base_rates_out import BaseRatesOut
from .behaviour_out import BehaviourOut
from .budget import Budget
from .campaign import Campaign
from .campaign_data import CampaignData
from .campaign_fallback_after import CampaignFallbackAfter
from .campaign_out import CampaignOut
from .campaign_out_definition import CampaignOutDefinition
from .campaign_with_runs import CampaignWithRuns
from .campaign_with_runs_definition import CampaignWithRunsDefinition
from .changed_out import ChangedOut
from .channel import Channel
from .channel_out import ChannelOut
from .channel_out_evidence import ChannelOutEvidence
from .cloud_event import CloudEvent
from .cloud_event_data_type_0 import CloudEventDataType0
from .combine import Combine
from .compare import Compare
from .compare_op import CompareOp
from .comparison_out import ComparisonOut
from .comparison_out_causes_item import ComparisonOutCausesItem
from .comparison_out_channels import ComparisonOutChannels
from .comparison_out_channels_additional_property import (
    ComparisonOutChannelsAdditionalProperty,
)
from .comparison_out_held import ComparisonOutHeld
from .comparison_out_held_additional_property import ComparisonOutHeldAdditionalProperty
from .comparison_out_people_item import ComparisonOutPeopleItem
from .consent import Consent
from .consent_consent import ConsentConsent
from .consent_in import ConsentIn
from .consent_in_action import ConsentInAction
from .consent_in_spoken_by import ConsentInSpokenBy
from .consent_out import ConsentOut
from .count_out import CountOut
from .customer_in import CustomerIn
from .customer_in_attributes import CustomerInAttributes
from .customer_in_standing_type_0 import CustomerInStandingType0
from .customer_out import CustomerOut
from .customer_out_attributes import CustomerOutAttributes
from .decision_in import DecisionIn
from .decision_out import DecisionOut
from .delivery_out import DeliveryOut
from .device_in import DeviceIn
from .device_in_platform import DeviceInPlatform
from .device_out import DeviceOut
from .did import Did
from .did_not import DidNot
from .entry_out import EntryOut
from .entry_out_evidence import EntryOutEvidence
from .erasure_in import ErasureIn
from .erasure_out import ErasureOut
from .erasure_out_erased import ErasureOutErased
from .event_out import EventOut
from .event_out_data import EventOutData
from .everybody import Everybody
from .evidence_out import EvidenceOut
from .evidence_out_manifest import EvidenceOutManifest
from .explanation_out import ExplanationOut
from .explanation_out_differs_item import ExplanationOutDiffersItem
from .explanation_out_envelope_type_0 import ExplanationOutEnvelopeType0
from .explanation_out_today_type_0 import ExplanationOutTodayType0
from .export_asked import ExportAsked
from .export_out import ExportOut
from .export_out_data import ExportOutData
from .export_out_data_additional_property_item import (
    ExportOutDataAdditionalPropertyItem,
)
from .finding_out import FindingOut
from .finding_out_verdict import FindingOutVerdict
from .has import Has
from .hour_out import HourOut
from .invoice_run_out import InvoiceRunOut
from .invoice_run_out_control_sums import InvoiceRunOutControlSums
from .invoice_run_out_rejected import InvoiceRunOutRejected
from .invoice_run_out_rejected_additional_property_item import (
    InvoiceRunOutRejectedAdditionalPropertyItem,
)
from .invoice_status_in import InvoiceStatusIn
from .invoice_status_in_status import InvoiceStatusInStatus
from .invoice_status_out import InvoiceStatusOut
from .invoices_in import InvoicesIn
from .invoices_in_invoices_item import InvoicesInInvoicesItem
from .judgement_out import JudgementOut
from .known_out import KnownOut
from .known_out_consents_item import KnownOutConsentsItem
from .known_out_statements_item import KnownOutStatementsItem
from .lacks import Lacks
from .lift_in import LiftIn
from .message_out import MessageOut
from .new_customer import NewCustomer
from .new_customer_attributes import NewCustomerAttributes
from .new_customer_standing_type_0 import NewCustomerStandingType0
from .offer_out import OfferOut
from .offer_out_facts import OfferOutFacts
from .offers_out import OffersOut
from .page_campaign_out import PageCampaignOut
from .page_consent_out import PageConsentOut
from .page_customer_out import PageCustomerOut
from .page_event_out import PageEventOut
from .page_invoice_run_out import PageInvoiceRunOut
from .page_message_out import PageMessageOut
from .page_run_out import PageRunOut
from .page_statement_out import PageStatementOut
from .page_suppression_out import PageSuppressionOut
from .postal_in import PostalIn
from .preferences_in import PreferencesIn
from .preferences_in_answers import PreferencesInAnswers
from .preferences_out import PreferencesOut
from .preferences_out_answers import PreferencesOutAnswers
from .preferences_saved import PreferencesSaved
from .preferences_saved_answers import PreferencesSavedAnswers
from .preferences_saved_changed import PreferencesSavedChanged
from .prefers import Prefers
from .preview_in import PreviewIn
from .preview_in_data_type_0 import PreviewInDataType0
from .preview_out import PreviewOut
from .preview_out_texts import PreviewOutTexts
from .preview_out_texts_additional_property import PreviewOutTextsAdditionalProperty
from .problem import Problem
from .problem_errors_item import ProblemErrorsItem
from .receipt_out import ReceiptOut
from .receipt_out_records_item import ReceiptOutRecordsItem
from .recorded_out import RecordedOut
from .recorded_out_problems_item import RecordedOutProblemsItem
from .redemption_in import RedemptionIn
from .redemption_out import RedemptionOut
from .referred import Referred
from .rehearsal_out import RehearsalOut
from .rehearsal_out_result import RehearsalOutResult
from .rehearsals_out import RehearsalsOut
from .replay_in import ReplayIn
from .replayed_out import ReplayedOut
from .report_out import ReportOut
from .report_out_co_mailed_type_0 import ReportOutCoMailedType0
from .report_out_cost import ReportOutCost
from .report_out_failed import ReportOutFailed
from .report_out_held import ReportOutHeld
from .report_out_in_full_type_0 import ReportOutInFullType0
from .report_out_in_full_type_0_additional_property import (
    ReportOutInFullType0AdditionalProperty,
)
from .report_out_planned import ReportOutPlanned
from .report_out_saved import ReportOutSaved
from .report_out_sent import ReportOutSent
from .report_out_waiting import ReportOutWaiting
from .resend_in import ResendIn
from .resent_out import ResentOut
from .rule_in import RuleIn
from .rule_in_rule import RuleInRule
from .run_out import RunOut
from .saved import Saved
from .schedule import Schedule
from .secret_out import SecretOut
from .seen_out import SeenOut
from .segment_in import SegmentIn
from .segment_in_rule import SegmentInRule
from .segment_out import SegmentOut
from .segment_out_rule import SegmentOutRule
from .segments import Segments
from .sent_out import SentOut
from .share_out import ShareOut
from .sql import Sql
from .started_out import StartedOut
from .stated import Stated
from .stated_stated import StatedStated
from .statement_in import StatementIn
from .statement_in_days_item import StatementInDaysItem
from .statement_in_kind import StatementInKind
from .statement_in_letters_type_0 import StatementInLettersType0
from .statement_in_per_type_0 import StatementInPerType0
from .statement_in_spoken_by import StatementInSpokenBy
from .statement_out import StatementOut
from .statement_out_value import StatementOutValue
from .suppression_in import SuppressionIn
from .suppression_in_channel import SuppressionInChannel
from .suppression_out import SuppressionOut
from .template_out import TemplateOut
from .template_out_data import TemplateOutData
from .templates import Templates
from .timeline_out import TimelineOut
from .touchpoint_in import TouchpointIn
from .touchpoint_in_detail import TouchpointInDetail
from .touchpoints_in import TouchpointsIn
from .way import Way
from .webhook_in import WebhookIn
from .webhook_out import WebhookOut
from .webhooks import Webhooks

__all__ = (
    "Action",
    "ActionIn",
    "Addresses",
    "AddressIn",
    "AddressInChannel",
    "AddressOut",
    "AddressOutPostalType0",
    "AskedOut",
    "AttemptOut",
    "BaseRatesOut",
    "BehaviourOut",
    "Budget",
    "Campaign",
    "CampaignData",
    "CampaignFallbackAfter",
    "CampaignOut",
    "CampaignOutDefinition",
    "CampaignWithRuns",
    "CampaignWithRunsDefinition",
    "ChangedOut",
    "Channel",
    "ChannelOut",
    "ChannelOutEvidence",
    "CloudEvent",
    "CloudEventDataType0",
    "Combine",
    "Compare",
    "CompareOp",
    "ComparisonOut",
    "ComparisonOutCausesItem",
    "ComparisonOutChannels",
    "ComparisonOutChannelsAdditionalProperty",
    "ComparisonOutHeld",
    "ComparisonOutHeldAdditionalProperty",
    "ComparisonOutPeopleItem",
    "Consent",
    "ConsentConsent",
    "ConsentIn",
    "ConsentInAction",
    "ConsentInSpokenBy",
    "ConsentOut",
    "CountOut",
    "CustomerIn",
    "CustomerInAttributes",
    "CustomerInStandingType0",
    "CustomerOut",
    "CustomerOutAttributes",
    "DecisionIn",
    "DecisionOut",
    "DeliveryOut",
    "DeviceIn",
    "DeviceInPlatform",
    "DeviceOut",
    "Did",
    "DidNot",
    "EntryOut",
    "EntryOutEvidence",
    "ErasureIn",
    "ErasureOut",
    "ErasureOutErased",
    "EventOut",
    "EventOutData",
    "Everybody",
    "EvidenceOut",
    "EvidenceOutManifest",
    "ExplanationOut",
    "ExplanationOutDiffersItem",
    "ExplanationOutEnvelopeType0",
    "ExplanationOutTodayType0",
    "ExportAsked",
    "ExportOut",
    "ExportOutData",
    "ExportOutDataAdditionalPropertyItem",
    "FindingOut",
    "FindingOutVerdict",
    "Has",
    "HourOut",
    "InvoiceRunOut",
    "InvoiceRunOutControlSums",
    "InvoiceRunOutRejected",
    "InvoiceRunOutRejectedAdditionalPropertyItem",
    "InvoicesIn",
    "InvoicesInInvoicesItem",
    "InvoiceStatusIn",
    "InvoiceStatusInStatus",
    "InvoiceStatusOut",
    "JudgementOut",
    "KnownOut",
    "KnownOutConsentsItem",
    "KnownOutStatementsItem",
    "Lacks",
    "LiftIn",
    "MessageOut",
    "NewCustomer",
    "NewCustomerAttributes",
    "NewCustomerStandingType0",
    "OfferOut",
    "OfferOutFacts",
    "OffersOut",
    "PageCampaignOut",
    "PageConsentOut",
    "PageCustomerOut",
    "PageEventOut",
    "PageInvoiceRunOut",
    "PageMessageOut",
    "PageRunOut",
    "PageStatementOut",
    "PageSuppressionOut",
    "PostalIn",
    "PreferencesIn",
    "PreferencesInAnswers",
    "PreferencesOut",
    "PreferencesOutAnswers",
    "PreferencesSaved",
    "PreferencesSavedAnswers",
    "PreferencesSavedChanged",
    "Prefers",
    "PreviewIn",
    "PreviewInDataType0",
    "PreviewOut",
    "PreviewOutTexts",
    "PreviewOutTextsAdditionalProperty",
    "Problem",
    "ProblemErrorsItem",
    "ReceiptOut",
    "ReceiptOutRecordsItem",
    "RecordedOut",
    "RecordedOutProblemsItem",
    "RedemptionIn",
    "RedemptionOut",
    "Referred",
    "RehearsalOut",
    "RehearsalOutResult",
    "RehearsalsOut",
    "ReplayedOut",
    "ReplayIn",
    "ReportOut",
    "ReportOutCoMailedType0",
    "ReportOutCost",
    "ReportOutFailed",
    "ReportOutHeld",
    "ReportOutInFullType0",
    "ReportOutInFullType0AdditionalProperty",
    "ReportOutPlanned",
    "ReportOutSaved",
    "ReportOutSent",
    "ReportOutWaiting",
    "ResendIn",
    "ResentOut",
    "RuleIn",
    "RuleInRule",
    "RunOut",
    "Saved",
    "Schedule",
    "SecretOut",
    "SeenOut",
    "SegmentIn",
    "SegmentInRule",
    "SegmentOut",
    "SegmentOutRule",
    "Segments",
    "SentOut",
    "ShareOut",
    "Sql",
    "StartedOut",
    "Stated",
    "StatedStated",
    "StatementIn",
    "StatementInDaysItem",
    "StatementInKind",
    "StatementInLettersType0",
    "StatementInPerType0",
    "StatementInSpokenBy",
    "StatementOut",
    "StatementOutValue",
    "SuppressionIn",
    "SuppressionInChannel",
    "SuppressionOut",
    "TemplateOut",
    "TemplateOutData",
    "Templates",
    "TimelineOut",
    "TouchpointIn",
    "TouchpointInDetail",
    "TouchpointsIn",
    "Way",
    "WebhookIn",
    "WebhookOut",
    "Webhooks",
)
