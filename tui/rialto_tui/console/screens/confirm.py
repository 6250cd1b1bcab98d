"""The dialog before an action and after it: what it stops, what is predicted, what was measured."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from dataclasses import replace
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Input, Label, Static

from rialto_tui.console import actions, text
from rialto_tui.console.actions import Action, Cut, Slow
from rialto_tui.console.operate import Operation
from rialto_tui.console.predict import predict
from rialto_tui.console.screens.base import Seen
from rialto_tui.console.screens.dialog import Dialog
from rialto_tui.console.view import View

_LABEL = 11
_WIDTH = 70
_MS_NS = 1_000_000


class Confirm(Dialog[bool]):
    """One action; answers whether it was confirmed. Once it is, closing the dialog does not stop it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "Leave")]

    def __init__(self, operation: Operation, named: str | None) -> None:
        super().__init__()
        self._operation = operation
        self._named = named
        self._action: Action = operation.measuring.action
        self._wrong = ""
        self._view: View | None = None
        self._shown = Content()
        self._about = Static(id="about")
        self._dialog = Vertical(classes="dialog")

    def compose(self) -> ComposeResult:
        """What is to be known, then what is to be filled in."""
        with self._dialog as dialog:
            dialog.border_title = actions.title(self._action)
            dialog.border_subtitle = "Esc leaves it"
            yield self._about
            with Vertical(id="fields"):
                if isinstance(self._action, Slow):
                    yield from _field("latency", "latency, one way", text.duration(self._action.latency_ns))
                if isinstance(self._action, Cut | Slow):
                    lease = "" if self._action.for_ms is None else text.duration(self._action.for_ms * _MS_NS)
                    yield from _field("lease", "heals by itself after", lease)
                if typed := actions.typed(self._action):
                    yield from _field("typed", f"type {typed} to do it", "")
            yield Static(id="wrong")

    def on_mount(self) -> None:
        """Begins where the operator has to type."""
        self.post_message(Seen())
        fields = list(self.query(Input))
        self.query_one("#fields").display = bool(fields)
        if fields:
            (fields[-1] if actions.typed(self._action) else fields[0]).focus()

    def show(self, view: View) -> None:
        """Shows the action as it stands at this moment."""
        self._view = view
        lines = self._after(view) if self._operation.confirmed else self._before(view)
        if self._operation.measured is not None or self._operation.problem:
            self._dialog.border_subtitle = "Esc closes"
        content = Content("\n").join(lines)
        if not content.is_same(self._shown):
            self._shown = content
            self._about.update(content)

    def _before(self, view: View) -> list[Content]:
        found = predict(view.state, self._action)
        lines = [
            *_block("stops", found.stops or ("nothing that trades",), "bold $error" if found.stops else ""),
            *_block("predicted", found.expected, ""),
            *_block("command", (actions.command(self._action, self._named),), "$accent"),
        ]
        if not actions.typed(self._action):
            lines += [Content(""), Content.styled("Enter does it", "$quiet")]
        return lines

    def _after(self, view: View) -> list[Content]:
        operation = self._operation
        lines = _block("command", (actions.command(self._action, self._named),), "$accent")
        if operation.problem:
            return [*lines, *_block("refused", (operation.problem,), "bold $error")]
        if operation.measuring.outcome is not None:
            lines += _block("done", operation.measuring.outcome.lines, "")
        if operation.measured is not None:
            return [*lines, *_block("measured", operation.measured.lines, "bold $success")]
        since_ns = operation.measuring.began_ns
        passed = "" if since_ns is None else f" for {max(0, view.now_ns - since_ns) // 10**9} s"
        seen = ""
        if operation.measuring.new_leader_ns is not None:
            seen = f"; {operation.measuring.new_leader} leads after {text.duration(operation.measuring.new_leader_ns)}"
        return [*lines, *_block("measuring", (f"watching{passed}{seen}",), "$warning")]

    @on(Input.Changed)
    def _changed(self) -> None:
        """Takes what is filled in; the prediction follows it."""
        try:
            self._action = self._filled()
        except _FieldError as error:
            self._wrong = str(error)
        else:
            self._wrong = ""
        self.query_one("#wrong", Static).update(Content.styled(self._wrong, "$error"))
        if self._view is not None:
            self.show(self._view)

    def _filled(self) -> Action:
        action = self._action
        if isinstance(action, Slow):
            action = replace(action, latency_ns=_duration_ns(self._value("latency"), "latency"))
        if isinstance(action, Cut | Slow):
            lease = self._value("lease")
            action = replace(action, for_ms=max(1, _duration_ns(lease, "lease") // _MS_NS) if lease else None)
        return action

    def _value(self, name: str) -> str:
        return self.query_one(f"#{name}", Input).value.strip()

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self._do()

    def key_enter(self) -> None:
        """Does what needs no typing; afterwards closes."""
        if self._operation.confirmed:
            self.action_leave()
        else:
            self._do()

    def _do(self) -> None:
        if self._operation.confirmed:
            return
        wanted = actions.typed(self._action)
        if wanted and not _same(self._value("typed"), wanted):
            self._wrong = (
                f"type {wanted}: it is what this hits" if not self._value("typed") else f"that is not {wanted}"
            )
        if self._wrong:
            self.query_one("#wrong", Static).update(Content.styled(self._wrong, "$error"))
            return
        self._operation.confirm(self._action)
        self.query_one("#fields").display = False
        self.query_one("#wrong", Static).display = False
        self._dialog.border_subtitle = "Esc closes; it goes on"
        self.set_focus(None)
        if self._view is not None:
            self.show(self._view)

    def action_leave(self) -> None:
        """Leaves the venue as it is, or leaves the action to run on."""
        self.dismiss(self._operation.confirmed)


class _FieldError(Exception):
    """What is wrong with a field."""


def _field(name: str, label: str, value: str) -> Iterable[Horizontal]:
    yield Horizontal(Label(label), Input(value, id=name, compact=True), classes="field")


def _same(typed: str, wanted: str) -> bool:
    """A link's regions may be parted by anything that parts words."""
    return typed.replace(" ", "-").replace("/", "-").lower() == wanted.lower()


def _duration_ns(written: str, field: str) -> int:
    from rialto_platform.venue.units import AmountError, parse_duration

    try:
        return parse_duration(written)
    except AmountError as error:
        raise _FieldError(f"{field}: {error.wrong}; {error.right}") from error


def _block(label: str, lines: Iterable[str], style: str) -> list[Content]:
    """Lines behind a label, wrapped below one another."""
    shown: list[Content] = []
    for line in lines:
        for number, part in enumerate(textwrap.wrap(line, _WIDTH - _LABEL - 2) or [""]):
            mark = "· " if number == 0 else "  "
            head = (label if not shown else "").ljust(_LABEL)
            shown.append(Content.assemble((head, "$quiet"), (mark, "$quiet"), (part, style)))
    return shown
