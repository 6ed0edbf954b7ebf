"""What programs may do about a school itself, by the same rules and with the same sentences as the pages."""

from guildhall.people.api import webhooks

#: Every router, under the name of its chapter.
ROUTERS = {"Webhooks": webhooks.router}
