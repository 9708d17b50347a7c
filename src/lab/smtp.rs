//! [`Sink`]: a relay on loopback that takes every mail, passes none on, and keeps each as a file.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::fs;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinSet;

use super::listen::{ANY, serve};
use super::subject;

/// No line is longer; RFC 5321 §4.5.3.1.6 allows 1000 octets, but not everybody heeds it.
const MAX_LINE: u64 = 64 * 1024;
/// No mail is longer.
const MAX_MAIL: usize = 8 * 1024 * 1024;
/// Mails that may wait until somebody asks for them.
const WAITING: usize = 64;

/// A running sink; dropping it ends it. The files stay.
#[derive(Debug)]
pub struct Sink {
    address: SocketAddr,
    _tasks: JoinSet<io::Result<()>>,
}

/// A mail that came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// Its subject, as a mail program shows it: a stranger's text.
    pub subject: String,
    /// Where it was written, whole, as it came.
    pub file: PathBuf,
}

impl Sink {
    /// Starts to keep mails in this folder, which must be there: `001.eml`, `002.eml` and so on, after those that are in it
    /// already. Each is also told to the receiver.
    pub async fn start(folder: &Path) -> io::Result<(Self, mpsc::Receiver<Received>)> {
        let listener = TcpListener::bind(ANY).await?;
        let address = listener.local_addr()?;
        let (news, received) = mpsc::channel(WAITING);
        let shelf = Arc::new(Mutex::new(Shelf { folder: folder.to_owned(), number: 0 }));
        let tasks = serve(listener, move |stream| talk(stream, Arc::clone(&shelf), news.clone()));
        Ok((Self { address, _tasks: tasks }, received))
    }

    /// Where it takes mail.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }
}

/// Where mails are put, one after the other.
struct Shelf {
    folder: PathBuf,
    number: u32,
}

impl Shelf {
    /// Writes the mail aside and moves it to its place, so that whoever sees the file sees all of it.
    async fn put(&mut self, mail: &[u8]) -> io::Result<PathBuf> {
        let file = loop {
            self.number += 1;
            let file = self.folder.join(format!("{:03}.eml", self.number));
            if !fs::try_exists(&file).await? {
                break file;
            }
        };
        let aside = self.folder.join(format!(".{:03}.part", self.number));
        fs::write(&aside, mail).await?;
        fs::rename(&aside, &file).await?;
        Ok(file)
    }
}

/// One session (RFC 5321), until QUIT or until the other side is gone.
async fn talk(stream: TcpStream, shelf: Arc<Mutex<Shelf>>, news: mpsc::Sender<Received>) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    say(&mut stream, "220 lab ESMTP").await?;
    loop {
        let line = read_line(&mut stream).await?;
        let command = String::from_utf8_lossy(&line).trim().to_ascii_uppercase();
        match command.split([' ', ':']).next().unwrap_or_default() {
            "EHLO" => say(&mut stream, "250-lab\r\n250-8BITMIME\r\n250 SMTPUTF8").await?,
            "HELO" | "MAIL" | "RCPT" | "RSET" | "NOOP" => say(&mut stream, "250 2.0.0 fine").await?,
            "DATA" => {
                say(&mut stream, "354 go on, and end with a dot").await?;
                let mail = read_mail(&mut stream).await?;
                let Ok(file) = shelf.lock().await.put(&mail).await else {
                    say(&mut stream, "452 4.3.1 it could not be written").await?;
                    continue;
                };
                say(&mut stream, "250 2.0.0 kept").await?;
                let _ = news.send(Received { subject: subject::of(&mail), file }).await;
            }
            "QUIT" => return say(&mut stream, "221 2.0.0 good-bye").await,
            _ => say(&mut stream, "502 5.5.1 not here").await?,
        }
    }
}

/// What follows DATA, up to the line with a lone dot; a dot that was doubled is one again (RFC 5321 §4.5.2).
async fn read_mail(stream: &mut BufReader<TcpStream>) -> io::Result<Vec<u8>> {
    let mut mail = Vec::new();
    loop {
        let line = read_line(stream).await?;
        if line == b".\r\n" {
            return Ok(mail);
        }
        mail.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
        if mail.len() > MAX_MAIL {
            return Err(io::Error::new(ErrorKind::InvalidData, "the mail is too long"));
        }
    }
}

async fn read_line(stream: &mut BufReader<TcpStream>) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    stream.take(MAX_LINE).read_until(b'\n', &mut line).await?;
    if line.ends_with(b"\n") { Ok(line) } else { Err(ErrorKind::UnexpectedEof.into()) }
}

async fn say(stream: &mut BufReader<TcpStream>, line: &str) -> io::Result<()> {
    stream.write_all(format!("{line}\r\n").as_bytes()).await
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn converse(address: SocketAddr, lines: &[&str]) -> Vec<String> {
        let mut stream = BufReader::new(TcpStream::connect(address).await.unwrap());
        let mut answers = vec![String::from_utf8(read_line(&mut stream).await.unwrap()).unwrap()];
        for line in lines {
            say(&mut stream, line).await.unwrap();
            answers.push(String::from_utf8(read_line(&mut stream).await.unwrap()).unwrap());
        }
        answers.iter().map(|answer| answer[..3].to_owned()).collect()
    }

    #[tokio::test]
    async fn a_mail_is_kept_as_it_was_meant() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("001.eml"), "of yesterday").unwrap();
        let (sink, mut received) = Sink::start(folder.path()).await.unwrap();
        let data = "Subject: It is\r\n\r\nOne\r\n..two\r\n.";
        let lines = ["HELO me", "MAIL FROM:<a@example.com>", "RCPT TO:<b@example.com>", "DATA", data, "VRFY b", "QUIT"];
        let answers = converse(sink.address(), &lines).await;
        assert_eq!(answers, ["220", "250", "250", "250", "354", "250", "502", "221"]);
        let mail = received.recv().await.unwrap();
        assert_eq!((mail.subject.as_str(), mail.file), ("It is", folder.path().join("002.eml")));
        let kept = std::fs::read_to_string(folder.path().join("002.eml")).unwrap();
        assert_eq!(kept, "Subject: It is\r\n\r\nOne\r\n.two\r\n");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[tokio::test]
    async fn a_mail_that_cannot_be_kept_is_not_taken() {
        let folder = tempfile::tempdir().unwrap();
        let (sink, _received) = Sink::start(&folder.path().join("gone")).await.unwrap();
        let answers = converse(sink.address(), &["DATA", "Subject: It is\r\n\r\n.", "QUIT"]).await;
        assert_eq!(answers, ["220", "354", "452", "221"]);
    }
}
