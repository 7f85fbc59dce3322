//! Whether this machine has what a device is made of: programs, images, a fast processor.

use super::description::Description;
use crate::error::Error;
use crate::installed;

/// Returns the programs that a device needs and the machine lacks.
pub fn missing(description: &Description) -> Vec<&str> {
    let mut missing = programs(description);
    missing.retain(|program| installed::find(program).is_none());
    missing
}

/// Says which programs a device lacks and which Debian packages have them, and what else it lacks.
pub fn check(description: &Description) -> Result<(), Error> {
    installed::check(&description.name, programs(description))?;
    description.driver.part().check_machine(&description.name)
}

fn programs(description: &Description) -> Vec<&str> {
    let named = description.needs.iter().map(String::as_str);
    named.chain(description.driver.part().programs()).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn a_missing_program_is_named_with_its_package() {
        let text = "driver = \"process\"\nname = \"one\"\nneeds = [\"sh\", \"no-such-program\"]\n\
            offers = { modes = [\"pd\"] }\n";
        let mut description = Description::parse(Path::new("d.toml"), text).unwrap();
        let error = check(&description).unwrap_err();
        assert_eq!(
            error.to_string(),
            "cannot run one: there is no no-such-program"
        );
        assert_eq!(error.exit_code(), crate::error::UNDETERMINED);
        description.needs = vec!["sh".to_owned()];
        assert!(check(&description).is_ok());
    }
}
