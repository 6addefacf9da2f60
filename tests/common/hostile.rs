//! Model directories made to harm, each as a change of the undamaged one, with the answer to it.

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use scumble::Status::{self, ModelIncomplete, ModelInvalid, ModelIsPointer, ModelUnsupported};

use super::c_program::run;
use super::model::{original, ModelCopy};
use super::onnx::*;

/// A data file of the text encoder.
pub const DATA: &str = "text_encoder/weights.bin";

/// A folder outside of all model directories, with files that nobody is to open. A process that is
/// watched is told which one.
pub fn outside() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| match std::env::var_os("SCUMBLE_TEST_OUTSIDE") {
        Some(folder) => folder.into(),
        None => make_outside(),
    })
}

fn make_outside() -> PathBuf {
    let folder = tempfile::Builder::new().prefix("outside-").tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap().keep();
    fs::write(folder.join("secret.bin"), [0; 4096]).unwrap();
    for name in ["unet/config.json", "tokenizer/merges.txt", "scumble.json"] {
        fs::copy(original(name), folder.join(Path::new(name).file_name().unwrap())).unwrap();
    }
    folder
}

/// A hostile directory: what it is, how the undamaged one becomes it, and the answer.
pub struct Case {
    pub name: String,
    pub change: Box<dyn Fn(&ModelCopy)>,
    pub status: Status,
    pub words: String,
}

fn case(name: &str, change: impl Fn(&ModelCopy) + 'static, status: Status, words: &str) -> Case {
    Case { name: name.into(), change: Box::new(change), status, words: words.into() }
}

/// Another file in the place of the text encoder, which is loaded first.
fn in_file(name: &str, content: Vec<u8>, status: Status, words: &str) -> Case {
    case(
        name,
        move |copy| {
            copy.write(ENCODER, &content);
        },
        status,
        words,
    )
}

/// A text encoder with more in its graph.
fn in_graph(name: &str, fields: &[Vec<u8>], status: Status, words: &str) -> Case {
    in_file(name, encoder(weights(raw(128)), fields, &[]), status, words)
}

/// A text encoder with more beside its graph.
fn in_model(name: &str, fields: &[Vec<u8>], status: Status, words: &str) -> Case {
    in_file(name, encoder(weights(raw(128)), &[], fields), status, words)
}

/// A text encoder whose weights say this of the file that they are in, which is as it should be.
fn in_external_data(entries: &[(&str, &str)], status: Status, words: &str) -> Case {
    let content = encoder(weights(external(entries)), &[], &[]);
    let change = move |copy: &ModelCopy| {
        copy.write(ENCODER, &content).write(DATA, [0; 256]);
    };
    case(&format!("external data {entries:?}"), change, status, words)
}

/// A tensor whose data is a file outside.
fn stolen() -> Vec<u8> {
    let depth = "../".repeat(Path::new(env!("CARGO_TARGET_TMPDIR")).components().count() + 3);
    let location = format!("{depth}{}", outside().join("secret.bin").strip_prefix("/").unwrap().display());
    tensor("stolen", &[4, 8], &[external(&[("location", &location)])])
}

/// Locations that no tensor may have.
fn locations() -> Vec<Case> {
    let secret = outside().join("secret.bin");
    let within = "expected a file beside the model";
    let refused = [
        (secret.to_str().unwrap(), within),
        ("../unet/model.onnx", within),
        ("folder/../../unet/model.onnx", within),
        ("..", within),
        ("..\\..\\weights.bin", within),
        ("folder\\weights.bin", within),
        ("C:\\weights.bin", within),
        ("C:/weights.bin", within),
        ("c:weights.bin", within),
        ("\\\\server\\share\\weights.bin", within),
        ("//server/share/weights.bin", within),
        ("/dev/zero", within),
        ("weights.bin\0.txt", within),
        ("weights.bin\n", within),
        ("", within),
        (".", "is not a file"),
        ("*/_ORT_MEM_ADDR_/*", "an address in memory"),
        ("*/_ORT_NATIVE_ENDIAN_MEM_ADDR_/*", "an address in memory"),
    ];
    let mut cases: Vec<Case> =
        refused.map(|(location, words)| in_external_data(&[("location", location)], ModelInvalid, words)).into();
    let missing = [("location", "file:///weights.bin")];
    cases.push(in_external_data(&missing, ModelIncomplete, "weights.bin is missing"));
    let long = "a/".repeat(5000);
    cases.push(in_external_data(&[("location", &long)], ModelInvalid, "a name has 10000 bytes; expected at most 4096"));
    let latin = [bytes(13, [bytes(1, "location"), bytes(2, b"\xFC.bin")].concat()), number(14, 1)].concat();
    cases.push(in_file("not UTF-8", encoder(weights(latin), &[], &[]), ModelInvalid, "is not UTF-8"));
    cases
}

/// Where in a data file a tensor may not be.
fn extents() -> Vec<Case> {
    let file = ("location", "weights.bin");
    vec![
        in_external_data(
            &[file, ("offset", "129")],
            ModelInvalid,
            "128 bytes from byte 129 of \"weights.bin\", which has 256",
        ),
        in_external_data(&[file, ("offset", "256")], ModelInvalid, "from byte 256"),
        in_external_data(&[file, ("offset", "9223372036854775807")], ModelInvalid, "from byte 9223372036854775807"),
        in_external_data(&[file, ("offset", "18446744073709551615")], ModelInvalid, "expected a whole number"),
        in_external_data(&[file, ("offset", "-8")], ModelInvalid, "offset of external data is \"-8\""),
        in_external_data(&[file, ("offset", "+8")], ModelInvalid, "offset of external data is \"+8\""),
        in_external_data(&[file, ("offset", " 8")], ModelInvalid, "offset of external data is \" 8\""),
        in_external_data(&[file, ("offset", "8x")], ModelInvalid, "offset of external data is \"8x\""),
        in_external_data(&[file, ("length", "129")], ModelInvalid, "length 129; expected 128"),
        in_external_data(&[file, ("length", "-1")], ModelInvalid, "length of external data is \"-1\""),
        in_external_data(&[file, ("location", "other.bin")], ModelInvalid, "location of external data is given twice"),
        in_external_data(&[file, ("prepacked_0", "a|0;1;2")], ModelUnsupported, "has the key \"prepacked_0\""),
        in_external_data(&[("offset", "0")], ModelInvalid, "no location is given"),
    ]
}

/// What a data file may not be.
fn data_files() -> Vec<Case> {
    fn data_file(name: &str, change: impl Fn(&ModelCopy) + 'static, status: Status, words: &str) -> Case {
        let with_data = move |copy: &ModelCopy| {
            copy.write(ENCODER, encoder(weights(external(&[("location", "weights.bin")])), &[], &[]));
            change(copy);
        };
        case(name, with_data, status, words)
    }
    let pipe = |copy: &ModelCopy| drop(run(Command::new("mkfifo").arg(copy.path().join(DATA))));
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n";
    vec![
        data_file("no data file", |_| (), ModelIncomplete, "weights.bin is missing"),
        data_file(
            "an empty data file",
            |copy| {
                copy.write(DATA, "");
            },
            ModelInvalid,
            "weights.bin is empty",
        ),
        data_file(
            "a pointer",
            move |copy| {
                copy.write(DATA, pointer);
            },
            ModelIsPointer,
            "git lfs pull",
        ),
        data_file(
            "a short data file",
            |copy| {
                copy.write(DATA, [0; 127]);
            },
            ModelInvalid,
            "which has 127 bytes",
        ),
        data_file("a pipe", pipe, ModelInvalid, "weights.bin is not a file"),
        data_file(
            "a folder",
            |copy| fs::create_dir(copy.path().join(DATA)).unwrap(),
            ModelInvalid,
            "weights.bin is not a file",
        ),
    ]
}

/// Links that lead out of the directory.
fn links() -> Vec<Case> {
    fn link(from: &'static str, to: &str) -> Case {
        let to = outside().join(to);
        let change = move |copy: &ModelCopy| {
            let from = copy.path().join(from);
            let _ = fs::remove_file(&from).or_else(|_| fs::remove_dir_all(&from));
            fs::create_dir_all(from.parent().unwrap()).unwrap();
            symlink(&to, &from).unwrap();
        };
        case(&format!("a link from {from}"), change, ModelInvalid, "out of the model directory")
    }
    let data = case(
        "a link from a data file",
        |copy| {
            copy.write(ENCODER, encoder(weights(external(&[("location", "weights.bin")])), &[], &[]));
            symlink(outside().join("secret.bin"), copy.path().join(DATA)).unwrap();
        },
        ModelInvalid,
        "out of the model directory",
    );
    let deep = case(
        "a link deep down",
        |copy| {
            copy.write(ENCODER, encoder(weights(external(&[("location", "a/b/c/secret.bin")])), &[], &[]));
            fs::create_dir_all(copy.path().join("text_encoder/a/b")).unwrap();
            symlink(outside(), copy.path().join("text_encoder/a/b/c")).unwrap();
        },
        ModelInvalid,
        "out of the model directory",
    );
    let chain = case(
        "a link to a link",
        |copy| {
            copy.write(ENCODER, encoder(weights(external(&[("location", "weights.bin")])), &[], &[]));
            symlink("two.bin", copy.path().join(DATA)).unwrap();
            symlink(outside().join("secret.bin"), copy.path().join("text_encoder/two.bin")).unwrap();
        },
        ModelInvalid,
        "out of the model directory",
    );
    let round = case(
        "a link to itself",
        |copy| {
            copy.write(ENCODER, encoder(weights(external(&[("location", "weights.bin")])), &[], &[]));
            symlink("weights.bin", copy.path().join(DATA)).unwrap();
        },
        ModelInvalid,
        "weights.bin cannot be read",
    );
    vec![
        link("vae_decoder/model.onnx", "secret.bin"),
        link("vae_encoder/model.onnx", "secret.bin"),
        link("controlnet/model.onnx", "secret.bin"),
        link("unet/config.json", "config.json"),
        link("tokenizer/merges.txt", "merges.txt"),
        link("tokenizer/added_tokens.json", "config.json"),
        link("scumble.json", "scumble.json"),
        link("scheduler/scheduler_config.json", "config.json"),
        link("model_index.json", "config.json"),
        data,
        deep,
        chain,
        round,
    ]
}

/// A tensor that leads out, wherever ONNX has tensors.
fn places() -> Vec<Case> {
    let graph = bytes(5, stolen());
    let constant = |field, value| bytes(1, node("", "Constant", &[attribute(field, value)]));
    let sparse = [bytes(1, stolen()), bytes(2, typed_tensor("indices", 7, &[4], &[raw(32)])), number(3, 64)].concat();
    let indices = [bytes(1, tensor("values", &[4], &[raw(16)])), bytes(2, stolen()), number(3, 64)].concat();
    let nested = (0..30).fold(graph.clone(), |graph, _| bytes(1, node("", "If", &[attribute(6, graph)])));
    let function_node = bytes(7, node("", "Constant", &[attribute(5, stolen())]));
    let function_default = bytes(11, attribute(5, stolen()));
    let words = "stolen\": its external data is at";
    // Readers make one tensor of the two: the first has the location, the second says that it counts.
    let halves = [
        bytes(5, [number(2, 1), bytes(13, [bytes(1, "location"), bytes(2, "a")].concat())].concat()),
        bytes(5, number(14, 1)),
    ];
    vec![
        in_graph("initializer", &[bytes(5, stolen())], ModelInvalid, words),
        in_graph("values of a sparse initializer", &[bytes(15, &sparse)], ModelInvalid, words),
        in_graph("indices of a sparse initializer", &[bytes(15, &indices)], ModelInvalid, words),
        in_graph("attribute", &[constant(5, stolen())], ModelInvalid, words),
        in_graph("list in an attribute", &[constant(10, stolen())], ModelInvalid, words),
        in_graph("sparse attribute", &[constant(22, sparse.clone())], ModelInvalid, words),
        in_graph("list of sparse in an attribute", &[constant(23, sparse.clone())], ModelInvalid, words),
        in_graph("subgraph", &[bytes(1, node("", "If", &[attribute(6, graph.clone())]))], ModelInvalid, words),
        in_graph(
            "list of subgraphs",
            &[bytes(1, node("", "If", &[attribute(11, graph.clone())]))],
            ModelInvalid,
            words,
        ),
        in_graph("thirty subgraphs deep", &[nested], ModelInvalid, words),
        in_model("node of a function", &[bytes(25, function_node)], ModelInvalid, words),
        in_model("default of a function", &[bytes(25, function_default)], ModelInvalid, words),
        in_model("training", &[bytes(20, bytes(1, &graph))], ModelInvalid, words),
        in_model("algorithm of training", &[bytes(20, bytes(2, &graph))], ModelInvalid, words),
        in_model("second graph", &[bytes(7, &graph)], ModelInvalid, "the graph is given twice"),
        in_graph(
            "tensor in two halves",
            &[bytes(1, node("", "Constant", &[halves.concat()]))],
            ModelInvalid,
            "the tensor of an attribute is given twice",
        ),
        in_graph(
            "location without the flag",
            &[bytes(5, tensor("t", &[1], &[raw(4), bytes(13, [bytes(1, "location"), bytes(2, "/a")].concat())]))],
            ModelInvalid,
            "its external data is at \"/a\"",
        ),
    ]
}

/// Tensors that are not what they say.
fn tensors() -> Vec<Case> {
    let initializer =
        |name: &str, tensor: Vec<u8>, words: &str| in_graph(name, &[bytes(5, tensor)], ModelInvalid, words);
    let floats = |count: usize| bytes(4, vec![0; count * 4]);
    let spread = [
        bytes(1, tensor("values", &[1], &[raw(4)])),
        bytes(2, typed_tensor("indices", 7, &[1], &[raw(8)])),
        number(3, 1 << 40),
    ];
    vec![
        initializer("negative", tensor("t", &[2, -3], &[raw(24)]), "tensor \"t\": a dimension is -3"),
        initializer("2^80", tensor("t", &[1 << 40, 1 << 40], &[raw(4)]), "multiply to more than 2^63"),
        initializer("2^80 and 0", tensor("t", &[0, 1 << 40, 1 << 40], &[]), "multiply to more than 2^63"),
        initializer("2^64 bytes", tensor("t", &[1 << 62], &[raw(4)]), "are more than 2^63 bytes"),
        initializer(
            "2^40",
            tensor("t", &[1 << 40], &[raw(4)]),
            "1099511627776 elements (4398046511104 bytes), but raw_data has 4",
        ),
        initializer("too short", tensor("t", &[4], &[raw(15)]), "4 elements (16 bytes), but raw_data has 15"),
        initializer("too long", tensor("t", &[4], &[raw(20)]), "4 elements (16 bytes), but raw_data has 20"),
        initializer(
            "2^40 floats",
            tensor("t", &[1 << 40], &[floats(4)]),
            "1099511627776 elements, but its data has 16 bytes",
        ),
        initializer("no data", tensor("t", &[1 << 20], &[]), "1048576 elements, but its data has 0 bytes"),
        initializer("2^30 texts", typed_tensor("t", 8, &[1 << 30], &[bytes(6, "a")]), "1073741824 texts, but it has 1"),
        initializer("external text", typed_tensor("t", 8, &[1], &[external(&[("location", "a")])]), "it is of text"),
        initializer("100 dimensions", tensor("t", &[1; 100], &[raw(4)]), "it has 100 dimensions"),
        initializer("no type", typed_tensor("t", 0, &[1], &[raw(4)]), "data_type is 0"),
        initializer("unknown type", typed_tensor("t", 999, &[1], &[raw(4)]), "data_type is 999"),
        initializer("data twice", tensor("t", &[1], &[raw(4), raw(4)]), "raw_data of a tensor is given twice"),
        initializer("data_location 2", tensor("t", &[1], &[raw(4), number(14, 2)]), "data_location is 2"),
        initializer(
            "two sources",
            tensor("t", &[1], &[raw(4), external(&[("location", "a")])]),
            "expected one of them",
        ),
        in_graph("2^40 spread out", &[bytes(15, spread.concat())], ModelInvalid, "spreads out to 1099511627776"),
        in_graph(
            "half of a sparse tensor",
            &[bytes(15, number(3, 4))],
            ModelInvalid,
            "lacks its values or its indices",
        ),
    ]
}

/// Graphs and functions without end, and operators from elsewhere.
fn operators() -> Vec<Case> {
    let deep = |depth: usize| {
        let graph = (1..depth).fold(Vec::new(), |graph, _| bytes(1, node("", "If", &[attribute(6, graph)])));
        vec![graph]
    };
    let call = |name: &str| encoder(weights(raw(128)), &[bytes(1, node("own", name, &[]))], &[]);
    let functions = |name: &str, functions: Vec<Vec<u8>>, words: &str| {
        let fields: Vec<u8> = functions.iter().flat_map(|function| bytes(25, function)).collect();
        in_file(name, [call("f0"), fields].concat(), ModelInvalid, words)
    };
    let next = |times: usize| {
        move |i: usize| {
            let name = format!("f{}", i + 1);
            function(&format!("f{i}"), &vec![("own", name.as_str()); times])
        }
    };
    let last = || function("f40", &[("", "Relu")]);
    let wide = (0..6).map(|i| function(&format!("f{i}"), &vec![("own", format!("f{}", i + 1).as_str()); 20]));
    vec![
        in_graph("33 graphs", &deep(33), ModelInvalid, "graphs nest deeper than 32"),
        in_graph("5000 graphs", &deep(5000), ModelInvalid, "graphs nest deeper than 32"),
        functions("a function of itself", vec![function("f0", &[("own", "f0")])], "without end"),
        functions(
            "two functions",
            vec![function("f0", &[("own", "f1")]), function("f1", &[("own", "f0")])],
            "without end",
        ),
        functions("forty functions", (0..40).map(next(1)).chain([last()]).collect(), "deeper than 32"),
        functions(
            "twenty to the sixth",
            wide.chain([function("f6", &[("", "Relu")])]).collect(),
            "more than 65536 nodes once its functions are written out",
        ),
        functions("a function twice", vec![function("f0", &[]), function("f0", &[])], "is given twice"),
        in_graph(
            "foreign",
            &[bytes(1, node("evil", "Run", &[]))],
            ModelUnsupported,
            "operator \"Run\" of the domain \"evil\"",
        ),
        in_graph(
            "foreign in a subgraph",
            &[bytes(1, node("", "If", &[attribute(6, bytes(1, node("evil", "Run", &[])))]))],
            ModelUnsupported,
            "operator \"Run\" of the domain \"evil\"",
        ),
        in_model(
            "foreign in a function",
            &[bytes(25, function("f", &[("evil", "Run")]))],
            ModelUnsupported,
            "operator \"Run\" of the domain \"evil\"",
        ),
        in_graph("compiled", &[bytes(1, node("com.microsoft", "EPContext", &[]))], ModelUnsupported, "EPContext"),
        in_graph("long name", &[bytes(1, node("", &"a".repeat(300), &[]))], ModelInvalid, "a name has 300 bytes"),
    ]
}

/// Files that are no ONNX.
fn formats() -> Vec<Case> {
    let endless = [bytes(1, [0xFF; 20]), vec![0xFF; 20]].concat();
    let own_format = [&[32, 0, 0, 0][..], b"ORTM", &[0; 4096]].concat();
    let fields: Vec<u8> = [number(1, 8), bytes(7, number(99, 0).repeat(1 << 24))].concat();
    let large = |copy: &ModelCopy| {
        copy.write(ENCODER, "");
        File::create(copy.path().join(ENCODER)).unwrap().set_len(3 << 30).unwrap();
    };
    vec![
        in_file(".ort", own_format, ModelUnsupported, "ONNX Runtime's own format"),
        in_file("text", b"hello, this is no model at all".to_vec(), ModelInvalid, "model.onnx: byte 2: wire type"),
        in_file("zip", b"PK\x03\x04\x14\0\0\0\x08\0".to_vec(), ModelInvalid, "model.onnx: byte 2: wire type"),
        in_file("zeros", vec![0; 4096], ModelInvalid, "field number 0"),
        in_file("group", [number(1, 8), vec![7 << 3 | 3]].concat(), ModelInvalid, "byte 2: wire type 3"),
        in_file("wire type 6", vec![7 << 3 | 6], ModelInvalid, "byte 0: wire type 6"),
        in_file("endless number", endless, ModelInvalid, "byte 22: a number is longer than 10 bytes"),
        in_file("graph is a number", number(7, 1), ModelInvalid, "a number where ONNX has text or a message"),
        in_file(
            "dimension is a fraction",
            {
                let tensor = [vec![1 << 3 | 5, 0, 0, 0, 0], number(2, 1)].concat();
                encoder(weights(raw(128)), &[bytes(5, tensor)], &[])
            },
            ModelInvalid,
            "where ONNX has a whole number",
        ),
        in_file("no graph", number(1, 8), ModelInvalid, "no graph is in it"),
        in_file(
            "too long a field",
            [number(1, 8), vec![7 << 3 | 2, 100]].concat(),
            ModelInvalid,
            "byte 2: a field ends at byte 104",
        ),
        in_file("2^63 bytes", [vec![7 << 3 | 2], varint(u64::MAX)].concat(), ModelInvalid, "is damaged or cut off"),
        in_file("2^24 fields", fields, ModelInvalid, "it has more than 16777216 fields"),
        case("3 GB", large, ModelInvalid, "has 3221225472 bytes; expected at most 2147483647"),
    ]
}

/// Every hostile directory.
pub fn cases() -> Vec<Case> {
    [locations(), extents(), data_files(), links(), places(), tensors(), operators(), formats()]
        .into_iter()
        .flatten()
        .collect()
}
