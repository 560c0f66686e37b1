//! Checks of any calendar file, shared by the fuzz target and the test that runs its corpus.

use eventcore::calendars::{ImportOptions, ImportOutcome, ImportReport};
use eventcore::{Actor, Error, EventCore};

/// Tries a file, imports it, and imports it again.
pub(crate) async fn import(core: &EventCore, actor: &Actor, data: &[u8]) {
    let dry = ImportOptions { dry_run: true, ..ImportOptions::default() };
    let Some(planned) = check(core.import_calendar(actor, data.to_vec(), &dry).await) else { return };
    let options = ImportOptions::default();
    let stored = check(core.import_calendar(actor, data.to_vec(), &options).await).expect("as it was tried");
    assert_eq!(without_ids(&planned), without_ids(&stored), "a dry run tells what an import does");
    let again = check(core.import_calendar(actor, data.to_vec(), &options).await).expect("as before");
    assert_eq!(again.created, 0, "nothing is created twice: {again:#?}");
}

/// The report; `None` if the file as a whole is refused.
fn check(outcome: Result<ImportReport, Error>) -> Option<ImportReport> {
    let report = match outcome {
        Ok(report) => report,
        Err(Error::Invalid(violations)) => {
            assert!(violations.as_slice().iter().all(|found| !found.message.is_empty()));
            return None;
        }
        Err(error) => panic!("{error:?}"),
    };
    let sum = report.created + report.updated + report.unchanged + report.skipped;
    assert_eq!(usize::try_from(sum).ok(), Some(report.components.len()));
    for component in &report.components {
        let is_skipped = component.outcome == ImportOutcome::Skipped;
        assert_eq!(component.reason.is_some(), is_skipped, "what is skipped has a reason: {component:#?}");
        assert!(component.line > 0, "{component:#?}");
    }
    Some(report)
}

fn without_ids(report: &ImportReport) -> ImportReport {
    let mut report = ImportReport { dry_run: false, ..report.clone() };
    report.components.iter_mut().for_each(|component| component.event_id = None);
    report
}
