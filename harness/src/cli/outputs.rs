//! The files that a report is written to, in the form that each is for.

use std::path::PathBuf;

use clap::Args;
use ngnlab_reports::document::Document;
use ngnlab_reports::formats::{self, Look, html, json};

use super::file;
use crate::error::Error;

/// Where a report goes, besides what is printed.
#[derive(Debug, Args)]
pub struct Outputs {
    /// Writes the report as JSON
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Also writes the report as JUnit XML to a file, for CI
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
    /// Also writes the report as one HTML page to a file: every verdict with its exchange drawn
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Also writes the report as Markdown to a file, for the summary beside a run in CI
    #[arg(long, value_name = "FILE")]
    pub markdown: Option<PathBuf>,
}

impl Outputs {
    /// Looks whether all of them can be written, before long work.
    pub(super) fn try_out(&self) -> Result<(), Error> {
        let files = [&self.json, &self.html, &self.junit, &self.markdown];
        let mut files = files.into_iter().flatten();
        files.try_for_each(|path| file::try_out(path))
    }

    /// Writes all of them; `more` is what stands below a report in the format that it names.
    pub(super) fn write(
        &self,
        document: &Document,
        look: Look<'_>,
        more: &dyn Fn(&str) -> String,
    ) -> Result<(), Error> {
        if let Some(path) = &self.json {
            file::write(path, &json::render(document, false))?;
        }
        self.draw(document, look)?;
        self.write_for_ci(document, look, more)
    }

    /// Writes the page.
    pub(super) fn draw(&self, document: &Document, look: Look<'_>) -> Result<(), Error> {
        match &self.html {
            Some(path) => file::write(path, &html::render(document, look)),
            None => Ok(()),
        }
    }

    /// Writes what is for CI; `more` is what stands below a report in the format that it names.
    pub(super) fn write_for_ci(
        &self,
        document: &Document,
        look: Look<'_>,
        more: &dyn Fn(&str) -> String,
    ) -> Result<(), Error> {
        let plain = Look {
            colour: false,
            ..look
        };
        let wanted = [(&self.junit, "junit"), (&self.markdown, "markdown")];
        let wanted = wanted
            .into_iter()
            .filter_map(|(path, name)| Some((path.as_ref()?, formats::find(name)?)));
        for (path, format) in wanted {
            let text = (format.render)(document, plain) + &more(format.name);
            file::write(path, &text)?;
        }
        Ok(())
    }
}
