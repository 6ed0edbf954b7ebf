"""The words of AMB, the profile in which educational resources are described to other programs, and what ours are in them.

Sources: AMB's schemas (dini-ag-kim/amb, d94c6fe), the vocabularies of DINI-AG-KIM for kinds (hcrt.ttl), levels
(educationalLevel.ttl) and subjects (hochschulfaechersystematik.ttl), and LRMI's for audiences.
"""

from __future__ import annotations

from guildhall.library.kinds import HCRT, LRMI_ROLES

CONTEXT = "https://w3id.org/kim/amb/context.jsonld"
SCHEMA_ORG = "https://schema.org"
ACCESS = "http://w3id.org/kim/conditionsOfAccess/"
LEVELS = "https://w3id.org/kim/educationalLevel/"
SUBJECTS = "https://w3id.org/kim/hochschulfaechersystematik/"
SCHOOL_SUBJECTS = "http://w3id.org/kim/schulfaecher/"
NEW_LRT = "http://w3id.org/openeduhub/vocabs/new_lrt/"
ISCED = "http://data.europa.eu/snb/isced-f/"
INTERACTIVITY = "http://purl.org/dcx/lrmi-vocabs/interactivityType/"
ORCID = "https://orcid.org/"
DOI = "https://doi.org/"

#: The only languages that AMB knows, by ISO 639-1.
_LANGUAGES = (
    "aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en eo es et eu"
    " fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv ka kg ki kj kk kl"
    " km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv ny oc"
    " oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti tk tl"
    " tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu"
)
LANGUAGES = frozenset(_LANGUAGES.split())

#: Kinds of creative work by schema.org, of which a record names at least the first.
LEARNING_RESOURCE = "LearningResource"
_TYPES = (
    "3DModel AmpStory Article Atlas Audiobook AudioObject Blog Book BookSeries Chapter Clip Collection ComicStory Comment"
    " Conversation Course CreativeWorkSeason CreativeWorkSeries DataDownload Diet DigitalDocument Drawing Episode ExercisePlan"
    " FAQPage Game Guide HowTo ImageGallery ImageObject LearningResource LegislationObject Manuscript Map MathSolver"
    " MediaGallery MediaObject Message MobileApplication Movie MovieClip MovieSeries MusicAlbum MusicComposition MusicPlaylist"
    " MusicRecording MusicRelease MusicVideoObject NewsArticle Painting Periodical Photograph Play PodcastEpisode"
    " PodcastSeason PodcastSeries Poster PresentationDigitalDocument PublicationIssue PublicationVolume Quotation Quiz"
    " RadioClip RadioEpisode RadioSeason RadioSeries Recipe Review Report ScholarlyArticle Sculpture SheetMusic ShortStory"
    " SoftwareApplication SoftwareSourceCode SpreadsheetDigitalDocument TVClip TVEpisode TVSeason TVSeries Thesis"
    " TextDigitalDocument VideoGallery VideoGame VideoGameClip VideoGameSeries VideoObject VisualArtwork WebApplication"
    " WebContent WebPage"
)
TYPES = frozenset(_TYPES.split())
#: The kind of creative work that some of our kinds are besides.
TYPE_OF = {
    "slide": "PresentationDigitalDocument",
    "textbook": "Book",
    "video": "VideoObject",
    "audio": "AudioObject",
    "image": "ImageObject",
    "map": "Map",
    "course": "Course",
    "assessment": "Quiz",
    "educational_game": "Game",
    "application": "SoftwareApplication",
    "web_page": "WebPage",
}

#: What HCRT calls our kinds.
KIND_LABELS = {
    "case_study": {"en": "Case Study", "de": "Fallstudie"},
    "worksheet": {"en": "Worksheet", "de": "Arbeitsmaterial"},
    "lesson_plan": {"en": "Lesson Plan", "de": "Unterrichtsplanung"},
    "questionnaire": {"en": "Questionnaire", "de": "Fragebogen"},
    "text": {"en": "Text", "de": "Textdokument"},
    "textbook": {"en": "Textbook", "de": "Lehrbuch"},
    "slide": {"en": "Presentation", "de": "Präsentation"},
    "script": {"en": "Script", "de": "Skript"},
    "video": {"en": "Video", "de": "Video"},
    "audio": {"en": "Audio Recording", "de": "Audio"},
    "image": {"en": "Image", "de": "Abbildung"},
    "diagram": {"en": "Diagram", "de": "Diagramm"},
    "map": {"en": "Map", "de": "Karte"},
    "course": {"en": "Course", "de": "Kurs"},
    "assessment": {"en": "Assessment", "de": "Lernkontrolle"},
    "drill_and_practice": {"en": "Drill and Practice", "de": "Übung"},
    "educational_game": {"en": "Game", "de": "Lernspiel"},
    "experiment": {"en": "Experiment", "de": "Experiment"},
    "simulation": {"en": "Simulation", "de": "Simulation"},
    "application": {"en": "Software Application", "de": "Softwareanwendung"},
    "data": {"en": "Data", "de": "Daten"},
    "index": {"en": "Reference Work", "de": "Nachschlagewerk"},
    "portal": {"en": "Web Portal", "de": "Portal"},
    "web_page": {"en": "Web Page", "de": "Webseite"},
    "other": {"en": "Other", "de": "Sonstiges"},
}
ROLE_LABELS = {
    "teacher": {"en": "teacher"},
    "mentor": {"en": "mentor"},
    "professional": {"en": "professional"},
    "administrator": {"en": "administrator"},
    "student": {"en": "student"},
}

#: Levels of the EQF from which the level of education follows: the three cycles of higher education (Council Recommendation of
#: 22 May 2017, recital 21). Below there are several ways to each level, so nothing is said.
LEVEL_OF = {
    "6": ("level_6", {"en": "Bachelor or equivalent", "de": "Bachelor oder äquivalent"}),
    "7": ("level_7", {"en": "Master or equivalent", "de": "Master oder äquivalent"}),
    "8": ("level_8", {"en": "Doctoral or equivalent", "de": "Promotion oder äquivalent"}),
}

#: Fields of ISCED-F 2013 and the subject each lies in, among those that AMB asks for. For others there is none that is sure.
SUBJECT_OF = {
    "01": "n33",
    "011": "n33",
    "0110": "n33",
    "0111": "n33",
    "0112": "n33",
    "0113": "n33",
    "0114": "n33",
    "0119": "n33",
    "0922": "n245",
    "0923": "n208",
}
#: The subject of whatever belongs to an area of the methodology: it is about learning at work.
SUBJECT_OF_METHODOLOGY = "n270"
SUBJECT_LABELS = {
    "n33": "Educational Sciences",
    "n208": "Social Work",
    "n245": "Social Pedagogy",
    "n257": "Occupational Guidance and Career Counselling",
    "n270": "Vocational, Business and Economics Education",
    "n321": "Adult Education",
}
#: The field of ISCED-F in which a subject lies: the way back.
FIELD_OF = {"n33": "0111", "n208": "0923", "n245": "0922", "n257": "0923", "n270": "0111", "n321": "0111"}


def kind_uri(kind: str) -> str:
    """The address of one of our kinds in HCRT."""
    return f"{HCRT}{kind}"


def role_uri(role: str) -> str:
    """The address of a role of LRMI."""
    return f"{LRMI_ROLES}{role}"
