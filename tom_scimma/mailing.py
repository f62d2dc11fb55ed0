"""Telling by the TOM's own mail server, as Django's settings name it."""

from __future__ import annotations

from smtplib import SMTPException, SMTPRecipientsRefused, SMTPResponseException, SMTPSenderRefused
from typing import TYPE_CHECKING

from tom_scimma.errors import Rejected, Unavailable

if TYPE_CHECKING:
    from tom_scimma.channels import Message


def mail(address: str, message: Message, *, seconds: float) -> None:
    """Tells an e-mail address. Raises Rejected for what will not change, Unavailable for what may; neither has the address."""
    from django.conf import settings
    from django.core.mail import EmailMessage, get_connection

    smtp = settings.EMAIL_BACKEND == "django.core.mail.backends.smtp.EmailBackend"
    options = {"timeout": settings.EMAIL_TIMEOUT or seconds} if smtp else {}
    headers = {"Message-ID": f"<{message.key}@tom>"} if message.key else {}
    letter = EmailMessage(
        message.subject, message.text, to=[address], headers=headers, connection=get_connection(**options)
    )
    if message.picture is not None:
        letter.attach(message.picture_name, message.picture, "image/png")
    try:
        letter.send()
    except (SMTPRecipientsRefused, SMTPSenderRefused, SMTPResponseException) as error:
        codes = _codes(error)
        if codes and all(500 <= code < 600 for code in codes):
            raise Rejected(f"The mail server refused it ({codes[0]}).") from None
        raise Unavailable(f"the mail server did not take it ({codes[0] if codes else type(error).__name__})") from None
    except (SMTPException, OSError) as error:
        raise Unavailable(f"the mail server could not be reached: {type(error).__name__}") from None


def _codes(error: Exception) -> list[int]:
    if isinstance(error, SMTPRecipientsRefused):
        return [code for code, _ in error.recipients.values()]
    return [error.smtp_code] if isinstance(error, SMTPResponseException) else []
