//! Placeholder front page; its owner writes it.
