//! `eventd backup` and `eventd restore`.

use std::path::Path;
use std::process::ExitCode;

use eventcore::db;

use crate::config::Config;
use crate::failure::Failure;
use crate::output::print_line;

/// Writes a backup of the SQLite database.
pub(crate) async fn backup(config: &Config, file: &Path) -> Result<ExitCode, Failure> {
    let bytes = db::backup(&config.database, file).await?;
    print_line(format!("wrote {bytes} bytes to {}", file.display()))?;
    Ok(ExitCode::SUCCESS)
}

/// Creates the SQLite database from a backup.
pub(crate) async fn restore(config: &Config, file: &Path) -> Result<ExitCode, Failure> {
    let bytes = db::restore(&config.database, file).await?;
    let database = db::hide_passwords(&config.database);
    let from = file.display();
    print_line(format!(
        "restored {database} from {from}: {bytes} bytes; all sessions and tokens have ended"
    ))?;
    Ok(ExitCode::SUCCESS)
}
