"""The addresses of the product, and below them two floors that no page can be cheaper than."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import path

from guildhall.config import urls as product
from guildhall.engagement.models import Employer


def constant(request: HttpRequest) -> HttpResponse:
    """What the middleware costs by itself: who is asking, their language, their organisation, the headers, the log line."""
    return HttpResponse("constant")


def read(request: HttpRequest, pk: int) -> HttpResponse:
    """The least that a page of something can do: look that one thing up by its number."""
    return HttpResponse(get_object_or_404(Employer, pk=pk).sort_key)


urlpatterns = [path("bench/constant/", constant), path("bench/read/<int:pk>/", read), *product.urlpatterns]
handler429 = product.handler429
