"""The `rialto` command: every screen and message an operator sees."""
