//! Programs of others, each run to its end within a time limit.

use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::process::Command;

/// The time limit of one program, on two cores that all runs share.
pub(crate) const PATIENCE: Duration = Duration::from_mins(20);

/// Runs a program with this standard input. Returns what it prints.
///
/// # Errors
/// What it prints, if it fails; or that it does not run, or does not end.
pub(crate) async fn run(mut command: Command, input: String) -> Result<String, String> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let run = async {
        let mut child = command.spawn()?;
        if let Some(mut stdin) = child.stdin.take() {
            // One that does not read has an error of its own.
            let _written = stdin.write_all(input.as_bytes()).await;
        }
        child.wait_with_output().await
    };
    match tokio::time::timeout(PATIENCE, run).await {
        Ok(Ok(output)) if output.status.success() => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        Ok(Ok(output)) => Err(String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()),
        Ok(Err(error)) => Err(format!("does not run: {error}")),
        Err(_) => Err("does not end".to_owned()),
    }
}
