from django.urls import path

from guildhall.portal import views

app_name = "portal"
urlpatterns = [
    path("", views.home, name="home"),
    path("search/", views.search_page, name="search"),
    path("robots.txt", views.robots, name="robots"),
    path("demo/sign-in/", views.demo_sign_in, name="demo_sign_in"),
]
