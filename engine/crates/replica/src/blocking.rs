//! Calls that may wait for a disk, away from the runtime's thread where there are others.

use std::io;
use std::marker::PhantomData;

use openraft::AsyncRuntime;

/// How such calls are made.
pub(crate) struct Blocking<R> {
    threads: bool,
    runtime: PhantomData<fn() -> R>,
}

impl<R> Clone for Blocking<R> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<R> Copy for Blocking<R> {}

impl<R: AsyncRuntime> Blocking<R> {
    /// On other threads, or, in a simulation of one thread, at once.
    pub(crate) fn new(threads: bool) -> Blocking<R> {
        Blocking {
            threads,
            runtime: PhantomData,
        }
    }

    /// Calls `f`.
    pub(crate) async fn run<T: Send + 'static>(
        self,
        f: impl FnOnce() -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        if self.threads {
            R::spawn_blocking(f).await?
        } else {
            f()
        }
    }
}
