//! Distinguishes comments, string literals and code, character by character.

/// What a character belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    Code,
    /// A comment, its delimiters included.
    Comment,
    /// A string literal, its quotes included.
    Text,
}

/// The characters of a file with their classes.
pub(crate) struct Lexed {
    pub(crate) characters: Vec<(char, Class)>,
    /// How deep brackets of any kind are nested in the code.
    pub(crate) depth: usize,
}

struct Lexer {
    input: Vec<char>,
    at: usize,
    output: Vec<(char, Class)>,
}

impl Lexer {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.input.get(self.at + ahead).copied()
    }

    /// Takes one character, if there is one.
    fn take(&mut self, class: Class) -> Option<char> {
        let next = self.peek(0)?;
        self.at += 1;
        self.output.push((next, class));
        Some(next)
    }

    fn line_comment(&mut self) {
        while self.peek(0).is_some_and(|next| next != '\n') {
            self.take(Class::Comment);
        }
    }

    /// Block comments nest.
    fn block_comment(&mut self) {
        let mut depth = 0_usize;
        loop {
            let step = match (self.peek(0), self.peek(1)) {
                (Some('/'), Some('*')) => {
                    depth += 1;
                    2
                }
                (Some('*'), Some('/')) => {
                    depth -= 1;
                    2
                }
                (Some(_), _) => 1,
                (None, _) => return,
            };
            for _ in 0..step {
                self.take(Class::Comment);
            }
            if depth == 0 {
                return;
            }
        }
    }

    fn string(&mut self) {
        self.take(Class::Text);
        while let Some(next) = self.take(Class::Text) {
            match next {
                '\\' => {
                    self.take(Class::Text);
                }
                '"' => return,
                _ => {}
            }
        }
    }

    /// The rest of a raw string whose opening quote has `hashes` before it.
    fn raw_string(&mut self, hashes: usize) {
        for _ in 0..=hashes {
            self.take(Class::Text);
        }
        while let Some(next) = self.take(Class::Text) {
            if next == '"' && (0..hashes).all(|ahead| self.peek(ahead) == Some('#')) {
                for _ in 0..hashes {
                    self.take(Class::Text);
                }
                return;
            }
        }
    }

    fn word(&mut self) {
        let start = self.at;
        while self.peek(0).is_some_and(|next| next.is_alphanumeric() || next == '_') {
            self.take(Class::Code);
        }
        let word: String = self.input[start..self.at].iter().collect();
        if matches!(word.as_str(), "r" | "br" | "cr") {
            let hashes = self.input[self.at..].iter().take_while(|next| **next == '#').count();
            if self.peek(hashes) == Some('"') {
                self.raw_string(hashes);
            }
        }
    }

    /// A character literal, or the quote of a lifetime.
    fn quote(&mut self) {
        let escaped = self.peek(1) == Some('\\');
        if !escaped && self.peek(2) != Some('\'') {
            self.take(Class::Code);
            return;
        }
        // The quote and the first character; of an escape also the backslash.
        for _ in 0..(if escaped { 3 } else { 2 }) {
            self.take(Class::Code);
        }
        while self.take(Class::Code).is_some_and(|next| next != '\'' && next != '\n') {}
    }
}

/// Reads a whole file. Text that is no Rust gives some classes, without a panic.
pub(crate) fn lex(text: &str) -> Lexed {
    let mut lexer = Lexer { input: text.chars().collect(), at: 0, output: Vec::with_capacity(text.len()) };
    let (mut open, mut depth) = (0_usize, 0);
    while let Some(next) = lexer.peek(0) {
        match next {
            '/' if lexer.peek(1) == Some('/') => lexer.line_comment(),
            '/' if lexer.peek(1) == Some('*') => lexer.block_comment(),
            '"' => lexer.string(),
            '\'' => lexer.quote(),
            _ if next.is_alphanumeric() || next == '_' => lexer.word(),
            _ => {
                match next {
                    '(' | '[' | '{' => open += 1,
                    ')' | ']' | '}' => open = open.saturating_sub(1),
                    _ => {}
                }
                depth = depth.max(open);
                lexer.take(Class::Code);
            }
        }
    }
    Lexed { characters: lexer.output, depth }
}
