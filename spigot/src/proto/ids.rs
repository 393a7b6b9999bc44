//! Names of our own making.
