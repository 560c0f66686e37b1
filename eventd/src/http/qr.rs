//! Ticket codes as QR codes.

use eventcore::Error;
use fast_qr::convert::Builder;
use fast_qr::convert::svg::SvgBuilder;
use fast_qr::qr::{QRBuilder, QRCode};

/// The width of the quiet zone, in modules (ISO/IEC 18004 6.3.8).
const QUIET_ZONE: usize = 4;
/// The width of a module, in pixels.
const SCALE: usize = 8;

fn code(text: &str) -> Result<QRCode, Error> {
    QRBuilder::new(text)
        .build()
        .map_err(|error| Error::internal(format!("{text} cannot be encoded as a QR code: {error:?}")))
}

/// The QR code of a text as SVG.
pub(crate) fn svg(text: &str) -> Result<Vec<u8>, Error> {
    Ok(SvgBuilder::default().margin(QUIET_ZONE).to_str(&code(text)?).into_bytes())
}

/// The QR code of a text as PNG, black and white.
pub(crate) fn png(text: &str) -> Result<Vec<u8>, Error> {
    let code = code(text)?;
    let side = (code.size + 2 * QUIET_ZONE) * SCALE;
    let width = u32::try_from(side).map_err(Error::internal)?;
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, width);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::One);
    let mut writer = encoder.write_header().map_err(Error::internal)?;
    writer.write_image_data(&pixels(&code, side)).map_err(Error::internal)?;
    writer.finish().map_err(Error::internal)?;
    Ok(bytes)
}

/// The image data: one bit per pixel, 1 for white, with each row starting at a new byte.
fn pixels(code: &QRCode, side: usize) -> Vec<u8> {
    let dark = |x: usize, y: usize| {
        let (column, row) = ((x / SCALE).wrapping_sub(QUIET_ZONE), (y / SCALE).wrapping_sub(QUIET_ZONE));
        column < code.size && row < code.size && code[row][column].value()
    };
    let mut pixels = vec![0_u8; side.div_ceil(8) * side];
    for y in 0..side {
        for x in (0..side).filter(|x| !dark(*x, y)) {
            pixels[y * side.div_ceil(8) + x / 8] |= 0x80 >> (x % 8);
        }
    }
    pixels
}
