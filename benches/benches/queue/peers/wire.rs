//! A connection to a server that speaks in lines.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};

use crate::Failure;

pub struct Wire(BufReader<TcpStream>);

impl Wire {
    pub fn to(port: u16) -> Result<Wire, Failure> {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        // Every request is written at once and waited for.
        stream.set_nodelay(true)?;
        Ok(Wire(BufReader::new(stream)))
    }

    pub fn send(&mut self, request: &[u8]) -> Result<(), Failure> {
        Ok(self.0.get_mut().write_all(request)?)
    }

    /// The next line, without its end.
    pub fn line(&mut self) -> Result<String, Failure> {
        let mut line = String::new();
        self.0.read_line(&mut line)?;
        match line.strip_suffix("\r\n") {
            Some(line) => Ok(line.to_owned()),
            None => Err("the server hung up".into()),
        }
    }

    /// A body of this length, and the end of its line.
    pub fn body(&mut self, length: usize) -> Result<String, Failure> {
        let mut body = vec![0; length + 2];
        self.0.read_exact(&mut body)?;
        body.truncate(length);
        Ok(String::from_utf8(body)?)
    }
}
