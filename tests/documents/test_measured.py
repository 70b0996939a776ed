"""What other pages say was measured, against the results."""

from gradsheet.networks.toml import PRESETS
from gradsheet.spreadsheet.recalculate import ENGINES
from gradsheet.workbook.start import AGREED
from tests.audit.planted import PLANTS
from tests.audit.planted_further import FURTHER
from tests.documents.pages import README, flat, page_of, results_of


def test_what_the_audit_finds_is_what_was_measured() -> None:
    found = results_of("audit")
    share = f"{found['found and named'] / found['planted']:.1%}"
    page = flat(page_of("audit"))
    assert f"plants each of {found['kinds']} kinds of mistakes" in page
    assert f"{found['planted']:,} times in all" in page
    named = f"{found['found and named']:,} were found and named ({share})"
    assert f"Of the {found['planted']:,} mistakes, {named}" in page
    usual, tables = found["named by headers"]["usual"].split(" of ")
    assert usual == tables
    assert f"all {tables} in tables with usual headers" in page
    assert f"{found['found nothing'] / found['planted']:.1%} were not found" in page
    assert f"{found['not explained']:.1%} were found and not explained" in page
    assert f"{found['false alarms']} of the {found['right tables']:,} right tables" in page
    other = found["other layouts"]
    named = f"{other['found and named']} of {other['planted']} mistakes were found and named"
    right = f"{other['false alarms']} of {other['right trainings']:,} right trainings called wrong"
    assert f"{named}, {right}" in page
    times = found["seconds"]
    assert (
        f"the median table took {times['median']:.2f} s once its file was read, the slowest "
        f"{times['longest']:.1f} s" in page
    )
    submissions = results_of("classroom-audit")
    seconds = submissions["with page, summary and copies"]["seconds"]
    assert (
        f"{submissions['files']} submissions, half of them with six sheets, take {seconds:.0f} s"
        in page
    )
    for name, seconds in found["CPU seconds"].items():
        assert f"| {name} | {seconds:.2f} |" in page
    assert {row["planted"] for row in found["mistakes"]} == {*PLANTS, *FURTHER}
    assert found["kinds"] == len(PLANTS) + len(FURTHER)


def test_the_pages_classifier_is_as_the_results_say() -> None:
    found = results_of("explorer")
    page, digits = page_of("explorer"), found["digits"]
    assert digits["classified_as_by_torch"] == digits["images"] == 10_000
    assert f"in {digits['forward_ms']:.0f} ms per image" in page
    assert digits["gradients_of_images"] == 200
    assert digits["largest_difference_of_gradients"] <= 9e-7
    assert max(found["bytes"].values()) < 10_000_000


def test_the_page_is_as_fast_as_the_results_say() -> None:
    """An interaction is a step or an update, whichever panel is open."""
    found = results_of("explorer")["backprop"]
    page = flat(page_of("explorer"))
    interactions = [
        times[what]
        for network in ("course", "of_100_examples")
        for times in found[network].values()
        for what in ("step", "update")
    ]
    medians = [one["median_ms"] for one in interactions]
    longest = max(one["longest_ms"] for one in interactions)
    assert max(medians) < 50
    assert found["first_paint_ms"] < 1000
    assert f"first paint after {found['first_paint_ms']} ms" in page
    assert f"The median step or update takes at most {max(medians):.0f} ms of processor" in page
    assert f"the longest took {longest:.0f} ms" in page


def test_the_engines_agree_as_the_results_say() -> None:
    found = results_of("engines")
    page, books = flat(page_of("workbook")), found["workbooks"]
    networks = {*PRESETS, *(f"random-{seed}" for seed in range(30))}
    assert networks <= books.keys()
    formulas = sum(book["cells"] for book in books.values())
    assert f"{len(books)} workbooks with {formulas:,} formula cells" in page
    assert [*found["engines"]] == [*ENGINES]
    for key, engine in found["engines"].items():
        runs = [book["engines"][key] for book in books.values()]
        worst = max(run["worst relative difference"] for run in runs if run["agrees"])
        agreeing, errors = sum(run["agrees"] for run in runs), sum(r["error cells"] for r in runs)
        moved = sum(run["held to how far rounding moves them"] for run in runs)
        seconds = sum(run["processor seconds"] for run in runs)
        assert (
            f"| {engine['name']} {engine['version']} | {agreeing} | {worst:.1e} | {errors} | "
            f"{moved} | {seconds:.0f} s |"
        ) in page
    assert all(r["agrees"] for name in networks for r in books[name]["engines"].values())
    *names, last = (engine["name"].split()[0] for engine in found["engines"].values())
    assert (
        f"{', '.join(names)} and {last} recalculated the presets {', '.join(PRESETS)} and 30 "
        f"random networks; in all of these {len(networks)} workbooks they agree to 1E-9"
    ) == AGREED


def test_the_figures_of_the_readme_are_those_of_the_results() -> None:
    survey = results_of("survey")
    tables = survey["with the classic table, a row an update"]
    wrong = survey["classic tables with at least one wrong formula"]
    assert wrong + survey["classic tables that are right"] == tables
    assert survey["classic tables whose loss curve shows the mistake"] == 0
    pair = survey["the most common pair"]
    assert pair["origin"] == "inherited from one template"
    best = results_of("best")
    audit = results_of("audit")
    accuracies = [run["accuracy"] for run in best["runs"]]
    claims = [
        f"{survey['spreadsheets']} published spreadsheets that train a small network by hand. "
        f"{tables} of them hold the classic table",
        f"{wrong} of these contain a wrong formula; "
        f"{pair['workbooks']} of the {wrong} inherited the same mistake from one template",
        f"In none of the {wrong} does the loss curve show the mistake",
        f"{best['mean']:.2%} on MNIST (mean of {len(accuracies)} seeds)",
        f"Over {len(accuracies)} seeds it reaches {best['mean']:.2%} ± "
        f"{best['standard deviation']:.2%} on the test set, {min(accuracies):.2%} at worst",
        f"{audit['planted']:,} planted mistakes of {audit['kinds']} kinds it found and named "
        f"{audit['found and named'] / audit['planted']:.1%}",
        f"the median audit took {audit['seconds']['median']:.2f} s of processor time, "
        f"the slowest {audit['seconds']['longest']:.1f} s",
    ]
    text = flat(README)
    assert all(part in text for part in claims), claims
    of_the_survey = [
        f"Of {survey['spreadsheets']} published spreadsheets that train a small network by hand, "
        f"{tables} hold the classic table",
        f"{wrong} of these contain a wrong formula, and {pair['workbooks']} of the {wrong} "
        f"inherited this mistake from one template",
        f"In none of the {wrong} does the loss curve show the mistake",
    ]
    assert all(part in flat(page_of("audit")) for part in of_the_survey), of_the_survey
