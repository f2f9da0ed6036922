"""Run by pretalx's own Python: an organiser, an open and a closed call that ask for two files each, and one bidder."""

import datetime as dt
import sys

import django

django.setup()

from django_scopes import scopes_disabled  # noqa: E402
from pretalx.event.models import Event  # noqa: E402
from pretalx.event.utils import create_organiser_with_team  # noqa: E402
from pretalx.person.models import User  # noqa: E402
from pretalx.submission.models import Question, QuestionTarget, QuestionVariant  # noqa: E402

EMAIL, PASSWORD = sys.argv[1:3]

with scopes_disabled():
    admin = User.objects.create_superuser(
        email="organiser@grants.example", password="organise it well", name="Organiser"
    )
    organiser, _ = create_organiser_with_team(name="Grants office", slug="grants", users=[admin])
    now = dt.datetime.now(dt.UTC)
    for slug, deadline in (("grants", now + dt.timedelta(days=20)), ("closed", now - dt.timedelta(days=1))):
        event = Event.objects.create(
            name="Research grants", slug=slug, organiser=organiser, email="office@grants.example", is_public=True,
            date_from=(now + dt.timedelta(days=60)).date(), date_to=(now + dt.timedelta(days=61)).date(),
            timezone="America/New_York", locale="en", locale_array="en",
        )  # fmt: skip
        event.build_initial_data()
        event.cfp.deadline = deadline
        event.cfp.save()
        for position, name in enumerate(("Technical volume", "Price volume")):
            Question.objects.create(
                event=event, question=name, variant=QuestionVariant.FILE, target=QuestionTarget.SUBMISSION,
                question_required="required", position=position,
            )  # fmt: skip
    User.objects.create_user(email=EMAIL, password=PASSWORD, name="Firm Bidder")
