import csv
import io
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import override

from guildhall.core import tasks
from guildhall.core.errors import NotAllowed, Refused
from guildhall.core.models import Progress, StoredFile
from guildhall.engagement.actions import deciding, imports, take_back_import
from guildhall.engagement.actions.deciding import decide_rows
from guildhall.engagement.importing.survey import look_over
from guildhall.engagement.models import DuplicateSearch, Employer, EmployerImport, ImportRow, RowChoice
from guildhall.engagement.tests.factories import EmployerFactory, staff_of
from guildhall.people.models import Organisation, Role, Site
from guildhall.people.tests.factories import OrganisationFactory, SiteFactory

pytestmark = pytest.mark.django_db

LIST = """\
Firma;Straße;PLZ;Ort;Telefon
Bäckerei Groß;Ringweg 1;24103;Kiel;0431 1
Bäckerei Groß;;;Lübeck;0451 2
Tischlerei Kurz;Am Markt 3;24103;Kiel;0431 3
Tischlerei Kurz;Am Markt 3;24103;Kiel;0431 4
;Nirgends 1;;;
"""
READY, DONE = EmployerImport.State.READY, EmployerImport.State.DONE


@pytest.fixture
def school():
    return OrganisationFactory(country="DE", slug="kiel")


@pytest.fixture
def coordinator(school):
    return staff_of(school)


@pytest.fixture
def bring(school, coordinator):
    def bring(content=LIST, name="employers.csv"):
        upload = SimpleUploadedFile(name, content.encode())
        seen = look_over(upload, country=school.country)
        given = {"reading": seen.reading, "mapping": seen.mapping, "country": seen.country}
        return imports.bring_list(school, upload=upload, file_name=name, by=coordinator, at=now(), **given)

    return bring


@pytest.fixture
def decide(coordinator):
    def decide(brought, answers=(), remaining="", by=coordinator):
        brought = decide_rows(brought, answers=dict(answers), remaining=remaining, by=by, at=now())
        tasks.run_waiting()
        brought.refresh_from_db()
        return brought

    return decide


@pytest.fixture
def let_in(coordinator):
    def let_in(brought):
        imports.begin_import(brought, by=coordinator, at=now())
        tasks.run_waiting()
        brought.refresh_from_db()
        assert brought.state == DONE
        return brought

    return let_in


def counts(brought):
    return (*imports.counts_of(brought).values(), brought.left_out)


def asked(brought, number):
    return brought.rows.get(number=number)


class TestBeforeTheImport:
    def test_an_unclear_row_says_what_is_asked_and_who_may_be_meant(self, bring):
        brought = bring()
        assert counts(brought) == (2, 0, 0, 2, 1, 0)
        row = asked(brought, 3)
        assert (row.question, row.among) == (
            "firm",
            [{"is": ["row:2"], "name": "Bäckerei Groß", "where": "Ringweg 1, 24103 Kiel", "sites": 1}],
        )
        assert asked(brought, 5).question == "value"

    def test_a_row_may_be_an_employer_that_an_earlier_row_brings(self, bring, decide, let_in):
        brought = decide(bring(), {3: "row:2"})
        assert counts(brought) == (3, 0, 0, 1, 1, 0)
        assert (asked(brought, 3).outcome, asked(brought, 3).chosen) == ("decided", "row:2")
        assert counts(let_in(brought)) == (3, 0, 0, 1, 1, 0)
        bakery = Organisation.objects.get(name="Bäckerei Groß")
        assert set(bakery.sites.values_list("town", flat=True)) == {"Kiel", "Lübeck"}

    def test_a_row_may_be_a_new_employer(self, bring, decide, let_in):
        let_in(decide(bring(), {3: "new"}))
        assert Organisation.objects.filter(name="Bäckerei Groß").count() == 2

    def test_a_row_may_be_an_employer_of_the_book(self, bring, decide, let_in, school):
        held = EmployerFactory(school=school, organisation__name="Bäckerei Groß", organisation__country="DE")
        SiteFactory(organisation=held.organisation, name="", street="Weg 9", town="Plön", country="DE")
        brought = bring()
        assert counts(brought)[3] == 3
        brought = decide(brought, {2: f"book:{held.organisation_id}", 3: f"book:{held.organisation_id}"})
        let_in(brought)
        assert set(held.organisation.sites.values_list("town", flat=True)) == {"Plön", "Kiel", "Lübeck"}
        assert Employer.objects.filter(organisation__name="Bäckerei Groß").get() == held

    def test_a_row_left_out_stays_out_and_is_counted_apart(self, bring, decide, let_in):
        brought = decide(bring(), {3: "leave"})
        assert counts(brought) == (2, 0, 0, 1, 1, 1)
        assert counts(let_in(brought)) == (2, 0, 0, 1, 1, 1)
        assert not Site.objects.filter(town="Lübeck").exists()

    def test_of_rows_that_contradict_each_other_the_later_may_hold(self, bring, decide, let_in):
        brought = decide(bring(), {5: "take"})
        assert counts(brought) == (2, 1, 0, 1, 1, 0)
        let_in(brought)
        assert Site.objects.get(organisation__name="Tischlerei Kurz").phone == "0431 4"

    def test_a_site_among_several_is_chosen(self, bring, decide, let_in):
        several = "Firma;Straße;PLZ;Ort;Telefon\nAlpha;Weg 1;24103;Kiel;\nAlpha;Weg 2;24103;Kiel;\nAlpha;;24103;Kiel;0431 9\n"
        brought = bring(several)
        row = asked(brought, 4)
        assert (row.question, [one["where"] for one in row.among]) == ("site", ["Weg 1, 24103 Kiel", "Weg 2, 24103 Kiel"])
        let_in(decide(brought, {4: "row:3"}))
        assert Site.objects.get(phone="0431 9").street == "Weg 2"

    def test_all_the_others_are_decided_at_once_as_far_as_that_answers_what_is_asked(self, bring, decide):
        brought = decide(bring(), remaining="new")
        assert counts(brought) == (3, 0, 0, 1, 1, 0)
        brought = decide(brought, remaining="leave")
        assert counts(brought) == (3, 0, 0, 0, 1, 1)

    def test_what_somebody_chose_stays_when_all_the_others_are_decided(self, bring, decide):
        brought = decide(bring(), {3: "row:2"}, remaining="leave")
        assert (asked(brought, 3).chosen, asked(brought, 5).chosen) == ("row:2", "leave")

    def test_a_decision_can_be_taken_back(self, bring, decide):
        brought = decide(decide(bring(), {3: "leave"}), {3: ""})
        assert counts(brought) == (2, 0, 0, 2, 1, 0)
        assert not RowChoice.objects.exists()

    def test_decisions_outlive_another_matching_of_the_columns_where_the_row_is_the_same(self, bring, decide, coordinator):
        brought = decide(bring(), remaining="new")
        mapping = {**brought.mapping}
        mapping.pop("phone")
        brought = imports.match_columns(brought, mapping=mapping, country="DE", by=coordinator, at=now())
        assert asked(brought, 3).outcome == "decided"
        mapping.pop("town")
        brought = imports.match_columns(brought, mapping=mapping, country="DE", by=coordinator, at=now())
        assert not brought.rows.filter(number=3, outcome="decided").exists()

    def test_an_employer_that_is_gone_by_now_is_asked_about_again(self, bring, decide, let_in, school):
        held = EmployerFactory(school=school, organisation__name="Bäckerei Groß", organisation__country="DE")
        SiteFactory(organisation=held.organisation, name="", street="Weg 9", town="Plön", country="DE")
        brought = decide(bring(), {2: f"book:{held.organisation_id}"})
        Organisation.objects.filter(pk=held.organisation_id).update(name="Ganz anders")
        done = let_in(brought)
        row = asked(done, 2)
        assert row.outcome == "unclear"
        assert row.reason.startswith("What was chosen is not in the book any more")

    def test_somebody_who_came_into_the_book_since_is_asked_about(self, bring, decide, let_in, school):
        brought = decide(bring(), {3: "new"})
        newcomer = EmployerFactory(school=school, organisation__name="Bäckerei Groß", organisation__country="DE")
        SiteFactory(organisation=newcomer.organisation, name="", street="Weg 9", town="Plön", country="DE")
        row = asked(let_in(brought), 3)
        assert row.outcome == "unclear"
        assert row.reason.startswith("There are more that may be meant than when this was decided.")

    def test_nobody_elses_employer_can_be_chosen(self, bring, decide):
        foreign = EmployerFactory(organisation__name="Bäckerei Groß", organisation__country="DE")
        with pytest.raises(Refused, match="Something else is asked about row 3"):
            decide(bring(), {3: f"book:{foreign.organisation_id}"})

    @pytest.mark.parametrize(("number", "answer"), [(3, "take"), (3, "row:99"), (5, "new")])
    def test_what_is_no_answer_is_refused(self, bring, decide, number, answer):
        with pytest.raises(Refused, match="Something else is asked"):
            decide(bring(), {number: answer})

    @pytest.mark.parametrize("number", [2, 6, 400])
    def test_rows_about_which_nothing_is_asked_cannot_be_decided(self, bring, decide, number):
        with pytest.raises(Refused, match="Nothing is asked about row"):
            decide(bring(), {number: "new"})

    def test_only_who_may_import_decides(self, bring, decide, school):
        with pytest.raises(NotAllowed, match="Only managers and placement coordinators"):
            decide(bring(), {3: "new"}, by=staff_of(school, role=Role.TEACHER))

    def test_nothing_is_decided_while_the_import_runs(self, bring, decide, coordinator):
        brought = imports.begin_import(bring(), by=coordinator, at=now())
        with pytest.raises(Refused, match="cannot be decided now"):
            decide(brought, {3: "new"})

    def test_a_long_file_is_compared_again_by_a_task(self, bring, decide, monkeypatch):
        monkeypatch.setattr(imports, "CHECKED_AT_ONCE", 3)
        brought = bring()
        tasks.run_waiting()
        brought.refresh_from_db()
        brought = decide(brought, {3: "leave"})
        assert (brought.state, brought.left_out) == (READY, 1)

    def test_decisions_hold_across_portions_and_after_an_interruption(self, bring, decide, coordinator, monkeypatch):
        filler = "".join(f"Firm {n};Weg {n};24103;Kiel;\n" for n in range(600))
        brought = decide(
            bring(LIST.replace("Tischlerei Kurz;Am Markt 3;24103;Kiel;0431 3\n", f"{filler}") + LAST), remaining="new"
        )
        imports.begin_import(brought, by=coordinator, at=now())
        write = imports.let_rows_in

        def dies(*args, **kwargs):
            monkeypatch.setattr(imports, "let_rows_in", write)
            write(*args, **kwargs)
            raise Refused("The power went.")

        monkeypatch.setattr(imports, "let_rows_in", dies)
        with pytest.raises(Refused):
            tasks.run_waiting()
        imports.go_on_with_import(EmployerImport.objects.get(), by=coordinator, at=now())
        tasks.run_waiting()
        done = EmployerImport.objects.get()
        assert (done.state, done.unclear) == (DONE, 0)
        assert Organisation.objects.filter(name="Bäckerei Groß").count() == 3


def test_an_import_that_stopped_and_waited_longer_than_its_file_ends_where_it_was(bring, coordinator):
    imports.begin_import(bring(), by=coordinator, at=now())
    Progress.objects.update(state=Progress.State.FAILED, finished_at=now())
    StoredFile.objects.all().delete()
    imports.go_on_with_import(EmployerImport.objects.get(), by=coordinator, at=now())
    assert EmployerImport.objects.get().state == DONE
    tasks.run_waiting()
    assert not Employer.objects.exists()


#: A row far behind the first portion that asks about the same name.
LAST = "Bäckerei Groß;Kai 1;18055;Rostock;0381 5\n"


class TestAfterTheImport:
    def test_a_row_that_stayed_out_is_decided_and_let_in(self, bring, decide, let_in):
        done = let_in(bring())
        bakery = Organisation.objects.get(name="Bäckerei Groß")
        row = asked(done, 3)
        assert row.among[0]["is"][0] == f"book:{bakery.pk}"
        done = decide(done, {3: f"book:{bakery.pk}"})
        assert counts(done) == (3, 0, 0, 1, 1, 0)
        assert set(bakery.sites.values_list("town", "phone")) == {("Kiel", "0431 1"), ("Lübeck", "0451 2")}
        assert asked(done, 3).outcome == "decided"

    def test_it_is_decided_once(self, bring, decide, let_in):
        done = decide(let_in(bring()), {3: "new"})
        with pytest.raises(Refused, match="Nothing is asked about row 3"):
            decide(done, {3: "leave"})
        assert Organisation.objects.filter(name="Bäckerei Groß").count() == 2

    def test_all_the_rest_is_left_out_at_once(self, bring, decide, let_in):
        assert counts(decide(let_in(bring()), remaining="leave")) == (2, 0, 0, 0, 1, 2)

    def test_many_rows_are_let_in_by_a_task_and_meanwhile_nothing_else_is_decided_or_taken_back(
        self, client, bring, decide, let_in, coordinator, monkeypatch
    ):
        monkeypatch.setattr(deciding, "PORTION", 1)
        done = let_in(bring())
        before = done.new
        client.force_login(coordinator)
        address = reverse("engagement:import_decide", args=[done.pk])
        page = client.post(address, {"row_3": "new", "row_5": "take"}, follow=True).content.decode()
        assert "Writing the employers into the book" in page
        assert "<fieldset" not in page
        with pytest.raises(Refused, match="cannot be decided now"):
            decide_rows(done, answers={3: "leave"}, by=coordinator, at=now())
        with pytest.raises(Refused, match="on its way into the book"):
            take_back_import(done, by=coordinator, at=now())
        tasks.run_waiting()
        done.refresh_from_db()
        assert (done.unclear, done.new, done.changed) == (0, before + 1, 1)
        assert Organisation.objects.filter(name="Bäckerei Groß").count() == 2

    def test_what_comes_in_late_is_searched_for_whom_the_book_holds_already_and_told_outside(
        self, bring, decide, let_in, coordinator, monkeypatch
    ):
        done, told = let_in(bring()), []
        monkeypatch.setattr(deciding, "tell_outside", lambda school, event, *_things, **_at: told.append(event))
        DuplicateSearch.objects.all().delete()
        decide_rows(done, answers={5: "leave"}, by=coordinator, at=now())
        assert not DuplicateSearch.objects.exists()
        decide_rows(done, answers={3: "new"}, by=coordinator, at=now())
        assert DuplicateSearch.objects.under_way().exists()
        assert told == ["import.finished"]

    def test_whoever_decides_waits_for_the_book_before_the_import_as_everybody_does(self, bring, coordinator, monkeypatch):
        locked = []
        monkeypatch.setattr(deciding, "one_at_a_time", lambda _school: locked.append("book"))
        lock = deciding.lock
        monkeypatch.setattr(deciding, "lock", lambda thing: locked.append("import") or lock(thing))
        decide_rows(bring(), answers={3: "new"}, by=coordinator, at=now())
        assert locked == ["book", "import"]

    def test_after_the_details_are_forgotten_nothing_is_asked(self, bring, let_in, decide):
        done = decide(let_in(bring()), {3: "leave"})
        imports.forget_import_details(before=now(), by=None)
        assert not RowChoice.objects.exists()
        with pytest.raises(Refused, match="Nothing is asked"):
            decide(done, {5: "take"})


class TestPages:
    @pytest.fixture
    def colleague(self, client, coordinator):
        client.force_login(coordinator)
        return client

    def test_rows_are_decided_without_javascript(self, colleague, bring):
        brought = bring()
        page = colleague.get(f"{brought.get_absolute_url()}?outcome=unclear").content.decode()
        assert "Row 3: Bäckerei Groß" in page
        assert "In your file: Bäckerei Groß · Lübeck · 0451 2" in page
        assert "It is “Bäckerei Groß”, Ringweg 1, 24103 Kiel" in page
        assert "A new employer" in page
        assert "Take what this row says" in page
        address = reverse("engagement:import_decide", args=[brought.pk])
        answer = colleague.post(address, {"row_3": "row:2", "row_5": "later"}, follow=True)
        assert "1 row is still unclear." in answer.content.decode()
        answer = colleague.post(address, {"row_5": "take"}, follow=True).content.decode()
        assert "All unclear rows are decided." in answer
        assert re.search(r'value="row:2"[^>]* checked', answer)
        assert "Import 4 rows" in answer

    def test_buttons_decide_all_the_others(self, colleague, bring):
        brought = bring()
        address = reverse("engagement:import_decide", args=[brought.pk])
        colleague.post(address, {"row_3": "row:2", "row_5": "later", "remaining": "leave"})
        assert set(brought.rows.filter(outcome="decided").values_list("number", "chosen")) == {(3, "row:2"), (5, "leave")}

    def test_without_an_answer_the_page_says_so(self, colleague, bring):
        answer = colleague.post(reverse("engagement:import_decide", args=[bring().pk]), {"row_3": "later"}, follow=True)
        assert "Nothing was decided: choose an answer first." in answer.content.decode()

    @pytest.mark.parametrize("sent", [{"row_3": "book:1"}, {"remaining": "burn"}])
    def test_what_is_no_answer_stands_beside_its_row(self, colleague, bring, sent):
        answer = colleague.post(reverse("engagement:import_decide", args=[bring().pk]), sent)
        assert answer.status_code == 422

    @pytest.mark.parametrize("name", ["row_x", "row_", "row_99999999999999999999", "row_٣"])
    def test_rows_that_cannot_be_are_passed_over(self, colleague, bring, name):
        answer = colleague.post(reverse("engagement:import_decide", args=[bring().pk]), {name: "new"})
        assert answer.status_code == 302

    def test_many_rows_come_in_pages_and_are_decided_at_once(self, colleague, bring):
        many = bring(
            "Firma;Straße;PLZ;Ort\nAlpha;Weg 1;24103;Kiel\n" + "".join(f"Alpha;Weg {n};{n:05};Ort {n}\n" for n in range(2, 202))
        )
        assert many.unclear == 200
        page = colleague.get(f"{many.get_absolute_url()}?outcome=unclear").content.decode()
        assert page.count("<fieldset") == 50
        colleague.post(reverse("engagement:import_decide", args=[many.pk]), {"remaining": "leave"})
        many.refresh_from_db()
        assert (many.unclear, many.left_out) == (0, 200)

    @pytest.mark.parametrize("count", [1, 40])
    def test_the_page_costs_the_same_for_one_row_and_for_many(self, colleague, bring, count, django_assert_num_queries):
        brought = bring("Firma;PLZ;Ort\nAlpha;24103;Kiel\n" + "".join(f"Alpha;{n:05};Ort {n}\n" for n in range(count)))
        colleague.get(f"{brought.get_absolute_url()}?outcome=unclear")
        with django_assert_num_queries(8):
            colleague.get(f"{brought.get_absolute_url()}?outcome=unclear")

    def test_a_teacher_sees_the_rows_and_decides_nothing(self, client, school, bring):
        brought = bring()
        client.force_login(staff_of(school, role=Role.TEACHER))
        page = client.get(f"{brought.get_absolute_url()}?outcome=unclear").content.decode()
        assert "Only the name says" in page
        assert "Decide later" not in page
        assert client.post(reverse("engagement:import_decide", args=[brought.pk]), {"row_3": "new"}).status_code == 403
        assert client.get(reverse("engagement:import_rows", args=[brought.pk, "csv"])).status_code == 403

    def test_there_is_no_such_page_for_others(self, client, bring):
        brought = bring()
        client.force_login(staff_of(OrganisationFactory(), role=Role.MANAGER))
        assert client.post(reverse("engagement:import_decide", args=[brought.pk]), {"row_3": "new"}).status_code == 404
        assert client.get(reverse("engagement:import_rows", args=[brought.pk, "csv"])).status_code == 404


class TestMending:
    @pytest.fixture
    def colleague(self, client, coordinator):
        client.force_login(coordinator)
        return client

    def take(self, client, brought, ending="csv"):
        answer = client.get(reverse("engagement:import_rows", args=[brought.pk, ending]))
        assert answer.status_code == 200
        assert answer["Cache-Control"] == "private, no-store"
        return b"".join(answer.streaming_content)

    def rows(self, content):
        return list(csv.reader(io.StringIO(content.decode("utf-8-sig")), delimiter=","))

    def test_the_rows_that_stay_out_come_as_they_stand_in_the_file_with_the_reason(self, colleague, bring):
        headings, *rows = self.rows(self.take(colleague, bring()))
        assert headings == ["Firma", "Straße", "PLZ", "Ort", "Telefon", "Row in your file", "Why this row stayed out"]
        assert [row[:6] for row in rows] == [
            ["Bäckerei Groß", "", "", "Lübeck", "0451 2", "3"],
            ["Tischlerei Kurz", "Am Markt 3", "24103", "Kiel", "0431 4", "5"],
            ["", "Nirgends 1", "", "", "", "6"],
        ]
        assert rows[2][6] == "The name of the employer is missing."

    def test_what_was_decided_is_not_among_them(self, colleague, bring, decide):
        brought = decide(bring(), {3: "new", 5: "leave"})
        assert [row[5] for row in self.rows(self.take(colleague, brought))[1:]] == ["6"]

    @pytest.mark.parametrize("ending", ["csv", "xlsx"])
    def test_mended_and_brought_again_the_columns_are_matched_as_before(
        self, colleague, bring, let_in, coordinator, ending, school
    ):
        brought = bring()
        mapping = {**brought.mapping, "site_name": brought.mapping.pop("town")}
        mapping.pop("town")
        brought = imports.match_columns(brought, mapping=mapping, country="DE", by=coordinator, at=now())
        done = let_in(brought)
        content = self.take(colleague, done, ending)
        answer = colleague.post(reverse("engagement:imports"), {"file": SimpleUploadedFile(f"mend.{ending}", content)})
        again = EmployerImport.objects.latest("pk")
        assert answer["Location"] == again.get_absolute_url()
        assert again.mapping == done.mapping
        assert again.reading["as_in"] == "employers.csv"
        assert again.reading["rows"] == done.unclear + done.wrong

    @pytest.mark.parametrize("language", ["en", "de", "el", "es", "pl", "pt"])
    def test_our_columns_are_nobodys_in_any_language(self, bring, language, school):
        with override(language):
            brought = bring(LIST.replace("Telefon\n", "Telefon;Row in your file;Why this row stayed out\n"))
        assert set(brought.mapping.values()) == {"Firma", "Straße", "PLZ", "Ort", "Telefon"}

    @pytest.mark.parametrize("ending", ["csv", "xlsx"])
    def test_formulas_stay_text_on_the_whole_way(self, colleague, bring, ending):
        brought = bring('Firma;Ort;Straße\n;"=HYPERLINK(""http://evil.example"")";+49\n')
        content = self.take(colleague, brought, ending)
        if ending == "csv":
            assert self.rows(content)[1][:3] == ["", '\'=HYPERLINK("http://evil.example")', "'+49"]
        colleague.post(reverse("engagement:imports"), {"file": SimpleUploadedFile(f"mend.{ending}", content)})
        row = EmployerImport.objects.latest("pk").rows.get()
        assert (row.given["Ort"], row.given["Straße"]) == ('=HYPERLINK("http://evil.example")', "+49")

    def test_a_cell_too_many_is_not_lost(self, colleague, bring):
        brought = bring("Firma;Straße;PLZ;Ort\nAlpha;Weg 1;24103;Kiel\nBeta;Weg 2;24103;Kiel;zu viel;noch mehr\n")
        headings, row = self.rows(self.take(colleague, brought))
        assert (headings[:6], row[3:7]) == (["Firma", "Straße", "PLZ", "Ort", " ", " "], ["Kiel", "zu viel", "noch mehr", "3"])

    def test_a_file_without_headings_comes_back_with_some(self, colleague, bring, coordinator):
        brought = bring("11;Alpha;Kiel\n12;;Lübeck\n13;Gamma;Plön\n")
        mapping = {"name": "Column B", "town": "Column C"}
        brought = imports.match_columns(brought, mapping=mapping, country="DE", by=coordinator, at=now())
        headings, _row = self.rows(self.take(colleague, brought))
        assert headings[:3] == ["Column A", "Name of the employer", "Town"]

    @pytest.mark.parametrize("ending", ["json", "exe"])
    def test_other_kinds_of_file_are_not_to_be_had(self, colleague, bring, ending):
        assert colleague.get(reverse("engagement:import_rows", args=[bring().pk, ending])).status_code == 404

    def test_the_page_offers_it_where_rows_stay_out(self, colleague, bring):
        assert "As an Excel file" in colleague.get(bring().get_absolute_url()).content.decode()
        clean = bring("Firma;Ort\nAlpha;Kiel\n")
        assert "As an Excel file" not in colleague.get(clean.get_absolute_url()).content.decode()
        assert not ImportRow.objects.filter(employer_import=clean).exists()
