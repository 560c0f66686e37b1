//! `eventd backup` and `eventd restore`.

use std::path::Path;
use std::process::ExitCode;

use eventcore::db;

use crate::config::Config;
use crate::failure::Failure;

/// Copies the database into a file.
pub(crate) async fn backup(config: &Config, file: &Path) -> Result<ExitCode, Failure> {
    let bytes = db::backup(&config.database, file).await?;
    println!("{} holds a copy of {bytes} bytes", file.display());
    Ok(ExitCode::SUCCESS)
}

/// Makes the database from a copy.
pub(crate) async fn restore(config: &Config, file: &Path) -> Result<ExitCode, Failure> {
    let bytes = db::restore(&config.database, file).await?;
    println!("{} is back, {bytes} bytes from {}", config.database, file.display());
    Ok(ExitCode::SUCCESS)
}
