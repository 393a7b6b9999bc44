//! Its owner writes this.
