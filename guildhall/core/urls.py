from django.urls import path

from guildhall.core.files import show_file
from guildhall.core.gallery import gallery
from guildhall.core.progress import show_progress

app_name = "core"
urlpatterns = [
    path("ui/", gallery, name="gallery"),
    path("files/<uuid:pk>/", show_file, name="file"),
    path("progress/<uuid:pk>/", show_progress, name="progress"),
]
