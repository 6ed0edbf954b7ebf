"""What is open to everybody: the library's pages and its records for other programs."""

from django.urls import path

from guildhall.library.views import collections, experts, files, films, open, reading, resources

app_name = "oer"
urlpatterns = [
    path("", reading.resource_list, name="resources"),
    path("<int:pk>/", resources.resource_detail, name="resource"),
    path("<int:pk>/record.json", open.record, name="record"),
    path("sitemap.xml", open.sitemap, name="sitemap"),
    path("amb.json", open.record_list, name="records"),
    path("feed.xml", open.feed, name="feed"),
    path("oai", open.oai_pmh, name="oai"),
    path("oai/amb.xsd", open.oai_schema, name="oai_schema"),
    path("<int:pk>/versions/<int:number>/", resources.version_detail, name="version"),
    path("<int:pk>/versions/<int:number>/download/", files.resource_download, name="version_download"),
    path("<int:pk>/download/", files.resource_download, name="download"),
    path("<int:pk>/files/<int:part_pk>/", files.part_detail, name="part"),
    path("<int:pk>/files/<int:part_pk>/download/", files.part_file, name="part_file"),
    path("<int:pk>/files/<int:part_pk>/pages/<int:number>/", files.part_page, name="part_page"),
    path("<int:pk>/embed/", resources.resource_embed, name="embed"),
    path("compare/", reading.compare, name="compare"),
    path("collections/", collections.collection_list, name="collections"),
    path("collections/<int:pk>/", collections.collection_detail, name="collection"),
    path("experts/<int:pk>/", experts.expert_group_open, name="experts"),
    path("<int:pk>/guide/", films.film_guide, name="film_guide"),
    path("transcripts/", films.transcript_list, name="transcripts"),
    path("films/<int:pk>/film.m3u8", films.film_stream, name="film_stream"),
    path("films/<int:pk>/<slug:kind>.m3u8", films.film_playlist, name="film_playlist"),
    path("films/<int:pk>/<slug:kind>.mp4", films.film_file, name="film_file"),
    path("films/<int:pk>/poster.jpg", films.film_poster, name="film_poster"),
    path("films/<int:pk>/<slug:language>-<slug:kind>.vtt", films.film_track, name="film_track"),
]
