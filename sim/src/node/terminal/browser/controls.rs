//! What a page offers to its user: links, fields, buttons.
//!
//! Pages are those of this network, so their tags are looked for without a parser for HTML.

/// What a user can do on a page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Controls {
    forms: Vec<Form>,
    links: Vec<Link>,
    /// Where the page goes by itself, and after how many seconds.
    pub(super) refresh: Option<(u32, String)>,
}

/// A form that is sent to a path of the same site.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Form {
    action: String,
    posts: bool,
    fields: Vec<Field>,
    buttons: Vec<Button>,
}

/// A field of a form.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Field {
    name: String,
    value: String,
    kind: Kind,
    /// The words beside it.
    label: String,
}

/// How a field is filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// With text; one that is hidden has no label.
    Text,
    /// By being chosen; whether it is.
    Choice(bool),
}

/// A button of a form.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Button {
    label: String,
    sends: Option<(String, String)>,
    is_greyed: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Link {
    label: String,
    to: String,
}

/// What pressing leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Pressed {
    /// A form that posts its fields to a path.
    Post(String, Vec<(String, String)>),
    /// A path of the same site, or a whole address.
    Get(String),
    /// Nothing: it is there, and greyed.
    Greyed,
}

impl Controls {
    /// Finds what a page offers.
    pub(super) fn find(page: &str) -> Self {
        let mut found = Self::default();
        let labels = labels(page);
        let mut form: Option<Form> = None;
        for (tag, text) in tags(page) {
            match name_of(tag) {
                "form" => form = Form::begin(tag),
                "/form" => found.forms.extend(form.take()),
                "input" => {
                    if let Some(form) = &mut form {
                        form.fields.extend(Field::of(tag, &labels));
                    }
                }
                "button" => {
                    if let Some(form) = &mut form {
                        form.buttons.push(Button::of(tag, text));
                    }
                }
                "a" => found.links.extend(attribute(tag, "href").map(|to| Link {
                    label: text.trim().to_owned(),
                    to,
                })),
                "meta" if attribute(tag, "http-equiv").as_deref() == Some("refresh") => {
                    found.refresh = attribute(tag, "content").and_then(|it| refresh(&it));
                }
                _ => {}
            }
        }
        found
    }

    /// Fills fields that have these words beside them, as far as there are such.
    pub(super) fn fill(&mut self, label: &str, value: &str) {
        for form in &mut self.forms {
            let Some(at) = form.fields.iter().position(|field| field.label == label) else {
                continue;
            };
            let name = form.fields[at].name.clone();
            if form.fields[at].kind == Kind::Text {
                form.fields[at].value = value.to_owned();
                continue;
            }
            for (index, field) in form.fields.iter_mut().enumerate() {
                if field.kind != Kind::Text && field.name == name {
                    field.kind = Kind::Choice(index == at);
                }
            }
        }
    }

    /// Presses the first button or link with these words.
    pub(super) fn press(&self, label: &str) -> Option<Pressed> {
        let mut forms = self.forms.iter();
        let pressed = forms.find_map(|form| {
            let mut buttons = form.buttons.iter();
            let button = buttons.find(|button| button.label == label)?;
            Some(form.press(button))
        });
        pressed.or_else(|| {
            let link = self.links.iter().find(|link| link.label == label)?;
            Some(Pressed::Get(link.to.clone()))
        })
    }

    /// Returns whether a button or link has these words.
    #[cfg(test)]
    fn has(&self, label: &str) -> bool {
        self.press(label).is_some()
    }
}

impl Form {
    fn begin(tag: &str) -> Option<Self> {
        let action = attribute(tag, "action").filter(|action| action.starts_with('/'))?;
        let method = attribute(tag, "method").unwrap_or_default();
        Some(Self {
            action,
            posts: method.eq_ignore_ascii_case("post"),
            fields: Vec::new(),
            buttons: Vec::new(),
        })
    }

    fn press(&self, button: &Button) -> Pressed {
        if button.is_greyed {
            return Pressed::Greyed;
        }
        if !self.posts {
            return Pressed::Get(self.action.clone());
        }
        let sent = self
            .fields
            .iter()
            .filter(|field| field.kind != Kind::Choice(false));
        let sent = sent.map(|field| (field.name.clone(), field.value.clone()));
        Pressed::Post(
            self.action.clone(),
            sent.chain(button.sends.clone()).collect(),
        )
    }
}

impl Field {
    fn of(tag: &str, labels: &[(String, String)]) -> Option<Self> {
        let name = attribute(tag, "name")?;
        let id = attribute(tag, "id").unwrap_or_default();
        let label = labels.iter().find(|(of, _)| *of == id);
        let kind = match attribute(tag, "type").as_deref() {
            Some("radio" | "checkbox") => Kind::Choice(has_flag(tag, "checked")),
            _ => Kind::Text,
        };
        Some(Self {
            name,
            value: attribute(tag, "value").unwrap_or_default(),
            kind,
            label: label.map(|(_, text)| text.clone()).unwrap_or_default(),
        })
    }
}

impl Button {
    fn of(tag: &str, text: &str) -> Self {
        Self {
            label: text.trim().to_owned(),
            sends: attribute(tag, "name").zip(attribute(tag, "value")),
            is_greyed: has_flag(tag, "disabled"),
        }
    }
}

/// Returns the ids of fields with the words beside them.
fn labels(page: &str) -> Vec<(String, String)> {
    let labels = tags(page).filter(|(tag, _)| name_of(tag) == "label");
    let labels = labels.filter_map(|(tag, text)| Some((attribute(tag, "for")?, text)));
    labels
        .map(|(of, text)| (of, text.trim().to_owned()))
        .collect()
}

/// Returns each tag, and the text behind it up to the next one.
fn tags(page: &str) -> impl Iterator<Item = (&str, &str)> {
    page.split('<')
        .skip(1)
        .filter_map(|part| part.split_once('>'))
}

fn name_of(tag: &str) -> &str {
    tag.split_whitespace().next().unwrap_or_default()
}

/// Returns the value of an attribute in double quotes; the pages here need no more.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    let (value, _) = rest.split_once('"')?;
    Some(plain(value))
}

/// Returns whether a tag has an attribute without a value.
fn has_flag(tag: &str, name: &str) -> bool {
    tag.split_whitespace().any(|word| word == name)
}

/// Undoes what keeps text from being taken for tags.
fn plain(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&amp;", "&")
}

/// Reads where a page goes by itself: `3;url=/path`.
fn refresh(content: &str) -> Option<(u32, String)> {
    let (seconds, rest) = content.split_once(';')?;
    let path = rest.trim().strip_prefix("url=")?;
    let seconds = seconds.trim().parse().ok()?;
    path.starts_with('/').then(|| (seconds, path.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_button_sends_its_value_and_the_hidden_fields() {
        let controls = Controls::find(
            "<p>x</p><form method=\"post\" action=\"/notice\">\
             <input type=\"hidden\" name=\"ticket\" value=\"12\">\
             <button name=\"choice\" value=\"希望する\">希望する</button></form>",
        );
        let sent = vec![field("ticket", "12"), field("choice", "希望する")];
        let pressed = controls.press("希望する");
        assert_eq!(pressed, Some(Pressed::Post("/notice".to_owned(), sent)));
        assert!(!controls.has("希望しない"));
    }

    #[test]
    fn forms_that_lead_elsewhere_are_left_alone() {
        let button = "<button>x</button>";
        for form in [
            format!("<form method=\"post\" action=\"https://example.org/\">{button}</form>"),
            format!("<form method=\"post\" action=\"/a\">{button}"),
        ] {
            assert!(!Controls::find(&form).has("x"), "{form}");
        }
    }

    #[test]
    fn fields_are_filled_and_chosen_by_the_words_beside_them() {
        let mut controls = Controls::find(
            "<form method=\"post\" action=\"/a\">\n<label for=\"k\">認証キー</label>\n\
             <input type=\"text\" id=\"k\" name=\"key\">\
             <input type=\"radio\" id=\"t1\" name=\"t\" value=\"1\" checked>\
             <label for=\"t1\">端末1</label><input type=\"radio\" id=\"t2\" name=\"t\" value=\"2\">\
             <label for=\"t2\">端末2</label><button>はい</button></form>",
        );
        let sent = |controls: &Controls| match controls.press("はい") {
            Some(Pressed::Post(_, fields)) => fields,
            other => panic!("{other:?}"),
        };
        assert_eq!(sent(&controls), [field("key", ""), field("t", "1")]);
        controls.fill("認証キー", "K-1");
        controls.fill("端末2", "");
        controls.fill("そのほか", "x");
        assert_eq!(sent(&controls), [field("key", "K-1"), field("t", "2")]);
    }

    #[test]
    fn what_is_greyed_is_there_and_leads_nowhere() {
        let controls = Controls::find(
            "<form method=\"get\" action=\"/b\"><button type=\"submit\" disabled>削除</button>\
             </form><a href=\"https://www.example.jp/c?a=1&amp;b=2\">こちら</a>",
        );
        assert_eq!(controls.press("削除"), Some(Pressed::Greyed));
        let to = "https://www.example.jp/c?a=1&b=2".to_owned();
        assert_eq!(controls.press("こちら"), Some(Pressed::Get(to)));
    }

    #[test]
    fn a_page_says_where_it_goes_by_itself() {
        let of = |content: &str| {
            let page = format!("<meta http-equiv=\"refresh\" content=\"{content}\">");
            Controls::find(&page).refresh
        };
        assert_eq!(of("3;url=/result"), Some((3, "/result".to_owned())));
        assert_eq!(of("3; url=https://example.org/"), None);
        assert_eq!(of("soon"), None);
    }

    fn field(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }
}
