//! One instrument's price-time book.
