from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.shortcuts import get_object_or_404
from django.utils.timezone import now
from django.utils.translation import gettext as _
from ninja import Query, Router, Schema
from pydantic import Field

from guildhall.core.api import PageOf, Paging, page_of
from guildhall.core.api.fields import Body, Number, YesNo
from guildhall.core.api.paging import Order
from guildhall.core.errors import Refused
from guildhall.engagement import actions
from guildhall.engagement.api.things import MAIL, a_school, an_employer
from guildhall.engagement.models import CapturedMail, MailAddress
from guildhall.engagement.rules import can_file_mail
from guildhall.people.bearer import needs
from guildhall.people.middleware import PersonRequest

router = Router()

LONGEST_WAITING_LAST = Order("waits_since", descending=True)


class Correspondent(Schema):
    address: str
    name: str


class MailShown(Schema):
    id: int
    school: int
    subject: str
    is_from_us: bool = Field(description="Whether somebody at school wrote it.")
    others: list[Correspondent] = Field(description="Who wrote it or was written to, outside the school.")
    said: str = Field(description="Empty once it is on a timeline: the words are those of the contact.")
    quoted: str
    attachments: list[str]
    sent_at: datetime
    received_at: datetime
    contact: int | None = Field(description="What it is on a timeline.")
    dropped_at: datetime | None


class Filing(Body):
    employer: Number
    always: YesNo = Field(False, description="Whether later mails of the same address shall go the same way.")


class MailAddressShown(Schema):
    address: str
    made_at: datetime


@router.get("/schools/{int:pk}/mails", response=PageOf[MailShown], summary="Mails of yours to be filed", **needs(MAIL))
def list_mails(request: PersonRequest, pk: int, paging: Query[Paging]) -> Any:
    """Those that nobody could tell whose they are."""
    mails = _seen(request).of(request.user).to_file().filter(school=a_school(request, pk))
    return page_of(mails, paging, LONGEST_WAITING_LAST, told=lambda shown: [_told(mail) for mail in shown])


@router.get("/mails/{int:pk}", response=MailShown, summary="A mail", **needs(MAIL))
def read_mail(request: PersonRequest, pk: int) -> Any:
    """One of yours, or one on a timeline that you may file elsewhere."""
    mail = _mail(request, pk)
    can_file_mail.require(request.user, mail)
    return _told(mail)


@router.post("/mails/{int:pk}/file", response=MailShown, summary="Put a mail onto a timeline", **needs(MAIL))
def file_mail(request: PersonRequest, pk: int, sent: Filing) -> Any:
    """Or from one onto another."""
    employer = an_employer(request, sent.employer)
    return _told(actions.file_mail(_mail(request, pk), employer=employer, always=sent.always, by=request.user, at=now()))


@router.post("/mails/{int:pk}/take-back", response=MailShown, summary="Take a mail off its timeline", **needs(MAIL))
def take_back_mail(request: PersonRequest, pk: int) -> Any:
    return _told(actions.take_back_mail(_mail(request, pk), by=request.user, at=now()))


@router.post("/mails/{int:pk}/drop", response=MailShown, summary="It belongs to no employer", **needs(MAIL))
def drop_mail(request: PersonRequest, pk: int) -> Any:
    """It is deleted after thirty days."""
    return _told(actions.drop_mail(_mail(request, pk), by=request.user, at=now()))


@router.post("/mails/{int:pk}/keep", response=MailShown, summary="Let a dropped mail wait again", **needs(MAIL))
def keep_mail(request: PersonRequest, pk: int) -> Any:
    return _told(actions.keep_mail(_mail(request, pk), by=request.user, at=now()))


@router.get("/schools/{int:pk}/mail-address", response=MailAddressShown, summary="Your secret mail address", **needs(MAIL))
def read_mail_address(request: PersonRequest, pk: int) -> Any:
    """What you forward or copy to it lands on the right timeline."""
    return _told_address(_address(request, pk))


@router.post("/schools/{int:pk}/mail-address", response={201: MailAddressShown}, summary="Make it, or a new one", **needs(MAIL))
def make_mail_address(request: PersonRequest, pk: int) -> Any:
    """An earlier one takes nothing any more."""
    school = a_school(request, pk)
    if not settings.MAIL_IN_DOMAIN:
        raise Refused(_("This installation takes no mail in yet."))
    return _told_address(actions.make_mail_address(school, by=request.user, at=now()))


@router.delete("/schools/{int:pk}/mail-address", response={204: None}, summary="Switch it off", **needs(MAIL))
def switch_off_mail_address(request: PersonRequest, pk: int) -> Any:
    actions.switch_off_mail_address(_address(request, pk), by=request.user, at=now())


def _seen(request: PersonRequest) -> Any:
    return CapturedMail.objects.visible_to(request.user).select_related("school", "owner", "contact__employer__organisation")


def _mail(request: PersonRequest, pk: int) -> CapturedMail:
    return get_object_or_404(_seen(request), pk=pk)


def _address(request: PersonRequest, pk: int) -> MailAddress:
    return get_object_or_404(MailAddress, school=a_school(request, pk), owner=request.user)


def _told(mail: CapturedMail) -> dict[str, Any]:
    plain = ["subject", "is_from_us", "said", "quoted", "sent_at", "received_at", "dropped_at"]
    return {
        "id": mail.pk,
        "school": mail.school_id,
        "others": [{"address": address, "name": name or ""} for address, name in mail.others],
        "attachments": [attachment["name"] for attachment in mail.attachments],
        "contact": mail.contact_id,
        **{name: getattr(mail, name) for name in plain},
    }


def _told_address(address: MailAddress) -> dict[str, Any]:
    return {"address": str(address), "made_at": address.made_at}
