//! SoupBinTCP and OUCH to market commands, market events to numbered streams.
