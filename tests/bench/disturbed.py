"""A book in which it is known who is there twice: real firms, and copies of some, written as another colleague would have.

The firms come from the samples (French registers) and from lists of invented ones in six more countries; telephone numbers, web
sites and mail addresses are made up for all. A copy is disturbed field by field, with the chances that stand beside each
disturbance. Firms that are no copies but look like some are put among them: branches of a chain, relatives, neighbours.
"""

from __future__ import annotations

import csv
import random
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from guildhall.engagement.likeness.writing import latin

Place = tuple[str, str, str]


@dataclass(frozen=True)
class Entry:
    """What stands in a book about an employer; ``who`` it is in truth."""

    who: str
    country: str
    name: str
    trade_name: str = ""
    number: str = ""
    places: tuple[Place, ...] = ()
    phone: str = ""
    mail: str = ""
    website: str = ""


LEGAL = {
    "FR": ["SARL", "S.A.R.L.", "SAS", "EURL", "SA", "Ets"],
    "DE": ["GmbH", "GmbH & Co. KG", "e.K.", "KG", "AG"],
    "PL": ["Sp. z o.o.", "sp. z o. o.", "S.A.", "sp. j."],
    "PT": ["Lda", "Lda.", "Unipessoal Lda", "S.A."],
    "ES": ["S.L.", "SL", "S.L.U.", "S.A."],
    "GR": ["ΑΕ", "Α.Ε.", "ΕΠΕ", "ΙΚΕ", "Ο.Ε."],
    "GB": ["Ltd", "Limited", "LLP"],
}
INVENTED = {
    "DE": (
        "Müller Schröder Krüger Weiß Böhm Jäger Köhler Groß Voß Lüders Petersen Thode Hansen Kühl Brüggemann",
        "Tischlerei;Metallbau;Elektrotechnik;Pflegedienst;Bäckerei;Autohaus;Gärtnerei;Zahnarztpraxis;Sanitär und Heizung",
        "Bahnhofstraße;Hauptstr.;Am Markt;Lindenallee;Gewerbepark Nord",
        "24103 Kiel;24937 Flensburg;23552 Lübeck;24534 Neumünster",
    ),
    "PL": (
        "Kowalski Nowak Wiśniewski Wójcik Zieliński Szymański Dąbrowski Kozłowski Łukaszewski Żak",
        "Zakład Stolarski;Instalacje Elektryczne;Piekarnia;Warsztat Samochodowy;Opieka Domowa;Metal-Bud;Drukarnia",
        "ul. Słowackiego;ulica Długa;al. Niepodległości;ul. Świętego Marcina",
        "61-001 Poznań;90-001 Łódź;50-001 Wrocław",
    ),
    "PT": (
        "Ferreira Gonçalves Simões Araújo Magalhães Conceição Sobral Patrício Brandão Leitão",
        "Serralharia;Padaria;Oficina;Carpintaria;Apoio Domiciliário;Instalações Elétricas;Clínica Dentária",
        "Rua da Sofia;Avenida Sá da Bandeira;Praça da República;Rua do Brasil",
        "3000-001 Coimbra;4000-001 Porto;3800-001 Aveiro",
    ),
    "ES": (
        "García Núñez Peña Ibáñez Muñoz Gutiérrez Márquez Cabañas Doménech Luján",
        "Carpintería;Talleres;Panadería;Electricidad;Residencia;Cerrajería;Fontanería",
        "Calle Larios;C/ Granada;Avda. de Andalucía;Plaza de la Merced",
        "29001 Málaga;18001 Granada;41001 Sevilla",
    ),
    "GR": (
        "Παπαδόπουλος Γεωργίου Νικολαΐδης Οικονόμου Χατζής Βλάχος Καραγιάννης Μακρής Αντωνίου",
        "Ξυλουργείο;Ηλεκτρολογικά;Αρτοποιείο;Μεταλλικές Κατασκευές;Φροντίδα Ηλικιωμένων;Συνεργείο",
        "Οδός Κορίνθου;Ερμού;Λεωφόρος Αθηνών;Μαιζώνος",
        "26221 Πάτρα;10563 Αθήνα;54624 Θεσσαλονίκη",
    ),
    "GB": (
        "Ashworth Blakey Hartley Ogden Sutcliffe Whitaker Thackray Holroyd",
        "Joinery;Fabrications;Electrical;Care Homes;Bakery;Motors;Dental Practice",
        "Market Street;Station Road;Mill Lane;High St",
        "LS1 1AA Leeds;BD1 1AA Bradford;HX1 1AA Halifax",
    ),
}
PROVIDERS = {"FR": "orange.fr", "DE": "t-online.de", "PL": "wp.pl", "PT": "sapo.pt", "ES": "telefonica.net", "GR": "otenet.gr"}
DIALLING = {"FR": "33", "DE": "49", "PL": "48", "PT": "351", "ES": "34", "GR": "30", "GB": "44"}
ABBREVIATED = [
    ("AVENUE", "AV"), ("BOULEVARD", "BD"), ("PLACE", "PL"), ("ROUTE", "RTE"), ("ALLEE", "ALL"),
    ("straße", "str."), ("Straße", "Str."),
    ("Avenida", "Av."), ("Calle", "C/"), ("ulica", "ul."), ("Street", "St"), ("SAINT", "ST"), ("SOCIETE", "STE"),
    ("ASSOCIATION", "ASS"), (" und ", " & "), (" ET ", " & "), ("Λεωφόρος", "Λεωφ."),
]  # fmt: skip
NEAR_BY = dict(zip("qwertyuiopasdfghjklzxcvbnm", "wertyuioplsdfghjklöxcvbnmk", strict=True))


class Disturbance:
    """The chance that makes a book: the same seed, the same book."""

    def __init__(self, seed: int, samples: Path) -> None:
        self.chance = random.Random(seed)  # noqa: S311
        self.samples = samples
        self._taken: set[str] = set()

    def book(self, *, half: int) -> list[Entry]:
        """Return a book made of one half of all firms: entries in no order, those that are the same with the same ``who``."""
        firms = [firm for at, firm in enumerate(self._firms()) if at % 2 == half]
        entries = [self._as_noted(firm) for firm in firms]
        for firm, noted in zip(firms, list(entries), strict=True):
            if self._happens(0.22):
                entries.append(self._copy(firm, noted, firms))
                if self._happens(0.1):
                    entries.append(self._copy(firm, noted, firms))
            if self._happens(0.12):
                entries.append(self._looks_like(noted, firms))
        self.chance.shuffle(entries)
        return entries

    def _happens(self, share: float) -> bool:
        return self.chance.random() < share

    # --- Who there is ---------------------------------------------------------------------------------------------

    def _firms(self) -> list[Entry]:
        firms = [*self._of_metz(), *self._training_centres(), *self._invented()]
        return [self._reachable(firm) for firm in firms]

    def _of_metz(self) -> list[Entry]:
        firms: dict[str, Entry] = {}
        with (self.samples / "employers-metz.csv").open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file, delimiter=";"):
                number = row["siret"].zfill(14)[:9]
                place = (f"{row['numerorue']} {row['libellerue']}".strip(), row["codepostal"], "METZ")
                if number in firms:
                    firms[number] = replace(firms[number], places=(*firms[number].places, place))
                else:
                    firms[number] = Entry(number, "FR", row["raisonsociale"], row["enseigne"], number, (place,))
        return list(firms.values())

    def _training_centres(self) -> list[Entry]:
        firms: dict[str, Entry] = {}
        with (self.samples / "training-centres-fr.csv").open(encoding="latin-1", newline="") as file:
            for row in csv.DictReader(file, delimiter=";"):
                number = row["numero_siren_siret_uai"][:9]
                name = f"{row['denomination_principale']} {row['patronyme_uai']}".strip()
                if number and number not in firms:
                    place = (row["adresse_uai"], row["code_postal_uai"], row["commune_libe"])
                    firms[number] = Entry(number, "FR", name, "", number, (place,))
        return list(firms.values())

    def _invented(self) -> list[Entry]:
        firms = {}
        for country, (families, trades, streets, towns) in INVENTED.items():
            for n in range(120):
                family, trade = self.chance.choice(families.split()), self.chance.choice(trades.split(";"))
                postal_code, _, town = self.chance.choice(towns.split(";")).rpartition(" ")
                name = f"{trade} {family}" if self._happens(0.6) else f"{family} {trade}"
                street = f"{self.chance.choice(streets.split(';'))} {self.chance.randint(1, 90)}"
                if (country, name, town) in firms:
                    continue
                name = f"{name} {self.chance.choice(LEGAL[country])}" if self._happens(0.6) else name
                number = f"{country}{n}{self.chance.randint(100000, 999999)}"
                firms[country, name, town] = Entry(number, country, name, "", number, ((street, postal_code, town),))
        return list(firms.values())

    def _reachable(self, firm: Entry) -> Entry:
        """Give a firm the telephone number, web site and mail address that it has in truth."""
        short = re.sub(r"[^a-z0-9]+", "-", latin(_plain(firm.trade_name or firm.name).casefold())).strip("-")[:24]
        if short in self._taken:  # nobody has another one's address on the web
            short = f"{short}-{firm.number[-4:].lower()}"
        self._taken.add(short)
        domain = f"{short}.example"
        provider = PROVIDERS.get(firm.country, "gmail.com")
        return replace(
            firm,
            phone=f"{self.chance.randint(200, 499)}{self.chance.randint(100000, 999999)}",
            website=f"https://{domain}/" if self._happens(0.5) else "",
            mail=f"info@{domain}" if self._happens(0.5) else f"{short.replace('-', '.')}@{provider}",
        )

    # --- What stands in the book about them -----------------------------------------------------------------------

    def _as_noted(self, firm: Entry) -> Entry:
        """What a first colleague has noted: much, rarely all."""
        return replace(
            firm,
            number=firm.number if self._happens(0.6) else "",
            phone=self._phone(firm) if self._happens(0.7) else "",
            website=firm.website if self._happens(0.6) else "",
            mail=firm.mail if self._happens(0.6) else "",
        )

    def _copy(self, firm: Entry, noted: Entry, firms: list[Entry]) -> Entry:
        """What a second colleague has noted about the same firm without looking."""
        return Entry(
            who=firm.who,
            country=firm.country,
            name=self._name(firm),
            number=firm.number if self._happens(0.35) else "",
            places=tuple(self._place(firm, firms)),
            phone="" if self._happens(0.35) else self._other_phone() if self._happens(0.1) else self._phone(firm),
            mail="" if self._happens(0.5) else self._other_mailbox(firm.mail) if self._happens(0.3) else firm.mail,
            website="" if self._happens(0.5) else self._website(firm.website),
        )

    def _looks_like(self, noted: Entry, firms: list[Entry]) -> Entry:
        """Somebody else who is easily taken for this one."""
        other = self.chance.choice([firm for firm in firms if firm.country == noted.country])
        who = f"{noted.who}-no"
        number = f"9{self.chance.randint(10**8, 10**9)}" if self._happens(0.5) else ""
        match self.chance.choice(["branch", "relative", "neighbour", "namesake"]):
            case "branch":
                town = self.chance.choice(["Nancy", "Strasbourg", "Dresden", "Gdańsk", "Braga", "Bilbao", "Βόλος", "Hull"])
                place = (f"{self.chance.randint(1, 99)} {other.places[0][0].lstrip('0123456789 ')}", "99999", town)
                website = noted.website if self._happens(0.5) else ""
                return replace(noted, who=who, number=number, places=(place,), phone="", website=website, mail="")
            case "relative":
                telling = noted.name.split()
                name = f"{telling[-1]} {other.name.split()[0]}" if len(telling) > 1 else f"{noted.name} {other.name}"
                place = noted.places[0] if self._happens(0.4) else other.places[0]
                return Entry(who, noted.country, name, number=number, places=(place,), phone=self._other_phone())
            case "neighbour":
                phone = noted.phone if self._happens(0.3) else ""
                return Entry(who, noted.country, other.name[::-1].title(), number=number, places=noted.places, phone=phone)
        given = noted.name.split()
        name = " ".join([*given[:-1], other.name.split()[-1]]) if len(given) > 1 else f"{noted.name} {other.name.split()[-1]}"
        return Entry(who, noted.country, name, number=number, places=(other.places[0],), phone=self._other_phone())

    # --- How it is written otherwise ------------------------------------------------------------------------------

    def _name(self, firm: Entry) -> str:
        name = firm.trade_name if firm.trade_name and self._happens(0.3) else firm.name
        ways: list[tuple[float, Callable[[str], str]]] = [
            (0.35, lambda text: self.chance.choice([str.upper, str.lower, str.title])(text)),
            (0.3, _plain),
            (0.3, lambda text: self._legal_form(text, firm.country)),
            (0.3, self._mistyped),
            (0.15, lambda text: " ".join([*text.split()[1:], text.split()[0]])),
            (0.1, lambda text: self._without_a_word(text)),
            (0.25, _abbreviated),
            (0.05, lambda text: text[:30].strip()),
            (0.05, lambda text: f"{text} {firm.places[0][2]}"),
        ]
        for share, way in ways:
            if self._happens(share):
                name = way(name)
        return name

    def _legal_form(self, name: str, country: str) -> str:
        bare = name
        for form in sorted(LEGAL[country], key=len, reverse=True):
            bare = re.sub(rf"(^|\s){re.escape(form)}(\s|$)", " ", bare).strip() or bare
        form = self.chance.choice(LEGAL[country])
        return self.chance.choice([bare, f"{bare} {form}", f"{form} {bare}" if country == "FR" else f"{bare}, {form}"])

    def _mistyped(self, text: str) -> str:
        """One slip of the finger in every fourteen letters: two swapped, one left out, one twice, or the key beside it."""
        for _ in range(1 + len(text) // 28):
            at = self.chance.randrange(max(len(text) - 1, 1))
            slip = self.chance.choice(["swap", "leave out", "twice", "beside"])
            one, two = text[at : at + 1], text[at + 1 : at + 2]
            slipped = {
                "swap": two + one,
                "leave out": two,
                "twice": one + one + two,
                "beside": NEAR_BY.get(one.lower(), one) + two,
            }
            text = text[:at] + slipped[slip] + text[at + 2 :]
        return text

    def _without_a_word(self, name: str) -> str:
        given = name.split()
        if len(given) < 3:
            return name
        given.pop(self.chance.randrange(len(given)))
        return " ".join(given)

    def _place(self, firm: Entry, firms: list[Entry]) -> list[Place]:
        if self._happens(0.15):
            return []
        street, postal_code, town = self.chance.choice(firm.places)
        if self._happens(0.06):  # they have moved
            street = self.chance.choice([other for other in firms if other.country == firm.country]).places[0][0]
        if self._happens(0.1):
            street = ""
        if self._happens(0.3):
            street = _abbreviated(street)
        if self._happens(0.1):
            street = self._mistyped(street)
        if self._happens(0.1):
            street = re.sub(r"\d+", "", street).strip()
        postal_code = "" if self._happens(0.1) else postal_code
        if self._happens(0.4):
            town = self.chance.choice([str.title, str.upper, _plain])(town)
        if firm.country == "FR" and self._happens(0.1):
            town = f"{town} CEDEX {self.chance.randint(1, 9)}"
        return [(street, postal_code, town)]

    def _phone(self, firm: Entry) -> str:
        national, code = firm.phone, DIALLING[firm.country]
        parts = f"{national[:3]} {national[3:6]} {national[6:]}"
        return self.chance.choice(
            [f"0{national}", f"0{parts}", f"+{code} {parts}", f"00{code}{national}", f"0{parts}".replace(" ", ".")]
        )

    def _other_phone(self) -> str:
        return f"06{self.chance.randint(10**7, 10**8 - 1)}"

    def _other_mailbox(self, mail: str) -> str:
        return f"{self.chance.choice(['contact', 'office', 'a.martin', 'kontakt'])}@{mail.partition('@')[2]}"

    def _website(self, website: str) -> str:
        domain = website.removeprefix("https://").rstrip("/")
        ways = [f"http://www.{domain}", f"https://{domain}/contact", domain.upper(), f"www.{domain}"]
        return self.chance.choice(ways) if domain else ""


def _plain(text: str) -> str:
    return "".join(sign for sign in unicodedata.normalize("NFKD", text) if not unicodedata.combining(sign))


def _abbreviated(text: str) -> str:
    for long, short in ABBREVIATED:
        text = text.replace(long, short)
    return text
