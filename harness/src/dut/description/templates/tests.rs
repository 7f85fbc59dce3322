use std::path::Path;

use super::*;
use crate::dut::description::Description;
use crate::dut::description::variables::Names;

#[test]
fn what_devices_need_is_filled_in() {
    for (template, text) in [
        (
            "{{ dns.default | join(' ') }}",
            "2404:1a8:7f01:a::3 2404:1a8:7f01:b::3",
        ),
        (
            "{% for s in dns.default %}{{ loop.index }}{% endfor %}",
            "12",
        ),
        (
            "{% for s in dns.default if s == dns.default[0] %}x{% else %}y{% endfor %}",
            "x",
        ),
        (
            "{% if mode in ['ra', 'pd'] and area != 'west' %}a{% else %}b{% endif %}",
            "a",
        ),
        (
            "{{ mode | upper }}{{ 'on' if mode == 'pd' else 'off' }}",
            "PDon",
        ),
        (
            "{% set name = lan.name %}{{ name | replace('0', '1') }}",
            "lan1",
        ),
        (
            "{% with n = dns.domains | length %}{{ n }}{% endwith %}",
            "7",
        ),
        ("{{ 7 // 2 }}{{ 7 % 2 }}", "31"),
        ("{% for n in range(3) %}{{ n }}{% endfor %}", "012"),
        (
            "{{ nothing | default('x') }}{% if no is defined %}y{% endif %}",
            "x",
        ),
        (
            "{{ lan.name ~ '.' ~ (loop_free | default(1) + 1) }}",
            "lan0.2",
        ),
        (
            "{% for s in dns.default %}{{ loop.index + 52 }} {% endfor %}",
            "53 54 ",
        ),
        (
            "{{ 'a-b' | split('-') | reverse | join(' ') | title }}",
            "B A",
        ),
        ("a:\n  {{ 'b\nc' | indent(2) }}", "a:\n  b\n  c"),
        (
            "'~' + {# * #}{% raw %}{{ ** }}{% endraw %}",
            "'~' + {{ ** }}",
        ),
    ] {
        assert_eq!(filled(template), Ok(text.to_owned()), "{template}");
    }
}

#[test]
fn a_template_can_fill_neither_memory_nor_time() {
    let loops = "{% for a in range(256) %}".repeat(8) + "x" + &"{% endfor %}".repeat(8);
    let empty_loops = loops.replace('x', "");
    let long = "x".repeat(LONGEST_TEMPLATE + 1);
    let sixty = "x".repeat(60 << 10);
    let many = format!("{{% for n in range(256) %}}{sixty}{{% endfor %}}");
    let doubled = "{% set x = x ~ x %}".repeat(60);
    let lists = "{% set x = [x, x] %}".repeat(60);
    let captured = "{% set x %}{{ x }}{{ x }}{% endset %}".repeat(60);
    let filled_over = "{% set x = x | replace('x', 'xxxxxxxxxx') %}".repeat(60);
    let joined = "{% set x = x | join(x) %}".repeat(60);
    let shouted = format!("{{{{ '{sixty}' | upper }}}}");
    for (template, reason) in [
        (&loops[..], "100000 steps at most"),
        (&empty_loops, "100000 steps at most"),
        (&long, "65536 bytes at most"),
        (&many, "1048576 bytes at most"),
        ("{{ 'x' * 10**9 }}", "uses `*` in its line 1"),
        ("{{ 10 ** 10 }}", "uses `**`"),
        (
            "\n{% for x in ['x' + 'x'] %}{% endfor %}",
            "uses `+` for a value that is kept in its line 2",
        ),
        (
            &format!("{{% set x = 'xx' %}}{doubled}{{{{ x }}}}"),
            "uses `~`",
        ),
        (
            &format!("{{% set x = 'xx' %}}{lists}{{{{ x == x }}}}"),
            " uses ",
        ),
        (
            &format!("{{% set x = 'xx' %}}{captured}{{{{ x }}}}"),
            " uses ",
        ),
        (
            &format!("{{% set x = 'xx' %}}{filled_over}{{{{ x }}}}"),
            "4096 bytes at most",
        ),
        (
            &format!("{{% set x = 'xx' %}}{joined}{{{{ x }}}}"),
            "4096 bytes at most",
        ),
        (&shouted, "4096 bytes at most"),
        ("{{ range(1000000000) }}", "256 numbers at most"),
        (
            "{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}",
            " uses ",
        ),
        (
            "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
            "cannot be filled in",
        ),
        ("{% set n = namespace() %}", " uses "),
        ("{% include 'x' %}", "cannot be filled in"),
        ("{{ 'a' | center(1000000000) }}", "cannot be filled in"),
        ("{{ '%1000000000d' | format(1) }}", "cannot be filled in"),
        ("{{ dns.domains | join }}", "joins words"),
        (&"{% if true %}".repeat(5000), "cannot be filled in"),
        (
            &format!("{{{{ {}1 }}}}", "(".repeat(20_000)),
            "cannot be filled in",
        ),
    ] {
        let message = filled(template).unwrap_err();
        assert!(message.contains(reason), "{template:.80}: {message}");
    }
}

#[test]
fn the_templates_of_a_device_share_one_bound() {
    with_templates(|templates| {
        let sixty = template(&"x".repeat(60 << 10));
        let full = (0..100).find_map(|_| templates.fill("text", &sixty).err());
        assert!(full.is_some_and(|full| full.message.contains("1048576 bytes")));
    });
    with_templates(|templates| {
        let slow =
            template("{% for a in range(256) %}{% for b in range(40) %}{% endfor %}{% endfor %}");
        let spent = (0..100).find_map(|_| templates.fill("text", &slow).err());
        assert!(spent.is_some_and(|spent| spent.message.contains("100000 steps")));
    });
}

#[test]
fn a_mistake_names_file_line_and_variable() {
    let told = |file: &str| {
        let head = "driver = \"process\"\nname = \"one\"\noffers = { modes = [\"pd\"] }\n";
        let text = format!("{head}[[file]]\npath = \"/run/x\"\ntext = {file}\n");
        let mistakes = Description::parse(Path::new("d.toml"), &text).unwrap_err();
        mistakes.to_string()
    };
    for (file, place) in [
        ("\"a {{ lan.nam }}\"", "d.toml:6:14: "),
        ("\"\"\"\na\n\"b\" {{ lan.nam }}\n\"\"\"", "d.toml:8:8: "),
        ("\"\"\"\na\nb {{ lan.nam | upper }}\n\"\"\"", "d.toml:8:6: "),
        ("'''\na\nb\n{{ lan.nam }}'''", "d.toml:9:4: "),
        ("\"\"\"{{ lan.nam }}\"\"\"", "d.toml:6:14: "),
        // Where it is written with escapes, the template's own line is what can be said.
        ("\"a\\nb\\nc\\nd\\n{{ lan.nam }}\"", "d.toml:6:8: "),
        ("\"a\\n{{ lan.nam }}\"", "d.toml:6:8: "),
    ] {
        let told = told(file);
        assert!(told.starts_with(place), "{file}: {told}");
        assert!(told.contains("`lan.nam`"), "{file}: {told}");
    }
}

#[test]
fn no_filter_takes_a_variable_that_does_not_exist_for_nothing() {
    for filter in [
        "count",
        "first",
        "indent(2)",
        "int",
        "join(' ')",
        "last",
        "length",
        "list",
        "lower",
        "replace('a', 'b')",
        "reverse",
        "sort",
        "split(',')",
        "title",
        "trim",
        "unique",
        "upper",
    ] {
        let told = filled(&format!("{{{{ dns.defalt | {filter} }}}}")).unwrap_err();
        assert!(
            told.contains("variable that does not exist in its line 1"),
            "{told}"
        );
        assert!(told.contains("dns.defalt"), "{told}");
    }
    assert_eq!(
        filled("{{ dns.defalt | default('x') }}"),
        Ok("x".to_owned())
    );
}

fn filled(source: &str) -> Result<String, String> {
    let mut filled = Ok(String::new());
    with_templates(|templates| {
        filled = templates
            .fill("text", &template(source))
            .map_err(|mistake| mistake.message);
    });
    filled
}

fn template(source: &str) -> Spanned<String> {
    Spanned::new(0..source.len(), source.to_owned())
}

fn with_templates(work: impl FnOnce(&Templates<'_>)) {
    let text = "driver = \"process\"\nname = \"one\"\noffers = { modes = [\"pd\"] }\n";
    let description = Description::parse(Path::new("d.toml"), text).unwrap();
    let names = Names {
        wan: "wan0".to_owned(),
        lan: "lan0".to_owned(),
        run_dir: "/run/ngnlab".to_owned(),
    };
    let variables = description.samples().with(names).next().unwrap();
    work(&Templates::new(&variables));
}
