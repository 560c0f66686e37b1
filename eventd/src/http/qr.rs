//! Tickets as QR codes.

use eventcore::Error;
use fast_qr::convert::Builder;
use fast_qr::convert::svg::SvgBuilder;
use fast_qr::qr::{QRBuilder, QRCode};

/// Light modules around the code (ISO/IEC 18004 6.3.8).
const QUIET: usize = 4;
/// Dots of a module.
const SCALE: usize = 8;

fn code(text: &str) -> Result<QRCode, Error> {
    QRBuilder::new(text)
        .build()
        .map_err(|error| Error::internal(format!("{text} makes no QR code: {error:?}")))
}

/// The code of a text in lines.
pub(crate) fn svg(text: &str) -> Result<Vec<u8>, Error> {
    Ok(SvgBuilder::default().margin(QUIET).to_str(&code(text)?).into_bytes())
}

/// The code of a text in dots, black and white.
pub(crate) fn png(text: &str) -> Result<Vec<u8>, Error> {
    let code = code(text)?;
    let side = (code.size + 2 * QUIET) * SCALE;
    let width = u32::try_from(side).map_err(Error::internal)?;
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, width);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::One);
    let mut writer = encoder.write_header().map_err(Error::internal)?;
    writer.write_image_data(&dots(&code, side)).map_err(Error::internal)?;
    writer.finish().map_err(Error::internal)?;
    Ok(bytes)
}

/// A bit for each dot, a set one light; each row begins with a new byte.
fn dots(code: &QRCode, side: usize) -> Vec<u8> {
    let dark = |x: usize, y: usize| {
        let (column, row) = ((x / SCALE).wrapping_sub(QUIET), (y / SCALE).wrapping_sub(QUIET));
        column < code.size && row < code.size && code[row][column].value()
    };
    let mut dots = vec![0_u8; side.div_ceil(8) * side];
    for y in 0..side {
        for x in (0..side).filter(|x| !dark(*x, y)) {
            dots[y * side.div_ceil(8) + x / 8] |= 0x80 >> (x % 8);
        }
    }
    dots
}
