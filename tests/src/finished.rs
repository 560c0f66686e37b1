//! Commands that run to their end.

use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::process::Command;

/// The longest wait for the end of a command. No command takes that long unless the test fails.
const PATIENCE: Duration = Duration::from_mins(1);

/// A command that has ended.
#[derive(Debug)]
pub struct Finished {
    /// Its exit code.
    pub code: i32,
    /// Its standard output.
    pub out: String,
    /// Its standard error.
    pub err: String,
}

impl Finished {
    /// Asserts that the command succeeded, and returns its output.
    #[track_caller]
    pub fn succeeds(self) -> String {
        assert!(self.code == 0 && self.err.is_empty(), "{self:?}");
        self.out
    }

    /// Asserts that the command printed nothing but one sentence on standard error, after its name.
    #[track_caller]
    pub fn refuses(self, says: &str) {
        let lines = self.err.lines().count();
        let is_one_sentence = self.code == 1 && self.out.is_empty() && lines == 1;
        assert!(is_one_sentence && self.err.contains(says), "{says}: {self:?}");
        assert!(self.err.starts_with("eventd: ") || self.err.starts_with("eventtui: "), "{self:?}");
        assert!(!self.err.contains("internal error"), "{self:?}");
    }
}

/// Runs a command with this standard input to its end.
pub async fn finish(mut command: Command, input: &str) -> Finished {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    // A command that reads no input may have ended already.
    drop(stdin.write_all(input.as_bytes()).await);
    drop(stdin);
    let output = tokio::time::timeout(PATIENCE, child.wait_with_output()).await.expect("it ends");
    let output = output.expect("its output");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    Finished {
        code: output.status.code().expect("no signal"),
        out: text(output.stdout),
        err: text(output.stderr),
    }
}
