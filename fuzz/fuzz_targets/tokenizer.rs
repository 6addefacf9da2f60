//! The files of a tokenizer, one after the other with a NUL between them, and a text for it.
#![no_main]

use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use scumble::text::Tokenizer;

static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| tempfile::tempdir().unwrap().keep());

fuzz_target!(|files: &[u8]| {
    let mut files = files.split(|byte| *byte == 0);
    let mut next = || files.next().unwrap_or_default();
    for name in ["tokenizer_config.json", "tokenizer.json", "vocab.json", "merges.txt"] {
        let (path, content) = (FOLDER.join(name), next());
        if content.is_empty() {
            let _ = fs::remove_file(path);
        } else {
            fs::write(path, content).unwrap();
        }
    }
    let text = String::from_utf8_lossy(next()).into_owned();
    if let Ok(tokenizer) = Tokenizer::open(&FOLDER, 77) {
        let _ = tokenizer.words(&text);
    }
});
