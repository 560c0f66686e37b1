//! Reading server-sent events (HTML Standard, 9.2.6).

/// The most bytes of an event, so that no server fills the memory.
const MAX_EVENT: usize = 1 << 20;

/// Reads events from the bytes of a stream, in pieces of any size.
#[derive(Debug, Default)]
pub(super) struct EventReader {
    line: Vec<u8>,
    /// Whether the last byte was a carriage return: a line feed after it ends no other line.
    after_return: bool,
    /// Whether a line was read. A byte order mark may begin the first one.
    has_begun: bool,
    block: EventBlock,
}

/// The lines up to a blank one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct EventBlock {
    /// The name; empty for a block that is no event, such as a heartbeat.
    pub(super) name: String,
    pub(super) data: String,
    /// The position at which to resume.
    pub(super) id: Option<String>,
}

/// An event is longer than any of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooLong;

impl EventReader {
    /// Reads a piece; returns the blocks that it completes.
    pub(super) fn read(&mut self, bytes: &[u8]) -> Result<Vec<EventBlock>, TooLong> {
        let mut complete = Vec::new();
        for byte in bytes {
            let after_return = std::mem::replace(&mut self.after_return, *byte == b'\r');
            match byte {
                b'\n' if after_return => {}
                b'\r' | b'\n' => complete.extend(self.end_line()),
                _ => self.line.push(*byte),
            }
            if self.line.len() + self.block.data.len() > MAX_EVENT {
                return Err(TooLong);
            }
        }
        Ok(complete)
    }

    /// Takes a line; returns the block if the line is blank.
    fn end_line(&mut self) -> Option<EventBlock> {
        let line = std::mem::take(&mut self.line);
        let line = String::from_utf8_lossy(&line);
        let is_first = !std::mem::replace(&mut self.has_begun, true);
        let line = if is_first { line.strip_prefix('\u{feff}').unwrap_or(&line) } else { &*line };
        if line.is_empty() {
            return Some(std::mem::take(&mut self.block));
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut self.block.name),
            "data" => {
                if !self.block.data.is_empty() {
                    self.block.data.push('\n');
                }
                self.block.data.push_str(value);
            }
            "id" if !value.contains('\0') => self.block.id = Some(value.to_owned()),
            // Comments, `retry`, and fields of later versions.
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: &str = "\u{feff}retry: 2000\n\nevent: seats\nid: 7-1.1\ndata: {\"a\":\ndata:1}\n\n\
                          :\nid: 7-1.2\n\nevent:gone\r\ndata: {}\r\n\r\nid\rnonsense: x\r\r";

    fn block(name: &str, data: &str, id: Option<&str>) -> EventBlock {
        EventBlock { name: name.to_owned(), data: data.to_owned(), id: id.map(str::to_owned) }
    }

    #[test]
    fn events_are_read_from_pieces_of_any_size() {
        let expected = [
            block("", "", None),
            block("seats", "{\"a\":\n1}", Some("7-1.1")),
            block("", "", Some("7-1.2")),
            block("gone", "{}", None),
            block("", "", Some("")),
        ];
        for size in 1..=STREAM.len() {
            let mut reader = EventReader::default();
            let pieces = STREAM.as_bytes().chunks(size);
            let read: Vec<EventBlock> = pieces.flat_map(|piece| reader.read(piece).unwrap()).collect();
            assert_eq!(read, expected, "{size}");
        }
    }

    #[test]
    fn an_event_without_an_end_is_refused() {
        for text in ["x".repeat(4_096), format!("data: {}\n", "x".repeat(4_096))] {
            let mut reader = EventReader::default();
            let refused = (0..1_000).any(|_| reader.read(text.as_bytes()).is_err());
            assert!(refused, "{}", &text[..8]);
        }
    }
}
