//! `eventd check`.

use std::process::ExitCode;

use eventcore::db::Schema;

use crate::config::Config;
use crate::failure::Failure;

/// Counts the registrations of every date again, and says where a date says something else. Changes nothing.
pub(crate) async fn check(config: &Config) -> Result<ExitCode, Failure> {
    let core = super::connect_to_look(config).await?;
    let schema = core.schema().await?;
    if schema != Schema::Current {
        return Err(schema.refusal().into());
    }
    let wrong = core.recount().await?;
    for discrepancy in &wrong {
        println!("occurrence {}: {}", discrepancy.occurrence, discrepancy.what);
    }
    core.close().await;
    if wrong.is_empty() {
        println!("every date says what its registrations say");
        return Ok(ExitCode::SUCCESS);
    }
    println!("{} discrepancies", wrong.len());
    Ok(ExitCode::FAILURE)
}
