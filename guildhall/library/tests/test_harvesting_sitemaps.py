"""Taking from others: sitemaps of pages with records, and what may go wrong on the way to any page."""

from __future__ import annotations

import json
import socket
from datetime import UTC
from typing import Any
from xml.sax.saxutils import escape

import pytest
from django.utils.timezone import now

from guildhall.core.errors import Refused
from guildhall.core.tests.receivers import dripping, without_end
from guildhall.library import amb
from guildhall.library.harvesting import fetching, sitemaps
from guildhall.library.tests.places import added, interrupted, look, record, serving, taken

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _our_own_network(settings, monkeypatch):
    settings.WEBHOOKS_ALLOW_PRIVATE = True
    monkeypatch.setattr(fetching, "WAITS", [0, 0])


class TestSitemaps:
    def page(self, said: Any, more: str = "") -> str:
        script = f'<script type="application/ld+json">{amb.as_script(said)}</script>' if said is not None else ""
        return f"<!doctype html><html><head><title>x</title>{more}{script}</head><body>Text</body></html>"

    def sitemap(self, place: Any, *pages: tuple[str, str]) -> str:
        entries = ""
        for path, at in pages:
            changed = f"<lastmod>{at}</lastmod>" if at else ""
            entries += f"<url><loc>{escape(path if '://' in path else place.url + path)}</loc>{changed}</url>"
        return f'<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{entries}</urlset>'

    def test_pages_with_records_are_taken_and_others_refused_with_the_reason(self):
        crumbs = '<script type="application/ld+json">{"@context": "https://schema.org", "@type": "BreadcrumbList"}</script>'
        with serving() as place:
            place.pages |= {
                "/1": self.page(record(1)),
                "/2": self.page(record(2), more=crumbs),
                "/3": self.page(None),
                "/4": self.page(None).replace("</head>", '<script type="application/ld+json">{not json</script></head>'),
                "/5": self.page({**record(5), "type": "LearningResource"}),
                "/6": (503, {}, ""),
                "/sitemap.xml": self.sitemap(
                    place, *[(f"/{number}", "") for number in range(1, 8)], ("https://elsewhere.example/8", "")
                ),
            }
            looked = look(added(f"{place.url}/sitemap.xml", form="sitemap"))
        assert [resource.link for resource in taken()] == ["https://theirs.example/1", "https://theirs.example/2"]
        assert {row.identifier.rpartition("/")[2]: row.refused_sentence for row in looked.found.refused()} == {
            "3": "There is no AMB record on its page.",
            "4": "The record on its page cannot be read.",
            "5": "type must be a list, but is LearningResource.",
            "6": "Its page does not answer.",
        }
        assert looked.counts == {"seen": 6, "new": 2, "refused": 4}

    def test_only_pages_that_have_changed_are_fetched_again(self):
        with serving() as place:
            place.pages |= {"/1": self.page(record(1)), "/2": self.page(record(2)), "/3": self.page(record(3))}
            stamps = [("/1", "2026-03-01T10:00:00Z"), ("/2", "2020-03-01"), ("/3", "")]
            place.pages["/sitemap.xml"] = self.sitemap(place, *stamps)
            here = look(added(f"{place.url}/sitemap.xml", form="sitemap"))
            place.asked.clear()
            assert look(here).counts == {"seen": 3, "unchanged": 3}
            assert "/3" in place.asked, "who does not say when it changed is asked"
            assert not {"/1", "/2"} & set(place.asked)
            place.pages["/1"] = self.page(record(1, name="Better"))
            place.pages["/sitemap.xml"] = self.sitemap(place, ("/1", "2026-03-02T10:00:00Z"), *stamps[1:])
            assert look(here).counts == {"seen": 3, "unchanged": 2, "changed": 1}

    def test_a_day_that_may_not_be_over_proves_nothing(self):
        today = f"{now().astimezone(UTC):%Y-%m-%d}"
        with serving() as place:
            place.pages |= {"/1": self.page(record(1)), "/sitemap.xml": self.sitemap(place, ("/1", today))}
            here = look(added(f"{place.url}/sitemap.xml", form="sitemap"))
            place.pages["/1"] = self.page(record(1, name="Changed the same day"))
            assert look(here).counts == {"seen": 1, "changed": 1}

    def test_a_page_that_is_gone_goes_and_one_that_does_not_answer_stays(self):
        with serving() as place:
            place.pages |= {f"/{number}": self.page(record(number)) for number in range(1, 5)}
            place.pages["/sitemap.xml"] = self.sitemap(place, *[(f"/{number}", "") for number in range(1, 5)])
            here = look(added(f"{place.url}/sitemap.xml", form="sitemap"))
            place.pages["/1"] = (410, {}, "")
            place.pages["/2"] = (502, {}, "")
            place.pages["/sitemap.xml"] = self.sitemap(place, ("/1", ""), ("/2", ""), ("/3", ""))
            looked = look(here)
        assert looked.counts == {"seen": 3, "withdrawn": 2, "unchanged": 2}
        assert [resource.is_public for resource in taken()] == [False, True, True, False]

    def test_a_sitemap_of_sitemaps_is_followed(self):
        with serving() as place:
            index = "".join(f"<sitemap><loc>{place.url}/{name}.xml</loc></sitemap>" for name in ("one", "two"))
            place.pages |= {
                "/sitemap.xml": f'<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{index}</sitemapindex>',
                "/one.xml": self.sitemap(place, ("/1", "")),
                "/two.xml": self.sitemap(place, ("/2", "")),
                "/1": self.page(record(1)),
                "/2": self.page(record(2)),
            }
            assert look(added(f"{place.url}/sitemap.xml", form="sitemap")).counts == {"seen": 2, "new": 2}

    def test_a_pause_that_is_asked_for_is_made(self, monkeypatch):
        pauses: list[float] = []
        monkeypatch.setattr(sitemaps, "sleep", pauses.append)
        with serving() as place:
            place.pages |= {
                "/robots.txt": "User-agent: *\nCrawl-delay: 3\n",
                "/1": self.page(record(1)),
                "/2": self.page(record(2)),
                "/sitemap.xml": self.sitemap(place, ("/1", ""), ("/2", "")),
            }
            look(added(f"{place.url}/sitemap.xml", form="sitemap"))
        assert pauses == [3, 3]

    def test_what_robots_are_asked_to_leave_alone_is_left_alone(self):
        with serving() as place:
            place.pages |= {
                "/robots.txt": "User-agent: *\nDisallow: /private/\n",
                "/1": self.page(record(1)),
                "/private/2": self.page(record(2)),
                "/sitemap.xml": self.sitemap(place, ("/1", ""), ("/private/2", "")),
            }
            looked = look(added(f"{place.url}/sitemap.xml", form="sitemap"))
            assert [row.refused_sentence for row in looked.found.refused()] == [
                "Its page asks programs to stay away (robots.txt)."
            ]
            assert "/private/2" not in place.asked
            place.pages["/robots.txt"] = "User-agent: Guildhall\nDisallow: /\n"
            assert look(looked).trouble_sentence == "It asks programs to stay away (robots.txt)."

    @pytest.mark.parametrize(
        ("content", "sentence"),
        [
            ("[]", "What it answers is no XML."),
            ("<html/>", "What it answers is no sitemap."),
            ('<!DOCTYPE x [<!ENTITY e "boom">]><urlset>&e;</urlset>', "What it answers is no XML."),
            ('<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><urlset>&e;</urlset>', "What it answers is no XML."),
        ],
    )
    def test_what_is_no_sitemap_is_said_to_be_none(self, content, sentence):
        with serving({"/sitemap.xml": content}) as place:
            assert look(added(f"{place.url}/sitemap.xml", form="sitemap")).trouble_sentence == sentence

    def test_interrupted_it_goes_on_with_the_pages_that_are_left(self, monkeypatch):
        monkeypatch.setattr(sitemaps, "PORTION", 1)
        with serving() as place:
            place.pages |= {f"/{number}": self.page(record(number)) for number in range(1, 4)}
            place.pages["/sitemap.xml"] = self.sitemap(place, *[(f"/{number}", "") for number in range(1, 4)])
            here = interrupted(added(f"{place.url}/sitemap.xml", form="sitemap"), after=1)
            place.asked.clear()
            looked = look(here)
        assert looked.counts == {"seen": 3, "new": 3}
        assert "/1" not in place.asked


class TestReaching:
    def test_a_private_network_is_not_reached_whatever_the_name_says(self, settings, monkeypatch):
        with serving({"/amb.json": json.dumps([record(1)])}) as place:
            here = added(f"{place.url}/amb.json")
            settings.WEBHOOKS_ALLOW_PRIVATE = False
            looked = look(here)
            assert place.asked == []
        assert looked.trouble_sentence == "Its address leads into a private network."

    @pytest.mark.parametrize(
        ("address", "sentence"),
        [
            ("theirs.example/amb.json", "whole web address"),
            ("ftp://theirs.example/amb.json", "https:// or http://"),
            ("https://ada:secret@theirs.example/", "name and password"),
            ("https://theirs.example:25/", "port"),
            ("http://10.1.2.3/amb.json", "private network"),
            ("http://[::1]/amb.json", "private network"),
        ],
    )
    def test_an_address_that_will_not_do_is_refused(self, settings, address, sentence):
        settings.WEBHOOKS_ALLOW_PRIVATE = False
        with pytest.raises(Refused, match=sentence):
            added(address)

    def test_a_redirect_on_the_same_host_is_followed_and_one_elsewhere_is_not(self):
        with serving({"/amb.json": json.dumps([record(1)])}) as place, serving() as other:
            place.pages["/old.json"] = (301, {"Location": "/amb.json"}, "")
            assert look(added(f"{place.url}/old.json")).counts == {"seen": 1, "new": 1}
            inside = other.url.replace("localhost", "127.0.0.1")
            place.pages["/away.json"] = (302, {"Location": f"{inside}/amb.json"}, "")
            looked = look(added(f"{place.url}/away.json"))
            assert looked.trouble_sentence == f"It leads on to another server: {inside}/amb.json"
            assert other.asked == []
            place.pages["/round.json"] = (302, {"Location": "/round.json"}, "")
            assert look(added(f"{place.url}/round.json")).trouble_sentence == "Its answer cannot be understood."

    def test_what_is_too_large_is_cut_off(self, monkeypatch):
        monkeypatch.setattr(fetching.fetch, "__kwdefaults__", {"most": 1000})
        with serving({"/amb.json": without_end}) as place:
            assert look(added(f"{place.url}/amb.json")).trouble_sentence == "Its answer is too large."

    def test_who_sends_a_letter_now_and_then_does_not_keep_us(self, monkeypatch):
        monkeypatch.setattr(fetching, "SECONDS", 0.3)
        with serving({"/amb.json": dripping}) as place:
            assert look(added(f"{place.url}/amb.json")).trouble_sentence == "It did not answer in time."

    def test_nobody_at_home(self):
        with socket.create_server(("127.0.0.1", 0)) as nobody:
            address = f"http://127.0.0.1:{nobody.getsockname()[1]}/amb.json"
        assert look(added(address)).trouble_sentence == "There is no connection to it."

    def test_who_stumbles_is_asked_again_after_a_while(self):
        stumbles = [(503, {"Retry-After": "0"}, ""), (429, {}, "")]

        def stumbling(path: str) -> Any:
            return stumbles.pop() if stumbles else json.dumps([record(1)])

        with serving(answer=stumbling) as place:
            assert look(added(f"{place.url}/amb.json")).counts == {"seen": 1, "new": 1}
            assert len(place.asked) == 3

    def test_an_answer_that_breaks_off_is_asked_for_again(self):
        broken = [(200, {"Content-Length": "5000"}, "[")]

        def breaking(path: str) -> Any:
            return broken.pop() if broken else json.dumps([record(1)])

        with serving(answer=breaking) as place:
            assert look(added(f"{place.url}/amb.json")).counts == {"seen": 1, "new": 1}

    def test_we_say_who_we_are(self, settings):
        with serving({"/amb.json": "[]"}) as place:
            look(added(f"{place.url}/amb.json"))
        assert place.heads[0]["user-agent"] == f"Guildhall (+{settings.BASE_URL}/oer/)"
