//! Files as hosts send them to browsers that take them compressed.

use std::num::NonZeroU64;

use anyhow::Result;
use brotli::enc::BrotliEncoderParams;
use zopfli::{Format, Options};

/// The content with gzip.
///
/// # Errors
/// Never, for it is written to memory; but its interface says so.
pub(super) fn gzip(content: &[u8]) -> Result<Vec<u8>> {
    // One pass more would take as long again, and save a thousandth.
    let options = Options { iteration_count: NonZeroU64::MIN, ..Options::default() };
    let mut packed = Vec::new();
    zopfli::compress(options, Format::Gzip, content, &mut packed)?;
    Ok(packed)
}

/// The compressed forms of a file, by what is added to its name, where they save a tenth at least.
///
/// # Errors
/// Never, as above.
pub(super) fn forms(content: &[u8]) -> Result<Vec<(&'static str, Vec<u8>)>> {
    let parameters = BrotliEncoderParams { size_hint: content.len(), ..Default::default() };
    let mut brotli = Vec::new();
    brotli::BrotliCompress(&mut &content[..], &mut brotli, &parameters)?;
    let mut forms = vec![(".gz", gzip(content)?), (".br", brotli)];
    forms.retain(|(_, form)| form.len() < content.len() - content.len() / 10);
    Ok(forms)
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn what_is_compressed_comes_back_and_what_gains_nothing_is_left_alone() {
        let content = b"the same again, ".repeat(1_000);
        let forms = forms(&content).unwrap();
        assert_eq!(forms.iter().map(|(name, _)| *name).collect::<Vec<_>>(), [".gz", ".br"]);
        let (mut gzip, mut brotli) = (Vec::new(), Vec::new());
        flate2::read::GzDecoder::new(&forms[0].1[..]).read_to_end(&mut gzip).unwrap();
        brotli::BrotliDecompress(&mut &forms[1].1[..], &mut brotli).unwrap();
        assert!(gzip == content && brotli == content);
        assert!(super::forms(b"short").unwrap().is_empty());
        assert!(super::forms(b"").unwrap().is_empty());
    }
}
