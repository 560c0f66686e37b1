//! Attempts of cross-site scripting, and a check whether HTML is harmless.

/// The attempts listed by OWASP's cheat sheet on filter evasion.
pub fn tries() -> impl Iterator<Item = String> {
    let lines = include_str!("../data/xss.txt").lines().filter(|line| !line.is_empty());
    lines.map(|line| {
        line.replace("\\n", "\n").replace("\\t", "\t").replace("\\0", "\u{0}").replace("\\r", "\r")
    })
}

/// The only tags that the server may send.
const TAGS: &[&str] = &[
    "a",
    "blockquote",
    "br",
    "code",
    "del",
    "em",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "li",
    "ol",
    "p",
    "pre",
    "strong",
    "ul",
];

/// The first forbidden tag or attribute in HTML. It reads HTML as serializers write it.
pub fn harm(html: &str) -> Option<String> {
    for (i, _) in html.match_indices('<') {
        let tag = &html[i + 1..i + html[i..].find('>')?];
        let inner = tag.trim_start_matches('/').trim_end_matches('/').trim();
        let (name, rest) = inner.split_once(char::is_whitespace).unwrap_or((inner, ""));
        if !TAGS.contains(&name) {
            return Some(format!("the tag {name}"));
        }
        let mut rest = rest.trim();
        while !rest.is_empty() {
            let Some((attribute, value)) = rest.split_once("=\"") else {
                return Some(format!("the attribute {rest}"));
            };
            let (value, after) = value.split_once('"')?;
            let safe = match attribute {
                "href" => ["http://", "https://", "mailto:"]
                    .iter()
                    .any(|scheme| value.to_ascii_lowercase().starts_with(scheme)),
                "title" | "rel" => true,
                "start" => value.parse::<i64>().is_ok(),
                _ => false,
            };
            if !safe {
                return Some(format!("{attribute}={value}"));
            }
            rest = after.trim();
        }
    }
    None
}
