//! A task of several parts that wake each other while it runs. Each such waking would put the task into the
//! runtime's queue once more, where another thread is woken to look for it; a connection that passes on much does so
//! with every piece. Here the parts are polled again at once instead.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};

use futures_util::task::AtomicWaker;
use tokio::task::coop;

/// Nobody polls: who wakes, wakes the task.
const RESTS: u8 = 0;
const POLLED: u8 = 1;
/// Woken while it is polled.
const POLLED_AND_WOKEN: u8 = 2;

/// A future that is polled again at once when it has woken itself.
pub(super) struct Quiet<F> {
    future: Pin<Box<F>>,
    bell: Arc<Bell>,
    waker: Waker,
}

struct Bell {
    task: AtomicWaker,
    state: AtomicU8,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let woken = self.state.fetch_update(Ordering::AcqRel, Ordering::Acquire, |state| (state != RESTS).then_some(POLLED_AND_WOKEN));
        if woken.is_err() {
            self.task.wake();
        }
    }
}

impl<F: Future> Quiet<F> {
    pub(super) fn new(future: F) -> Self {
        let bell = Arc::new(Bell { task: AtomicWaker::new(), state: AtomicU8::new(RESTS) });
        Self { future: Box::pin(future), waker: Waker::from(bell.clone()), bell }
    }
}

impl<F: Future> Future for Quiet<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = &mut *self;
        this.bell.task.register(context.waker());
        loop {
            this.bell.state.store(POLLED, Ordering::Release);
            if let Poll::Ready(output) = this.future.as_mut().poll(&mut Context::from_waker(&this.waker)) {
                return Poll::Ready(output);
            }
            let rests = this.bell.state.compare_exchange(POLLED, RESTS, Ordering::AcqRel, Ordering::Acquire);
            if rests.is_ok() {
                return Poll::Pending;
            }
            // Others' turn: what is polled now would only say so.
            if !coop::has_budget_remaining() {
                this.bell.state.store(RESTS, Ordering::Release);
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail")]
    use std::{sync::atomic::AtomicUsize, time::Duration};

    use tokio::sync::mpsc;

    use super::*;

    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn parts_that_wake_each_other_wake_nobody_else() {
        let woken = Arc::new(Count(AtomicUsize::new(0)));
        let (asks, mut asked) = mpsc::channel::<u32>(1);
        let (answers, mut answered) = mpsc::channel::<u32>(1);
        let mut quiet = Quiet::new(futures_util::future::join(
            async move {
                for n in 0..20 {
                    asks.send(n).await.unwrap();
                    assert_eq!(answered.recv().await, Some(n + 1));
                }
            },
            async move {
                while let Some(n) = asked.recv().await {
                    answers.send(n + 1).await.unwrap();
                }
            },
        ));
        let waker = Waker::from(woken.clone());
        assert!(Pin::new(&mut quiet).poll(&mut Context::from_waker(&waker)).is_ready());
        assert_eq!(woken.0.load(Ordering::Relaxed), 0);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn who_is_woken_from_outside_goes_on() {
        let (send, mut receive) = mpsc::channel::<u32>(1);
        let receiving = tokio::spawn(Quiet::new(async move {
            let mut sum = 0;
            while let Some(n) = receive.recv().await {
                sum += n;
            }
            sum
        }));
        for n in 0..10_000 {
            send.send(n).await.unwrap();
        }
        drop(send);
        let sum = tokio::time::timeout(Duration::from_secs(30), receiving).await.unwrap().unwrap();
        assert_eq!(sum, 9_999 * 10_000 / 2);
    }

    #[tokio::test(flavor = "current_thread")]
    async fn who_always_wakes_itself_lets_others_run() {
        let busy = tokio::spawn(Quiet::new(async {
            loop {
                tokio::task::consume_budget().await;
            }
        }));
        tokio::task::yield_now().await;
        busy.abort();
        assert!(busy.await.unwrap_err().is_cancelled());
    }
}
