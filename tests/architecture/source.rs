//! Just enough of Rust's grammar to see which paths a file names outside its tests.

/// A path that a file names, resolved from the crate's root: `crate::ui::theme`, `std::fs::read`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Named {
    /// 1-based.
    pub line: usize,
    pub path: Vec<String>,
}

/// A module declared without a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declared {
    pub name: String,
    pub only_tests: bool,
}

/// The text with comments, strings and characters turned into blanks; line breaks stay.
pub fn code_only(text: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < characters.len() {
        let end = literal_end(&characters, at);
        if end == at {
            out.push(characters[at]);
            at += 1;
        } else {
            out.extend(characters[at..end].iter().map(|c| if *c == '\n' { '\n' } else { ' ' }));
            at = end;
        }
    }
    out
}

/// End of the comment or literal that begins at `at`; `at` itself if none does.
fn literal_end(text: &[char], at: usize) -> usize {
    let starts =
        |from: usize, what: &str| what.chars().enumerate().all(|(i, c)| text.get(from + i) == Some(&c));
    let find = |from: usize, what: &str| {
        (from..text.len()).find(|at| starts(*at, what)).map_or(text.len(), |at| at + what.len())
    };
    let inside_word = at > 0 && is_word(text[at - 1]);
    if starts(at, "//") {
        return (at..text.len()).find(|at| text[*at] == '\n').unwrap_or(text.len());
    }
    if starts(at, "/*") {
        let mut depth = 0;
        let mut here = at;
        while here < text.len() {
            if starts(here, "/*") {
                depth += 1;
                here += 2;
            } else if starts(here, "*/") {
                depth -= 1;
                here += 2;
                if depth == 0 {
                    return here;
                }
            } else {
                here += 1;
            }
        }
        return text.len();
    }
    if !inside_word {
        for prefix in ["r", "br", "cr"] {
            if starts(at, prefix) {
                let hashes = text[at + prefix.len()..].iter().take_while(|c| **c == '#').count();
                let quote = at + prefix.len() + hashes;
                if text.get(quote) == Some(&'"') {
                    return find(quote + 1, &format!("\"{}", "#".repeat(hashes)));
                }
            }
        }
    }
    match text[at] {
        '"' => quoted_end(text, at, '"'),
        '\'' if text.get(at + 1) == Some(&'\\') => quoted_end(text, at, '\''),
        '\'' if text.get(at + 2) == Some(&'\'') => at + 3,
        _ => at,
    }
}

fn quoted_end(text: &[char], at: usize, quote: char) -> usize {
    let mut here = at + 1;
    while here < text.len() && text[here] != quote {
        here += if text[here] == '\\' { 2 } else { 1 };
    }
    (here + 1).min(text.len())
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// A word, `::`, or a single other character, with its line.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Token {
    line: usize,
    text: String,
}

fn tokens(code: &str) -> Vec<Token> {
    let characters: Vec<char> = code.chars().collect();
    let mut out = Vec::new();
    let (mut at, mut line) = (0, 1);
    while at < characters.len() {
        let character = characters[at];
        let length = if is_word(character) {
            characters[at..].iter().take_while(|c| is_word(**c)).count()
        } else if character == ':' && characters.get(at + 1) == Some(&':') {
            2
        } else {
            1
        };
        if !character.is_whitespace() {
            out.push(Token { line, text: characters[at..at + length].iter().collect() });
        }
        if character == '\n' {
            line += 1;
        }
        at += length;
    }
    out
}

/// The tokens of a file without what `#[cfg(test)]` marks.
fn live_tokens(text: &str) -> Vec<Token> {
    let all = tokens(&code_only(text));
    let mut out = Vec::new();
    let mut at = 0;
    while at < all.len() {
        if is_test_mark(&all[at..]) {
            at = item_end(&all, at);
        } else {
            out.push(all[at].clone());
            at += 1;
        }
    }
    out
}

fn is_test_mark(tokens: &[Token]) -> bool {
    let mark = ["#", "[", "cfg", "(", "test", ")", "]"];
    tokens.len() >= mark.len() && mark.iter().zip(tokens).all(|(expected, token)| token.text == *expected)
}

/// End of the item that begins at `at` with its attributes: behind its block or its semicolon.
fn item_end(tokens: &[Token], at: usize) -> usize {
    let mut depth = 0_usize;
    for (index, token) in tokens.iter().enumerate().skip(at) {
        match token.text.as_str() {
            "{" | "(" | "[" => depth += 1,
            "}" | ")" | "]" => {
                depth = depth.saturating_sub(1);
                if depth == 0 && token.text == "}" {
                    return index + 1;
                }
            }
            ";" if depth == 0 => return index + 1,
            _ => {}
        }
    }
    tokens.len()
}

/// Every path of two or more segments, and every imported one, that `text` names outside its tests.
/// `module` is where the file stands: `["app", "update"]`.
pub fn named_paths(text: &str, module: &[&str]) -> Vec<Named> {
    let tokens = live_tokens(text);
    let mut out = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let line = tokens[at].line;
        let word = tokens[at].text.as_str();
        if word == "use" {
            let end = (at..tokens.len()).find(|at| tokens[*at].text == ";").unwrap_or(tokens.len());
            expand(&tokens[at + 1..end], &[], &mut |path| {
                out.push(Named { line, path: resolve(path, module) });
            });
            at = end + 1;
        } else if word.chars().all(is_word) {
            let mut path = vec![word.to_owned()];
            at += 1;
            while at + 1 < tokens.len() && tokens[at].text == "::" && tokens[at + 1].text.chars().all(is_word)
            {
                path.push(tokens[at + 1].text.clone());
                at += 2;
            }
            if path.len() > 1 {
                out.push(Named { line, path: resolve(&path, module) });
            }
        } else {
            at += 1;
        }
    }
    out
}

/// Walks a use tree: `a::{b, c::{d, self}, e as f, *}`.
fn expand(tree: &[Token], before: &[String], found: &mut dyn FnMut(&[String])) {
    let mut path = before.to_vec();
    let mut at = 0;
    while at < tree.len() {
        match tree[at].text.as_str() {
            "::" => at += 1,
            "as" => at += 2,
            "{" => {
                let end = item_end(tree, at);
                for branch in split_branches(&tree[at + 1..end - 1]) {
                    expand(branch, &path, found);
                }
                return;
            }
            "self" if !path.is_empty() => at += 1,
            word => {
                path.push(word.to_owned());
                at += 1;
            }
        }
    }
    if !path.is_empty() {
        found(&path);
    }
}

fn split_branches(tokens: &[Token]) -> Vec<&[Token]> {
    let mut depth = 0_usize;
    tokens
        .split(|token| {
            match token.text.as_str() {
                "{" => depth += 1,
                "}" => depth = depth.saturating_sub(1),
                _ => {}
            }
            token.text == "," && depth == 0
        })
        .filter(|branch| !branch.is_empty())
        .collect()
}

fn resolve(path: &[String], module: &[&str]) -> Vec<String> {
    let root = || std::iter::once("crate").chain(module.iter().copied()).map(str::to_owned);
    let mut out: Vec<String> = match path.first().map(String::as_str) {
        Some("self" | "super") => root().collect(),
        _ => Vec::new(),
    };
    for segment in path {
        match segment.as_str() {
            "super" => {
                out.pop();
            }
            "self" => {}
            // The library under the name by which the binary knows it.
            "zoom_setup" if out.is_empty() => out.push("crate".to_owned()),
            other => out.push(other.to_owned()),
        }
    }
    out
}

/// The modules that a file declares without a body.
pub fn declared_modules(text: &str) -> Vec<Declared> {
    let all = tokens(&code_only(text));
    let names = |tokens: &[Token]| -> Vec<String> {
        tokens
            .windows(3)
            .filter(|three| three[0].text == "mod" && three[2].text == ";")
            .map(|three| three[1].text.clone())
            .collect()
    };
    let live = names(&live_tokens(text));
    names(&all).into_iter().map(|name| Declared { only_tests: !live.contains(&name), name }).collect()
}
