"""The console: one terminal application that shows a venue and acts on it.

    feeds ─ observations ─► store.apply ─► State ─► widgets, `rialto status`
    keys ─► actions ─► predict (before) ─► perform ─► measure (after)

`store`, `readings`, `events`, `actions`, `routes`, `predict`, `measure`, `feeds`, `live` and `text` import no Textual:
they are tested without a terminal, and `rialto status` reads a venue through the same store.
"""
