//! Instruments, accounts, sessions and the trading day over the book.
