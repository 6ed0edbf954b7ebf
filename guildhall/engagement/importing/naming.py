"""When two names, streets, towns or addresses on the web are the same although they are written differently."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_MARKS = re.compile(r"[\u0300-\u036f]")
_SIGNS = re.compile(r"[^\w]+|_+")
_LETTERS = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ð": "d", "ı": "i", "æ": "ae", "œ": "oe", "’": " ", "'": " ", "&": " "})

# What a firm is in law, as it stands at the end of its name (longest first) or, in some countries, at the beginning.
_FORMS = sorted(
    """
    gmbh; ggmbh; mbh; gmbh co kg; gmbh und co kg; ag; kg; ohg; gbr; ug; ug haftungsbeschrankt; ev; eg; ek; ekfr; kgaa; ag co kg
    sarl; sarlu; eurl; sas; sasu; sa; snc; sci; scp; scop; scea; earl; gaec; gie; selarl; selas; selurl; scm; sccv; societe anonyme
    sl; slu; sll; slp; slne ; sau; scoop; s coop; sociedad limitada; sociedad anonima; sociedade unipessoal lda
    sp z oo; sp zoo; spzoo; spolka z oo; sp z o o; spolka z ograniczona odpowiedzialnoscia; sp j; sp k; spj; spk; spolka akcyjna
    spolka jawna; spolka cywilna; spolka komandytowa; sc; psa
    lda; unipessoal lda; ltda; limitada; crl; unipessoal; eirl
    αε; επε; οε; εε; ικε; αβεε; αεβε; ατε; μονοπροσωπη ικε; μονοπροσωπη επε; μονοπροσωπη αε; ae; epe; oe; ike
    ltd; limited; plc; llc; llp; inc; co; bv; nv; vof; srl; srls; oy; oyj; asa; aps; sro; doo; dooel
    kft; zrt; nyrt; eood; ood; ead; uab; sia; sprl; bvba; asbl; vzw
    """.replace("\n", ";").split(";"),
    key=len,
    reverse=True,
)
_AT_END = re.compile(r"(?: (?:%s))+$" % "|".join(form.strip() for form in _FORMS if form.strip()))
_AT_START = re.compile(
    r"^(?:sarl|eurl|sas|sasu|sa|snc|sci|scp|scm|selarl|selas|earl|gaec|ets|etablissements|ste|societe|firma|fa|phu|fhu|ppuh|zaklad) "
)

_STREETS = re.compile(
    r"\b(?:(?P<str>strasse|str)|(?P<st>street)|(?P<av>avenue|ave|avenida|avda|aven)|(?P<bd>boulevard|boul|blvd|bld|bvd)|(?P<pl>place|plaza|platz|plac)"
    r"|(?P<rte>route)|(?P<all>allee)|(?P<imp>impasse)|(?P<ul>ulica)|(?P<al>aleja|aleje)|(?P<c>calle)|(?P<r>rua)|(?P<odos>οδοσ)|(?P<chem>chemin|che))\b"
)
_STREET_END = re.compile(r"strasse\b|\Bstr\b")
_DELIVERY = re.compile(r"\b(?:cedex|cdx)\b.*|\b\d+(?:er|e|eme)?\b|\barrondissement\b")

#: Mail providers that say nothing about for whom somebody works.
_ANYBODYS = frozenset(
    [
        "gmail.com",
        "googlemail.com",
        "outlook.com",
        "hotmail.com",
        "hotmail.fr",
        "hotmail.es",
        "hotmail.de",
        "live.com",
        "live.fr",
        "msn.com",
        "yahoo.com",
        "yahoo.fr",
        "yahoo.de",
        "yahoo.es",
        "yahoo.gr",
        "icloud.com",
        "me.com",
        "aol.com",
        "proton.me",
        "protonmail.com",
        "gmx.de",
        "gmx.net",
        "gmx.at",
        "web.de",
        "t-online.de",
        "freenet.de",
        "orange.fr",
        "wanadoo.fr",
        "free.fr",
        "sfr.fr",
        "laposte.net",
        "neuf.fr",
        "bbox.fr",
        "numericable.fr",
        "wp.pl",
        "o2.pl",
        "onet.pl",
        "op.pl",
        "interia.pl",
        "poczta.onet.pl",
        "tlen.pl",
        "vp.pl",
        "gazeta.pl",
        "sapo.pt",
        "mail.pt",
        "iol.pt",
        "clix.pt",
        "telefonica.net",
        "terra.es",
        "ono.com",
        "otenet.gr",
        "forthnet.gr",
        "hol.gr",
        "libero.it",
        "facebook.com",
        "instagram.com",
        "linkedin.com",
        "google.com",
        "sites.google.com",
        "pagesjaunes.fr",
    ]
)


@lru_cache(maxsize=20_000)
def folded(text: str) -> str:
    """Return a text in lower case without accents, its words parted by single spaces and freed of all signs."""
    # Points go without leaving a gap: "S.A.R.L." is "sarl".
    plain = unicodedata.normalize("NFKD", text.casefold().replace(".", "").translate(_LETTERS))
    return _SIGNS.sub(" ", _MARKS.sub("", plain)).strip()


@lru_cache(maxsize=20_000)
def name_key(name: str) -> str:
    """Return what a firm's name is compared by: folded, without what the firm is in law."""
    plain = folded(name)
    shorter = _AT_END.sub("", plain)
    return _AT_START.sub("", shorter) or shorter or plain


@lru_cache(maxsize=20_000)
def street_key(street: str) -> str:
    """Return what a street with its number is compared by."""
    plain = _STREET_END.sub("str", folded(street))
    return _STREETS.sub(lambda found: str(found.lastgroup), plain).replace(" ", "")


@lru_cache(maxsize=5_000)
def town_key(town: str) -> str:
    """Return what a town is compared by; a French delivery office ("CEDEX 08") and the number of a district do not count."""
    plain = folded(town)
    return _DELIVERY.sub("", plain).replace(" ", "") or plain


def domain_of(website: str, email: str = "") -> str:
    """Return the domain by which a firm is known on the web, empty where it is everybody's."""
    for address in (website.partition("://")[2] or website, email.rpartition("@")[2]):
        domain = address.lower().partition("/")[0].partition(":")[0].removeprefix("www.")
        if domain and domain not in _ANYBODYS:
            return domain
    return ""
