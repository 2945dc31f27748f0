//! A value that is there once, later: sent by one, and awaited by another or told to it by a call. What the crates have for this is
//! made for threads, of which there is one here, and several times as large.

use std::{
    cell::RefCell,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker},
};

struct Once<T> {
    value: Option<T>,
    /// The sender is gone, or nobody waits any more.
    over: bool,
    waiting: Option<Waker>,
    #[cfg(feature = "javascript")]
    call: Option<Box<dyn FnOnce(Option<T>)>>,
}

pub(crate) struct Sender<T>(Rc<RefCell<Once<T>>>);

/// A future of the value; `None` if the sender was dropped.
pub(crate) struct Receiver<T>(Rc<RefCell<Once<T>>>);

pub(crate) fn channel<T>() -> (Sender<T>, Receiver<T>) {
    let once = Once {
        value: None,
        over: false,
        waiting: None,
        #[cfg(feature = "javascript")]
        call: None,
    };
    let once = Rc::new(RefCell::new(once));
    (Sender(once.clone()), Receiver(once))
}

impl<T> Sender<T> {
    /// Gives the value back if nobody waits for it any more.
    pub(crate) fn send(self, value: T) -> Result<(), T> {
        let mut once = self.0.borrow_mut();
        if once.over {
            return Err(value);
        }
        once.value = Some(value);
        Ok(())
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        let mut once = self.0.borrow_mut();
        once.over = true;
        #[cfg(feature = "javascript")]
        if let Some(call) = once.call.take() {
            let value = once.value.take();
            drop(once);
            return call(value);
        }
        let waiting = once.waiting.take();
        drop(once);
        if let Some(waker) = waiting {
            waker.wake();
        }
    }
}

impl<T> Receiver<T> {
    /// Has the value told by a call.
    #[cfg(feature = "javascript")]
    pub(crate) fn then(self, call: impl FnOnce(Option<T>) + 'static) {
        let mut once = self.0.borrow_mut();
        if !once.over {
            once.call = Some(Box::new(call));
            return;
        }
        let value = once.value.take();
        drop(once);
        call(value);
    }
}

impl<T> Future for Receiver<T> {
    type Output = Option<T>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let waker = cx.waker().clone();
        let mut once = self.0.borrow_mut();
        if once.over {
            return Poll::Ready(once.value.take());
        }
        let before = once.waiting.replace(waker);
        // To drop a waker may run the app's code.
        drop(once);
        drop(before);
        Poll::Pending
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        let mut once = self.0.borrow_mut();
        #[cfg(feature = "javascript")]
        if once.call.is_some() {
            return;
        }
        once.over = true;
        // What is dropped may look at this again.
        let value = once.value.take();
        drop(once);
        drop(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn poll<T>(receiver: &mut Receiver<T>) -> Poll<Option<T>> {
        Pin::new(receiver).poll(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn what_is_sent_arrives() {
        let (sender, mut receiver) = channel();
        assert_eq!(poll(&mut receiver), Poll::Pending);
        assert_eq!(sender.send(7), Ok(()));
        assert_eq!(poll(&mut receiver), Poll::Ready(Some(7)));
    }

    #[test]
    fn the_end_of_the_sender_is_noticed() {
        let (sender, mut receiver) = channel::<u32>();
        drop(sender);
        assert_eq!(poll(&mut receiver), Poll::Ready(None));
    }

    #[test]
    fn what_nobody_waits_for_comes_back() {
        let (sender, receiver) = channel();
        drop(receiver);
        assert_eq!(sender.send(7), Err(7));
    }

    #[test]
    #[cfg(feature = "javascript")]
    fn a_call_is_told_once_before_or_after() {
        for sent_first in [true, false] {
            let told = Rc::new(RefCell::new(Vec::new()));
            let tell = told.clone();
            let (sender, receiver) = channel();
            if sent_first {
                assert_eq!(sender.send(7), Ok(()));
                receiver.then(move |value| tell.borrow_mut().push(value));
            } else {
                receiver.then(move |value| tell.borrow_mut().push(value));
                assert_eq!(sender.send(7), Ok(()));
            }
            assert_eq!(*told.borrow(), [Some(7)]);
        }
    }
}
