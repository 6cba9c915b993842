//! Extracts the files of the viewer at `/docs` from the Swagger UI archive.
//!
//! Zip and gzip both use DEFLATE, so the build wraps the compressed data in a gzip header and
//! trailer without compressing it again. The host embeds nothing else from the archive.

use std::error::Error;
use std::fs;
use std::io::{Cursor, Read};
use std::path::PathBuf;

use utoipa_swagger_ui_vendored::SWAGGER_UI_VENDORED;
use zip::{CompressionMethod, ZipArchive};

/// Header of a gzip file (RFC 1952) without a name or a time.
const GZIP: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 255];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    let folder = PathBuf::from(std::env::var("OUT_DIR")?);
    let mut archive = ZipArchive::new(Cursor::new(SWAGGER_UI_VENDORED))?;
    for name in ["swagger-ui-bundle.js", "swagger-ui.css"] {
        // The path in the archive is `swagger-ui-VERSION/dist/NAME`.
        let has_name = |path: &str| path.split('/').skip(1).eq(["dist", name]);
        let index = archive
            .file_names()
            .position(|path| path.is_ok_and(|path| has_name(&path)));
        let index = index.ok_or_else(|| format!("Swagger UI has no `{name}`"))?;
        let mut file = archive.by_index_raw(index)?;
        if file.compression() != CompressionMethod::DEFLATE {
            return Err(format!("`{name}` of Swagger UI is not compressed with DEFLATE").into());
        }
        let mut packed = GZIP.to_vec();
        file.read_to_end(&mut packed)?;
        packed.extend(file.crc32().to_le_bytes());
        packed.extend(u32::try_from(file.size())?.to_le_bytes());
        fs::write(folder.join(format!("{name}.gz")), packed)?;
    }
    Ok(())
}
