//! `eventd check`.

use std::process::ExitCode;

use eventcore::db::Schema;

use crate::config::Config;
use crate::failure::Failure;

/// Recounts the registrations of every occurrence and prints the stored counts that differ. Changes nothing.
pub(crate) async fn check(config: &Config) -> Result<ExitCode, Failure> {
    let core = super::connect_existing(config).await?;
    let schema = core.schema().await?;
    if schema != Schema::Current {
        return Err(schema.refusal().into());
    }
    let discrepancies = core.check_consistency().await?;
    for discrepancy in &discrepancies {
        println!("occurrence {}: {}", discrepancy.occurrence, discrepancy.what);
    }
    core.close().await;
    match discrepancies.len() {
        0 => {
            println!("all seat counts are consistent");
            return Ok(ExitCode::SUCCESS);
        }
        1 => println!("1 discrepancy"),
        count => println!("{count} discrepancies"),
    }
    Ok(ExitCode::FAILURE)
}
