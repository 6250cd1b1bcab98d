"""The console's own themes; Textual's are there as well."""

from __future__ import annotations

from textual.theme import Theme

DARK = Theme(
    name="rialto-dark",
    primary="#5fafd7",
    secondary="#87afaf",
    accent="#e5c07b",
    foreground="#d7dade",
    background="#0e1216",
    surface="#12171d",
    panel="#1b222a",
    success="#73c990",
    warning="#e5b567",
    error="#ee6a6f",
    dark=True,
    variables={
        "footer-background": "#1b222a",
        "footer-key-foreground": "#e5c07b",
        "footer-key-background": "#1b222a",
        "footer-description-foreground": "#aab2bb",
        "footer-description-background": "#1b222a",
        "border": "#33404c",
        "bid": "#3f8f68",
        "ask": "#b0525a",
        "bid-bar": "#17352a",
        "ask-bar": "#3d2328",
        "quiet": "#6f7b87",
    },
)
LIGHT = Theme(
    name="rialto-light",
    primary="#1f6f9f",
    secondary="#4f7f7f",
    accent="#9a6700",
    foreground="#1f2328",
    background="#f6f8fa",
    surface="#ffffff",
    panel="#e9edf1",
    success="#1a7f37",
    warning="#9a6700",
    error="#c4232b",
    dark=False,
    variables={
        "footer-background": "#e9edf1",
        "footer-key-foreground": "#9a6700",
        "footer-key-background": "#e9edf1",
        "footer-description-foreground": "#57606a",
        "footer-description-background": "#e9edf1",
        "border": "#c3ccd5",
        "bid": "#1a7f37",
        "ask": "#c4232b",
        "bid-bar": "#d3f0db",
        "ask-bar": "#ffdedc",
        "quiet": "#818b95",
    },
)
DEFAULTS = {"bid": "#3f8f68", "ask": "#b0525a", "bid-bar": "#1f4a3a", "ask-bar": "#54282d", "quiet": "#808890"}
"""Colours of market data for a theme that does not name them."""
