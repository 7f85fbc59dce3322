//! The first form of a page: where it goes, its hidden fields, its buttons.

/// A form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Form {
    pub(super) action: String,
    hidden: Vec<(String, String)>,
    buttons: Vec<(String, String)>,
}

impl Form {
    /// Finds the first form that is sent by `POST` to a path of the same site.
    pub(super) fn find(page: &str) -> Option<Self> {
        let (_, rest) = page.split_once("<form")?;
        let (inside, _) = rest.split_once("</form>")?;
        let mut tags = inside.split('<');
        let head = tags.next()?;
        let action = attribute(head, "action").filter(|action| action.starts_with('/'))?;
        if !attribute(head, "method").is_some_and(|method| method.eq_ignore_ascii_case("post")) {
            return None;
        }
        let mut form = Self {
            action,
            hidden: Vec::new(),
            buttons: Vec::new(),
        };
        for tag in tags {
            let list = if tag.starts_with("button") {
                &mut form.buttons
            } else if tag.starts_with("input")
                && attribute(tag, "type").as_deref() == Some("hidden")
            {
                &mut form.hidden
            } else {
                continue;
            };
            if let (Some(name), Some(value)) = (attribute(tag, "name"), attribute(tag, "value")) {
                list.push((name, value));
            }
        }
        Some(form)
    }

    /// Returns the fields that pressing a button sends.
    pub(super) fn press(&self, value: &str) -> Option<Vec<(String, String)>> {
        let button = self.buttons.iter().find(|(_, known)| known == value)?;
        let mut fields = self.hidden.clone();
        fields.push(button.clone());
        Some(fields)
    }
}

/// Returns the value of an attribute in double quotes; the pages here need no more.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let inside = tag.split('>').next()?;
    let (_, rest) = inside.split_once(&format!(" {name}=\""))?;
    let (value, _) = rest.split_once('"')?;
    Some(value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_button_sends_its_value_and_the_hidden_fields() {
        let form = Form::find(
            "<p>x</p><form method=\"post\" action=\"/notice\">\
             <input type=\"hidden\" name=\"ticket\" value=\"12\"><input name=\"free\">\
             <button name=\"choice\" value=\"希望する\">希望する</button></form>",
        )
        .unwrap();
        let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let sent = vec![field("ticket", "12"), field("choice", "希望する")];
        assert_eq!(form.press("希望する"), Some(sent));
        assert_eq!(form.press("希望しない"), None);
        assert_eq!(form.action, "/notice");
    }

    #[test]
    fn forms_that_lead_elsewhere_are_left_alone() {
        assert_eq!(Form::find("<form action=\"/a\"></form>"), None);
        assert_eq!(
            Form::find("<form method=\"post\" action=\"https://example.org/\"></form>"),
            None
        );
        assert_eq!(Form::find("<form method=\"post\" action=\"/a\">"), None);
    }
}
