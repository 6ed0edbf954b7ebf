"""The library: what people can learn from and work with, open to everybody.

A *resource* is one thing in one language: a text written here, files, an address elsewhere. Its authors work on the resource
itself; what the public sees is a *version* of it, numbered and never changed. A resource that is withdrawn leaves its title
and the reason behind. A *practice case* is a resource that tells in seven parts what somebody did with employers; a *part* is
a file, its *preview* what it looks like.

A *translation* is a resource too. All translations of each other are one *work*, named by its original. A *source* is what a
resource was made from: lineage.

A *review* is what somebody thinks of it by five criteria, a *use* says that somebody used it and how that went; a *collection*
puts resources together. An *expert group* is people who review in its name; an *expert* is a place in it, or the offer of one.
A *harvest* lists what others publish, as links with their source.

A *film* is what a resource of the kind "video" shows. It is made into *renditions*; *tracks* are read along with it, and
*prompts* are questions at its moments, to which people may keep *answers*.
"""

from guildhall.library.models.common_words import CommonWord
from guildhall.library.models.experts import Expert, ExpertGroup
from guildhall.library.models.films import SPOKEN, Answer, Film, Prompt, PromptText, Rendition, Track, Upload
from guildhall.library.models.harvests import Harvest, Harvested
from guildhall.library.models.opinions import Collected, Collection, Review, Use
from guildhall.library.models.previews import Preview
from guildhall.library.models.resources import (
    DESCRIBED,
    WRITERS,
    Described,
    OfAKind,
    Part,
    PublicChange,
    PublicState,
    Resource,
    ResourceQuerySet,
    Source,
    Version,
    numbers_written_for,
)

__all__ = [
    "DESCRIBED",
    "SPOKEN",
    "WRITERS",
    "Answer",
    "Collected",
    "Collection",
    "CommonWord",
    "Described",
    "Expert",
    "ExpertGroup",
    "Film",
    "Harvest",
    "Harvested",
    "OfAKind",
    "Part",
    "Preview",
    "Prompt",
    "PromptText",
    "PublicChange",
    "PublicState",
    "Rendition",
    "Resource",
    "ResourceQuerySet",
    "Review",
    "Source",
    "Track",
    "Upload",
    "Use",
    "Version",
    "numbers_written_for",
]
