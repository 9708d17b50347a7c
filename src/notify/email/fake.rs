//! A relay on loopback that answers as it is told, for tests.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// What it does when a line begins with the first: answers with the second, or one of the two below.
pub(super) type Script = &'static [(&'static str, &'static str)];

/// Says nothing and keeps the connection open.
pub(super) const HANG: &str = "hang";
/// Closes the connection.
pub(super) const DROP: &str = "drop";

/// A running relay.
pub(super) struct FakeRelay {
    pub(super) port: u16,
    /// Every line it read, message lines among them.
    pub(super) lines: Arc<Mutex<Vec<String>>>,
}

impl FakeRelay {
    /// Starts it; with an acceptor it offers STARTTLS, or is TLS from the first byte.
    pub(super) async fn start(script: Script, tls: Option<(TlsAcceptor, Tls)>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let lines = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&lines);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let talk = Talk { script, lines: Arc::clone(&heard), offer: false };
                match tls.clone() {
                    None => drop(talk.run(stream, true).await),
                    Some((acceptor, Tls::Implicit)) => {
                        if let Ok(stream) = acceptor.accept(stream).await {
                            talk.run(stream, true).await;
                        }
                    }
                    Some((acceptor, Tls::Start)) => {
                        let talk = Talk { offer: true, ..talk };
                        if let Some(stream) = talk.run(stream, true).await
                            && let Ok(stream) = acceptor.accept(stream).await
                        {
                            Talk { offer: false, ..talk }.run(stream, false).await;
                        }
                    }
                }
            }
        });
        Self { port, lines }
    }

    /// The lines so far that begin with this.
    pub(super) fn heard(&self, start: &str) -> Vec<String> {
        self.lines.lock().unwrap().iter().filter(|line| line.starts_with(start)).cloned().collect()
    }
}

/// When TLS begins.
#[derive(Clone, Copy)]
pub(super) enum Tls {
    /// At the first byte.
    Implicit,
    /// After STARTTLS.
    Start,
}

struct Talk {
    script: Script,
    lines: Arc<Mutex<Vec<String>>>,
    offer: bool,
}

impl Talk {
    /// Talks until the end, or until STARTTLS, when it gives the stream back.
    async fn run<S: AsyncRead + AsyncWrite + Unpin>(&self, stream: S, greet: bool) -> Option<S> {
        let mut stream = BufReader::new(stream);
        if greet && !self.say(&mut stream, self.answer("greeting")).await {
            return None;
        }
        let mut in_message = false;
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await.ok()? == 0 {
                return None;
            }
            let line = line.trim_end().to_owned();
            self.lines.lock().unwrap().push(line.clone());
            if in_message && line != "." {
                continue;
            }
            in_message = line == "DATA" && self.answer(&line).starts_with('3');
            if !self.say(&mut stream, self.answer(&line)).await {
                return None;
            }
            if line == "STARTTLS" && self.offer && self.answer(&line).starts_with('2') {
                return Some(stream.into_inner());
            }
        }
    }

    fn answer(&self, line: &str) -> &'static str {
        if let Some((_, answer)) = self.script.iter().find(|(start, _)| line.starts_with(start)) {
            return answer;
        }
        match line.split(' ').next().unwrap_or_default() {
            "EHLO" if self.offer => "250-relay.example\r\n250 STARTTLS",
            "EHLO" => "250-relay.example\r\n250 AUTH PLAIN LOGIN",
            "greeting" | "STARTTLS" => "220 relay.example",
            "DATA" => "354 go on",
            "AUTH" => "235 2.7.0 welcome",
            "QUIT" => "221 bye",
            "." => "250 2.0.0 queued as 4711",
            _ => "250 ok",
        }
    }

    async fn say<S: AsyncRead + AsyncWrite + Unpin>(&self, stream: &mut BufReader<S>, answer: &str) -> bool {
        match answer {
            HANG => std::future::pending().await,
            DROP => false,
            _ => stream.write_all(format!("{answer}\r\n").as_bytes()).await.is_ok() && stream.flush().await.is_ok(),
        }
    }
}
