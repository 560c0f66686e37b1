//! Futures that are built and kept on the heap.

use std::pin::Pin;

/// A future on the heap. The one that runs all requests awaits such futures where it can: the space of all
/// that it awaits is otherwise part of it, and debug builds move it over the stack of a worker thread.
pub(super) type Boxed<F> = Pin<Box<F>>;
