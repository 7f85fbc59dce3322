//! The templates of a device file, filled in with one set of variables.

use minijinja::{Environment, ErrorKind, UndefinedBehavior};
use toml::Spanned;

use super::variables::Variables;
use crate::scenario::mistake::Mistake;

/// Fills in templates.
pub(super) struct Templates<'a> {
    environment: Environment<'static>,
    variables: &'a Variables,
}

impl<'a> Templates<'a> {
    /// Makes one that knows these variables.
    pub(super) fn new(variables: &'a Variables) -> Self {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_keep_trailing_newline(true);
        environment.set_trim_blocks(true);
        environment.set_lstrip_blocks(true);
        Self {
            environment,
            variables,
        }
    }

    /// Returns a template's text; a mistake tells why it cannot be.
    pub(super) fn fill(&self, template: &Spanned<String>) -> Result<String, Mistake> {
        let filled = self
            .environment
            .render_str(template.get_ref(), self.variables);
        filled.map_err(|error| {
            let what = match error.kind() {
                ErrorKind::UndefinedError => "the template names a variable that does not exist",
                _ => "the template cannot be filled in",
            };
            let at = error
                .line()
                .map_or(String::new(), |line| format!(" in its line {line}"));
            let detail = error
                .detail()
                .map_or(String::new(), |detail| format!(": {detail}"));
            let mut mistake = Mistake::new(template.span(), format!("{what}{at}{detail}"));
            mistake.help = Some(VARIABLES.to_owned());
            mistake
        })
    }
}

const VARIABLES: &str = "the variables are area, mode, wan.name, wan.mac, wan.link_local, \
    lan.name, lan.mac, lan.link_local, duid_ll, dns.default, dns.domains (each with name and \
    servers) and run_dir";
