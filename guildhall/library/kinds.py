"""The short lists by which resources are described: closed ones, whose words the field has agreed on.

Kinds are those of the Hochschulcampus Ressourcentypen (HCRT), audiences the roles of LRMI, accessibility features the words of
schema.org: what the AMB profile asks for.
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

HCRT = "https://w3id.org/kim/hcrt/"
LRMI_ROLES = "http://purl.org/dcx/lrmi-vocabs/educationalAudienceRole/"

KINDS = {
    "case_study": _("Practice case"),
    "worksheet": _("Worksheet"),
    "lesson_plan": _("Lesson plan"),
    "questionnaire": _("Questionnaire"),
    "text": pgettext_lazy("kind of resource", "Text"),
    "textbook": _("Textbook"),
    "slide": _("Slides"),
    "script": _("Lecture notes"),
    "video": _("Video"),
    "audio": _("Sound recording"),
    "image": _("Picture"),
    "diagram": _("Diagram"),
    "map": pgettext_lazy("kind of resource", "Map"),
    "course": _("Course"),
    "assessment": _("Assessment"),
    "drill_and_practice": _("Exercise"),
    "educational_game": _("Learning game"),
    "experiment": _("Experiment"),
    "simulation": _("Simulation"),
    "application": _("Program"),
    "data": pgettext_lazy("kind of resource", "Data"),
    "index": _("Reference work"),
    "portal": _("Portal"),
    "web_page": _("Web page"),
    "other": pgettext_lazy("kind of resource", "Something else"),
}
CASE, VIDEO = "case_study", "video"

AUDIENCES = {
    "teacher": _("Teachers"),
    "trainer": _("In-company trainers"),
    "coordinator": _("Placement coordinators"),
    "manager": _("School managers"),
    "learner": _("Learners"),
    "guidance": _("Guidance practitioners"),
}
#: The role of LRMI that each is, or is nearest to.
ROLE_OF = {
    "teacher": "teacher",
    "trainer": "mentor",
    "coordinator": "professional",
    "manager": "administrator",
    "learner": "student",
    "guidance": "professional",
}

ACCESSIBILITY = {
    "alternativeText": _("Pictures are described"),
    "captions": _("Captions"),
    "audioDescription": _("Audio description"),
    "transcript": _("Transcript"),
    "signLanguage": _("Sign language"),
    "structuralNavigation": _("Headings and a table of contents"),
    "taggedPDF": _("Tagged PDF"),
    "highContrastDisplay": _("High contrast"),
    "largePrint": _("Large print"),
    "easyToRead": _("Easy to read"),
}

#: The six areas of the methodology: two levels × three. 1.1, 2.2 and 2.3 are JOBS4ALL's names, the others are ours.
AREAS = {
    "1.1": _("Innovating educational pathways"),
    "1.2": _("Building training capacity at the workplace"),
    "1.3": _("Matching learners and workplaces"),
    "2.1": _("Co-designing curricula and career pathways"),
    "2.2": _("Networking and lobbying"),
    "2.3": _("Mobility and internationalisation"),
}

ACTIVITIES = {
    "apprenticeship": _("Apprenticeship"),
    "internship": _("Internship"),
    "job_shadowing": _("Job shadowing"),
    "workplace_tour": _("Workplace tour"),
    "guest_speaker": _("Guest speaker"),
    "mock_interview": _("Mock interview"),
    "project": _("Project with an employer"),
    "curriculum_workshop": _("Curriculum workshop"),
    "joint_equipment": _("Shared equipment"),
    "advisory_board": _("Advisory board"),
    "mentor_training": _("Training of mentors"),
    "teacher_placement": _("Teacher at a workplace"),
    "lobbying": _("Lobbying"),
    "network": _("Network"),
    "mobility": _("Mobility abroad"),
    "career_day": _("Career day"),
}

#: The parts of a practice case, in the order in which they are told.
CASE_PARTS = {
    "context": _("Where it happened"),
    "challenge": _("What was difficult"),
    "done": _("What was done"),
    "with_whom": pgettext_lazy("practice case", "With whom"),
    "results": _("What came of it"),
    "failed": _("What did not work"),
    "travels": _("Can it travel?"),
}

CRITERIA = {
    "quality": _("Is it right and up to date?"),
    "use": _("Can one use it tomorrow?"),
    "accessibility": _("Can everyone use it?"),
    "rights": _("Are rights and sources clear?"),
    "relevance": _("Does it help with learning at work?"),
}
