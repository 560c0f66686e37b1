//! `eventd jobs`: the work that workers do after requests, and the daily upkeep.

use std::process::ExitCode;

use clap::{Subcommand, ValueEnum};
use eventcore::jobs::{JobState, JobSummary};
use eventcore::{Actor, EventCore, JobId, PageRequest};

use super::table::print_table;
use crate::config::Config;
use crate::failure::Failure;
use crate::output::print_line;

#[derive(Debug, Subcommand)]
pub(crate) enum JobsCommand {
    /// List all jobs that are not finished, oldest first
    ///
    /// In a pipe, each line has these values, separated by tabs: id, kind, state, number of attempts since
    /// the last success, when it is due or its lease ends, last error.
    List {
        /// Only the jobs in this state
        #[arg(long)]
        state: Option<StateName>,
    },
    /// Print a job with its payload and its last error as JSON
    Show {
        /// Id
        id: JobId,
    },
    /// Make a job due at once that waits for its next attempt, or that failed for good
    Retry {
        /// Id
        id: JobId,
    },
    /// Delete a job
    ///
    /// The upkeep jobs are created again when a process with workers starts.
    Drop {
        /// Id
        id: JobId,
    },
}

/// A state, as an argument.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum StateName {
    Waiting,
    Running,
    Finished,
    Failed,
}

impl From<StateName> for JobState {
    fn from(name: StateName) -> Self {
        match name {
            StateName::Waiting => Self::Waiting,
            StateName::Running => Self::Running,
            StateName::Finished => Self::Finished,
            StateName::Failed => Self::Failed,
        }
    }
}

/// Runs the command as the system actor.
pub(crate) async fn run(config: &Config, command: JobsCommand) -> Result<ExitCode, Failure> {
    let core = super::open_existing(config).await?;
    let done = perform(&core, command).await;
    core.close().await;
    done.map(|()| ExitCode::SUCCESS)
}

async fn perform(core: &EventCore, command: JobsCommand) -> Result<(), Failure> {
    let system = Actor::System;
    match command {
        JobsCommand::List { state } => list(core, state.map(JobState::from)).await,
        JobsCommand::Show { id } => {
            let job = core.job(&system, id).await?;
            let payload: serde_json::Value = serde_json::from_str(&job.payload)?;
            let mut shown = serde_json::to_value(&job)?;
            shown["payload"] = payload;
            print_line(serde_json::to_string_pretty(&shown)?)
        }
        JobsCommand::Retry { id } => {
            core.retry_job(&system, id).await?;
            print_line(format!("job {id} is due now"))
        }
        JobsCommand::Drop { id } => {
            core.drop_job(&system, id).await?;
            print_line(format!("dropped job {id}"))
        }
    }
}

async fn list(core: &EventCore, state: Option<JobState>) -> Result<(), Failure> {
    let mut rows = Vec::new();
    let mut request = PageRequest::first(PageRequest::MAX_LIMIT);
    loop {
        let page = core.jobs(&Actor::System, state, &request).await?;
        rows.extend(page.items.into_iter().map(row));
        match page.next {
            Some(next) => request.cursor = Some(next),
            None => break,
        }
    }
    print_table(&["ID", "KIND", "STATE", "ATTEMPTS", "DUE", "LAST ERROR"], &rows)
}

fn row(job: JobSummary) -> Vec<String> {
    vec![
        job.id.to_string(),
        job.kind,
        job.state.to_string(),
        job.attempts.to_string(),
        job.due_at.to_string(),
        job.last_error.unwrap_or_default(),
    ]
}
