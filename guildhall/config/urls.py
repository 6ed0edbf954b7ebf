"""All addresses. The first segment names the room."""

from django.urls import include, path

from guildhall.people.views.passes import pass_open
from guildhall.people.views.signin import password_set

urlpatterns = [
    path("", include("guildhall.portal.urls")),
    path("", include("guildhall.core.urls")),
    path("people/", include("guildhall.people.urls")),
    path("p/<str:token>/", pass_open, name="pass"),
    path("library/", include("guildhall.library.urls")),
    path("oer/", include("guildhall.library.open_urls")),
    path("engagement/", include("guildhall.engagement.urls")),
    path("api/", include("guildhall.config.api")),
    path("account/password/set/", password_set, name="account_set_password"),
    path("account/", include("allauth.urls")),
]

handler429 = "guildhall.people.views.signin.too_many_requests"
