//! The worker threads that the CPU kernels share.
//!
//! A training step is a long sequence of small parallel loops, some of which take only tens of microseconds.
//! The pool is therefore optimised for a fast start and end of a loop: workers spin briefly before they park,
//! tasks are claimed from one atomic counter, the calling thread works too, and it never waits for a worker
//! that did not wake up in time to take part.
#![allow(unsafe_code)] // a job borrows the caller's stack; see `Job`

use std::any::Any;
use std::cell::{Cell, UnsafeCell};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long an idle worker spins before it parks: longer than the serial gaps within a training step, and
/// short enough that an idle program uses no noticeable CPU time.
const SPIN: Duration = Duration::from_micros(200);

/// The number of threads set with [`set_threads`]; 0 means as many as the machine has.
static WANTED: AtomicUsize = AtomicUsize::new(0);
static POOL: Mutex<Option<Pool>> = Mutex::new(None);

thread_local! {
    /// Whether this thread is running a task; loops started within a task run serially.
    static BUSY: Cell<bool> = const { Cell::new(false) };
}

/// Runs `f(task, worker)` for every task in `0..tasks`, on all threads of the pool and the calling one.
///
/// `worker` is less than [`threads`], and differs between tasks that run at the same time. The assignment of
/// tasks to workers is not fixed, so results must depend on the task only. If called within a task, or while
/// another thread uses the pool, the loop runs serially. A panic in a task ends the loop early and continues
/// in the caller.
pub fn parallel_for(tasks: usize, f: impl Fn(usize, usize) + Sync) {
    if tasks > 1 && !BUSY.get() {
        let count = threads();
        if count > 1
            && let Some(mut slot) = try_lock(&POOL)
        {
            if slot.as_ref().is_none_or(|pool| pool.threads != count) {
                drop(slot.take());
                *slot = Some(Pool::new(count));
            }
            if let Some(pool) = slot.as_ref()
                && let Some(panic) = pool.run(tasks, &f)
            {
                drop(slot);
                resume_unwind(panic);
            }
            return;
        }
    }
    (0..tasks).for_each(|task| f(task, 0));
}

/// Runs `f(task, next)` for every task in `0..tasks` in parallel, like [`parallel_for`]. `next` is the task
/// that the same thread will run after this one, so that `f` can prefetch the data of that task.
pub(crate) fn parallel_ahead(tasks: usize, f: impl Fn(usize, Option<usize>) + Sync) {
    let unclaimed = AtomicUsize::new(0);
    let claim = || Some(unclaimed.fetch_add(1, Ordering::Relaxed)).filter(|&task| task < tasks);
    parallel_for(threads().min(tasks), |_, _| {
        let mut current = claim();
        while let Some(task) = current {
            let next = claim();
            f(task, next);
            current = next;
        }
    });
}

/// Sets the number of threads on which the kernels run, including the calling one. 0 means as many as the
/// machine has, which is the default. It may be called at any time and takes effect with the next operation.
/// Results have the same bytes for any number of threads.
pub fn set_threads(count: usize) {
    WANTED.store(count, Ordering::Relaxed);
}

/// The number of threads on which the kernels run, including the calling one; at least 1.
pub fn threads() -> usize {
    static AVAILABLE: AtomicUsize = AtomicUsize::new(0);
    let known = |count: usize| (count > 0).then_some(count);
    known(WANTED.load(Ordering::Relaxed)).or(known(AVAILABLE.load(Ordering::Relaxed))).unwrap_or_else(|| {
        let count = std::thread::available_parallelism().map_or(1, usize::from);
        AVAILABLE.store(count, Ordering::Relaxed);
        count
    })
}

/// The loop in progress: a closure on the caller's stack with its lifetime erased.
#[derive(Clone, Copy)]
struct Job {
    call: unsafe fn(*const (), usize, usize),
    data: *const (),
    tasks: usize,
}

struct Shared {
    /// The number of loops so far; an idle worker waits for it to change.
    epoch: AtomicUsize,
    /// Bit 0: whether workers may join the job. The other bits: the number of workers that have joined and
    /// not yet left.
    gate: AtomicUsize,
    job: UnsafeCell<Job>,
    next: AtomicUsize,
    panic: Mutex<Option<Box<dyn Any + Send>>>,
    asleep: Vec<AtomicBool>,
    stop: AtomicBool,
}

// SAFETY: `job` is written by the one thread that holds POOL, only while the gate is shut and empty, and read
// by workers only after they have passed the open gate (acquire). The closure that `data` points to is Sync
// by `run`'s bound.
unsafe impl Sync for Shared {}
// SAFETY: accesses are ordered as described for `Sync`, and no field depends on the thread that created it.
unsafe impl Send for Shared {}

struct Pool {
    /// The requested number of threads; the system may have refused to start some.
    threads: usize,
    shared: Arc<Shared>,
    workers: Vec<JoinHandle<()>>,
}

impl Pool {
    fn new(threads: usize) -> Self {
        let idle = Job { call: |_, _, _| (), data: std::ptr::null(), tasks: 0 };
        let shared = Arc::new(Shared {
            epoch: AtomicUsize::new(0),
            gate: AtomicUsize::new(0),
            job: UnsafeCell::new(idle),
            next: AtomicUsize::new(0),
            panic: Mutex::new(None),
            asleep: (1..threads).map(|_| AtomicBool::new(false)).collect(),
            stop: AtomicBool::new(false),
        });
        // If the system refuses to start a thread, loops only become slower: the existing threads do the
        // work.
        let spawn = |index| {
            let shared = Arc::clone(&shared);
            let name = format!("kernels-{}", index + 1);
            std::thread::Builder::new().name(name).spawn(move || work(&shared, index)).ok()
        };
        let workers = (0..threads - 1).map_while(spawn).collect();
        Self { threads, shared, workers }
    }

    /// Runs the loop and returns the first panic of its tasks.
    fn run<F: Fn(usize, usize) + Sync>(&self, tasks: usize, f: &F) -> Option<Box<dyn Any + Send>> {
        unsafe fn call<F: Fn(usize, usize)>(data: *const (), task: usize, worker: usize) {
            // SAFETY: `data` points to the `f` of the `run` that created the job, and that `run` returns only
            // after this call.
            let f = unsafe { &*data.cast::<F>() };
            f(task, worker);
        }
        let shared = &*self.shared;
        let job = Job { call: call::<F>, data: (&raw const *f).cast(), tasks };
        // SAFETY: the gate is shut and no worker is inside (the last `run` waited for that), so no thread
        // reads `job`.
        unsafe { *shared.job.get() = job };
        shared.next.store(0, Ordering::Relaxed);
        shared.gate.store(1, Ordering::Release);
        shared.epoch.fetch_add(1, Ordering::SeqCst);
        // At most one parked worker per task is woken; spinning workers join without being woken.
        for (asleep, worker) in shared.asleep.iter().zip(&self.workers).take(tasks - 1) {
            if asleep.load(Ordering::SeqCst) && asleep.swap(false, Ordering::SeqCst) {
                worker.thread().unpark();
            }
        }
        shared.take_part(job, 0);
        shared.gate.fetch_and(!1, Ordering::AcqRel);
        let mut spins = 0_u32;
        while shared.gate.load(Ordering::Acquire) != 0 {
            spins += 1;
            // If other programs occupy the cores, the worker may be waiting for the core of this thread.
            if spins < 20_000 { std::hint::spin_loop() } else { std::thread::yield_now() }
        }
        lock(&shared.panic).take()
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        self.shared.epoch.fetch_add(1, Ordering::SeqCst);
        for worker in self.workers.drain(..) {
            worker.thread().unpark();
            // A worker catches the panics of its tasks, so joining it cannot report one.
            let _ = worker.join();
        }
    }
}

impl Shared {
    fn take_part(&self, job: Job, worker: usize) {
        BUSY.set(true);
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            loop {
                let task = self.next.fetch_add(1, Ordering::Relaxed);
                if task >= job.tasks {
                    break;
                }
                // SAFETY: the caller of `run` keeps the closure alive until all workers have left the gate.
                unsafe { (job.call)(job.data, task, worker) };
            }
        }));
        BUSY.set(false);
        if let Err(panic) = outcome {
            self.next.store(job.tasks, Ordering::Relaxed);
            lock(&self.panic).get_or_insert(panic);
        }
    }
}

fn work(shared: &Shared, index: usize) {
    let mut seen = 0;
    loop {
        let mut since = None;
        let mut spins = 0_u32;
        while shared.epoch.load(Ordering::Acquire) == seen {
            spins += 1;
            std::hint::spin_loop();
            if spins.is_multiple_of(64) && since.get_or_insert_with(Instant::now).elapsed() > SPIN {
                shared.asleep[index].store(true, Ordering::SeqCst);
                while shared.epoch.load(Ordering::SeqCst) == seen
                    && shared.asleep[index].load(Ordering::SeqCst)
                {
                    std::thread::park();
                }
                shared.asleep[index].store(false, Ordering::SeqCst);
            }
        }
        seen = shared.epoch.load(Ordering::Acquire);
        if shared.stop.load(Ordering::SeqCst) {
            return;
        }
        let open = |gate: usize| (gate & 1 == 1).then_some(gate + 2);
        if shared.gate.fetch_update(Ordering::Acquire, Ordering::Relaxed, open).is_ok() {
            // SAFETY: this worker is inside the gate, so `job` is the current one and stays as it is.
            let job = unsafe { *shared.job.get() };
            shared.take_part(job, index + 1);
            shared.gate.fetch_sub(2, Ordering::Release);
        }
    }
}

fn try_lock<T>(mutex: &Mutex<T>) -> Option<MutexGuard<'_, T>> {
    match mutex.try_lock() {
        Ok(guard) => Some(guard),
        Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks that every task runs once, also within tasks and while other threads use the pool.
    fn check_loop(tasks: usize) {
        let counts: Vec<_> = (0..tasks).map(|_| AtomicUsize::new(0)).collect();
        parallel_for(tasks, |task, _| {
            parallel_for(3, |_, _| {
                counts[task].fetch_add(1, Ordering::Relaxed);
            });
        });
        assert!(counts.iter().all(|count| count.load(Ordering::Relaxed) == 3));
        let seen: Vec<_> = (0..tasks).map(|_| AtomicUsize::new(0)).collect();
        parallel_ahead(tasks, |task, next| {
            assert!(next.is_none_or(|next| next > task && next < tasks));
            seen[task].fetch_add(1, Ordering::Relaxed);
        });
        assert!(seen.iter().all(|count| count.load(Ordering::Relaxed) == 1));
    }

    #[test]
    fn loops_run_every_task_once_whatever_happens_around_them() {
        let changing = AtomicBool::new(true);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for count in [1, 4, 2, 7, 3].into_iter().cycle().take(40) {
                    set_threads(count);
                    std::thread::sleep(Duration::from_millis(1));
                }
                changing.store(false, Ordering::Relaxed);
            });
            for _ in 0..2 {
                scope.spawn(|| {
                    while changing.load(Ordering::Relaxed) {
                        [0, 1, 2, 50].into_iter().for_each(check_loop);
                    }
                });
            }
        });
        set_threads(0);
        assert!(threads() >= 1);
    }

    #[test]
    fn a_panic_reaches_the_caller_and_the_pool_survives() {
        let loops = || parallel_for(100, |task, _| assert!(task != 57, "task {task}"));
        for _ in 0..20 {
            let panic = catch_unwind(loops).expect_err("task 57 panics");
            let message = panic.downcast_ref::<String>().expect("a formatted message");
            assert_eq!(message, "task 57");
            check_loop(20);
        }
    }
}
