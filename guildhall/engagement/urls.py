from django.urls import path

from guildhall.engagement.views import contacts, employers, imports, people, steps

app_name = "engagement"
urlpatterns = [
    path("", employers.employer_list, name="employers"),
    path("add/", employers.employer_add, name="add"),
    path("<int:pk>/", employers.employer_detail, name="employer"),
    path("<int:pk>/change/", employers.employer_change, name="change"),
    path("<int:pk>/hand-over/", employers.hand_over, name="hand_over"),
    path("<int:pk>/take-on/", employers.take_on, name="take_on"),
    path("<int:pk>/sites/add/", employers.site_add, name="site_add"),
    path("<int:pk>/sites/<int:site_pk>/change/", employers.site_change, name="site_change"),
    path("<int:pk>/people/add/", people.person_add, name="person_add"),
    path("<int:pk>/contacts/add/", contacts.contact_record, name="contact_record"),
    path("<int:pk>/steps/add/", steps.step_add, name="step_add"),
    path("positions/<int:pk>/change/", people.person_change, name="person_change"),
    path("positions/<int:pk>/end/", people.position_end, name="position_end"),
    path("positions/<int:pk>/writing/", people.writing, name="writing"),
    path("contacts/<int:pk>/change/", contacts.contact_change, name="contact_change"),
    path("contacts/<int:pk>/remove/", contacts.contact_remove, name="contact_remove"),
    path("steps/", steps.step_list, name="steps"),
    path("steps/<int:pk>/finish/", steps.step_finish, name="step_finish"),
    path("steps/<int:pk>/contact/", steps.step_contact, name="step_contact"),
    path("steps/<int:pk>/move/", steps.step_move, name="step_move"),
    path("steps/<int:pk>/move-back/<str:day>/", steps.step_move_back, name="step_move_back"),
    path("steps/<int:pk>/drop/", steps.step_drop, name="step_drop"),
    path("steps/<int:pk>/reopen/", steps.step_reopen, name="step_reopen"),
    path("imports/", imports.import_list, name="imports"),
    path("imports/<int:pk>/", imports.import_detail, name="import"),
    path("imports/<int:pk>/columns/", imports.import_columns, name="import_columns"),
    path("imports/<int:pk>/begin/", imports.import_begin, name="import_begin"),
    path("imports/<int:pk>/go-on/", imports.import_go_on, name="import_go_on"),
    path("imports/<int:pk>/drop/", imports.import_drop, name="import_drop"),
]
