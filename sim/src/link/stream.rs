//! A link to a socket that carries frames as QEMU's `stream` network back end writes them: the
//! length in four bytes, highest first, and the frame.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::mem;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;

use crate::frame::Frame;
use crate::link::Link;
use crate::link::plane::Plane;

/// A stream of frames; whoever is at its other end is told of the carrier by a closure.
pub struct StreamLink<C> {
    stream: UnixStream,
    carrier: C,
    arrived: Vec<u8>,
    /// The rest of a frame that the socket took in part.
    leaving: VecDeque<u8>,
    lost: u64,
    gone: bool,
}

impl<C: FnMut(bool) -> io::Result<()>> StreamLink<C> {
    /// Makes a link of one end of a stream.
    pub fn new(stream: UnixStream, carrier: C) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        Ok(Self {
            stream,
            carrier,
            arrived: Vec::new(),
            leaving: VecDeque::new(),
            lost: 0,
            gone: false,
        })
    }

    /// Returns how many frames the other end did not take.
    pub fn lost(&self) -> u64 {
        self.lost
    }

    /// Hands on what the socket did not take before.
    fn flush(&mut self) -> io::Result<()> {
        while !self.leaving.is_empty() && !self.gone {
            let (front, _) = self.leaving.as_slices();
            match self.stream.write(front) {
                Ok(count) => drop(self.leaving.drain(..count)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return self.end(error),
            }
        }
        Ok(())
    }

    /// Takes the first frame out of what has arrived.
    fn next_frame(&mut self) -> Option<Frame> {
        let length = self.arrived.first_chunk().copied();
        let length = u32::from_be_bytes(length?) as usize;
        if length > LONGEST_FRAME {
            // What follows cannot be made out.
            self.gone = true;
            return None;
        }
        let end = HEADER + length;
        let frame = self.arrived.get(HEADER..end)?.into();
        self.arrived.drain(..end);
        Some(frame)
    }

    /// The other end has closed: nothing more comes, and what is sent is lost, as on a wire.
    fn end(&mut self, error: io::Error) -> io::Result<()> {
        match error.kind() {
            ErrorKind::BrokenPipe | ErrorKind::ConnectionReset => {
                self.gone = true;
                self.leaving.clear();
                Ok(())
            }
            _ => Err(error),
        }
    }
}

impl<C: FnMut(bool) -> io::Result<()>> Link for StreamLink<C> {
    fn send(&mut self, frame: &Frame) -> io::Result<()> {
        self.flush()?;
        let length = u32::try_from(frame.len()).ok();
        let Some(length) = length.filter(|_| self.leaving.is_empty() && !self.gone) else {
            self.lost += 1;
            return Ok(());
        };
        self.leaving.extend(length.to_be_bytes());
        self.leaving.extend(&**frame);
        self.flush()
    }

    fn try_recv(&mut self) -> io::Result<Option<Frame>> {
        self.flush()?;
        let mut bytes = [0; 64 << 10];
        loop {
            if self.gone {
                return Ok(None);
            }
            if let Some(frame) = self.next_frame() {
                return Ok(Some(frame));
            }
            match self.stream.read(&mut bytes) {
                Ok(0) => self.gone = true,
                Ok(count) => self.arrived.extend(&bytes[..count]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(None),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => self.end(error)?,
            }
        }
    }

    fn fd(&self) -> Option<BorrowedFd<'_>> {
        // Polling on what has ended would spin.
        (!self.gone).then(|| self.stream.as_fd())
    }

    fn set_carrier(&mut self, up: bool) -> io::Result<()> {
        (self.carrier)(up)
    }

    fn lend(&mut self) -> io::Result<Box<dyn Plane>> {
        Ok(Box::new(StreamLink {
            stream: self.stream.try_clone()?,
            carrier: |_| Ok(()),
            arrived: mem::take(&mut self.arrived),
            leaving: mem::take(&mut self.leaving),
            lost: 0,
            gone: self.gone,
        }))
    }
}

impl<C: FnMut(bool) -> io::Result<()> + Send> Plane for StreamLink<C> {
    fn put(&mut self, frame: &[u8]) -> io::Result<bool> {
        let before = self.lost;
        self.send(&frame.into())?;
        Ok(self.lost == before)
    }

    fn receive(&mut self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        let Some(frame) = self.try_recv()? else {
            return Ok(None);
        };
        // No frame of QEMU's is longer than what is lent out for.
        let length = frame.len().min(buffer.len());
        buffer[..length].copy_from_slice(&frame[..length]);
        Ok(Some(length))
    }

    fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        self.fd()
    }
}

const HEADER: usize = 4;
/// QEMU's own bound on a frame (`NET_BUFSIZE`).
const LONGEST_FRAME: usize = 4096 + 65_536;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_cross_whole_however_the_stream_cuts_them() {
        let (mut far, mut link) = pair();
        far.write_all(&[0, 0, 0, 2, 0xaa, 0xbb, 0, 0]).unwrap();
        let frame = link.try_recv().unwrap().unwrap();
        assert_eq!(&*frame, [0xaa, 0xbb]);
        assert!(link.try_recv().unwrap().is_none());
        far.write_all(&[0, 1, 0xcc]).unwrap();
        assert_eq!(&*link.try_recv().unwrap().unwrap(), [0xcc]);
        link.send(&Frame::from(&[1, 2, 3][..])).unwrap();
        let mut seen = [0; 7];
        far.read_exact(&mut seen).unwrap();
        assert_eq!(seen, [0, 0, 0, 3, 1, 2, 3]);
    }

    #[test]
    fn a_length_beyond_all_frames_ends_the_link() {
        let (mut far, mut link) = pair();
        far.write_all(&[0xff; 16]).unwrap();
        assert!(link.try_recv().unwrap().is_none());
        assert!(link.fd().is_none());
    }

    #[test]
    fn nobody_at_the_other_end_loses_frames() {
        let (far, mut link) = pair();
        drop(far);
        link.send(&Frame::from(&[1][..])).unwrap();
        assert!(link.try_recv().unwrap().is_none());
        assert!(link.fd().is_none());
        link.send(&Frame::from(&[1][..])).unwrap();
        assert_eq!(link.lost(), 1);
    }

    #[test]
    fn a_reader_that_sleeps_gets_whole_frames_when_it_wakes() {
        let (mut far, mut link) = pair();
        let frame = Frame::from(&[7; 1500][..]);
        while link.lost() == 0 {
            link.send(&frame).unwrap();
        }
        far.set_nonblocking(true).unwrap();
        let mut bytes = Vec::new();
        for _ in 0..4 {
            let _ = far.read_to_end(&mut bytes);
            assert!(link.try_recv().unwrap().is_none());
        }
        assert!(!bytes.is_empty());
        assert_eq!(bytes.len() % 1504, 0);
    }

    fn pair() -> (UnixStream, StreamLink<impl FnMut(bool) -> io::Result<()>>) {
        let (far, near) = UnixStream::pair().unwrap();
        (far, StreamLink::new(near, |_| Ok(())).unwrap())
    }
}
