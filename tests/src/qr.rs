//! QR codes, read back from pictures.

/// The text of the QR code in a square image.
pub fn scanned(side: usize, is_light: impl Fn(usize, usize) -> bool) -> String {
    let mut image =
        rqrr::PreparedImage::prepare_from_greyscale(side, side, |x, y| if is_light(x, y) { 255 } else { 0 });
    let codes = image.detect_grids();
    codes[0].decode().expect("a QR code").1
}

/// The text of the QR code in a PNG file of one bit a pixel.
pub fn scanned_png(png: &[u8]) -> String {
    let mut reader = png::Decoder::new(std::io::Cursor::new(png)).read_info().expect("a picture");
    let mut bits = vec![0; reader.output_buffer_size().expect("a size")];
    let info = reader.next_frame(&mut bits).expect("pixels");
    scanned(info.width as usize, |x, y| bits[y * info.line_size + x / 8] & (0x80 >> (x % 8)) != 0)
}
