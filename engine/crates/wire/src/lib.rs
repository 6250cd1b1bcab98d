//! SoupBinTCP, OUCH 5.0, ITCH 5.0 and GLIMPSE 5.0: bytes to messages and back.
