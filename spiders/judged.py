"""The verdict on a run, by what it found and by its portal's own past, and what ops hear after it."""

import logging
from dataclasses import replace

from sqlalchemy.exc import SQLAlchemyError

from pipelines.errors import PortalwatchError
from pipelines.health.judge import signs
from pipelines.health.look import Look
from pipelines.health.past import looks_of
from pipelines.health.round import Watch, after_a_run
from pipelines.store.database import in_one_reading
from spiders.answers import CERTIFICATE
from spiders.certificate import fault
from spiders.job import Job, now
from spiders.past import PastJob, past_verdict
from spiders.verdict import Verdict, verdict

log = logging.getLogger(__name__)


def judge(job: Job, finish_reason: str) -> Verdict:
    """Whether the run succeeded, and why not: its portal rested, it could not see it, or that is silent as it never was."""
    if resting := job.rests_wholly():
        return Verdict(succeeded=False, reason="; ".join(resting))
    if isinstance(job, PastJob):
        return past_verdict(job, finish_reason)
    judged = verdict(job.sources, job.ledger, finish_reason)
    return _by_its_past(job, finish_reason) or judged if judged.succeeded else _with_fault(job, judged)


def _by_its_past(job: Job, finish_reason: str) -> Verdict | None:
    """The verdict on a run that found nothing where its portal's own past says something; None where that is as usual."""
    if job.desk.learning:
        return None
    looks = in_one_reading(job.desk.engine, lambda session: looks_of(session, [job.sheet.slug], now())).get(job.sheet.slug, [])
    present = Look(at=now(), succeeded=True, finish_reason=finish_reason, outcomes=job.ledger.counts(), figures=job.figures())
    silent = next((sign for sign in signs([*looks, present], now()) if sign.kind == "frozen" and sign.is_told), None)
    return Verdict(succeeded=False, reason="; ".join(silent.evidence)) if silent else None


def _with_fault(job: Job, judged: Verdict) -> Verdict:
    """With what is wrong with the certificate, where that is the reason."""
    if CERTIFICATE not in (judged.reason or ""):
        return judged
    why = fault(job.sheet.discovery[0].url, job.sheet.gateway)
    return replace(judged, reason=f"{judged.reason} ({why})") if why else judged


def watch_over(job: Job) -> None:
    """Bring the portal's incidents up to date; what goes wrong with that does not undo a run, and the next round mends it."""
    slug = job.sheet.slug
    try:
        after_a_run(Watch(engine=job.desk.engine, watchlist=job.desk.watchlist, portals={slug: job.sheet.name}), now())
    except (PortalwatchError, SQLAlchemyError) as error:
        log.warning("%s: its health could not be written: %s", slug, error)
