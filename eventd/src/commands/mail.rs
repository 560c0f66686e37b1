//! `eventd mail`: mails to look at, and a test of the mail server.

use std::process::ExitCode;

use clap::Subcommand;
use eventcore::mails::MailKind;

use crate::config::Config;
use crate::failure::Failure;
use crate::mail::Post;
use crate::output::print_line;

#[derive(Debug, Subcommand)]
pub(crate) enum MailCommand {
    /// Print a mail of a kind with made-up facts, as it is sent
    Preview {
        /// Kind
        #[arg(value_parser = kinds())]
        kind: String,
        /// Print the HTML alone, for a browser
        #[arg(long)]
        html: bool,
    },
    /// Send a mail to an address, by the mail server or as a file, to test the settings
    Test {
        /// Address
        address: String,
    },
}

fn kinds() -> clap::builder::PossibleValuesParser {
    let kinds: Vec<&'static str> = MailKind::ALL.iter().map(|kind| kind.as_str()).collect();
    kinds.into()
}

pub(crate) async fn run(config: &Config, command: MailCommand) -> Result<ExitCode, Failure> {
    let url = config.public_url.clone().unwrap_or_else(|| format!("http://{}", config.listen));
    let post = Post::new(&config.mail, &url)?;
    match command {
        MailCommand::Preview { kind, html } => print_line(post.preview(kind.parse()?, html)?.trim_end())?,
        MailCommand::Test { address } => {
            let where_to = post.test(&address).await?;
            print_line(format!("sent a mail to {address} {where_to}"))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
