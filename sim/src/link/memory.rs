//! A link whose outside is a pair of queues in memory.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io;
use std::os::fd::BorrowedFd;
use std::rc::Rc;

use crate::frame::Frame;
use crate::link::Link;

/// A link in memory; its clones share the same queues.
#[derive(Clone, Default)]
pub struct MemoryLink {
    queues: Rc<RefCell<Queues>>,
}

#[derive(Default)]
struct Queues {
    to_outside: VecDeque<Frame>,
    to_world: VecDeque<Frame>,
}

impl MemoryLink {
    /// Puts a frame where the world will find it.
    pub fn push(&self, frame: impl Into<Frame>) {
        self.queues.borrow_mut().to_world.push_back(frame.into());
    }

    /// Takes the oldest frame the world has sent.
    pub fn pop(&self) -> Option<Frame> {
        self.queues.borrow_mut().to_outside.pop_front()
    }
}

impl Link for MemoryLink {
    fn send(&mut self, frame: &Frame) -> io::Result<()> {
        self.queues.borrow_mut().to_outside.push_back(frame.clone());
        Ok(())
    }

    fn try_recv(&mut self) -> io::Result<Option<Frame>> {
        Ok(self.queues.borrow_mut().to_world.pop_front())
    }

    fn fd(&self) -> Option<BorrowedFd<'_>> {
        None
    }
}
