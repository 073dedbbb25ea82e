"""The form in English: the labels of its tables, rows, columns and groups.

The form has no official translation. Terms follow the Regulation on Open Government Information
(政府信息公开条例, 2019) as it is commonly translated; a test holds that nothing is left out.
"""

from collections.abc import Mapping
from typing import Final

TABLES: Final[Mapping[str, str]] = {
    "disclosure": "Government information disclosed on own initiative",
    "applications": "Applications for government information received and processed",
    "review": "Administrative reconsideration and litigation about open government information",
}

GROUPS: Final[Mapping[str, str]] = {
    "三、本年度办理结果": "III. Outcomes of the year",
    "（三）不予公开": "(3) Not disclosed",
    "（四）无法提供": "(4) Cannot be provided",
    "（五）不予处理": "(5) Not processed",
    "（六）其他处理": "(6) Otherwise dealt with",
    "行政诉讼": "Administrative litigation",
}
"""Labels of merged cells beside rows, by the label that is printed."""

ROWS: Final[Mapping[str, str]] = {
    # table 二
    "disclosure.regulations": "Government rules",
    "disclosure.normative_documents": "Administrative normative documents",
    "disclosure.licences": "Administrative licensing",
    "disclosure.other_services": "Other administrative services to the public",
    "disclosure.penalties": "Administrative penalties",
    "disclosure.coercion": "Administrative coercive measures",
    "disclosure.fees": "Administrative fees charged",
    "disclosure.procurement": "Centralised government procurement",
    # table 三
    "applications.new_requests": "Applications newly received in the year",
    "applications.carried_in": "Applications carried over from the year before",
    "applications.granted": "Disclosed",
    "applications.granted_in_part": (
        "Disclosed in part (where information is severed only this is counted, nothing else)"
    ),
    "applications.denied_state_secret": "State secret",
    "applications.denied_prohibited_by_law": (
        "Disclosure prohibited by other laws or administrative regulations"
    ),
    "applications.denied_safety_stability": (
        "Endangers national, public or economic security, or social stability"
    ),
    "applications.denied_third_party": "Protects lawful rights and interests of third parties",
    "applications.denied_internal_affairs": "One of three kinds of internal affairs information",
    "applications.denied_process_information": "One of four kinds of process information",
    "applications.denied_enforcement_files": "Administrative enforcement case file",
    "applications.denied_administrative_query": "Matter of administrative query",
    "applications.unavailable_not_held": "Information not held by this body",
    "applications.unavailable_needs_creation": (
        "No such information exists; it would have to be created"
    ),
    "applications.unavailable_still_unclear": "Application still unclear after being supplemented",
    "applications.unprocessed_petition": "Petition, report or complaint in place of an application",
    "applications.unprocessed_repeated": "Repeated application",
    "applications.unprocessed_publication": "Request for openly published material",
    "applications.unprocessed_excessive": (
        "Large number of recurring applications without a proper reason"
    ),
    "applications.unprocessed_reconfirmation": (
        "Request to confirm or reissue information already obtained"
    ),
    "applications.other_not_corrected_in_time": (
        "Applicant did not supplement the application in time without a proper reason; "
        "no longer processed"
    ),
    "applications.other_fee_unpaid": (
        "Applicant did not pay the fee as notified in time; no longer processed"
    ),
    "applications.other_outcome": "Other",
    "applications.other_undivided": "Otherwise dealt with",
    "applications.processed_total": "Total processed",
    "applications.carried_out": "Carried over to the next year",
    # table 四
    "review.reconsideration": "Administrative reconsideration",
    "review.litigation_direct": "Litigation without prior reconsideration",
    "review.litigation_after_reconsideration": "Litigation after reconsideration",
}
"""Labels of rows, by table and row key."""

COLUMNS: Final[Mapping[str, str]] = {
    # table 二
    "disclosure.made": "Issued in the year",
    "disclosure.repealed": "Repealed in the year",
    "disclosure.in_force": "Currently in force",
    "disclosure.created": "Newly made in the year",
    "disclosure.newly_published": "Newly disclosed in the year",
    "disclosure.published_total": "Disclosed to the public in total",
    "disclosure.decisions": "Decisions in the year",
    "disclosure.previous_items": "Items in the year before",
    "disclosure.change": "Increase or decrease in the year",
    "disclosure.amount": "Amount",
    "disclosure.projects": "Procurement projects",
    # table 三
    "applications.natural_person": "Natural persons",
    "applications.business": "Businesses",
    "applications.research": "Research institutions",
    "applications.public_interest": "Public interest organisations",
    "applications.legal_services": "Legal service institutions",
    "applications.other": "Other organisations",
    "applications.total": "Total",
    # table 四
    "review.upheld": "Upheld",
    "review.corrected": "Corrected",
    "review.other": "Other result",
    "review.pending": "Not yet concluded",
    "review.total": "Total",
}
"""Labels of columns, by table and column key."""
