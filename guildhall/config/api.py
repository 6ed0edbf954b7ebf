"""The API: the rooms' routers put together. Only this file knows them all."""

from __future__ import annotations

from guildhall.core.api.document import Api
from guildhall.core.api.problems import answer_problems
from guildhall.core.api.reference import addresses_of
from guildhall.core.api.repeating import done_once
from guildhall.engagement.api import ROUTERS as OF_THE_BOOK
from guildhall.people.api import ROUTERS as OF_THE_SCHOOL
from guildhall.people.bearer import standing_of

api = Api(
    title="Guildhall",
    version="1",
    description="Everything the employer book can do, for programs: by the same rules, with the same sentences.",
    urls_namespace="api",
    openapi_url=None,
    docs_url=None,
)
answer_problems(api)
api.add_decorator(done_once(standing_of), mode="view")
for chapter, router in (OF_THE_BOOK | OF_THE_SCHOOL).items():
    api.add_router("", router, tags=[chapter])

urlpatterns = addresses_of(api)
