//! One Japanese word for each idea: words that are not to be written, wherever Japanese stands.

use std::fs;
use std::path::Path;

/// Returns each place where a word stands that is not to be written.
pub(crate) fn wrong() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut found = Vec::new();
    for place in PLACES {
        look(&root.join(place), &mut found);
    }
    found
}

fn look(path: &Path, found: &mut Vec<String>) {
    if path.is_dir() {
        let entries = fs::read_dir(path).expect("a folder can be read");
        for entry in entries {
            look(&entry.expect("a folder can be read").path(), found);
        }
        return;
    }
    let name = path.display().to_string();
    if QUOTED.iter().any(|quoted| name.ends_with(quoted)) {
        return;
    }
    // What is no text has no words.
    let Ok(text) = fs::read_to_string(path) else {
        return;
    };
    for (number, line) in text.lines().enumerate() {
        for (wrong, right) in GLOSSARY {
            if line.contains(wrong) {
                let number = number + 1;
                found.push(format!("{name}:{number}: {right}, not {wrong}: {line}"));
            }
        }
    }
}

const PLACES: [&str; 7] = [
    "README.md",
    "scenarios",
    "harness/src",
    "harness/devices",
    "reports/src",
    "reports/tests",
    "sim/src",
];

/// Where screens of others stand word for word, and these words.
const QUOTED: [&str; 3] = [
    "node/part/screens.rs",
    "node/portal.rs",
    "tests/words/glossary.rs",
];

/// What is not written, and what is written instead.
const GLOSSARY: &[(&str, &str)] = &[
    ("レポート", "報告"),
    ("委譲", "委任"),
    ("移譲", "委任"),
    ("寿命", "有効期間"),
    ("ライフタイム", "有効期間"),
    ("インターフェース", "インタフェース"),
    ("インターフェイス", "インタフェース"),
    ("インタフェイス", "インタフェース"),
    ("プリフィックス", "プレフィックス"),
    ("プレフィクス", "プレフィックス"),
    ("知らないオプション", "未知のオプション"),
    ("知らないレコード", "未知のレコード"),
    ("知らない種別", "未知の種別"),
    ("知らないEDNS", "未知のEDNS"),
    ("知らないビット", "未知のビット"),
    ("知らないフラグ", "未知のフラグ"),
    ("知らないタイプ", "未知のタイプ"),
    ("捨て", "破棄し"),
    ("覚えて", "状態を保持して"),
    ("行き先", "経路、宛先"),
    ("でたらめ", "不正な"),
    ("無言の", "無通信の"),
    ("切れて戻", "リンク断から復旧し"),
    ("聞き直", "再問い合わせ"),
    ("代理応答", "代わる応答"),
    ("ルーター", "ルータ"),
    ("サーバー", "サーバ"),
    ("フォルダー", "フォルダ"),
    ("ブラウザー", "ブラウザ"),
    ("ユーザー", "ユーザ"),
    ("フォワーダー", "フォワーダ"),
    ("リゾルバー", "リゾルバ"),
    ("問合せ", "問い合わせ"),
    ("問い合せ", "問い合わせ"),
    ("割当て", "割り当て"),
    ("取消し", "取り消し"),
];
