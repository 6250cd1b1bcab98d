//! A process of the simulation: its tasks live, freeze and die together.
//!
//! The consensus library spawns tasks through its runtime's static functions. [`NodeRuntime`] gives each task to the
//! [`Life`] in which it is spawned, so that a crash ends every task of one process at one instant, in the middle of
//! whatever it did, and a freeze lets none of them run.

use crate::lock;
use openraft_rt::{AsyncRuntime, OptionalSend};
use openraft_rt_sim::SimRuntime;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

thread_local! {
    static CURRENT: RefCell<Option<Life>> = const { RefCell::new(None) };
}

/// One run of one process.
#[derive(Clone)]
pub struct Life(Arc<State>);

#[derive(Default)]
struct State {
    dead: AtomicBool,
    frozen: AtomicBool,
    next: AtomicU64,
    /// Who was to run while it was frozen.
    waiting: Mutex<Vec<Waker>>,
    tasks: Mutex<BTreeMap<u64, Weak<dyn Mortal>>>,
}

/// A task that can be ended from outside.
trait Mortal: Send + Sync {
    /// Drops the task, unless it is the one that runs: that one ends when it next gives way.
    fn end(&self);
}

struct Slot<F>(Mutex<Option<Pin<Box<F>>>>);

impl<F: Send> Mortal for Slot<F> {
    fn end(&self) {
        let taken = self.0.try_lock().ok().and_then(|mut slot| slot.take());
        drop(taken);
    }
}

/// The life that was current before, made current again when dropped.
struct Entered(Option<Life>);

impl Drop for Entered {
    fn drop(&mut self) {
        let before = self.0.take();
        CURRENT.with(|current| *current.borrow_mut() = before);
    }
}

fn enter(life: Option<Life>) -> Entered {
    Entered(CURRENT.with(|current| std::mem::replace(&mut *current.borrow_mut(), life)))
}

impl Default for Life {
    fn default() -> Self {
        Self::new()
    }
}

impl Life {
    /// A process that just started.
    pub fn new() -> Self {
        Self(Arc::default())
    }

    /// Runs `work` as this process: tasks spawned in it are this life's.
    pub fn within<T>(&self, work: impl FnOnce() -> T) -> T {
        let _entered = enter(Some(self.clone()));
        work()
    }

    /// Spawns a task of this life.
    pub fn spawn<F>(&self, future: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        if !self.is_dead() {
            drop(SimRuntime::spawn(self.adopt(future)));
        }
    }

    /// Ends every task now. The one that runs, if it is this life's, ends when it next gives way.
    pub fn end(&self) {
        self.0.dead.store(true, Ordering::Relaxed);
        let _entered = enter(Some(self.clone()));
        loop {
            let tasks = std::mem::take(&mut *lock(&self.0.tasks));
            if tasks.is_empty() {
                return;
            }
            for task in tasks.into_values() {
                if let Some(task) = task.upgrade() {
                    task.end();
                }
            }
        }
    }

    /// Whether it was ended.
    pub fn is_dead(&self) -> bool {
        self.0.dead.load(Ordering::Relaxed)
    }

    /// Lets no task run until [`Life::thaw`]; what they wait for goes on happening.
    pub fn freeze(&self) {
        self.0.frozen.store(true, Ordering::Relaxed);
    }

    /// Lets the tasks run again.
    pub fn thaw(&self) {
        self.0.frozen.store(false, Ordering::Relaxed);
        let waiting = std::mem::take(&mut *lock(&self.0.waiting));
        for waker in waiting {
            waker.wake();
        }
    }

    /// Whether it is frozen.
    pub fn is_frozen(&self) -> bool {
        self.0.frozen.load(Ordering::Relaxed)
    }

    fn adopt<F: Future + Send + 'static>(&self, future: F) -> InLife<F> {
        let slot = Arc::new(Slot(Mutex::new(Some(Box::pin(future)))));
        let number = self.0.next.fetch_add(1, Ordering::Relaxed);
        let mortal: Weak<Slot<F>> = Arc::downgrade(&slot);
        lock(&self.0.tasks).insert(number, mortal);
        InLife {
            life: self.clone(),
            number,
            slot,
        }
    }
}

/// A task of a life. Once the life is over it never ends: nobody is there to be told.
struct InLife<F> {
    life: Life,
    number: u64,
    slot: Arc<Slot<F>>,
}

impl<F: Future> Future for InLife<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.get_mut();
        if this.life.is_dead() {
            return Poll::Pending;
        }
        if this.life.is_frozen() {
            lock(&this.life.0.waiting).push(cx.waker().clone());
            return Poll::Pending;
        }
        let _entered = enter(Some(this.life.clone()));
        let mut slot = lock(&this.slot.0);
        let Some(future) = slot.as_mut() else {
            return Poll::Pending;
        };
        let polled = future.as_mut().poll(cx);
        let over = polled.is_ready() || this.life.is_dead();
        let ended = if over { slot.take() } else { None };
        drop(slot);
        drop(ended);
        if over {
            lock(&this.life.0.tasks).remove(&this.number);
        }
        if this.life.is_dead() {
            return Poll::Pending;
        }
        polled
    }
}

/// A task or the thing itself, so that tasks spawned outside any life are as they are.
enum Spawned<F> {
    Inside(InLife<F>),
    Outside(Pin<Box<F>>),
}

impl<F: Future> Future for Spawned<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        match self.get_mut() {
            Self::Inside(task) => Pin::new(task).poll(cx),
            Self::Outside(task) => {
                // What the harness does belongs to no process.
                let _entered = enter(None);
                task.as_mut().poll(cx)
            }
        }
    }
}

/// Spawns a task of the harness itself: of no process.
pub fn spawn(future: impl Future<Output = ()> + Send + 'static) {
    drop(SimRuntime::spawn(Spawned::Outside(Box::pin(future))));
}

/// The simulated runtime, with every task given to the life in which it is spawned.
#[derive(Debug)]
pub struct NodeRuntime(SimRuntime);

impl AsyncRuntime for NodeRuntime {
    type JoinError = <SimRuntime as AsyncRuntime>::JoinError;
    type JoinHandle<T: OptionalSend + 'static> = <SimRuntime as AsyncRuntime>::JoinHandle<T>;
    type Sleep = <SimRuntime as AsyncRuntime>::Sleep;
    type Instant = <SimRuntime as AsyncRuntime>::Instant;
    type TimeoutError = <SimRuntime as AsyncRuntime>::TimeoutError;
    type Timeout<R, T: Future<Output = R> + OptionalSend> =
        <SimRuntime as AsyncRuntime>::Timeout<R, T>;
    type ThreadLocalRng = <SimRuntime as AsyncRuntime>::ThreadLocalRng;
    type Mpsc = <SimRuntime as AsyncRuntime>::Mpsc;
    type Watch = <SimRuntime as AsyncRuntime>::Watch;
    type Oneshot = <SimRuntime as AsyncRuntime>::Oneshot;
    type Mutex<T: OptionalSend + 'static> = <SimRuntime as AsyncRuntime>::Mutex<T>;

    fn spawn<T>(future: T) -> Self::JoinHandle<T::Output>
    where
        T: Future + OptionalSend + 'static,
        T::Output: OptionalSend + 'static,
    {
        let life = CURRENT.with(|current| current.borrow().clone());
        SimRuntime::spawn(match life {
            Some(life) => Spawned::Inside(life.adopt(future)),
            None => Spawned::Outside(Box::pin(future)),
        })
    }

    fn sleep(duration: Duration) -> Self::Sleep {
        SimRuntime::sleep(duration)
    }

    fn sleep_until(deadline: Self::Instant) -> Self::Sleep {
        SimRuntime::sleep_until(deadline)
    }

    fn timeout<R, F: Future<Output = R> + OptionalSend>(
        duration: Duration,
        future: F,
    ) -> Self::Timeout<R, F> {
        SimRuntime::timeout(duration, future)
    }

    fn timeout_at<R, F: Future<Output = R> + OptionalSend>(
        deadline: Self::Instant,
        future: F,
    ) -> Self::Timeout<R, F> {
        SimRuntime::timeout_at(deadline, future)
    }

    fn is_panic(join_error: &Self::JoinError) -> bool {
        SimRuntime::is_panic(join_error)
    }

    fn thread_rng() -> Self::ThreadLocalRng {
        SimRuntime::thread_rng()
    }

    fn new(threads: usize) -> Self {
        Self(SimRuntime::new(threads))
    }

    fn block_on<F, T>(&mut self, future: F) -> T
    where
        F: Future<Output = T>,
    {
        self.0.block_on(future)
    }

    fn spawn_blocking<F, T>(f: F) -> impl Future<Output = Result<T, io::Error>> + Send
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        SimRuntime::spawn_blocking(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicU32;

    fn counting(count: &Arc<AtomicU32>) -> impl Future<Output = ()> + Send + use<> {
        let count = Arc::clone(count);
        async move {
            loop {
                SimRuntime::sleep(Duration::from_millis(1)).await;
                count.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    #[test]
    fn a_life_ends_with_every_task_in_it() {
        let count = Arc::new(AtomicU32::new(0));
        SimRuntime::with_seed(1).block_on(async {
            let life = Life::new();
            let inner = count.clone();
            life.spawn(async move {
                // A task spawned in a task of the life is the life's too.
                drop(NodeRuntime::spawn(counting(&inner)));
                std::future::pending::<()>().await;
            });
            SimRuntime::sleep(Duration::from_micros(10_500)).await;
            assert_eq!(count.load(Ordering::Relaxed), 10);
            life.end();
            assert_eq!(Arc::strong_count(&count), 1, "a task was not dropped");
            SimRuntime::sleep(Duration::from_millis(10)).await;
            assert_eq!(count.load(Ordering::Relaxed), 10);
        });
    }

    #[test]
    fn a_frozen_life_goes_on_when_it_thaws() {
        let count = Arc::new(AtomicU32::new(0));
        SimRuntime::with_seed(1).block_on(async {
            let life = Life::new();
            life.spawn(counting(&count));
            SimRuntime::sleep(Duration::from_micros(5_500)).await;
            life.freeze();
            SimRuntime::sleep(Duration::from_millis(10)).await;
            assert_eq!(count.load(Ordering::Relaxed), 5);
            life.thaw();
            SimRuntime::sleep(Duration::from_millis(5)).await;
            assert!(count.load(Ordering::Relaxed) > 8);
        });
    }

    #[test]
    fn a_task_may_end_its_own_life() {
        let count = Arc::new(AtomicU32::new(0));
        SimRuntime::with_seed(1).block_on(async {
            let life = Life::new();
            life.spawn(counting(&count));
            let own = life.clone();
            life.spawn(async move {
                SimRuntime::sleep(Duration::from_micros(3_500)).await;
                own.end();
                std::future::pending::<()>().await;
            });
            SimRuntime::sleep(Duration::from_millis(20)).await;
            assert_eq!(count.load(Ordering::Relaxed), 3);
        });
    }
}
