"""What a person can do with a trace, and what a hostile third party cannot: in a real Chromium."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Error, Page, expect

from harness.redaction.redact import Redactor
from harness.trace.model import Problem, Trace
from harness.trace.page import page as page_of
from tests.upstream.browser import Browser, run_browser
from tests.upstream.traces import HOSTILE, make_hostile, make_item, make_large, make_run, make_small, make_trace

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with run_browser() as running:
        yield running


def html(trace: Trace) -> str:
    return page_of(trace, Redactor())


def focused(page: Page) -> str:
    """What has the focus, in words."""
    return str(
        page.evaluate("document.activeElement.className || document.activeElement.id || document.activeElement.tagName")
    )


def test_it_says_at_a_glance_how_it_ended_and_asks_nobody_for_anything(browser: Browser) -> None:
    with browser.open(html(make_small())) as opened:
        page = opened.page
        expect(page.locator("h1")).to_have_text("test_it")
        expect(page.locator(".outcome")).to_contain_text("Failed after 1.20 s")
        figures = {text.split("\n")[1]: text.split("\n")[0] for text in page.locator(".figure").all_inner_texts()}
        assert figures == {"Entities": "3", "Third-party calls": "3", "Unmatched": "1", "Refusals": "1", "Errors": "1"}
        wrong = ["The test", "Error", "No stub", "Refused by Port", "No entity"]
        assert page.locator("#problems .tag").all_inner_texts() == wrong
        expect(page.locator(".mild-ones summary").first).to_have_text("Worth a look 1 warning")
        expect(page.locator(".difference")).to_contain_text("+size: 4")
        page.get_by_role("button", name="Show the call").first.click()
        expect(page.locator(".panel")).to_contain_text("differs: method GET is not POST")
        expect(page.locator(".panel .paste pre")).to_have_text(
            'transport.add_route("GET", "api.things.example/members", {"json": {}})'
        )
        page.get_by_role("tab", name="Overview").click()
        page.locator(".figure", has_text="Refusals").click()
        expect(page.get_by_role("status")).to_have_text("1 of 5 entries")
        expect(page.get_by_role("button", name="Refused")).to_have_attribute("aria-pressed", "true")
        assert [url.partition(":")[0] for url in opened.requests] == ["file"]
        assert opened.said == []


def test_an_entity_says_where_it_is_from_and_why_a_property_is_empty(browser: Browser) -> None:
    with browser.open(html(make_small())) as opened:
        page = opened.page
        page.get_by_role("tab", name="Entities").click()
        assert page.locator(".entities .row .identifier").all_inner_texts() == ["e", "a", "b", "d", "c"]
        page.locator(".row", has_text="No entity").click()
        expect(page.locator(".panel .said")).to_have_text("the selector `.live` is false: `.live` is false")
        page.locator(".row", has_text="Thing b").click()
        expect(page.locator(".steps tr", has_text="properties.owner")).to_contain_text("the item has no `ownr`")
        expect(page.get_by_label("Raw item")).to_contain_text('"size": null')
        page.get_by_role("button", name="call 1:").click()
        expect(page.locator(".panel h2")).to_contain_text("https://api.things.example/things?page=0")
        page.go_back()
        expect(page.locator(".panel h2")).to_have_text("b")


def test_each_of_several_resyncs_and_events_has_its_own(browser: Browser) -> None:
    problem = Problem("error", "ValueError: the handler's own")
    runs = [
        make_run([[make_item("a")]]),
        make_run([[make_item("b"), make_item("c")]], name="Webhook /hook", problems=[problem]),
    ]
    with browser.open(html(make_trace(*runs))) as opened:
        page = opened.page
        expect(page.locator("#problems")).to_contain_text("the handler's own")  # it begins with what is wrong
        page.get_by_role("tab", name="Entities").click()
        expect(page.locator(".row .identifier")).to_have_text(["b", "c"])
        choice = page.get_by_label("Which resync or event")
        assert choice.locator("option").all_inner_texts() == ["1. Resync", "2. Webhook /hook (1 problem)"]
        choice.select_option("1. Resync")
        expect(page.get_by_role("tab", name="Entities")).to_have_text("Entities1")
        expect(page.locator(".row .identifier")).to_have_text(["a"])


def test_searched_filtered_and_sorted(browser: Browser) -> None:
    pages = [[make_item(f"{word}-{number}", size=number) for number in (2, 10)] for word in ("apple", "pear")]
    with browser.open(html(make_trace(make_run(pages, padding="hidden in a body")))) as opened:
        page = opened.page
        page.get_by_role("tab", name="Entities").click()
        page.keyboard.press("/")
        page.keyboard.type("PEAR")
        expect(page.get_by_role("status")).to_have_text("2 of 4 entries")
        page.get_by_role("button", name="Identifier").click()
        assert page.locator(".row .identifier").all_inner_texts() == ["pear-2", "pear-10"]
        page.get_by_role("button", name="Identifier").click()
        assert page.locator(".row .identifier").all_inner_texts() == ["pear-10", "pear-2"]
        expect(page.get_by_role("columnheader", name="Identifier")).to_have_attribute("aria-sort", "descending")
        page.get_by_role("tab", name="Timeline").click()
        expect(page.get_by_role("status")).to_have_text("4 entries")
        page.get_by_role("button", name="Log", exact=True).click()
        expect(page.get_by_role("status")).to_have_text("2 of 4 entries")
        page.get_by_label("Search calls").fill("hidden in a body")
        expect(page.get_by_role("status")).to_have_text("2 of 4 entries")
        page.get_by_label("Search calls").fill("page=1 things? get")
        expect(page.get_by_role("status")).to_have_text("1 of 4 entries")
        page.get_by_label("Search calls").fill("nowhere")
        expect(page.get_by_role("status")).to_have_text("0 of 4 entries")


def test_the_arrows_move_in_a_view_that_a_number_chose_and_a_call_can_be_copied(browser: Browser) -> None:
    trace = make_small()
    trace.runs[0].calls[0].route = 'transport.add_route("GET", "api.things.example/things", '
    with browser.open(html(trace)) as opened:
        page, press = opened.page, opened.page.keyboard.press
        expect(page.locator("h1")).to_be_visible()
        page.evaluate("navigator.clipboard.writeText = async (text) => { window.copied = text; }")
        press("2")
        expect(page.get_by_role("listbox")).to_be_focused()
        press("ArrowDown")
        press("Enter")
        page.get_by_role("button", name="Copy as cURL").click()
        expect(page.get_by_role("button", name="Copied")).to_be_visible()
        curl = "curl -X GET 'https://api.things.example/things?page=0' \\\n  -H 'accept: application/json'"
        assert page.evaluate("window.copied") == curl
        page.get_by_role("button", name="Copy as a route").click()
        page.wait_for_function("window.copied.startsWith('transport')")
        assert '"live": True' in page.evaluate("window.copied")
        press("3")
        expect(page.get_by_role("grid")).to_be_focused()


def test_walked_with_the_keyboard_alone(browser: Browser) -> None:
    with browser.open(html(make_small())) as opened:
        page, press = opened.page, opened.page.keyboard.press
        expect(page.locator("h1")).to_be_visible()
        press("Tab")
        assert focused(page) == "tab-overview"
        press("ArrowRight")
        press("ArrowRight")
        expect(page.get_by_role("tab", name="Entities")).to_have_attribute("aria-selected", "true")
        expect(page.locator(".entities .row").first).to_be_visible()
        press("/")
        expect(page.get_by_label("Search entities")).to_be_focused()
        press("ArrowDown")
        expect(page.get_by_role("grid")).to_be_focused()
        press("ArrowDown")
        active = page.get_by_role("grid").get_attribute("aria-activedescendant")
        assert page.locator(f"#{active} .identifier").inner_text() == "a"
        outline = page.get_by_role("grid").evaluate("element => getComputedStyle(element).outlineStyle")
        assert outline == "solid"
        press("Enter")
        expect(page.locator(".panel h2")).to_be_focused()
        press("Escape")
        expect(page.locator(".panel")).to_be_hidden()
        expect(page.get_by_role("grid")).to_be_focused()
        press("End")
        press("Enter")
        expect(page.locator(".panel h2")).to_have_text("c")
        press("Escape")
        press("1")
        expect(page.locator("h1")).to_be_visible()


def test_what_a_third_party_sends_is_text_and_runs_nothing(browser: Browser) -> None:
    trace = make_hostile()
    with browser.open(html(trace)) as opened:
        page = opened.page
        expect(page.locator("h1")).to_have_text(HOSTILE[0])
        page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
        for number in range(len(HOSTILE)):
            for row in (f"timeline/c{number}", f"timeline/l{number}", f"entities/e{number}"):
                page.evaluate("hash => { location.hash = hash }", f"#/0/{row}")
                page.wait_for_function("!document.querySelector('.panel').hidden")
        page.evaluate("location.hash = '#/0/entities/e1'")
        expect(page.locator(".panel h2")).to_have_text(HOSTILE[1])
        assert page.locator("img, iframe, a, [onerror]").count() == 0
        assert page.evaluate("window.hacked") is None
        assert opened.said == []
        assert len(opened.requests) == 1
        # And if somebody found a way to put markup in, or an address, the page's own policy would hold.
        for way in (
            "document.body.innerHTML = '<b>'",
            "document.body.append(Object.assign(document.createElement('script'), {text: 'window.hacked = 1'}))",
        ):
            with pytest.raises(Error, match=r"TrustedHTML|TrustedScript"):
                page.evaluate(f"() => {{ {way} }}")
        assert page.evaluate("fetch('https://example.com').then(() => 'out', () => 'held')") == "held"
        assert page.evaluate("window.hacked") is None


def test_5000_entities_and_2000_calls_are_there_within_a_second_and_10_mb(browser: Browser) -> None:
    large = html(make_large(entities=5000, calls=2000))
    assert len(large.encode()) < 10_000_000
    took = []
    for _ in range(3):
        with browser.open(large) as opened:
            expect(opened.page.locator(".figure").first).to_contain_text("5,000")
            painted = "performance.getEntriesByName('first-contentful-paint')[0]"
            opened.page.wait_for_function(painted)
            took.append(opened.page.evaluate(f"{painted}.startTime"))
    assert min(took) < 1000
    with browser.open(large) as opened:
        opened.page.get_by_role("tab", name="Entities").click()
        expect(opened.page.get_by_role("status")).to_have_text("5,000 entries")
        opened.page.get_by_role("grid").press("End")
        expect(opened.page.locator(".row[aria-selected=true]")).to_have_attribute("aria-rowindex", "5001")
        assert opened.page.locator(".row").count() < 100


@pytest.mark.parametrize("view", ["overview", "timeline", "timeline/c2", "entities", "entities/e2"])
def test_as_wide_as_a_telephone(browser: Browser, view: str) -> None:
    with browser.open(html(make_small()), width=390, height=844) as opened:
        opened.page.evaluate("hash => { location.hash = hash }", f"#/0/{view}")
        opened.page.wait_for_selector(".panel h2" if view[-1].isdigit() else "main > *")
        too_wide = """() => [...document.querySelectorAll('html, body, main, .panel:not([hidden]), .tabs, .list')]
            .filter(each => each.scrollWidth > each.clientWidth + 1).map(each => each.className || each.tagName)"""
        assert opened.page.evaluate(too_wide) == []
        assert opened.page.evaluate("document.documentElement.scrollWidth") == 390


def test_dark_and_light_as_the_system_is_or_as_somebody_likes(browser: Browser) -> None:
    def paper(page: Page) -> int:
        colour = page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)")
        return sum(colour) // 3

    for dark in (False, True):
        with browser.open(html(make_small()), dark=dark) as opened:
            expect(opened.page.locator("h1")).to_be_visible()
            assert (paper(opened.page) < 64) is dark
            opened.page.get_by_role("button", name="Dark or light").click()
            assert (paper(opened.page) > 192) is dark
            opened.page.get_by_role("button", name="Dark or light").click()
            assert (paper(opened.page) < 64) is dark
