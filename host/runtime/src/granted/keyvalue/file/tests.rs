//! Tests of stores in files.
