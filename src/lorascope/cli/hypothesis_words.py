"""The ledger in words and tables: what a probability means for the next decision, and why a verdict is not given."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from lorascope.cli.say import say, say_line
from lorascope.cli.table import draw_table, terminal_width
from lorascope.reports.wording import amount, counted, difference_unit, moment, number, signed, value_shown

if TYPE_CHECKING:
    from lorascope.analysis.ledger.reliability import Calibration
    from lorascope.jobs.find_rules import RuleFound, Rules
    from lorascope.jobs.read_ledger import Entry, Ledger
    from lorascope.jobs.register_hypothesis import Registered
    from lorascope.records.judgment import Judgment
    from lorascope.records.plan import Plan

_BAR = 30  # characters of a probability of 1
_WIDTH = 96


def percent(probability: float | None) -> str:
    """A probability in a table; never rounded to 0 or 100."""
    if probability is None:
        return "-"
    if 0 < probability < 0.01 or 0.99 < probability < 1:
        return "<1 %" if probability < 0.5 else ">99 %"
    return f"{100 * probability:.0f} %"


def meaning(probability: float) -> str:
    """What a probability means for a decision.

    >>> meaning(0.62)
    'leans to yes: who acts on it is wrong about 4 times in 10'
    """
    if 0.45 < probability < 0.55:
        return "open: as good as a coin toss"
    which, sure = ("yes", probability) if probability > 0.5 else ("no", 1 - probability)
    if sure >= 0.95:
        return f"all but settled ({which}): who acts on it is wrong at most 1 time in 20"
    if sure >= 0.8:
        return f"likely {which}: who acts on it is wrong about 1 time in {round(1 / (1 - sure))}"
    return f"leans to {which}: who acts on it is wrong about {round(10 * (1 - sure))} times in 10"


def show_registered(registered: Registered) -> None:
    """What was registered, what its test can find, and what it stands against."""
    power, hypothesis = registered.power, registered.hypothesis
    what = "noted, not to be judged" if hypothesis.extra.get("note_only") else "registered"
    say_line(f"{what}: {hypothesis.name}")
    if power.power is not None:
        say(f"power: {percent(power.power)} with n = {power.n} {power.unit} on each side (if it is true, so many such tests find it)")
    if power.n_needed is not None and (power.power is None or power.power < 0.8):
        say(f"n = {power.n_needed} {power.unit} would give 80 %")
    if registered.information_bits is not None:
        say(f"expected information: {registered.information_bits:.2f} bits (1 would settle a coin toss)")
    _say_wrapped(f"what would speak against it: {hypothesis.extra.get('falsified_by')}")
    for one in registered.contradictions:
        other = one.second if one.first == hypothesis.name else one.first
        _say_wrapped(f"contradicts {other}: {one.why}")
    _say_notes(registered.notes)


def show_ledger(ledger: Ledger, *, everything: bool) -> None:
    """The queue of tests, and what is not in it."""
    queue = [entry for entry in ledger.entries if entry.worth is not None]
    rest = [entry for entry in ledger.entries if entry.worth is None]
    if queue:
        titles = ("hypothesis", "stated", "now", "bits", "power", "GPU h", "verdict")
        draw_table(titles, [_row(entry, ledger) for entry in queue], left=("hypothesis", "verdict"))
        say("\nthe first would teach most for its cost. bits: what a test is expected to teach; 1 settles a coin toss, and what is")
        say("nearly sure can hardly surprise. (.8) is a power that is assumed: nobody planned the test yet")
    else:
        say("nothing to test: lorascope hypothesis add --help shows how to register one")
    if rest and everything:
        say()
        draw_table(("hypothesis", "stated", "now", "why it is not in the queue"), [_other_row(entry) for entry in rest],
                   left=("hypothesis", "why it is not in the queue"))  # fmt: skip
    elif rest:
        untestable = sum(1 for entry in rest if entry.why_not.startswith("names no"))
        others = len(rest) - untestable
        say(f"\nnot in the queue: {untestable} that cannot be tested as written, {others} resolved, replaced or noted (--all shows them)")
    for one in ledger.contradictions:
        _say_wrapped(f"! {one.first} and {one.second} contradict each other: {one.why}")


def show_entry(ledger: Ledger, entry: Entry) -> None:
    """One hypothesis, its judgments, and its confidence as bars."""
    hypothesis, plan = entry.hypothesis, entry.plan
    say_line(f"{hypothesis.name}: {entry.verdict}")
    _say_wrapped(hypothesis.statement)
    if hypothesis.source:
        say_line(f"source: {hypothesis.source}")
    for line in _declared(plan):
        _say_wrapped(line)
    for one in ledger.contradictions:
        if entry.name in {one.first, one.second}:
            _say_wrapped(f"! {one.first} and {one.second} contradict each other: {one.why}")
    if plan.prior is not None or entry.judgments:
        say("\nconfidence" if plan.prior is not None else "\nconfidence (nobody stated any beforehand)")
        rows = [("stated", plan.prior, "")] if plan.prior is not None else []
        rows += [(_when(one), one.posterior, f"{one.verdict}, n = {one.n}") for one in entry.judgments if one.posterior is not None]
        draw_table(("", " ", "  ", "   "), [(label, percent(p), what, _bar(p)) for label, p, what in rows], left=("", "  ", "   "))
    if entry.judgments:
        say()
        _show_judgment(entry.judgments[-1])
    elif entry.why_not:
        say_line(f"not in the queue of tests: {entry.why_not}")
    else:
        say_line(f"not judged yet: lorascope hypothesis judge {hypothesis.name}")


def show_judgments(judgments: Sequence[Judgment], *, alone: bool) -> None:
    """Every judgment with its reason; of many, those that cannot be judged as written in one line."""
    mute = [one for one in judgments if not alone and one.reason.startswith("cannot be judged as written")]
    told = [one for one in judgments if one not in mute]
    for at, judgment in enumerate(told):
        if at:
            say()
        _show_judgment(judgment)
    if mute:
        say(f"\n{counted(len(mute), 'hypothesis', 'hypotheses')} cannot be judged as written: no metric, direction or change is named")
        say("(lorascope hypothesis list --all says what each lacks)")
    if not judgments:
        say("nothing to judge: lorascope hypothesis add --help shows how to register a hypothesis")
    elif not alone:
        counts = {verdict: sum(1 for one in judgments if one.verdict == verdict) for verdict in ("supported", "refuted", "undecided")}
        say("\n" + ", ".join(f"{count} {verdict}" for verdict, count in counts.items()))


def show_calibration(calibration: Calibration, resolved: Sequence[tuple[str, float, bool]]) -> None:
    """How stated confidences came out."""
    if not resolved:
        say("no hypothesis with a stated prior is resolved yet: nothing is known of how good the priors are")
        return
    rows = [(name, percent(prior), "held" if held else "did not hold") for name, prior, held in resolved]
    draw_table(("hypothesis", "stated", "came out"), rows, left=("hypothesis", "came out"))
    say(f"\n{calibration.came_true} of {calibration.n} held; the stated priors expected {calibration.expected:.1f}")
    if calibration.brier is None or calibration.log_score is None or calibration.bins is None:
        say(f"{calibration.n} cannot show whether 80 % means 80 %: scores are told from 20 on")
        return
    say(f"Brier score {calibration.brier:.3f} (0 is perfect, 0.25 is saying 50 % of everything), log score {calibration.log_score:.2f}\n")
    bins = [(f"{100 * one.low:.0f} to {100 * one.high:.0f} %", str(one.n), percent(one.stated), f"{100 * one.came_true:.0f} %",
             f"{100 * one.share_low:.0f} to {100 * one.share_high:.0f} %") for one in calibration.bins]  # fmt: skip
    draw_table(("stated", "n", "mean", "held", "95 % interval"), bins)


def show_rules(rules: Rules) -> None:
    """The rules, those that hold for the same runs together."""
    say_line(f"{rules.metric} {rules.bad_when}: {rules.bad} of {counted(rules.runs, 'run')} came out so")
    if rules.tried:
        say(f"{counted(rules.conditions, 'rule')} tried, which single out {counted(rules.tried, 'different set')} of runs")
    for one in rules.rules:
        say()
        _show_rule(one)
    say()
    _say_notes(rules.notes)


def _show_rule(one: RuleFound) -> None:
    found, stands = one.found, one.standing
    for at, words in enumerate(one.words):
        _say_wrapped(("    or " if at else "IF ") + words)
    if found.more_rules:
        say(f"    or {found.more_rules} more")
    others = f"{found.other_hits} of {found.others}"
    limits = f"95 %: {percent(stands.interval.low)} to {percent(stands.interval.high)}"
    chance = f"p = {found.p_value:.2g}, q = {found.q_value:.2g}"
    against = f", {percent(stands.others.low)} to {percent(stands.others.high)}" if stands.others else ""
    _say_wrapped(f"  {found.hits} of {found.support} runs ({limits}); of the others {others}{against}; {chance}")
    from lorascope.analysis.ledger.rule_ladder import MEANING

    _say_wrapped(f'  {stands.rung}: {MEANING[stands.rung]}; it may be called "{stands.word}"')
    if one.pairs:
        _say_wrapped(f"  pairs that differ in nothing else: {', '.join(f'{a} / {b}' for a, b in one.pairs[:3])}")
    if one.against:
        _say_wrapped(f"  against it: {', '.join(one.against[:6])}")
    do = "does" if stands.to_falsify == 1 else "do"
    _say_wrapped(f"  {counted(stands.to_falsify, 'more run')} of this kind that {do} not come out so would bring it down")


def _show_judgment(judgment: Judgment) -> None:
    moved = f" ({_before(judgment)}, now {percent(judgment.posterior)})" if _learned(judgment) else ""
    say_line(f"{judgment.hypothesis}: {judgment.verdict}{moved}")
    for reason in judgment.reason.split("; "):
        _say_wrapped(f"  {reason}")
    if judgment.estimate is not None and judgment.kind == "change":
        _say_wrapped(f"  {_measured(judgment)}")
    elif judgment.estimate is not None and judgment.kind == "level":
        _say_wrapped(f"  measured: {amount(judgment.estimate, judgment.unit)}{_limits(judgment)}, n = {judgment.n} {judgment.of}")
    elif judgment.estimate is not None and judgment.kind == "epochs":
        _say_wrapped(f"  the best is one of these epochs with {percent(judgment.estimate)}, n = {judgment.n} {judgment.of}")
    for note in judgment.notes:
        _say_wrapped(f"  - {note}")
    if judgment.posterior is not None and _learned(judgment):
        _say_wrapped(f"  {_what_it_means(judgment, judgment.posterior)}")
    elif judgment.prior is not None:
        _say_wrapped(f"  nothing was learned: it stays at the {percent(judgment.prior)} that were stated")


def _what_it_means(judgment: Judgment, posterior: float) -> str:
    """The probability for a decision; undecided, it is told what the numbers alone make of even odds, beside a strong opinion."""
    from lorascope.analysis.ledger.belief import EVEN, updated

    if judgment.verdict != "undecided" or judgment.prior is None or judgment.bayes_factor is None:
        return f"{percent(posterior)}: {meaning(posterior)}"
    alone = updated(EVEN, judgment.bayes_factor)
    return f"{percent(posterior)} for who believed the stated {percent(judgment.prior)}; from even odds {percent(alone)}: {meaning(alone)}"


def _learned(judgment: Judgment) -> bool:
    """Whether the numbers moved anything."""
    return judgment.bayes_factor is not None and abs(judgment.bayes_factor - 1) > 1e-9


def _before(judgment: Judgment) -> str:
    """The probability before the data: as stated, else what the posterior and the data say was taken."""
    if judgment.prior is not None:
        return f"stated {percent(judgment.prior)}"
    return "nobody stated a probability"


def _measured(judgment: Judgment) -> str:
    unit = judgment.unit
    asked = f"; it asks for {number(judgment.threshold, unit)} or more" if judgment.threshold is not None else ""
    shown = f"{signed(judgment.estimate, unit)} {difference_unit(unit)}".strip()
    return f"{judgment.metric}: {shown}{_limits(judgment, with_sign=True)}, n = {judgment.n} {judgment.of}{asked}"


def _limits(judgment: Judgment, *, with_sign: bool = False) -> str:
    if judgment.low is None or judgment.high is None:
        return " (no interval)"
    shown = signed if with_sign else number
    return f" (95 %: {shown(judgment.low, judgment.unit)} to {shown(judgment.high, judgment.unit)})"


def _declared(plan: Plan) -> Iterable[str]:
    """What was declared, a line each."""
    if plan.metric is not None:
        least = f" by at least {plan.threshold:g}" if plan.threshold is not None and plan.kind == "change" else ""
        beyond = f" than {plan.threshold:g}" if plan.threshold is not None and plan.kind != "change" else ""
        yield f"declares: {plan.metric} {plan.direction or '(direction not said)'}{beyond}{least}"
    if plan.change:
        yield "when: " + ", ".join(f"{name} {value_shown(old)} -> {value_shown(new)}" for name, (old, new) in plan.change.items())
    if plan.rule:
        yield f"when: {plan.rule} (in {percent(plan.share)} of runs or more)"
    if plan.n is not None:
        power = f", power {percent(plan.power)}" if plan.power is not None else ""
        yield f"test: n = {plan.n} on each side{power}"
    if plan.falsified_by:
        yield f"what would speak against it: {plan.falsified_by}"
    if plan.registered_at is not None:
        yield f"registered: {moment(plan.registered_at)}, {counted(len(plan.seen), 'run')} had numbers of it already"
    elif plan.kind:
        yield "never registered before its data: whatever agrees with it is exploratory"
    if plan.replaces:
        yield f"replaces: {plan.replaces}"


def _row(entry: Entry, ledger: Ledger) -> tuple[str, ...]:
    plan = entry.plan
    cost = plan.cost_gpu_hours or ledger.usual_gpu_hours
    power = "(.8)" if plan.power is None else f"{plan.power:.2f}".lstrip("0")
    bits = "-" if entry.information_bits is None else f"{entry.information_bits:.2f}"
    return (
        entry.name,
        percent(plan.prior),
        percent(entry.confidence),
        bits,
        power,
        "-" if cost is None else f"{cost:.1f}",
        str(entry.verdict),
    )


def _other_row(entry: Entry) -> tuple[str, ...]:
    return (entry.name, percent(entry.plan.prior), percent(entry.confidence), entry.why_not)


def _when(judgment: Judgment) -> str:
    return moment(judgment.at)[:10] if judgment.at is not None else "some time"


def _bar(probability: float) -> str:
    return "█" * max(1, round(_BAR * probability))


def _say_notes(notes: Iterable[str]) -> None:
    for note in notes:
        _say_wrapped(f"- {note}")


def _say_wrapped(text: str) -> None:
    """A sentence, wrapped at the terminal's width, later lines set in as far as its own beginning."""
    line = text.replace("\r", "\\r").replace("\n", " ")
    inset = " " * (len(line) - len(line.lstrip()) + 2)
    width = min(_WIDTH, terminal_width() or _WIDTH)
    for part in textwrap.wrap(
        line, width, subsequent_indent=inset, drop_whitespace=True, replace_whitespace=False, break_long_words=False
    ) or [""]:
        say(part)
