//! The clock, and a timer of its precision: the runtime's own timers know milliseconds only.

use crate::direction::Now;
use rustix::time::{
    ClockId, Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, clock_gettime,
    timerfd_create, timerfd_settime,
};
use std::io;
use std::os::fd::OwnedFd;
use std::task::{Context, Poll, ready};
use tokio::io::unix::AsyncFd;

fn nanoseconds(time: Timespec) -> u64 {
    let whole = u64::try_from(time.tv_sec).unwrap_or(0) * 1_000_000_000;
    whole + u64::try_from(time.tv_nsec).unwrap_or(0)
}

/// Nanoseconds of the system's monotonic clock.
#[must_use]
pub fn mono_ns() -> u64 {
    nanoseconds(clock_gettime(ClockId::Monotonic))
}

/// Both clocks.
#[must_use]
pub fn now() -> Now {
    Now {
        mono_ns: mono_ns(),
        wall_ns: nanoseconds(clock_gettime(ClockId::Realtime)),
    }
}

/// Wakes a task at a time of the monotonic clock. The descriptor it takes is opened at its first use.
#[derive(Default)]
pub struct Timer {
    file: Option<AsyncFd<OwnedFd>>,
    armed_ns: Option<u64>,
}

impl Timer {
    /// Ready once `due_ns` is past, or an earlier time that was asked for before it.
    ///
    /// # Errors
    /// The system gives no timer.
    pub fn poll_until(&mut self, due_ns: u64, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let file = match &self.file {
            Some(file) => file,
            None => {
                let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
                let made = timerfd_create(TimerfdClockId::Monotonic, flags)?;
                // SAFETY: the descriptor is open, is owned by the value that is registered, and is neither replaced nor
                // closed before that is dropped.
                let registered = unsafe { AsyncFd::register(made) };
                self.file.insert(registered.map_err(io::Error::from)?)
            }
        };
        if self.armed_ns != Some(due_ns) {
            let never = Timespec {
                tv_sec: 0,
                tv_nsec: 0,
            };
            // A time of zero would disarm it.
            let due_ns = due_ns.max(1);
            let value = Timespec {
                tv_sec: i64::try_from(due_ns / 1_000_000_000).unwrap_or(i64::MAX),
                tv_nsec: (due_ns % 1_000_000_000).try_into().unwrap_or(0),
            };
            let at = Itimerspec {
                it_interval: never,
                it_value: value,
            };
            timerfd_settime(file.get_ref(), TimerfdTimerFlags::ABSTIME, &at)?;
            self.armed_ns = Some(due_ns);
        }
        loop {
            let mut guard = ready!(file.poll_read_ready(cx))?;
            let mut count = [0; 8];
            match guard.try_io(|file| Ok(rustix::io::read(file.get_ref(), &mut count)?)) {
                Ok(Ok(_)) => {
                    self.armed_ns = None;
                    return Poll::Ready(Ok(()));
                }
                Ok(Err(error)) => return Poll::Ready(Err(error)),
                Err(_would_block) => {}
            }
        }
    }

    /// Waits until `due_ns` is past.
    ///
    /// # Errors
    /// The system gives no timer.
    pub async fn until(&mut self, due_ns: u64) -> io::Result<()> {
        while mono_ns() < due_ns {
            std::future::poll_fn(|cx| self.poll_until(due_ns, cx)).await?;
        }
        Ok(())
    }
}
